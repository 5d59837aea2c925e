"""What a player sees of the feel: on the play page, and on the groove page, which has its knobs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from latentrack.playing.velocity import with_dynamics
from tests.device.felt import GROUPS, PLACE, THRESHOLD, at
from tests.device.glass import Glass, frames_see
from tests.device.memory import Frames


@pytest.mark.parametrize("page", ["play", "groove"])
def test_a_still_frame_allocates_nothing(rig, felt_model, page):
    module = rig(felt_model.path)
    frames = Frames(module)
    # Closed here: the end of a gesture, a second later, would allocate once.
    module.run(f"controls.open({page!r})\n{at(PLACE)}\nhistory.close()")
    assert frames.still() == 0


def test_a_frame_in_which_the_step_moves_on_allocates_little(rig, felt_model):
    module = rig(felt_model.path)
    frames = Frames(module)
    module.run(at(PLACE))
    before = module.get("instrument.screen.pixels")
    assert frames.clocked() <= 32
    assert module.get("instrument.screen.pixels") > before


def test_the_play_page_shows_how_hard_and_how_late_hits_are(rig, felt_model):
    """A block is 3 of a column's 6 pixels, shifted by its timing; the softer, the darker."""
    module = rig(felt_model.path)
    glass = Glass(module.module, module.link)
    module.run(at(PLACE, 0.25))
    module.edges(17)  # the first step sounds, in white
    kept = felt_model.feel(PLACE).as_kept()
    hits = felt_model.probabilities(PLACE) > 0.25
    for feel, dynamics in ((100, 100), (0, 100), (200, 0)):
        module.run(f"track.feel = {feel}; track.dynamics = {dynamics}")
        module.edges(16)
        image = glass.at_rest().astype(int)
        seen = 0
        for step, voice in zip(*np.nonzero(hits), strict=True):
            top = 18 + 41 - (voice + 1) * 41 // 12
            block = image[top, 6 * step : 6 * step + 5].max(axis=-1)
            if step == 0 or (block > 200).all():
                continue
            shift = math.floor(feel / 100 * kept.timing[step, voice] * 6 + 0.5)
            lit = [left for left in range(1 + shift, 4 + shift) if 0 <= left < 5]
            lit = lit or [0 if shift < 0 else 4]
            assert np.flatnonzero(block > 70).tolist() == lit, (step, voice)
            loud = float(with_dynamics(kept.velocity[step, voice], dynamics / 100))
            brightest = colour_of(voice)
            assert block.max() == pytest.approx(brightest * (40 + 87 * loud) / 127, abs=14)
            seen += 1
        assert seen > 15


def colour_of(voice: int) -> int:
    """The brightest of red, green and blue of a voice that is as loud as can be."""
    drum = np.repeat(range(len(GROUPS)), GROUPS)[voice]
    return (255, 255, 230, 255, 240)[drum]


def test_the_groove_page_has_the_feel_at_its_knobs(rig, felt_model):
    module = rig(felt_model.path)
    glass = Glass(module.module, module.link)
    module.run(f"{at((0, 0, 0, 0, 0))}\ncontrols.open('groove')")
    for knob, position in (("x", 0.75), ("y", 0.25), ("z", 0.5), ("threshold", 1.0)):
        module.panel.turn(knob, 0.5 if position != 0.5 else 0.4)
        frames_see(module.module, module.link)
        module.panel.turn(knob, position)
        frames_see(module.module, module.link)
    found = module.get("track.feel_x, track.feel_y, track.feel, track.dynamics")
    assert found == pytest.approx((0.5, -0.5, 100, 200), abs=0.5)
    module.panel.turn_encoder("right", 12)
    frames_see(module.module, module.link)
    module.panel.turn_encoder("left", 1)
    frames_see(module.module, module.link)
    assert module.get("controls.track.number, track.swing") == (1, 62)
    module.panel.turn_encoder("left", -1)
    module.edges(4)
    image = glass.at_rest()
    assert glass.line(image, 0)[:6] == "groove"
    assert glass.line(image, 64) == "feel 100%  swing 62%"
    # Its point is the feel's: three quarters of the way to the right, one up.
    square = image[18 : 18 + 44, 106 : 106 + 44].astype(int)
    point = np.argwhere((square[..., 0] > 200) & (square[..., 2] < 100))
    assert point.mean(axis=0) == pytest.approx((41 - 0.25 * 39, 2 + 0.75 * 39), abs=0.6)
    module.run("controls.asked.append(('hold', 'right', None))")
    frames_see(module.module, module.link)
    assert module.get("track.swing") == 50
    # Pushed in time it taps the tempo.
    for _ in range(2):
        module.panel.press("right")
        frames_see(module.module, module.link)
        module.panel.release("right")
        module.panel.advance(400_000)
        frames_see(module.module, module.link)
    assert module.get("patch.tempo") == pytest.approx(150, rel=0.1)


def test_only_columns_that_sound_otherwise_are_drawn_again(rig, felt_model):
    """With another feel the hits are the same: a column without one stays."""
    module = rig(felt_model.path)
    glass = Glass(module.module, module.link)
    module.run(at(PLACE))
    module.edges(17)
    glass.at_rest()
    hits = felt_model.probabilities(PLACE) > THRESHOLD
    before = module.get("controls.page.grid.ages")
    for changed, columns in (
        ("track.threshold = 0.3", []),
        ("track.feel_x = -1; track.feel_y = 0.5", np.flatnonzero(hits.any(axis=1))),
        ("track.feel = 50", range(16)),
    ):
        module.run(changed)
        module.edges(16)
        glass.at_rest()
        after = module.get("controls.page.grid.ages")
        assert [i for i in range(16) if after[i] != before[i]] == list(columns), changed
        before = after
