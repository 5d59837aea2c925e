"""Measures of a feel: how near velocity and timing come to the music's, and what its knobs do.

R² is the share of the variance that is explained: 1 is perfect, 0 is as good as one number for all
hits. The error is compared with what one would know without any latents: the mean of each cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentrack.corpus.dataset import Dataset
from latentrack.model.autoencoder import Array, Autoencoder
from latentrack.model.feel import FULL_VELOCITY, Feel, feel_latents, played

_POSITIONS, _TURNS = 100, 33


@dataclass(frozen=True)
class Likeness:
    """How near one of velocity (1 to 127) and timing (in steps) comes to the music's.

    error: the mean absolute error of a hit.  by_cells: the error of the mean of each cell.
    r2: the share of the variance that is explained.
    """

    error: float
    by_cells: float
    r2: float


@dataclass(frozen=True)
class FeelMeasures:
    """A feel on one set of music."""

    velocity: Likeness
    timing: Likeness


def measure_feel(
    model: Autoencoder,
    feel: Feel,
    dataset: Dataset,
    known: NDArray[np.intp],
    judged: NDArray[np.intp],
) -> FeelMeasures:
    """Encode and decode the sequences `judged`, and compare each hit.

    known: the training set, whose mean of each cell is what the errors are compared with.
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
    """For each latent of the feel, how truly its knob orders what it stands for.

    That is Spearman's rank correlation of the knob, from end to end in 33 turns, with the mean
    velocity (of the second latent: the mean timing) of what then sounds; the mean over 100 of
    `positions` (n, pattern latents), the other latent of the feel anywhere in the middle.
    """
    rng = np.random.default_rng(seed)
    chosen = positions[rng.permutation(len(positions))[:_POSITIONS]]
    sounding = model.decode(chosen).reshape(len(chosen), -1) > threshold
    knob = np.linspace(-feel.latent_scale, feel.latent_scale, _TURNS, dtype=np.float32)
    found = []
    for axis in range(feel.latents):
        each = []
        for position, hits in zip(chosen, sounding, strict=True):
            if not hits.any():
                continue
            middle = rng.uniform(-2 / 3, 2 / 3, feel.latents) * feel.latent_scale
            latents = np.tile(np.concatenate([position, middle]), (_TURNS, 1))
            latents[:, model.latents + axis] = knob
            told = feel.decode(latents)[axis][:, hits].mean(axis=1)
            each.append(rank_correlation(knob, told))
        found.append(float(np.mean(each)) if each else 0.0)
    return tuple(found)


def rank_correlation(first: Sequence[float] | Array, second: Sequence[float] | Array) -> float:
    """Spearman's: the correlation of the ranks, -1 to 1; 0 where one of the two never changes."""
    a, b = (np.argsort(np.argsort(values, kind="stable")) for values in (first, second))
    if np.ptp(np.asarray(first)) == 0 or np.ptp(np.asarray(second)) == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])
