"""Knobs, CV, buttons, encoders and lamps, turned and pressed by name; the prompt tells the rest."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from latentrack.module.link import Link
from tests.decoders import DRUMS, WITHOUT_METADATA
from tests.device.glass import frames_see
from tests.waiting import until

CONTROLS = "instrument.controls"


@pytest.fixture
def module(start, drum_model, decoders, tmp_path):
    another = Path(shutil.copy(drum_model, tmp_path / "another.tflite"))
    useless = decoders / f"{WITHOUT_METADATA}.tflite"
    useless = Path(shutil.copy(useless, tmp_path / "without_metadata.tflite"))
    return start(drum_model, another, useless)


@pytest.fixture
def link(module):
    with Link(module.port) as link:
        yield link


BUTTON = "__import__('latentrack.drivers.button').drivers.button"


def tap(module, link, *controls):
    """A short press, long enough for the frames to see it, and however long that takes."""
    link.run(f"{BUTTON}.HOLD_MS = 1 << 28")
    for control in controls:
        module.panel.press(control)
        frames_see(module, link)
        module.panel.release(control)
        frames_see(module, link)


def hold(module, link, control):
    """A press of a second, by the module's clock."""
    link.run(f"{BUTTON}.HOLD_MS = 1000")
    module.panel.press(control)
    until(lambda: link.evaluate(f"{CONTROLS}.buttons[{control!r}].is_held()"), "it is no hold")
    module.panel.release(control)
    frames_see(module, link)


def page(link):
    return link.evaluate(f"{CONTROLS}.page.name")


def turn(module, link, knob, position):
    module.panel.turn(knob, position)
    frames_see(module, link)


def open_page(module, link, name: str) -> None:
    """Pushes the left encoder until that page is open."""
    for _ in range(link.evaluate("len(instrument.controls.pages)")):
        if page(link) == name:
            return
        tap(module, link, "left")
    raise AssertionError(f"no push opens {name}")


# -- encoders and pages -----------------------------------------------------------------------


def test_the_left_encoders_push_opens_one_page_after_the_other(module, link):
    names = link.evaluate("tuple(page.name for page in instrument.controls.pages)")
    assert names[:5] == ("play", "perform", "path", "groove", "parameters")
    seen = []
    for _ in names:
        seen.append(page(link))
        tap(module, link, "left")
    assert tuple(seen) == names
    assert page(link) == "play"


def test_holding_it_goes_back_to_the_play_page(module, link):
    open_page(module, link, "parameters")
    hold(module, link, "left")
    assert page(link) == "play"


@pytest.mark.parametrize("encoder", ["left", "right"])
def test_every_click_of_an_encoder_counts(module, link, encoder):
    """Clicks as fast as they can be made, while frames run and garbage is collected."""
    link.run(
        "clicks = {'left': 0, 'right': 0}\n"
        "def turn(encoder, steps):\n"
        "    clicks[encoder] += steps\n"
        f"{CONTROLS}.page.turn = turn\n"
        "import gc\n"
    )
    turned = 0
    for steps in (1, 300, -7, -1, 50, -400):
        module.panel.turn_encoder(encoder, steps)
        turned += steps
        link.run("for i in range(5): gc.collect()")
        frames_see(module, link)
        assert link.evaluate(f"clicks[{encoder!r}]") == turned
    assert link.evaluate("sum(clicks.values())") == turned


NOTES_HANDLERS = """
import machine
handlers = []
def irq(pin, handler=None, *how, **more):
    if handler is not None: handlers.append(handler)
    real(pin, handler, *how, **more)
real, machine.Pin.irq = machine.Pin.irq, irq
"""


def test_no_bytecode_runs_in_an_interrupt_of_a_pin(module, link):
    """Such a handler would delay the clock: both have the same priority on a Teensy."""
    main = module.flash / "main.py"
    main.write_text(NOTES_HANDLERS + main.read_text())
    link.restart()
    assert link.evaluate("len(handlers)") >= 4  # clock, reset, two triggers
    assert link.evaluate("[type(h) is type(len) for h in handlers].count(False)") == 0


def test_a_contact_that_bounces_is_no_click(module, link):
    """Nor is one that closes alone: an encoder pushed aside, a quarter of the way either way."""
    link.run(f"clicks = []\n{CONTROLS}.page.turn = lambda *turned: clicks.append(turned)")
    for contact in ("a", "b"):
        for _ in range(50):
            module.panel.contact("left", contact, True)
            module.panel.contact("left", contact, False)
        frames_see(module, link)
        module.panel.contact("left", contact, True)
        frames_see(module, link)
        module.panel.contact("left", contact, False)
        frames_see(module, link)
    assert link.evaluate("clicks") == []


