"""What a player takes back, keeps, and has come at the bar: history, slots, chains, the tempo."""

from __future__ import annotations

import numpy as np
import pytest

from latentrack.module.link import ModuleError
from tests.device.claims import covers
from tests.device.glass import Glass
from tests.device.memory import Frames
from tests.device.performed import (
    OTHER,
    PLACE,
    STEP_US,
    THRESHOLD,
    go_on,
    grid,
    play,
    set_up,
)
from tests.waiting import until


def gesture(module, code: str) -> None:
    """Sets something, as one gesture."""
    module.run(f"{code}\nhistory.close()")


# -- undo and redo


def test_undo_takes_gestures_back_one_by_one_and_redo_brings_them_again(rig, eight):
    module = rig(eight.path)
    gesture(module, f"track.latents = {PLACE}; track.threshold = 0.3")
    gesture(module, "track.swing = 60")
    gesture(module, "track.mute1 = 'on'; patch.bridge = 2; tracks[1].length = 5")
    state = "(track.threshold, track.swing, track.mute1, patch.bridge, tracks[1].length)"
    assert module.get(state) == (0.3, 60, "on", 2, 5)
    said = [module.get(f"(history.undo(), {state})") for _ in range(2)]
    assert said == [(True, (0.3, 60, "off", 0, 0)), (True, (0.3, 50, "off", 0, 0))]
    assert module.get(f"(history.redo(), {state})")[1] == (0.3, 60, "off", 0, 0)
    assert module.get(f"(history.redo(), {state})")[1] == (0.3, 60, "on", 2, 5)
    assert module.get("history.redo()") is False
    # What is set after an undo is where it goes on from.
    module.run("history.undo()")
    gesture(module, "track.skip = 0.5")
    assert module.get("history.redo()") is False
    assert module.get(state) == (0.3, 60, "off", 0, 0)


def test_the_last_32_gestures_can_be_taken_back(rig, eight):
    module = rig(eight.path)
    for number in range(40):
        gesture(module, f"track.length = {number + 1}")
    assert module.get("[history.undo() for _ in range(33)]") == [True] * 32 + [False]
    assert module.get("track.length") == 8


def test_undo_takes_back_what_the_quantiser_and_the_patch_were_set_to(rig):
    module = rig()
    module.run("history.forget(); quantiser.root = 'D'; patch.bridge = 2")
    state = "(quantiser.root, patch.bridge)"
    assert module.get(f"(history.undo(), {state})") == (True, ("C", 0))
    assert module.get(f"(history.redo(), {state})") == (True, ("D", 2))


def test_undo_brings_a_model_back_and_is_heard_at_the_bar(rig, eight, tmp_path):
    module = rig("reference_perc_groove", "reference_note_chorales")
    module.run("history.close()")
    gesture(module, "library.play('reference_note_chorales')")
    assert module.get("(history.undo(), track.model.name)") == (True, "reference_perc_groove")


def test_what_a_behaviour_sets_is_not_the_players_to_take_back(rig, eight):
    module = rig(eight.path)
    module.run(
        "history.forget()\n"
        "with open('/flash/behaviours/turn.py', 'w') as file:\n"
        "    _ = file.write('def frame(controls, track):\\n    track.length = 7\\n')\n"
        "behaviours.load_all()\nbehaviours.switch('turn')"
    )
    until(lambda: module.get("track.length") == 7)
    assert module.get("history.undo()") is False


def test_power_on_begins_without_a_history(rig, eight):
    assert rig(eight.path).get("history.undo()") in (True, False)


@covers("mutation", moving=("x", "y", "z", "draw", *(f"density{n}" for n in range(1, 9))))
def test_mutation_moves_what_plays_and_undo_brings_it_back(rig, eight):
    module = rig(eight.path)
    set_up(module, "history.close()")
    before = module.get("(track.latents, [track.get('density%d' % n) for n in range(1, 9)])")
    bars = set()
    for mutation, most in ((0.15, 0.15), (0, 0), (1, 1)):
        module.run(f"patch.mutation = {mutation}\nhistory.close()\nhistory.mutate()")
        latents, densities = module.get(
            "(track.latents, [track.get('density%d' % n) for n in range(1, 9)])"
        )
        moved = np.abs(np.array(latents) - before[0]).max() / 6
        assert (0 < moved <= most) if mutation else moved == 0
        assert np.abs(np.array(densities) - before[1]).max() <= most / 2
        play(module)  # what plays waits for the bar
        bars.add(str(play(module)))
        if mutation:
            module.run("history.undo()")
        assert module.get("track.latents") == pytest.approx(before[0])
    assert len(bars) > 1


