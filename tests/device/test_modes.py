"""Drums, notes and rhythm, by what the model says of itself; and two tracks at once."""

from __future__ import annotations

import numpy as np
import pytest

from latentrack.decoder.litert import Decoder
from latentrack.decoder.metadata import DecoderInfo, Extras, attach_info
from tests.decoders import CHORALES, DRUMS, WIDE
from tests.device.rig import GATE, drums, notes, rhythm

GROUPS = (1, 1, 6, 2, 2)


def latents_of(rng):
    return tuple(float(v) for v in rng.uniform(-3, 3, 3).astype(np.float32))


def at(track, latents, threshold):
    return f"tracks[{track}].latents = {latents}\ntracks[{track}].threshold = {threshold}"


@pytest.mark.parametrize("name", [DRUMS, CHORALES, WIDE])
def test_reference_models_play_in_their_modes_as_they_are(rig, decoded, name):
    """Written by another project's code; nothing is said but which one is to play."""
    module = rig(name)
    rng = np.random.default_rng(1)
    heard = 0
    for _ in range(20):
        latents = latents_of(rng)
        for threshold in (0.02, 0.1, 0.5):
            probabilities = decoded(name, latents)
            if np.abs(probabilities - threshold).min() < 1e-6:
                continue
            if name == DRUMS:
                wanted = drums(probabilities, GROUPS, threshold)
            else:
                wanted = notes(probabilities, threshold)
            assert module.jacks(at(0, latents, threshold)) == wanted
            heard += sum(volts == GATE for step in wanted for volts in step.values())
    assert heard > 200
    assert module.get("track.playback_mode()") == ("drums" if name == DRUMS else "notes")


@pytest.fixture(scope="module")
def rhythm_model(tmp_path_factory):
    """A rhythm of 32 steps from two latents, as our own converter writes one, without training."""
    from tests.firmware.tflite_models import Shape, export

    data = export(Shape((2, 12, 32), ("relu",)), "float32", 5)
    path = tmp_path_factory.mktemp("rhythm") / "clave.tflite"
    path.write_bytes(attach_info(data, DecoderInfo("rhythm", 32, 1, 2)))
    return path


def test_rhythm_steps_through_the_players_pitches(rig, rhythm_model):
    """Two latents, 32 steps, threshold 0.5 at rest: each hit takes the next pitch."""
    module = rig()
    folder = module.module.flash / "models" / "rhythm"
    folder.mkdir(parents=True)
    (folder / "clave.tflite").write_bytes(rhythm_model.read_bytes())
    module.run("library.play('clave')")
    assert module.get("track.playback_mode()") == "rhythm"
    module.frames()
    assert module.get("track.threshold") == pytest.approx(0.5, abs=1e-4)
    decoder = Decoder(rhythm_model)
    rng = np.random.default_rng(3)
    module.run("track.pitch_list = (36, 48, 43)")
    hits = 0
    for _ in range(12):
        latents = tuple(float(v) for v in rng.uniform(-2, 2, 2).astype(np.float32))
        probabilities = decoder.decode([latents])[0]
        wanted = rhythm(probabilities, 0.5, (36, 48, 43))
        assert module.jacks(at(0, latents, 0.5), 64) == wanted + wanted
        hits += sum(0 in step for step in wanted)
        # The number of steps is the player's: the list begins anew with the bar.
        assert module.jacks("track.length = 7", 14) == wanted[:7] + wanted[:7]
        module.run("track.length = 0")
        moved = rhythm(probabilities, 0.5, (41, 53, 48))
        assert module.jacks("track.transpose = 5", 32) == moved
        module.run("track.transpose = 0")
    assert 30 < hits < 350


def test_our_own_note_models_say_which_note_is_the_lowest(rig, decoders, decoded):
    """The reference's do not: there voice 0 is note 0."""
    data = (decoders / f"{CHORALES}.tflite").read_bytes()
    info = DecoderInfo("seqdec", 16, 27, 3)
    module = rig(CHORALES)
    folder = module.module.flash / "models" / "notes"
    folder.mkdir(parents=True)
    latents = (-2.0, 1.0, -1.0)
    for lowest in (0, 36, 60):
        extras = Extras(lowest_pitch=lowest, trained={"lowest": "x"})
        (folder / "ours.tflite").write_bytes(attach_info(data, info, extras=extras))
        module.run("library.play('ours')")
        wanted = notes(decoded(CHORALES, latents), 0.05, pitch=lambda v, low=lowest: v + low)
        assert module.jacks(at(0, latents, 0.05)) == wanted