def test_on_the_play_page_encoders_choose_the_track_and_the_chaos(module, link):
    module.panel.turn_encoder("left", 1)
    frames_see(module, link)
    assert link.evaluate(f"{CONTROLS}.track.number") == 1
    module.panel.turn_encoder("right", 3)
    frames_see(module, link)
    assert link.evaluate("tuple(t.chaos for t in instrument.tracks)") == pytest.approx((0, 0.15))
    tap(module, link, "right")
    assert link.evaluate("tuple(t.dice for t in instrument.tracks)") == (0, 1)
    module.panel.turn_encoder("right", -9)
    frames_see(module, link)
    module.panel.turn_encoder("left", -1)
    frames_see(module, link)
    assert link.evaluate(f"instrument.tracks[1].chaos, {CONTROLS}.track.number") == (0, 0)


def test_the_right_encoder_turns_the_chosen_parameter_and_its_push_puts_it_back(module, link):
    open_page(module, link, "parameters")
    names = link.evaluate("[entry.name for entry in track.TABLE]")
    for name, turns, value in (
        ("length", 3, 3),
        ("follow", 1, "step"),
        ("skip", 20, None),
        ("threshold", -10, 0.4),
    ):
        link.run(f"{CONTROLS}.page.choose({names.index(name)})")
        module.panel.turn_encoder("right", turns)
        frames_see(module, link)
        found = link.evaluate(f"track.{name}")
        if value is None:  # a hundredth of the way a click
            entry = f"track.parameter({name!r})"
            value = link.evaluate(f"{entry}.least + 0.2 * ({entry}.most - {entry}.least)")
        assert found == (value if isinstance(value, str) else pytest.approx(value, abs=1e-3))
        tap(module, link, "right")
        assert link.evaluate(f"track.numbers[{name!r}] == track.parameter({name!r}).default")


def test_the_library_page_plays_what_is_chosen(module):
    """And what cannot be played is said, on the screen and in the logs."""
    with Link(module.port) as link:
        link.run("instrument.quiet = True")  # what it says must not meet an answer
        open_page(module, link, "library")
        names = link.evaluate("library.models()")
        assert names == ["another", DRUMS, "without_metadata"]
        assert link.evaluate("track.model.name") == "another"
        assert link.evaluate(f"{CONTROLS}.page.chosen") == 0
        module.panel.turn_encoder("right", 1)
        frames_see(module, link)
        tap(module, link, "right")
        assert link.evaluate("track.model.name") == DRUMS
        module.panel.turn_encoder("left", 1)
        frames_see(module, link)
        tap(module, link, "right")
        assert link.evaluate("track.model.name") == DRUMS
        said = "without_metadata: the model says nothing of its steps and voices"
        assert link.evaluate("instrument.message_text").startswith(said)
        logged = link.evaluate("__import__('latentrack.logs').logs.since(0)[1]")
        assert any(line.startswith(said) for _, line in logged)


# -- soft takeover ----------------------------------------------------------------------------


def test_after_a_change_of_page_a_knob_waits_until_it_passes_its_value(module, link):
    names = link.evaluate("[entry.name for entry in track.TABLE]")
    at = names.index("length") // 4 * 4  # the four lines with it
    row = names.index("length") - at
    knob = ("x", "y", "z", "threshold")[row]
    link.run("track.length = 64")  # half-way
    turn(module, link, knob, 0.9)
    open_page(module, link, "parameters")
    link.run(f"{CONTROLS}.page.choose({at})")
    assert link.evaluate(f"{CONTROLS}.waits({knob!r})")
    for position in (0.95, 0.7, 0.6):
        turn(module, link, knob, position)
        assert link.evaluate("track.length") == 64
    turn(module, link, knob, 0.4)  # past it
    taken = link.evaluate("track.length")
    assert taken == link.evaluate("track.parameter('length').from_position(0.4)") != 64
    turn(module, link, knob, 1.0)
    assert link.evaluate("track.length") == 128


def test_back_on_the_play_page_the_knobs_wait_for_x_y_z(module, link):
    turn(module, link, "x", 0.25)
    open_page(module, link, "parameters")
    assert link.evaluate("track.x") == pytest.approx(-0.5, abs=1e-3)
    link.run(f"{CONTROLS}.page.choose(8)")  # other lines: the knob does not move X there
    turn(module, link, "x", 0.8)
    assert link.evaluate("track.x") == pytest.approx(-0.5, abs=1e-3)
    hold(module, link, "left")
    turn(module, link, "x", 0.6)
    assert link.evaluate("track.x") == pytest.approx(-0.5, abs=1e-3)
    turn(module, link, "x", 0.2)
    assert link.evaluate("track.x") == pytest.approx(-0.6, abs=1e-3)


