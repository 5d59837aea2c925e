"""The device code under real MicroPython: knobs are turned by name, jacks and prompt are read."""

from __future__ import annotations

import pytest

from latentrack.module.link import Link, ModuleError
from tests.decoders import CHORALES, DRUMS
from tests.device.rig import DRUM_JACKS
from tests.waiting import frames_pass, until

# Of five groups of drums; the other three jacks carry accents.
TRIGGERS = DRUM_JACKS[:5]


@pytest.mark.parametrize("knob, latent", [("x", 0), ("y", 1), ("z", 2)])
def test_a_knob_moves_its_latent_over_the_whole_scale(start, drum_model, knob, latent):
    module = start(drum_model)
    with Link(module.port) as link:
        for position, value in ((0.0, -3.0), (1.0, 3.0), (0.75, 1.5)):
            module.panel.turn(knob, position)
            module.panel.settle()
            frames_pass(link)
            latents = link.evaluate("track.latents")
            assert latents[latent] == pytest.approx(value, abs=2e-3)
            others = [v for i, v in enumerate(latents) if i != latent]
            # A knob in its middle is exactly 0.
            assert others == [0, 0]


def test_the_threshold_knob(start, drum_model):
    module = start(drum_model)
    with Link(module.port) as link:
        module.panel.turn("threshold", 0.125)
        module.panel.settle()
        frames_pass(link)
        assert link.evaluate("track.threshold") == pytest.approx(0.125, abs=2e-4)


def test_what_is_typed_stays_until_its_knob_is_turned(start, drum_model):
    module = start(drum_model)
    with Link(module.port) as link:
        link.run("track.latents = (1, 2, 3)")
        module.panel.turn("y", 0.5 + 0.003)  # less than a turn: noise
        module.panel.settle()
        frames_pass(link)
        assert link.evaluate("track.latents") == (1, 2, 3)
        module.panel.turn("y", 0.25)
        module.panel.settle()
        frames_pass(link)
        assert link.evaluate("track.latents") == pytest.approx((1, -1.5, 3), abs=2e-3)


def test_power_on_takes_the_knobs_where_they_stand(start, drum_model):
    module = start(drum_model)
    module.panel.turn("x", 1.0)
    module.panel.settle()
    with Link(module.port) as link:
        link.restart()
        assert link.evaluate("track.latents")[0] == pytest.approx(3)


def test_without_a_model_the_module_says_so_and_waits(start, drum_model):
    module = start()
    module.panel.clock(4)
    assert module.panel.steps() == [] or all(not s.gates for s in module.panel.steps())
    with Link(module.port) as link:
        assert link.evaluate("track.model is None")
        assert link.evaluate("library.models()") == []
        (module.flash / "models" / "perc" / "late.tflite").write_bytes(drum_model.read_bytes())
        link.run("library.play('late')")
        assert link.evaluate("track.model.name") == "late"
    module.panel.clock(16)
    assert any(step.gates for step in module.panel.steps())


def test_without_a_model_or_with_a_bad_one_the_screen_says_so(start, drum_model, tmp_path):
    with Link(start().port) as link:
        assert "no model yet" in link.evaluate("instrument.message_text")
        assert any("no model yet" in text for _, text in logs(link))
    damaged = tmp_path / "damaged.tflite"
    damaged.write_bytes(drum_model.read_bytes()[:9000])
    with Link(start(damaged).port) as link:
        assert any(text.startswith("model damaged: ") for _, text in logs(link))
        assert "no model yet" in link.evaluate("instrument.message_text")


def logs(link):
    return link.evaluate("__import__('latentrack.logs', None, None, ('since',)).since(0)[1]")


def test_a_damaged_model_is_passed_over(start, drum_model, tmp_path):
    damaged = tmp_path / "a_damaged.tflite"
    damaged.write_bytes(drum_model.read_bytes()[:9000])
    module = start(damaged, drum_model)
    with Link(module.port) as link:
        assert link.evaluate("track.model.name") == DRUMS
        with pytest.raises(ModuleError, match="ValueError"):
            link.run("library.play('a_damaged')")
        with pytest.raises(ModuleError, match="OSError"):
            link.run("library.play('nowhere')")
        assert link.evaluate("track.model.name") == DRUMS


def test_the_model_that_played_last_plays_after_power_on(start, drum_model, tmp_path):
    models = []
    for name in ("a", "b", "c"):
        models.append(tmp_path / f"{name}.tflite")
        models[-1].write_bytes(drum_model.read_bytes())
    module = start(*models)
    with Link(module.port) as link:
        assert link.evaluate("track.model.name") == "a"
        link.run("library.play('b')")
        link.restart()
        assert link.evaluate("track.model.name") == "b"


def test_a_mistake_in_a_frame_is_shown_once_and_costs_no_other(start, drum_model):
    module = start(drum_model)
    with Link(module.port) as link:
        # What a frame prints would come in the middle of answers; the logs have it.
        link.run("instrument.quiet = True\ndef bad():\n    raise ValueError('my own mistake')\n")
        link.run("instrument.every_frame.insert(0, bad)")
        frames_pass(link, 10)
        # All that comes after it in the frame goes on.
        module.panel.turn("x", 0.0)
        module.panel.settle()
        frames_pass(link)
        assert link.evaluate("track.latents")[0] == pytest.approx(-3)
        assert "my own mistake" in link.evaluate("instrument.message_text")
        said = [text for _, text in logs(link) if "my own mistake" in text]
        assert len(said) == 2 and "in bad\nValueError: my own mistake" in said[0]
        # Somebody replaced the frame itself, and badly.
        link.run("good, instrument.frame = instrument.frame, bad")
        until(lambda: len([text for _, text in logs(link) if "my own mistake" in text]) > 2)
        link.run("instrument.frame = good\ninstrument.every_frame.remove(bad)")
        frames_pass(link)
    module.panel.clock(16)
    assert len(module.panel.steps()) == 16