# -- slots


def store_two(module) -> None:
    set_up(module, "presets.store(1)")
    module.run(f"track.latents = {OTHER}\ntrack.mute2 = 'on'\npresets.store(2)")
    module.run("presets.recall(1)")


@covers("slots_at", moving=("mute2", "x", "y", "z"))
def test_a_slot_is_heard_from_the_bar_on_or_at_once(rig, eight):
    module = rig(eight.path)
    store_two(module)
    one, two = eight.hits(), eight.hits(OTHER)
    two[:, 1] = False
    assert (grid(play(module)) == one).all()
    for when in ("bar", "step"):
        module.run("patch.slots_at = 'step'\nslots.recall(1)")
        module.run(f"patch.slots_at = {when!r}")
        play(module, 5)
        module.run("slots.recall(2)")
        module.frames()
        assert module.get("(slots.waiting, presets.last)") == (
            (2, 1) if when == "bar" else (None, 2)
        )
        heard = grid(go_on(module, 11), 11)
        module.frames()
        rest = one[5:].copy()
        if when == "step":  # a mute holds at the next step, a pattern as `takes` says
            rest[:, 1] = False
        assert (heard == rest).all()
        assert (grid(go_on(module)) == two).all()


def test_a_chain_goes_round_bar_by_bar(rig, eight):
    module = rig(eight.path)
    store_two(module)
    module.run("patch.slots_at = 'bar'")
    one, two = eight.hits(), eight.hits(OTHER)
    two[:, 1] = False
    play(module)
    module.run("slots.chain = '2x2, 1'\nslots.play()")
    module.frames()
    heard = []
    for _ in range(8):
        go_on(module, 15)
        module.frames()
        heard.append(grid(go_on(module, 1), 1))
        module.frames()
    last_steps = [("1" if (bar[0] == one[15]).all() else "2") for bar in heard]
    assert (one[15] != two[15]).any()
    assert "".join(last_steps) == "22122122"


@pytest.mark.parametrize(
    ("chain", "says"),
    [
        ("1x4 99", "presets are numbered 1 to 16, not 99"),
        ("1x0", "a preset of a chain lasts 1 to 64 bars, not 0"),
        ("one", "a chain is presets and bars (1x4 2x4), not 'one'"),
    ],
)
def test_a_chain_that_is_none_is_refused_with_words(rig, eight, chain, says):
    with pytest.raises(ModuleError, match="") as error:
        rig(eight.path).link.run(f"slots.chain = {chain!r}")
    assert says in str(error.value)


def test_keep_takes_the_first_empty_preset_and_next_slot_goes_on(rig, eight):
    module = rig(eight.path)
    store_two(module)
    assert module.get("(slots.keep(), slots.keep(), presets.used())") == (3, 4, [1, 2, 3, 4])
    module.run("slots.next_slot()")
    assert module.get("presets.last") == 1


def test_triggers_tap_run_undo_and_recall(rig, eight):
    module = rig(eight.path)
    store_two(module)
    module.run("patch.trigger_3 = 'next_slot'\npatch.trigger_4 = 'undo'")
    module.panel.trigger("trigger_3")
    module.panel.settle()
    until(lambda: module.get("presets.last") == 2)
    module.run("history.close()\ntrack.swing = 70\nhistory.close()")
    module.panel.trigger("trigger_4")
    module.panel.settle()
    until(lambda: module.get("track.swing") == 50)
    module.run("patch.trigger_4 = 'run'")
    module.panel.trigger("trigger_4")
    module.panel.settle()
    until(lambda: module.get("(patch.clock_from, patch.run)") == ("own", "on"))
    module.panel.trigger("trigger_4")
    module.panel.settle()
    until(lambda: module.get("patch.run") == "off")


def test_cv_points_at_a_slot(rig, eight):
    module = rig(eight.path)
    store_two(module)
    module.run("patch.cv_5_to = 'slot'\npatch.slots_at = 'step'")
    module.panel.cv("5", 0.9)
    until(lambda: module.get("presets.last") == 2)
    module.panel.cv("5", 0.2)
    until(lambda: module.get("presets.last") == 1)


def test_undo_brings_back_latents_that_have_no_parameter(rig):
    module = rig()
    for value in (0.5, 0.25):
        module.run(f"track.latents = (0, 0, 0, 0, {value}, 0, 0, 0); history.close()")
    module.run("history.undo()")
    assert module.get("track.latents[4]") == 0.5


