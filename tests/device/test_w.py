"""W, the fourth latent: as a parameter, at the panel, on the screen, and what has none."""

from __future__ import annotations

import numpy as np
import pytest

from latentrack.decoder.litert import Decoder
from latentrack.module.link import Link
from tests.decoders import DRUMS, FELT_FOUR, FOUR
from tests.device.claims import covers
from tests.device.felt import FeltModel
from tests.device.glass import Glass, frames_see
from tests.device.rig import drums
from tests.device.test_screen import BAR_X, SQUARE, SQUARE_Y, WHITE

GROUPS = (1, 1, 6, 2, 2)
PLACE = (1.5, -0.5, 2.0, -1.5)


@pytest.fixture(scope="session")
def decoded_four(four):
    """decoded_four(latents): what LiteRT decodes there, shape (steps, voices)."""
    decoder = Decoder(four / f"{FOUR}.tflite")
    return lambda latents: decoder.decode([latents])[0]


@pytest.fixture
def played(rig, four):
    """A module that plays a model with four latents; the drums with three are in its library."""
    return rig(f"{four}/{FOUR}", DRUMS)


def turned(module, encoder, clicks):
    module.panel.turn_encoder(encoder, clicks)
    frames_see(module.module, module.link)


# -- a parameter


@covers("w")
def test_w_is_the_position_along_the_fourth_latent(rig, four, decoded_four):
    module = rig(f"{four}/{FOUR}")
    seen = set()
    for place in (-1, -0.25, 1):
        latents = (*PLACE[:3], 3 * place)
        jacks = module.jacks(
            f"track.latents = {PLACE}\ntrack.threshold = 0.3\ntrack.w = {place}",
        )
        assert module.get("track.latents") == pytest.approx(latents)
        assert jacks == drums(decoded_four(latents), GROUPS, 0.3)
        seen.add(str(jacks))
    assert len(seen) == 3


def test_the_feels_latents_come_behind_w(rig, felt):
    felt_four = FeltModel(felt, FELT_FOUR)
    module = rig(felt_four.path)
    module.run("track.latents = (1.5, -3, 0.75, -0.75, 3, -1.5)")
    names = ("x", "y", "z", "w", "feel_x", "feel_y")
    assert module.get(f"[track.get(name) for name in {names}]") == pytest.approx(
        [0.5, -1, 0.25, -0.25, 1, -0.5]
    )
    assert module.get(f"[track.has_latent(name) for name in {names}]") == [True] * 6


def test_a_model_with_three_latents_leaves_w_alone(played):
    """What was set of it is there again with a model that has it."""
    played.run(f"track.w = 0.75\nlibrary.play({DRUMS!r}, remember=False)")
    assert played.get("len(track.latents), track.has_latent('w'), track.w") == (3, False, 0.75)
    played.run(f"library.play({FOUR!r}, remember=False)")
    assert played.get("track.latents[3]") == pytest.approx(2.25)


def test_a_preset_brings_w_back(played):
    played.run("track.w = 0.75; presets.store(1, now=True)\ntrack.w = -1; presets.recall(1)")
    assert played.get("track.w") == 0.75


def test_cv_5_moves_w_at_first(played):
    played.frames()
    for volts, w in ((2.5, 1.5), (-5, -3.0), (0, 0.0)):
        played.panel.cv("5", volts)
        played.panel.settle()
        played.frames()
        assert played.get("track.decoded[3]") == pytest.approx(w, abs=2e-3)


# -- at the panel


def test_the_left_encoder_turns_w_of_a_model_with_four_latents(played, decoded_four):
    turned(played, "left", 16)
    assert played.get("track.w, controls.track.number") == (0.5, 0)
    turned(played, "left", -40)
    assert played.get("track.w") == -0.75
    latents = played.get("track.latents")
    assert latents == pytest.approx((0, 0, 0, -2.25))
    assert played.jacks("track.threshold = 0.2") == drums(decoded_four(latents), GROUPS, 0.2)
    turned(played, "left", -100)
    assert played.get("track.w") == -1
    turned(played, "left", 32)
    assert played.get("track.w") == 0


def test_on_the_groove_page_the_left_encoder_chooses_the_track_all_the_same(played):
    played.run("controls.open('groove')")
    turned(played, "left", 1)
    assert played.get("controls.track.number, track.w") == (1, 0)


def test_where_one_of_two_models_has_a_w_the_left_encoder_changes_no_track(played):
    """Its next click would turn the other track's W, which sounds."""
    played.run(f"library.play({DRUMS!r}, 1, remember=False)\ncontrols.choose_track(1)")
    turned(played, "left", 3)
    assert played.get("controls.track.number, [each.w for each in tracks]") == (1, [0, 0])
    assert played.get("instrument.message_text") == "no W: hold 4 for the other track"
    played.run(f"library.play({DRUMS!r}, remember=False)")
    turned(played, "left", 1)
    assert played.get("controls.track.number") == 0


def test_z_and_w_are_bars_side_by_side(played):
    glass = Glass(played.module, played.link)
    for z, w in ((-1, 1), (0.5, -0.25), (0, 0.75)):
        played.run(f"track.z, track.w = {z}, {w}")
        played.edges(1)
        image = glass.at_rest()[SQUARE_Y : SQUARE_Y + SQUARE]
        for x, value in ((BAR_X, z), (BAR_X + 4, w)):
            bar = (image[:, x] == WHITE).all(axis=-1)
            assert bar.sum() == pytest.approx(2 + (value + 1) / 2 * 39, abs=1.6)
            assert bar[41] and not bar[0]
        # Three pixels each at the most, and nothing between them.
        assert not np.any(image[:, BAR_X + 2])


def test_a_board_may_have_a_knob_w(start, four):
    """On the play page alone: a list page has a line for each of the four others."""
    module = start(four / f"{FOUR}.tflite", board="bare", manual_time=True)
    with Link(module.port) as link:

        def turn(position):
            module.panel.turn("w", position)
            frames_see(module, link)
            return link.evaluate("track.w")

        assert turn(0.75) == pytest.approx(0.5, abs=1e-3)
        # As a computer turns it that shows the panel: then the knob waits.
        link.run("controls.asked.append(('turn', 'left', -16))")
        frames_see(module, link)
        assert link.evaluate("track.w, controls.waits('w')") == (pytest.approx(0, abs=1e-3), True)
        assert turn(0.7) == pytest.approx(0, abs=1e-3)
        assert turn(0.25) == pytest.approx(-0.5, abs=1e-3)
        before = link.evaluate("track.numbers")
        for page in ("parameters", "groove", "calibration"):
            link.run(f"controls.open({page!r})")
            turn(1.0)
            turn(0.25)
        assert link.evaluate("track.numbers") == before
        assert link.evaluate("instrument.failed_parts") == {}
        link.run("controls.open('play')")
        assert turn(0.5) == 0
