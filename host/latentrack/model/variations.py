"""Make variations of a small corpus, so that a training has enough to learn from.

Twelve or sixteen bars alone fill a latent space with islands. Variations that keep the music are
learnt beside them: the same bars begun elsewhere, with a soft hit left out, or played with another
feel. They are made for the training only and are never part of the dataset. They depend on the
dataset alone, not on the seed of a training, so whoever has the dataset of a run can make them
again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from latentrack.corpus.dataset import Dataset
from latentrack.model.attributes import metrical_weights
from latentrack.model.settings import Settings
from latentrack.words import agree, count, listed

FEW_SEQUENCES = 20
"""With fewer, variations are added."""
ENOUGH = 64
"""So many sequences and variations together are enough."""
_ORIGINALS_TO_VARIATIONS = 2.0
"""All originals together count at least so many times as much as all variations together."""
_TRIES = 20  # for each variation that is wanted; short music has few that differ
_FEWEST_TO_THIN = 4  # hits; of fewer, one less would be other music
_NEARLY_SOFTEST = 8  # MIDI velocities above the softest hit of a sequence
_LOUDER, _LATER = (0.75, 1.25), (0.5, 1.5)  # factors of velocity and timing, lowest and highest
_ROTATED, _THINNED, _FELT = "rotated", "thinned", "felt"
_ODDS = {_ROTATED: 1.0, _THINNED: 3.0, _FELT: 3.0}
"""How often each way is tried. Rotation by beats moves the downbeat, so it is rare;"""
_ROTATED_BY_BARS = 3.0  # this is as good as the others
_SAID = {
    _THINNED: "{} with one of the softest hits left out",
    _FELT: "{} with velocity and timing scaled",
}


@dataclass(frozen=True, eq=False)
class Material:
    """What a training learns from.

    music: the dataset; behind it, where there are variations, the sequences that are learnt from
    once more or several times, and the variations.  drawn: indices of the sequences of `music` that
    an epoch draws, in ascending order.  weight: how often each sequence of the dataset is drawn in
    an epoch, a variation once.  rotated_by, counts: of the variations, what they are and how many.
    """

    music: Dataset
    drawn: NDArray[np.intp]
    weight: int = 1
    rotated_by: str = ""
    counts: Mapping[str, int] | None = None

    @property
    def variations(self) -> int:
        """How many variations are drawn beside the sequences."""
        return sum((self.counts or {}).values())

    @property
    def words(self) -> str:
        """What is said before the training, in two sentences; "" without variations."""
        if not self.counts:
            return ""
        said = _SAID | {_ROTATED: f"{{}} rotated by whole {self.rotated_by}"}
        number = (len(self.drawn) - self.variations) // self.weight
        kinds = listed(said[kind].format(each) for kind, each in self.counts.items())
        return (
            f"{count(number, 'sequence')} {agree(number, 'is', 'are')} few: "
            f"{count(self.variations, 'variation')} of {agree(number, 'it', 'them')} "
            f"{agree(self.variations, 'is', 'are')} added, which "
            f"{agree(self.variations, 'keeps', 'keep')} the music: {kinds}. Each sequence counts "
            f"{self.weight} times as much as a variation."
        )


def material(dataset: Dataset, chosen: NDArray[np.intp], settings: Settings) -> Material:
    """Return what a training on the sequences `chosen` of a dataset learns from.

    chosen: indices in ascending order. From FEW_SEQUENCES on, or where the settings want no
    variations, it is the dataset itself.
    """
    if not 0 < len(chosen) < FEW_SEQUENCES or settings.variations == "none":
        return Material(dataset, chosen)
    grid = _Grid.of(dataset)
    dynamics = dataset.dynamics
    feels = settings.feel != "none" and (dynamics.has_velocity or dynamics.has_timing)
    made, sources, kinds = _vary(chosen, grid, feels)
    if not made:
        return Material(dataset, chosen)
    weight = max(2, int(np.ceil(_ORIGINALS_TO_VARIATIONS * len(made) / len(chosen))))
    # The sequences lie in the dataset once already.
    again = np.tile(chosen, weight - 1)
    behind = [*(grid.sequence(i) for i in again), *made]
    whole = np.concatenate([grid.planes, np.stack(behind, axis=1)], axis=1)
    origins = [*range(len(dataset)), *again, *sources]
    music = replace(
        dataset,
        sequences=whole[0],
        sources=tuple(dataset.sources[i] for i in origins),
        styles=tuple(dataset.styles[i] for i in origins),
        velocities=None if dataset.velocities is None else whole[1][whole[0] != 0],
        offsets=None if dataset.offsets is None else whole[2][whole[0] != 0],
    )
    drawn = np.concatenate([chosen, np.arange(len(dataset), len(music))])
    counts = {kind: kinds.count(kind) for kind in _ODDS if kind in kinds}
    return Material(music, drawn, weight, grid.rotated_by, counts)


@dataclass(frozen=True, eq=False)
class _Grid:
    """A dataset as planes of hits, velocities (1 to 127) and timing (in steps): (3, n, steps,
    voices).

    weights: metrical weight of each step, (steps,).  rotation: steps by which sequences are
    rotated, once or more: a bar if they have several, else a beat.
    """

    planes: NDArray[np.float32]
    weights: NDArray[np.int64]
    rotation: int
    rotated_by: str

    @classmethod
    def of(cls, dataset: Dataset) -> _Grid:
        """The planes of all sequences of a dataset."""
        planes = np.zeros((3, *dataset.sequences.shape), np.float32)
        planes[0] = dataset.sequences
        for plane, per_hit in ((1, dataset.velocities), (2, dataset.offsets)):
            if per_hit is not None:
                planes[plane] = dataset.spread(per_hit)
        steps, bars, beat = dataset.steps, dataset.bars, dataset.steps_per_beat
        weights = metrical_weights(steps, beat, bars, dataset.meter)
        if bars > 1 and steps % bars == 0:
            return cls(planes, weights, steps // bars, "bars")
        return cls(planes, weights, beat, "beats")

    def sequence(self, index: int) -> NDArray[np.float32]:
        """The planes of one sequence: (3, steps, voices)."""
        return self.planes[:, index]


def _vary(
    chosen: NDArray[np.intp], grid: _Grid, feels: bool
) -> tuple[list[NDArray[np.float32]], list[int], list[str]]:
    """Variations, of which sequence each is, and of what kind. feels: whether velocity and timing
    are learnt, so that those with another feel differ from their sequence."""
    rng = np.random.default_rng(0)
    ways: dict[str, Callable[..., NDArray[np.float32] | None]] = {
        _ROTATED: _rotate,
        _THINNED: _thin,
        _FELT: _feel,
    }
    if not feels:
        del ways[_FELT]
    odds = np.array([_ODDS[kind] for kind in ways])
    if grid.rotated_by == "bars":
        odds[0] = _ROTATED_BY_BARS
    seen = {grid.sequence(i).tobytes() for i in chosen}
    wanted = ENOUGH - len(chosen)
    made: list[NDArray[np.float32]] = []
    sources, kinds = [], []
    for attempt in range(_TRIES * wanted):
        index = int(chosen[attempt % len(chosen)])
        kind = str(rng.choice(list(ways), p=odds / odds.sum()))
        varied = ways[kind](grid.sequence(index), grid, rng)
        if varied is None or varied.tobytes() in seen:
            continue
        seen.add(varied.tobytes())
        made.append(varied)
        sources.append(index)
        kinds.append(kind)
        if len(made) == wanted:
            break
    return made, sources, kinds


def _rotate(
    sequence: NDArray[np.float32], grid: _Grid, rng: np.random.Generator
) -> NDArray[np.float32] | None:
    """The sequence begun at another of its bars, or of its beats where it has one bar only."""
    ways = -(-sequence.shape[1] // grid.rotation)
    if ways < 2:
        return None
    return np.roll(sequence, -int(rng.integers(1, ways)) * grid.rotation, axis=1)


def _thin(
    sequence: NDArray[np.float32], grid: _Grid, rng: np.random.Generator
) -> NDArray[np.float32] | None:
    """The sequence without one of its softest hits: by velocity, or where all have the same, by
    where in the bar a hit lies."""
    steps, voices = np.nonzero(sequence[0])
    if len(steps) < _FEWEST_TO_THIN:
        return None
    accents = sequence[1][steps, voices]
    if np.ptp(accents) > _NEARLY_SOFTEST:
        softest = accents <= accents.min() + _NEARLY_SOFTEST
    else:
        weights = grid.weights[steps]
        softest = weights == weights.min()
    gone = rng.choice(np.flatnonzero(softest))
    thinned = sequence.copy()
    thinned[:, steps[gone], voices[gone]] = 0
    return thinned


def _feel(
    sequence: NDArray[np.float32], grid: _Grid, rng: np.random.Generator
) -> NDArray[np.float32]:
    """The sequence played louder or softer as a whole, and more or less off the grid."""
    hits, velocity, timing = sequence
    louder, later = rng.uniform(*_LOUDER), rng.uniform(*_LATER)
    velocity = np.where(velocity > 0, np.clip(np.rint(velocity * louder), 1, 127), 0)
    return np.stack([hits, velocity, np.clip(timing * later, -0.5, 0.5)]).astype(np.float32)
