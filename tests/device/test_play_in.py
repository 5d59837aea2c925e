"""A bar that is tapped in is found again, and the clock does not notice."""

from __future__ import annotations

import numpy as np
import pytest

from latentrack.decoder.litert import Decoder
from latentrack.module.link import ModuleError
from tests.decoders import DRUMS
from tests.device.rig import drums
from tests.device.test_morph import GROUPS, STEPS, VOICES, write

EDGE_US = 20_000


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    write(folder, "one", (3, 24), 1)
    write(folder, "two", (2, 16, 24), 2)
    return folder


def bar_of(folder, name, knobs):
    latents = [value * 3 for value in knobs]
    return Decoder(folder / f"{name}.tflite").decode([latents])[0] > 0.5


def search(module) -> None:
    while module.get("play_in.searching"):
        module.frames(1)
    module.run("")


def tap(module, bar) -> None:
    """Taps a bar at the prompt: each step in the very moment before its clock edge."""
    module.run("play_in = instrument.play_in; play_in.begin()")
    module.bar(steps=STEPS)
    for step in range(len(bar)):
        for voice in np.flatnonzero(bar[step]):
            module.link.run(f"play_in.tap({voice + 1})")
        module.edges(1)
    assert [set(voices) for voices in module.get("play_in.bar")] == [
        set(np.flatnonzero(row) + 1) for row in bar
    ]


@pytest.mark.parametrize("name", ["one", "two"])
def test_a_bar_that_the_model_plays_is_found_again(rig, models, name):
    """Twenty random bars of each model, tapped from the middle of the space."""
    module = rig(f"{models}/{name}")
    rng = np.random.default_rng(5)
    found = 0
    module.run("play_in = instrument.play_in; instrument.quiet = True")
    module.edges(STEPS)
    for _ in range(20):
        bar = bar_of(models, name, rng.uniform(-1, 1, 3 if name == "one" else 2))
        taps = [(v + 1, s) for s, v in np.argwhere(bar).tolist()]
        module.link.run("track.latents = (0,) * len(track.latents)\nplay_in.begin()")
        module.link.run(f"for voice, step in {taps}: play_in.tap_at(voice, step)\nplay_in.end()")
        search(module)
        here = [value / 3 for value in module.get("track.latents")]
        tapped = bar.any(0)
        got = bar_of(models, name, here)
        found += bool((got[:, tapped] == bar[:, tapped]).all())
        right = int((got[:, tapped] == bar[:, tapped]).all(1).sum())
        assert module.get("instrument.message_text") == f"found: {right} of 16 steps as tapped"
    assert found >= 18


def test_it_is_tapped_with_the_clock_and_heard_at_the_next_bar(rig, models):
    module = rig(f"{models}/one")
    knobs = (0.5, -0.25, 0.75)
    bar = bar_of(models, "one", knobs)
    before = bar_of(models, "one", (0, 0, 0))
    module.edges(STEPS)
    tap(module, bar)
    module.link.run("play_in.end()")
    search(module)
    # What is turned at once after it is another gesture.
    module.run("track.swing = 60; history.undo()")
    assert module.get("track.swing, track.latents != (0, 0, 0)") == (50, True)
    tapped = [v for v in range(VOICES) if bar[:, v].any()]
    assert len(tapped) > 3 and (bar != before)[:, tapped].any()
    module.edges(2 * STEPS)
    cells = module.get("track.cells")
    assert [[v in row for v in tapped] for row in cells] == bar[:, tapped].tolist()
    found = module.get("track.latents")
    module.run("history.undo(); history.redo()")
    assert module.get("track.latents") == found
    assert module.get("history.undo()")
    module.run("")
    module.edges(2 * STEPS)
    assert module.get("track.latents") == (0, 0, 0)
    assert [set(row) for row in module.get("track.cells")] == [
        set(np.flatnonzero(row)) for row in before
    ]


@pytest.mark.parametrize(("late_us", "step"), [(0, 4), (9_000, 4), (11_000, 5), (18_000, 5)])
def test_a_pulse_belongs_to_the_nearest_step_however_late_the_frame(rig, models, late_us, step):
    module = rig(f"{models}/one")
    module.run("play_in = instrument.play_in\npatch.trigger_3 = 'tap 2'\nplay_in.begin()")
    module.bar(steps=4, spacing_us=EDGE_US)
    panel = module.panel
    # The module has no frame until all is over.
    module.link.run("_parts = instrument.every_frame; instrument.every_frame = []")
    panel.trigger("clock")
    panel.advance(late_us)
    panel.trigger("trigger_3")
    panel.settle()
    module.edges(3)
    module.link.run("instrument.every_frame = _parts")
    module.frames()
    assert module.get("[n for n, row in enumerate(play_in.bar) if row]") == [step]
    assert module.get(f"play_in.bar[{step}]") == (2,)


def test_the_clock_is_on_time_while_it_searches(rig, models):
    """A bar that nothing plays, so that the search goes on for its whole length."""
    module = rig(f"{models}/one")
    bar = np.random.default_rng(1).random((STEPS, VOICES)) < 0.4
    module.edges(STEPS)
    taps = [(v + 1, s) for s, v in np.argwhere(bar).tolist()]
    here = bar_of(models, "one", (0, 0, 0))
    wanted = drums(np.where(here, 0.9, 0.1), GROUPS, 0.5)
    module.run("play_in = instrument.play_in; play_in.begin()")
    module.link.run(f"for voice, step in {taps}: play_in.tap_at(voice, step)\nplay_in.end()")
    for _ in range(5):
        module.frames(3)
        assert module.get("play_in.searching")
        edges = module.edges(STEPS)
        assert [edge.jacks for edge in edges] == wanted
        times = np.diff([edge.time_us for edge in edges])
        assert set(times.tolist()) == {EDGE_US}


def test_buttons_tap_while_it_records(rig, models):
    module = rig(f"{models}/one")
    module.run("play_in = instrument.play_in")
    module.edges(STEPS)
    module.run("controls.page.hold(2)")
    assert module.get("play_in.recording")
    module.edges(1)  # of step 0; the next one is as near
    module.run("controls.page.press(1); controls.page.press(4); controls.page.release(4)")
    assert module.get("play_in.bar[1]") == (1, 4)
    assert module.get("track.freeze") == "off"
    module.run("controls.page.press(2)")
    assert module.get("play_in.bar[1]") == (1, 2, 4)
    module.run("controls.page.hold(2)")
    assert module.get("(play_in.recording, play_in.bar[1])") == (False, (1, 4))


def test_what_cannot_be_is_said(rig):
    module = rig(DRUMS)
    module.run("play_in = instrument.play_in; play_in.begin()")
    with pytest.raises(ModuleError, match="nothing was tapped"):
        module.link.run("play_in.end()")
    with pytest.raises(ModuleError, match="voices are numbered 1 to 8"):
        module.link.run("play_in.begin(); play_in.tap(9)")
    module.run("track.stop()")
    with pytest.raises(ModuleError, match="no model plays on the track"):
        module.link.run("play_in.begin()")
    assert module.get("history.undo()")
    assert module.get("track.model is not None and track.latents == (0, 0, 0)")
