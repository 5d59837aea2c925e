"""Which cells of a pattern sound, and how: against the plain twin of the sequencer in C."""

from __future__ import annotations

from fractions import Fraction
from types import ModuleType

import numpy as np
import pytest

from latentrack.playing.cells import cells_above, cut_offs, density_of_voices, thresholds
from latentrack.playing.kinds import Kind
from latentrack.playing.pattern import Pattern
from latentrack.playing.velocity import velocities
from latentrack.playing.voices import Voice, accent_name, voices_named
from tests.host.playing.conftest import likely_decoder


@pytest.mark.parametrize("kind", Kind)
def test_what_sounds_is_what_the_twin_of_the_firmware_plays(twin: ModuleType, kind: Kind) -> None:
    """Cells, which notes get a jack, and the turns of a rhythm's pitches, in random settings."""
    rng = np.random.default_rng(11)
    for _ in range(150):
        voices = 1 if kind == Kind.RHYTHM else int(rng.integers(2, 20))
        steps = int(rng.integers(1, 17))
        decoder = likely_decoder(twin)(kind.code, 3, steps, voices, (voices,) * kind.grouped)
        model = twin.Model(decoder)
        latents = [int(v) for v in rng.integers(-3, 4, 3)]
        model.threshold = Fraction(int(rng.integers(0, 17)), 16)
        turned = [Fraction(int(rng.integers(0, 201)), 200) for _ in range(8)]
        density_of = density_of_voices(kind, voices)
        model.density = [turned[density] for density in density_of]
        model.pitches = [int(p) for p in rng.integers(0, 128, rng.integers(1, 9))]
        if kind == Kind.NOTES:
            model.pitches = list(range(30, 30 + voices))
        track = twin.Track(0, twin.Rack(), notes=int(rng.integers(1, 5)))
        played = twin.Pattern(model, [])
        for step in range(steps):
            played.rows.append(track.build(model, played, step, latents))

        scores = [[decoder.score(latents, s * voices + v) for v in range(voices)] for s in
                  range(steps)]  # fmt: skip
        likely = np.array([[float(decoder.probability(s)) for s in row] for row in scores])
        logits = np.log(likely / (1 - likely)).astype(np.float32)
        limits = thresholds(float(model.threshold), [float(d) for d in turned], density_of)
        cut = cut_offs(limits)
        cells = cells_above(logits, cut)
        assert [list(np.flatnonzero(row)) for row in cells] == [row.cells for row in played.rows]

        sounds = cells_above(logits, cut, track.notes if kind == Kind.NOTES else 0)
        named = voices_named(str(voice) for voice in range(voices))
        hits = velocities(logits, sounds, limits, named)
        pattern = Pattern(hits, kind, ("",) * voices, tuple(model.pitches))
        assert np.array_equal(pattern.cells, sounds)
        count = 0
        for step, row in enumerate(played.rows if kind != Kind.DRUMS else ()):
            struck = pattern.struck(step, count)
            count += len(struck)
            codes = {twin.Calibration().pitch(pitch) for _, pitch, _ in struck}
            assert codes == set(row.levels.values())


@pytest.mark.parametrize(
    ("kind", "voices", "groups", "densities"),
    [
        ("drums", 12, (1, 1, 6, 2, 2), (0, 1, 2, 2, 2, 2, 2, 2, 3, 3, 4, 4)),
        ("drums", 11, (1,) * 9 + (2,), (0, 1, 2, 3, 4, 5, 6, 7, 7, 7, 7)),
        ("drums", 4, (2,), (0, 0, 1, 2)),
        ("notes", 12, (), (0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3)),
        ("notes", 10, (), (0, 0, 0, 1, 1, 2, 2, 2, 3, 3)),
        ("rhythm", 1, (), (0,)),
        ("rhythm", 10, (), (0, 1, 2, 3, 4, 5, 6, 7, 7, 7)),
    ],
)
def test_each_voice_hangs_on_the_density_of_its_group(
    kind: str, voices: int, groups: tuple[int, ...], densities: tuple[int, ...]
) -> None:
    assert density_of_voices(kind, voices, groups) == densities


def test_a_name_says_which_hits_belong_to_its_voice() -> None:
    """Only where an instrument has a voice for its accents are its other hits told apart."""
    assert voices_named(("hat", accent_name("hat"), "kick", accent_name("snare"))) == (
        Voice("hat", accent=False),
        Voice("hat", accent=True),
        Voice("kick", accent=None),
        Voice("snare", accent=True),
    )
    assert accent_name("hat") == "hat accent"


def test_velocities_grow_with_what_is_above_the_threshold() -> None:
    likely = np.array([[0.5001, 0.75, 0.99999, 0.4]])
    logits = np.log(likely / (1 - likely)).astype(np.float32)
    limits = np.full(4, 0.5)
    cells = logits > 0

    def made(*names: str) -> list[int]:
        return list(velocities(logits, cells, limits, voices_named(names))[0])

    assert made("a", "b", "c", "d") == [40, 84, 127, 0]
    assert made("hat", "hat accent", "kick", "crash") == [40, 96, 127, 0]
    assert made("hat accent", "kick", "hat", "crash") == [96, 84, 95, 0]
