"""Measure a feel: errors of velocity and timing, and how well its knobs order the output.

R² is the fraction of the variance that is explained: 1 is perfect, 0 is as good as one value for
all hits. The baseline of the error is a prediction without latents: the mean of each cell.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentrack.corpus.dataset import Dataset
from latentrack.model.autoencoder import Array, Autoencoder
from latentrack.model.feel import FULL_VELOCITY, TELLS, Feel, feel_latents, played
from latentrack.model.ranks import rank_correlation

_POSITIONS, _TURNS = 100, 33


@dataclass(frozen=True)
class Likeness:
    """Errors of velocity (in units of MIDI, 1 to 127) or of timing (in steps).

    error: mean absolute error of a hit.  by_cells: the same with each cell's mean as prediction.
    r2: fraction of the variance that is explained, 1 or less; 0 if the music has no variance.
    """

    error: float
    by_cells: float
    r2: float


@dataclass(frozen=True)
class FeelMeasures:
    """The measures of a feel on one set of sequences."""

    velocity: Likeness
    timing: Likeness


def measure_feel(
    model: Autoencoder,
    feel: Feel,
    dataset: Dataset,
    known: NDArray[np.intp],
    judged: NDArray[np.intp],
) -> FeelMeasures:
    """Encode and decode the sequences `judged`, and compare each hit with the dataset.

    judged, known: indices of sequences; `known` is the training set, whose cells' means are the
    baseline.
    """
    music, learnt = played(dataset, judged), played(dataset, known)
    positions = model.encode(dataset.sequences[judged])
    latents = feel_latents(model, feel, dataset, judged)
    velocity, timing = feel.decode(np.concatenate([positions, latents], axis=1))
    hits = music.hits > 0
    count = np.maximum(learnt.hits.sum(axis=0), 1)

    def likeness(wanted: Array, got: Array, of_known: Array, unit: float) -> Likeness:
        cells = np.broadcast_to(of_known.sum(axis=0) / count, wanted.shape)
        error, variance = got[hits] - wanted[hits], float(wanted[hits].var())
        return Likeness(
            unit * float(np.abs(error).mean()),
            unit * float(np.abs(cells[hits] - wanted[hits]).mean()),
            1 - float((error**2).mean()) / variance if variance else 0.0,
        )

    return FeelMeasures(
        likeness(music.velocity, velocity, learnt.velocity, FULL_VELOCITY),
        likeness(music.timing, timing, learnt.timing, 1.0),
    )


def axes(
    model: Autoencoder, feel: Feel, positions: Array, threshold: float, seed: int = 0
) -> tuple[float, ...]:
    """Return for each feel latent how well its knob orders what it tells (`Feel.tells`).

    It is Spearman's rank correlation of 33 knob values over the whole range with the mean velocity
    or timing of the hits, -1 to 1, averaged over at most 100 random `positions` (n, pattern
    latents). The other feel latent is random in the middle two thirds of its range.

    threshold: of the hits.  seed: of the random choices.
    """
    rng = np.random.default_rng(seed)
    chosen = positions[rng.permutation(len(positions))[:_POSITIONS]]
    sounding = model.decode(chosen).reshape(len(chosen), -1) > threshold
    knob = np.linspace(-feel.latent_scale, feel.latent_scale, _TURNS, dtype=np.float32)
    tells, found = feel.tells, []
    for axis in range(feel.latents):
        each = []
        for position, hits in zip(chosen, sounding, strict=True):
            if not hits.any():
                continue
            middle = rng.uniform(-2 / 3, 2 / 3, feel.latents) * feel.latent_scale
            latents = np.tile(np.concatenate([position, middle]), (_TURNS, 1))
            latents[:, model.latents + axis] = knob
            told = feel.decode(latents)[TELLS.index(tells[axis])][:, hits].mean(axis=1)
            each.append(rank_correlation(knob, told))
        found.append(float(np.mean(each)) if each else 0.0)
    return tuple(found)