# -- the tempo


def test_taps_are_a_tempo(rig, eight):
    module = rig(eight.path)
    module.run("for i in range(4): tempo.tap(i * 500_000)")
    assert module.get("tempo()") == pytest.approx(120)
    # Slower from here on: the mean of the last four intervals.
    module.run("for i in range(1, 5): tempo.tap(1_500_000 + i * 750_000)")
    assert module.get("tempo()") == pytest.approx(80)
    # A pause begins anew: one tap alone is no tempo.
    module.run("tempo.tap(60_000_000)")
    assert module.get("tempo()") == pytest.approx(80)
    module.run("tempo.tap(60_300_000)")
    assert module.get("tempo()") == pytest.approx(200)
    module.run("tempo(133.5)")
    assert module.get("(tempo(), patch.tempo)") == (133.5, 133.5)


def test_a_pulse_taps_at_the_time_of_its_interrupt(rig, eight):
    """However late the frame is that sees it."""
    module = rig(eight.path)
    module.run("patch.trigger_4 = 'tap'\n_parts = instrument.every_frame")
    for tap, late_us in enumerate((1_000, 19_000, 4_000, 16_000, 9_000)):
        start_us = module.panel.now_us
        module.link.run("instrument.every_frame = []")
        module.panel.trigger("trigger_4")
        module.panel.advance(late_us)
        module.link.run("instrument.every_frame = _parts")
        module.frames()
        module.panel.advance(437_500 - (module.panel.now_us - start_us))
        if tap:
            assert module.get("tempo()") == pytest.approx(60e6 / 437_500, abs=0.01), tap


# -- the performing page


def press(module, button: int | str, *, hold: bool = False) -> None:
    """Presses and lets go, as the controls see it."""
    events = ("press", "hold", "end_hold") if hold else ("press", "release")
    for event in events:
        module.run(f"controls.page.{event}({button!r})")


def test_the_buttons_of_the_performing_page_mute(rig, eight):
    module = rig(eight.path)
    set_up(module, "controls.open('perform')")
    press(module, 2)
    assert module.get("(track.mute1, track.mute2)") == ("off", "on")
    assert module.get("[controls.page.lamp(n) for n in (1, 2, 3, 4)]") == [True, False, True, True]
    press(module, 2, hold=True)  # only while it is held: it was muted, and is again
    assert module.get("track.mute2") == "on"
    press(module, 3, hold=True)
    assert module.get("track.mute3") == "off"
    module.run("controls.page.turn('left', 1)")
    press(module, 1)
    assert module.get("track.mute5") == "on"


def test_its_knobs_fill_ratchet_and_turn_the_tempo(rig, eight):
    module = rig(eight.path)
    set_up(module, "controls.open('perform')")
    module.run("controls.page.knob('x', 0.75)")
    assert module.get("(track.fill, track.fill_density)") == ("on", 0.75)
    module.run("controls.page.knob('x', 0)")
    assert module.get("track.fill") == "off"
    module.run("controls.page.knob('y', 0.5)")
    assert module.get("(track.ratchet, track.ratchet_chance)") == (2, 0.5)
    module.run("controls.page.knob('y', 0)\ncontrols.page.knob('z', 0.5)")
    assert module.get("(track.ratchet, patch.tempo)") == (1, 210)
    module.run("controls.page.knob('threshold', 0.25)")
    assert module.get("track.threshold") == 0.25


def test_its_right_encoder_keeps_and_recalls_slots(rig, eight):
    module = rig(eight.path)
    set_up(module, "controls.open('perform')")
    module.run("controls.page.turn('right', 4)")
    press(module, "right", hold=True)
    assert module.get("presets.used()") == [5]
    module.run("track.threshold = 0.9")
    press(module, "right")
    until(lambda: module.get("track.threshold") == THRESHOLD)


def test_a_still_frame_of_the_performing_page_allocates_nothing(rig, eight):
    module = rig(eight.path)
    frames = Frames(module)
    module.run("controls.open('perform')\nhistory.close()")
    assert frames.still() == 0


def test_the_performing_page_says_what_it_does(rig, eight):
    module = rig(eight.path)
    glass = Glass(module.module, module.link)
    set_up(module, "controls.open('perform')\npatch.tempo = 128")
    press(module, 2)
    assert glass.at_rest().any()
    assert module.get("controls.page.name_line()") == "voices 1 - 3 4"
    assert module.get("controls.page.values_line()") == "slot 1 empty  128 BPM"
    assert STEP_US == 20_000