def test_the_other_tracks_values_wait_too(module, link):
    turn(module, link, "y", 0.75)
    module.panel.turn_encoder("left", 1)
    frames_see(module, link)
    turn(module, link, "y", 0.8)
    ys = link.evaluate("tuple(t.y for t in instrument.tracks)")
    assert ys == pytest.approx((0.5, 0), abs=1e-3)
    turn(module, link, "y", 0.5)
    turn(module, link, "y", 0.6)
    ys = link.evaluate("tuple(t.y for t in instrument.tracks)")
    assert ys == pytest.approx((0.5, 0.2), abs=1e-3)


def test_a_knob_that_stands_at_its_value_need_not_wait(module, link):
    turn(module, link, "z", 0.5)
    open_page(module, link, "parameters")
    hold(module, link, "left")
    turn(module, link, "z", 0.6)
    assert link.evaluate("track.z") == pytest.approx(0.2, abs=1e-3)


# -- buttons and lamps ------------------------------------------------------------------------


def lamps(module):
    return [module.panel.lamp(button) for button in (1, 2, 3, 4)]


def test_pause_until_reset_with_its_lamp(module, link):
    module.panel.clock(5)
    module.panel.steps()
    tap(module, link, 1)
    module.panel.clock(7)
    assert module.panel.steps() == []
    frames_see(module, link)
    assert lamps(module)[0]
    module.panel.trigger("reset")
    module.panel.clock(3)
    assert [step.number for step in module.panel.steps() if step.track == 0] == [0, 1, 2]
    frames_see(module, link)
    assert not lamps(module)[0]


def test_the_lamp_of_the_pause_does_not_ask_who_paused(module, link):
    """A trigger input or a line at the prompt can; and what stands still without is no pause."""
    module.panel.clock(5)
    frames_see(module, link)
    assert not lamps(module)[0]
    link.run("instrument.pause()")
    frames_see(module, link)
    assert lamps(module)[0]
    module.panel.trigger("reset")
    frames_see(module, link)
    assert not lamps(module)[0]


def test_reset_with_its_lamp_at_the_first_step(module, link):
    assert not lamps(module)[1], "nothing has sounded yet"
    module.panel.clock(5)
    frames_see(module, link)
    assert not lamps(module)[1]
    module.panel.steps()
    tap(module, link, 2)
    module.panel.clock(1)
    assert [step.number for step in module.panel.steps() if step.track == 0] == [0]
    frames_see(module, link)
    assert lamps(module)[1]


def test_decode_by_hand_while_the_pattern_is_held(module, link):
    hold(module, link, 3)
    assert link.evaluate("track.follow") == "hold"
    assert lamps(module) == [False, lamps(module)[1], True, False]
    module.panel.clock(16)
    before = link.evaluate("track.cells")
    turn(module, link, "threshold", 0.05)
    module.panel.clock(16)
    assert link.evaluate("track.cells") == before
    tap(module, link, 3)
    module.panel.clock(16)
    assert link.evaluate("track.cells") != before
    hold(module, link, 3)
    assert link.evaluate("track.follow") == "bar"
    assert not lamps(module)[2]


def test_freeze_with_its_lamp_and_the_other_track(module, link):
    tap(module, link, 4)
    assert link.evaluate("track.freeze") == "on" and lamps(module)[3]
    hold(module, link, 4)
    assert link.evaluate(f"{CONTROLS}.track.number") == 1
    assert not lamps(module)[3]
    tap(module, link, 4)
    assert link.evaluate("tuple(t.freeze for t in instrument.tracks)") == ("on", "on")
    hold(module, link, 4)
    tap(module, link, 4)
    assert link.evaluate("tuple(t.freeze for t in instrument.tracks)") == ("off", "on")


# -- CV ---------------------------------------------------------------------------------------


def test_cv_inputs_are_read_in_volts(module, link):
    names = ("x", "y", "z", "threshold", "5", "6", "7", "8")
    for i, name in enumerate(names):
        module.panel.cv(name, i - 3.5)
    frames_see(module, link)
    volts = link.evaluate(f"{CONTROLS}.cv")
    assert volts == pytest.approx({name: i - 3.5 for i, name in enumerate(names)}, abs=1e-3)