def both(*bars):
    """Bars of two tracks at the same edges."""
    return [first | second for first, second in zip(*bars, strict=True)]


def test_two_tracks_share_the_jacks(rig, decoded):
    """Drums on jacks 1 to 4, two notes on the others; and all eight again when one is left."""
    module = rig(DRUMS, CHORALES)
    here, there = (1.5, -0.5, 2.0), (-2.0, 1.0, -1.0)
    alone = drums(decoded(DRUMS, here), GROUPS, 0.3)
    assert module.jacks(at(0, here, 0.3)) == alone
    module.run(f"library.play({CHORALES!r}, track=1)")
    first = drums(decoded(DRUMS, here), GROUPS, 0.3, range(4))
    second = notes(decoded(CHORALES, there), 0.05, most=2, jacks=((4, 5), (6, 7)))
    assert module.jacks(at(1, there, 0.05)) == both(first, second)
    edges = module.bar(steps=4)
    assert [edge.steps for edge in edges] == [{0: n, 1: n} for n in range(4)]
    module.run("tracks[1].stop()")
    module.edges(16)
    assert module.jacks() == alone


def test_a_stopped_track_holds_no_model_and_can_play_again(rig, decoded):
    """Its memory is let go at the next bar: nothing that is set afterwards may touch it."""
    module = rig(DRUMS)
    latents = (1.5, -0.5, 2.0)
    alone = drums(decoded(DRUMS, latents), GROUPS, 0.3)
    assert module.jacks(at(0, latents, 0.3)) == alone
    module.run("track.stop()")
    assert [edge.gates for edge in module.edges(32)][16:] == [frozenset()] * 16
    module.frames()
    assert module.get("len(track.files())") == 0
    said = module.link.run(
        "track.threshold = 0.1; track.density2 = 0.1; track.refresh()\n"
        "try:\n    __import__('latentcore').density(0, 0, 0.5)\n"
        "except ValueError as error:\n    print(error)"
    )
    assert "the track has no model" in said
    module.run("track.density2 = 0.5")
    module.run(f"library.play({DRUMS!r})")
    assert module.jacks(at(0, latents, 0.3)) == alone


def test_each_track_has_its_own_parameters(rig, decoded):
    module = rig(DRUMS, CHORALES)
    here, there = (1.5, -0.5, 2.0), (-2.0, 1.0, -1.0)
    module.run(f"library.play({CHORALES!r}, track=1)\n{at(0, here, 0.3)}\n{at(1, there, 0.05)}")
    module.run("tracks[0].length = 5\ntracks[1].length = 7\ntracks[1].division = 2")
    first = drums(decoded(DRUMS, here), GROUPS, 0.3, range(4))
    second = notes(decoded(CHORALES, there), 0.05, most=2, jacks=((4, 5), (6, 7)))
    wanted = both(
        [first[n % 5] for n in range(42)],
        [second[n // 2 % 7] if n % 2 == 0 else {} for n in range(42)],
    )
    assert module.jacks(steps=42) == wanted


def test_both_tracks_play_again_after_power_on(rig):
    module = rig(DRUMS, CHORALES)
    module.run(f"library.play({DRUMS!r})\nlibrary.play({CHORALES!r}, track=1)")
    module.frames()
    module.link.restart()
    assert module.get("[t.model.name for t in tracks]") == [DRUMS, CHORALES]


def test_a_second_model_that_does_not_fit_is_said_and_the_first_plays_on(rig, decoders, decoded):
    """A Teensy without PSRAM has no room for a model of 1.9 MB."""
    module = rig(DRUMS)
    folder = module.module.flash / "models" / "notes"
    folder.mkdir(parents=True)
    data = (decoders / f"{WIDE}.tflite").read_bytes()
    (folder / "wide.tflite").write_bytes(data)
    said = module.link.run(
        "try:\n    library.play('wide', track=1)\nexcept MemoryError as error:\n"
        "    print(repr(error))"
    )
    assert "MemoryError" in said
    latents = (1.5, -0.5, 2.0)
    assert module.jacks(at(0, latents, 0.3)) == drums(decoded(DRUMS, latents), GROUPS, 0.3)
