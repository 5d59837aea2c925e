"""What steps put out at the jacks: against the plain twin of the sequencer in C."""

from __future__ import annotations

from fractions import Fraction
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from latentrack.playing.cells import density_of_voices, thresholds
from latentrack.playing.jacks import JackStep, drum_steps, note_steps, rhythm_steps
from latentrack.playing.kinds import Kind
from tests.host.playing.conftest import likely_decoder

OUTPUTS = 8


@pytest.mark.parametrize("kind", Kind)
def test_the_twin_of_the_firmware_puts_out_the_same(twin: ModuleType, kind: Kind) -> None:
    """Triggers, accents and pitches of patterns of any shape, in random settings."""
    rng = np.random.default_rng(7)
    heard = kept = 0
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
        model.pitches = [int(p) for p in rng.integers(0, 128, voices)]
        most, keep = int(rng.integers(1, 5)), bool(rng.integers(2))
        # Levels of notes and of a rhythm go to channels of their own; accents follow the triggers.
        routes = {} if kind == Kind.DRUMS else {"levels": tuple(range(OUTPUTS))}
        track = twin.Track(0, twin.Rack(), notes=most, keep=int(keep), **routes)
        latents = [int(v) for v in rng.integers(-3, 4, 3)]
        played = twin.Pattern(model, [])
        for step in range(steps):
            played.rows.append(track.build(model, played, step, latents))
        scores = np.array([[float(decoder.probability(decoder.score(latents, s * voices + v)))
                            for v in range(voices)] for s in range(steps)])  # fmt: skip
        limits = thresholds(float(model.threshold), [float(d) for d in turned], density_of)
        made: list[JackStep]
        if kind == Kind.DRUMS:
            made = drum_steps(scores, groups, limits)
        elif kind == Kind.NOTES:
            made = note_steps(scores, most, limits, lambda v, m=model: m.pitches[v], keep=keep)
            other = note_steps(scores, most, limits, lambda v, m=model: m.pitches[v], keep=not keep)
            kept += made != other
        else:
            made = rhythm_steps(scores, model.pitches, limits, OUTPUTS)
        for row, step in zip(played.rows, made, strict=True):
            assert {k for k in step.triggers if k < OUTPUTS} == set(row.triggers)
            assert levels(twin, step, len(groups)) == row.levels
            heard += len(row.levels)
    assert heard > 300 and (kept > 10 or kind != Kind.NOTES)


def levels(twin: ModuleType, step: JackStep, triggers: int) -> dict[int, Any]:
    """The converters' codes of a step by channel, by the twin's own calibration."""
    set_by = twin.Calibration()
    codes = {k: set_by.pitch(pitch) for k, pitch in step.pitches.items()}
    for accent, level in step.accents.items():
        if triggers + accent < OUTPUTS:
            codes[triggers + accent] = set_by.accent(Fraction(level).limit_denominator(255))
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