def test_old_models_are_let_go(start, drum_model):
    """Playing one model after another does not fill the memory."""
    module = start(drum_model)
    with Link(module.port) as link:
        free = []
        for _ in range(12):
            link.run(f"library.play({DRUMS!r})")
            module.panel.clock(32)
            module.panel.settle()
            frames_pass(link)
            link.run("track.threshold = 0.4")
            frames_pass(link)
            collect = "(__import__('gc').collect(), __import__('gc').mem_free())[1]"
            free.append(link.evaluate(collect))
        assert link.evaluate("len(track.files())") == 1
        # A model's file and memory are 50 KB; what the first rounds set up stays.
        assert min(free[6:]) > free[5] - 4096


def test_reset_plays_the_first_step_next(start, drum_model):
    module = start(drum_model, manual_time=True)
    module.panel.clock(5)
    module.panel.advance(20_000)
    module.panel.trigger("reset")
    module.panel.advance(20_000)
    module.panel.clock(3)
    assert [step.number for step in module.panel.steps()] == [0, 1, 2, 3, 4, 0, 1, 2]


@pytest.mark.parametrize(
    ("pause_us", "after"),
    [
        (5_000_000, [0, 1, 2, 3]),  # the sequencer was stopped, and begins again
        (3 << 30, [0, 1, 2, 3]),  # an hour later
        (20_000, [1, 2, 3, 4]),  # it goes on, and the reset was for the edge before it
        (60_000, [1, 2, 3, 4]),  # at a third of the speed
    ],
)
def test_a_reset_that_comes_with_the_last_clock_of_a_stopped_sequencer(
    start, drum_model, pause_us, after
):
    module = start(drum_model, manual_time=True)
    module.panel.clock(6, spacing_us=20_000)
    module.panel.trigger("clock", width_us=100)
    module.panel.advance(400)
    module.panel.trigger("reset", width_us=100)
    assert [step.number for step in module.panel.steps()] == [0, 1, 2, 3, 4, 5, 6, 0]
    while pause_us > 1 << 29:  # as long a time with ticks in it, as on a module
        module.panel.advance(1 << 29)
        pause_us -= 1 << 29
    module.panel.advance(pause_us - 600)
    module.panel.clock(4, spacing_us=20_000)
    assert [step.number for step in module.panel.steps()] == after


def test_gates_end(start, drum_model):
    """A gate is never left hanging, whatever comes after it."""
    module = start(drum_model, manual_time=True)
    module.panel.clock(16, spacing_us=50_000)
    module.panel.advance(1_000_000)
    high: set[int] = set()
    rises = 0
    for report in module.panel.settle():
        if report.jack not in TRIGGERS:
            continue
        if report.kind == "rise":
            assert report.jack not in high, "a gate rises that is high already"
            high.add(report.jack)
            rises += 1
        elif report.kind == "fall":
            high.remove(report.jack)
    assert rises > 0 and not high


def test_stop_and_start(start, drum_model):
    module = start(drum_model)
    with Link(module.port) as link:
        link.run("instrument.stop()")
        module.panel.clock(3)
        assert module.panel.steps() == []
        link.run("instrument.start()")
        module.panel.clock(3)
        assert len(module.panel.steps()) == 3


def test_with_nothing_remembered_a_model_plays_that_sounds_in_the_middle(start, decoders, decoded):
    """`chorales` comes first by name and is silent there at the threshold of 0.5."""
    silent, sounding = (decoders / f"{name}.tflite" for name in (CHORALES, DRUMS))
    middle = (0.0, 0.0, 0.0)
    assert decoded(CHORALES, middle).max() < 0.5 < decoded(DRUMS, middle).max()
    assert silent.name < sounding.name
    module = start(silent, sounding)
    with Link(module.port) as link:
        assert link.evaluate("track.model.name") == DRUMS
        link.run(f"library.play({CHORALES!r}, remember=False)")
        frames_pass(link)
        assert link.evaluate("controls.page.values_line()") == "silent at thr 0.50"
        link.run("track.threshold = 0.01")
        frames_pass(link)
        assert link.evaluate("controls.page.values_line()") == "thr 0.01  chaos 0.00"


def test_with_silent_models_only_the_first_plays(start, decoders):
    module = start(decoders / f"{CHORALES}.tflite")
    with Link(module.port) as link:
        assert link.evaluate("track.model.name") == CHORALES
        assert link.evaluate("track.hits") == 0


def test_a_jack_that_carries_no_pitch_any_more_goes_to_0_volts(start, decoders):
    """Else a gate that comes there next would seem to stand."""
    module = start(decoders / f"{CHORALES}.tflite", manual_time=True)
    with Link(module.port) as link:
        link.run("track.threshold = 0.02; track.transpose = 36; track.refresh()")
        module.panel.clock(32, spacing_us=20_000)
        module.panel.settle()
        assert any(abs(volts) > 0.1 for volts in module.panel.volts()[4:])
        link.run("track.jacks = '1-4'")
        for _ in range(8):
            frames_pass(link, 2)
            module.panel.advance(2000)
            module.panel.settle()
        assert module.panel.volts()[4:] == pytest.approx([0.0] * 4, abs=4e-4)
