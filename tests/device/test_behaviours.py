"""Five-line files that take part in every frame; an error in one costs that one."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.decoders import DRUMS
from tests.device.rig import drums

GROUPS = (1, 1, 6, 2, 2)
PLACE = (0.5, -0.5, 1.0)
EXAMPLES = ROOT / "device" / "behaviours"


def write(module, name: str, source: str) -> None:
    folder = module.module.flash / "behaviours"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.py").write_text(source)


def test_a_file_in_the_folder_takes_part(rig, decoded):
    module = rig(DRUMS)
    write(module, "always_left", "def frame(controls, track):\n    track.modulate('x', -0.25)\n")
    module.link.restart()
    module.frames()
    module.run(f"track.latents = {PLACE}; track.threshold = 0.3")
    module.frames()
    # A quarter of the whole way is half the scale: 1.5 of 3.
    latents = (PLACE[0] - 1.5, *PLACE[1:])
    assert module.get("tuple(track.decoded)") == pytest.approx(latents, abs=1e-5)
    assert module.jacks() == drums(decoded(DRUMS, latents), GROUPS, 0.3)
    # What is set stays, and comes back when the behaviour is off.
    assert module.get("track.latents") == pytest.approx(PLACE)
    module.run("behaviours.switch('always_left', False)")
    module.frames()
    assert module.jacks() == drums(decoded(DRUMS, PLACE), GROUPS, 0.3)


def test_an_error_switches_that_one_off_and_nothing_else(rig, decoded):
    module = rig(DRUMS)
    write(module, "a_bad", "def frame(controls, track):\n    track.nothing += 1\n")
    write(module, "b_broken", "def frame(controls track)\n")
    write(module, "c_empty", "x = 1\n")
    write(module, "d_good", "def frame(controls, track):\n    track.modulate('y', 0.25)\n")
    module.link.restart()
    module.frames(5)
    assert module.get("[behaviours.is_on(n) for n in ('a_bad', 'd_good')]") == [False, True]
    ours = [n for n in module.get("behaviours.names()") if n[1] == "_"]
    assert ours == ["a_bad", "d_good"]
    assert "a_bad is off" in module.get("instrument.message_text")
    module.run(f"track.latents = {PLACE}; track.threshold = 0.3")
    module.frames()
    latents = (PLACE[0], PLACE[1] + 1.5, PLACE[2])
    assert module.jacks() == drums(decoded(DRUMS, latents), GROUPS, 0.3)


def test_swapped_in_place_while_it_plays(rig):
    """As `latentrack live` does; what does not even compile leaves the old one playing."""
    module = rig(DRUMS)
    module.run("track.latents = (0, 0, 0)")
    source = "def frame(controls, track):\n    track.modulate('x', {})\n"
    one, two = source.format(0.1), source.format(-0.2)
    module.run(f"behaviours.swap('mine', {one!r})")
    module.frames()
    assert module.get("track.decoded[0]") == pytest.approx(0.6)
    said = module.link.run(
        "try:\n    behaviours.swap('mine', 'def frame(:')\nexcept SyntaxError as error:\n"
        "    import sys; sys.print_exception(error)"
    )
    assert 'File "behaviours/mine.py", line 1' in said
    module.frames()
    assert module.get("track.decoded[0]") == pytest.approx(0.6)
    module.run(f"behaviours.swap('mine', {two!r})")
    module.frames()
    assert module.get("track.decoded[0]") == pytest.approx(-1.2)


def examples_on(rig):
    module = rig(DRUMS)
    folder = module.module.flash / "behaviours"
    folder.mkdir(exist_ok=True)
    for file in EXAMPLES.glob("*.py"):
        write(module, file.stem, file.read_text())
    module.link.restart()
    module.frames()
    module.run(f"track.latents = {PLACE}; track.threshold = 0.4")
    return module


def test_examples_wait_to_be_switched_on_and_that_is_remembered(rig):
    module = examples_on(rig)
    names = ["drunk_walk", "fills", "lfo_on_x"]
    assert module.get("behaviours.names()") == names
    assert not any(module.get(f"[behaviours.is_on(n) for n in {names}]"))
    module.run("behaviours.switch('fills'); settings.save()")
    module.link.restart()
    assert module.get(f"[behaviours.is_on(n) for n in {names}]") == [False, True, False]
    for file in EXAMPLES.glob("*.py"):
        # Short enough to be read at a glance, apart from the table at the beginning.
        code = file.read_text().split('"""\n', 1)[1]
        lines = [line for line in code.splitlines() if line and line[0] != "#"]
        assert len(lines) <= 9


def test_lfo_on_x(rig, decoded):
    module = examples_on(rig)
    module.run(
        "behaviours.switch('lfo_on_x'); seen = []\n"
        "instrument.every_frame.append(lambda: seen.append((controls.seconds, track.decoded[0])))"
    )
    module.frames(60)
    module.run("instrument.every_frame.pop()")
    seen = module.get("seen[2:]")
    assert len(seen) > 40
    for seconds, x in seen:
        assert x == pytest.approx(PLACE[0] + 1.5 * math.sin(2 * math.pi * seconds / 8), abs=1e-3)
    # And its modulation is heard.
    module.run(
        "at = instrument.every_frame.index(behaviours.frame)\n"
        "instrument.every_frame[at] = lambda: track.modulate('x', 0.125)"
    )
    module.frames()
    latents = (PLACE[0] + 0.75, *PLACE[1:])
    assert module.jacks() == drums(decoded(DRUMS, latents), GROUPS, 0.4)


def test_drunk_walk(rig, decoded):
    module = examples_on(rig)
    module.run(
        "behaviours.switch('drunk_walk'); seen = []\n"
        "instrument.every_frame.append(lambda: seen.append(tuple(track.decoded)))"
    )
    module.frames(60)
    module.run("instrument.every_frame.pop()")
    seen = np.array(module.get("seen[3:]"))
    steps = np.abs(np.diff(seen, axis=0))
    # A hundredth of a knob's way at most, up to a quarter away; of a scale of -3 to 3.
    assert steps.max() <= 0.06 + 1e-4 and steps.max() > 0.03
    assert np.abs(seen - PLACE).max() <= 1.5 + 1e-4
    assert len(np.unique(seen[:, 0])) > 30


def test_fills_every_eight_bars(rig, decoded):
    module = examples_on(rig)
    module.run("behaviours.switch('fills')")
    usual, fill = (drums(decoded(DRUMS, PLACE), GROUPS, t) for t in (0.4, 0.2))
    assert usual != fill
    module.panel.advance(50_000)
    module.panel.trigger("reset")
    module.panel.advance(50_000)
    for bar in range(1, 26):
        # The clock rests inside each bar until frames have seen it.
        heard = [edge.jacks for edge in module.edges(8)]
        module.frames(2)
        heard += [edge.jacks for edge in module.edges(8)]
        assert heard == (fill if bar % 8 == 0 else usual), f"bar {bar}"
