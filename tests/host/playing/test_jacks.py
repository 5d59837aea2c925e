"""What steps put out at the jacks: against the plain twin of the sequencer in C."""

from __future__ import annotations

from fractions import Fraction
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from latentrack.playing.cells import density_of_voices, thresholds
from latentrack.playing.feel import Feel
from latentrack.playing.jacks import JackStep, drum_steps, note_steps, rhythm_steps
from latentrack.playing.kinds import Kind
from tests.host.playing.conftest import likely_decoder

OUTPUTS = 8


@pytest.mark.parametrize("kind", Kind)
def test_the_twin_of_the_firmware_puts_out_the_same(twin: ModuleType, kind: Kind) -> None:
    """Triggers, accents, pitches, timing and velocities of patterns of any shape, in random
    settings, of models with a feel and without."""
    rng = np.random.default_rng(7)
    heard = kept = felt = 0
    for _ in range(120):
        groups = tuple(int(size) for size in rng.integers(1, 4, rng.integers(1, 5)))
        voices = sum(groups) if kind.grouped else int(rng.integers(1, 12))
        steps = int(rng.integers(1, 17))
        decoder = likely_decoder(twin)(kind.code, 3, steps, voices, groups if kind.grouped else ())
        model = twin.Model(decoder)
        model.threshold = Fraction(int(rng.integers(1, 16)), 16)
        turned = [Fraction(int(rng.integers(0, 201)), 200) for _ in range(8)]
        density_of = density_of_voices(kind, voices, groups)
        model.density = [turned[density] for density in density_of]
        # Above 120 all notes have the same volts here, and stand where another stood.
        model.pitches = [int(p) for p in rng.integers(0, 121, voices)]
        most, keep = int(rng.integers(1, 5)), bool(rng.integers(2))
        # Levels of notes and of a rhythm go to channels of their own; accents follow the triggers.
        routes = {} if kind == Kind.DRUMS else {"levels": tuple(range(OUTPUTS))}
        decoder.feel = bool(rng.integers(2))
        dynamics, by_drum = int(rng.integers(0, 201)), int(rng.integers(2))
        track = twin.Track(
            0, twin.Rack(), notes=most, keep=int(keep), dynamics=dynamics, accent=by_drum, **routes
        )
        latents = [int(v) for v in rng.integers(-3, 4, 3)]
        played = twin.Pattern(model, [])
        for step in range(steps):
            played.rows.append(track.build(model, played, step, latents))
        scores = np.array([[float(decoder.probability(decoder.score(latents, s * voices + v)))
                            for v in range(voices)] for s in range(steps)])  # fmt: skip
        limits = thresholds(float(model.threshold), [float(d) for d in turned], density_of)
        how: dict[str, Any] = {"feel": feel_of(decoder, latents), "dynamics": dynamics / 100}
        made: list[JackStep]
        if kind == Kind.DRUMS:
            accent = "drum" if by_drum else "velocity"
            made = drum_steps(scores, groups, limits, accent=accent, **how)
        elif kind == Kind.NOTES:
            how["pitch_of"] = lambda v, m=model: m.pitches[v]
            made = note_steps(scores, most, limits, keep=keep, **how)
            other = note_steps(scores, most, limits, keep=not keep, **how)
            kept += made != other
        else:
            made = rhythm_steps(scores, model.pitches, limits, OUTPUTS, **how)
        for row, step in zip(played.rows, made, strict=True):
            assert {k for k in step.triggers if k < OUTPUTS} == set(row.triggers)
            assert levels(twin, step, len(groups)) == row.levels
            heard += len(row.levels)
            if decoder.feel:
                for channel, trigger in row.triggers.items():
                    assert step.timing[channel] * 254 == pytest.approx(trigger.timing, abs=1e-9)
                    # The module rounds it to 1/127 after the dynamics.
                    assert abs(step.velocity[channel] * 127 - trigger.velocity) < 0.501
                    felt += 1
            else:
                assert step.timing == step.velocity == {}
    assert heard > 300 and felt > 300 and (kept > 10 or kind != Kind.NOTES)


def feel_of(decoder: Any, latents: list[int]) -> Feel | None:
    """The feel of the twin's made-up decoder; None: it has none."""
    if not decoder.feel:
        return None
    cells = range(decoder.steps * decoder.voices)
    shape = (decoder.steps, decoder.voices)
    velocity = np.array([decoder.velocity(latents, cell) for cell in cells]) / 127
    timing = np.array([decoder.timing(latents, cell) for cell in cells]) / 254
    return Feel(velocity.reshape(shape), timing.reshape(shape))


def levels(twin: ModuleType, step: JackStep, triggers: int) -> dict[int, Any]:
    """The converters' codes of a step by channel, by the twin's own calibration."""
    set_by = twin.Calibration()
    codes = {k: set_by.pitch(pitch) for k, pitch in step.pitches.items()}
    for accent, level in step.accents.items():
        if triggers + accent < OUTPUTS:
            # As near as a float to what the twin reckons in fractions.
            codes[triggers + accent] = set_by.accent(Fraction(level).limit_denominator(10**6))
    return codes


def test_the_first_of_equally_probable_voices_makes_the_accent() -> None:
    scores = np.array([[0.9, 0.9, 0.2], [0.2, 0.6, 0.6]])
    assert drum_steps(scores, (3,), 0.5) == [
        JackStep(frozenset({0}), {0: 0.0}),
        JackStep(frozenset({0}), {0: 0.5}),
    ]


def test_a_voice_below_its_own_limit_makes_no_accent() -> None:
    """However probable it is."""
    steps = drum_steps(np.array([[0.4, 0.9]]), (2,), np.array([0.3, 1.0]))
    assert steps == [JackStep(frozenset({0}), {0: 0.0})]
