"""A set on stage: what is done, bar by bar, and what is to be heard, which can be checked by hand.

A and B are what LiteRT decodes at two positions, 16 steps of 8 drums. The set is played at 120 BPM,
later faster, in the module's own time. Every day it is short; `pytest -m long` plays ten minutes.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.device.performed import OTHER, THRESHOLD, Eight, begin_again, go_on, grid, set_up
from tests.device.power_cuts import restarted
from tests.waiting import until

SIXTEENTH_US = 125_000
FASTER_US = 90_000


class Stage:
    """A module, and how many bars of the set it has played."""

    def __init__(self, module) -> None:
        self.module, self.step_us, self.bars = module, SIXTEENTH_US, 0

    def do(self, code: str) -> None:
        """A gesture between two steps, and the frames that see it."""
        self.module.run(f"{code}\nhistory.close()")
        self.module.frames()

    def hears(self, wanted: np.ndarray, bars: int = 1) -> None:
        """So many bars, each with these hits."""
        for _ in range(bars):
            self.bars += 1
            heard = grid(go_on(self.module, 16, self.step_us), 16, self.step_us)
            assert (heard == wanted).all(), f"bar {self.bars}"
            self.module.frames()


def without(hits: np.ndarray, voice: int) -> np.ndarray:
    muted = hits.copy()
    muted[:, voice - 1] = False
    return muted


def play_set(rig: Callable, eight: Eight, long: int) -> None:
    """The set; `long` is how many times as long as the shortest it is."""
    module = rig(eight.path)
    a, b = eight.hits(), eight.hits(OTHER)
    assert (a != b).any() and a[:, 1].any() and b[:, 1].any()

    # At home: two slots, and what a fill is.
    set_up(module, "patch.bridge = 1; patch.slots_at = 'bar'; track.mute_at = 'bar'")
    module.run("track.fill_density = 0; track.fill_ratchet = 2; track.ratchet_chance = 1")
    module.run(f"presets.store(1)\ntrack.latents = {OTHER}\npresets.store(2)\npresets.recall(1)")
    module.run("controls.open('perform')")
    begin_again(module)
    stage = Stage(module)

    stage.hears(a, 6 * long)
    stage.do("controls.page.press(2); controls.page.release(2)")
    stage.hears(without(a, 2), 6 * long)
    stage.do("track.fill = 'on'")
    stage.hears(2 * without(a, 2))
    stage.do("track.fill = 'off'")
    stage.hears(without(a, 2), 4 * long)

    # One back, one forth.
    stage.do("history.undo()")
    stage.hears(2 * without(a, 2))
    stage.do("history.redo()")
    stage.hears(without(a, 2))

    # The second slot is chosen in the middle of a bar, and heard at the next.
    half = go_on(module, 5, stage.step_us)
    stage.do("slots.recall(2)")
    rest = go_on(module, 11, stage.step_us)
    assert (grid(half, 5, stage.step_us) == without(a, 2)[:5]).all()
    assert (grid(rest, 11, stage.step_us) == without(a, 2)[5:]).all()
    module.frames()
    stage.hears(b, 4 * long)

    stage.do("slots.chain = '1x3 2'\nslots.play()")
    for _ in range(long):
        stage.hears(a, 3)
        stage.hears(b)
    stage.do("slots.stop()")

    # The other sequencer goes faster: all is as it was, in less time.
    last = module.get("presets.last")
    now = a if last == 1 else b
    stage.step_us = FASTER_US
    stage.hears(now, 4 * long)

    # A cable has a loose contact: the ninth edge does not come, its step does.
    rises = go_on(module, 16, FASTER_US, lost=8)
    assert (grid(rises, 16, FASTER_US) == now).all()
    stage.hears(now, 2 * long)

    # A rest, in which everything is stored; then the power goes. After it knobs count where they
    # stand.
    module.panel.advance(4_000_000)
    module.run("controls.open('play')\nsettings.save()")
    for knob, latent in zip("xyz", module.get("track.latents"), strict=True):
        module.panel.turn(knob, (latent + 3) / 6)
    module.panel.turn("threshold", THRESHOLD)
    module.frames()
    until(lambda: not module.get("presets.waits(1) or presets.waits(2)"), "they are not stored")
    module.module.kill()
    module.link.close()
    again = restarted(module.module)
    begin_again(again)
    stage.module = again
    stage.hears(now, 4 * long)
    assert again.get("presets.used()") == [1, 2]


def test_a_set(rig, eight):
    play_set(rig, eight, long=1)


@pytest.mark.long
def test_a_set_of_ten_minutes(rig, eight):
    play_set(rig, eight, long=9)
