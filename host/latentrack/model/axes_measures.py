"""Measure how well the first latents of a model are ordered by their attributes, and how smoothly
its knobs turn.

On music: whether sequences with more of an attribute lie further along its latent. On the decoder
alone: whether turning the knob, the others fixed, brings patterns with more of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentrack.corpus.dataset import Dataset
from latentrack.model.attributes import ATTRIBUTES, Layout, layout_of, measured
from latentrack.model.autoencoder import Autoencoder
from latentrack.model.ranks import rank_correlation
from latentrack.model.trained_run import Run
from latentrack.words import listed

POSITIONS = 100
"""Random positions of the other knobs at which one knob is turned."""
TURNS = 32
"""Steps of a knob from end to end."""
FINE_TURNS = 64
"""The same where the gates are counted that a step changes."""
SPREAD = 0.8
"""The other knobs are within this fraction of their range."""
GOOD = 0.7
"""Rank correlation; below it a knob often does not do what it says."""
_LETTERS = "XYZW"


@dataclass(frozen=True, eq=False)
class Axis:
    """One axis.

    name: of its attribute.  latent: from 0.  music: rank correlation of the latent with the
    attribute over sequences, -1 to 1.  knob: rank correlation of the knob with the attribute of
    what the decoder plays, the mean over positions of the other knobs.  along: the attribute of
    what plays at each knob value, (positions, TURNS + 1), NaN where it is not defined.
    """

    name: str
    latent: int
    music: float
    knob: float
    along: NDArray[np.float64]

    @property
    def good(self) -> bool:
        """Whether both rank correlations are."""
        return min(self.music, self.knob) >= GOOD


@dataclass(frozen=True)
class Smoothness:
    """Number of gates that a step of 1/64 of a knob's range changes, over all knobs and positions:
    the mean, and the largest."""

    mean: float
    worst: int


def axes_of(run: Run) -> list[Axis]:
    """Return the axes of a run, measured on its validation set, or on all music without one."""
    return measure_axes(run.model, run.settings.axes or (), run.dataset, run.checks, run.threshold)


def measure_axes(
    model: Autoencoder,
    names: Sequence[str],
    dataset: Dataset,
    sequences: NDArray[np.uint8],
    threshold: float,
    seed: int = 0,
) -> list[Axis]:
    """Return the axes of a model.

    names: the attribute of each of the first latents.  dataset: what its cells mean.  sequences:
    (n, steps, voices), to judge by.  threshold: at which the decoder plays.  seed: of the positions
    of the other knobs.
    """
    if not names:
        return []
    layout = layout_of(dataset)
    positions, told = model.encode(sequences), measured(names, sequences, layout)
    found = []
    for latent, name in enumerate(names):
        known = np.isfinite(told[:, latent])
        along = walked(model, latent, name, layout, threshold, seed)
        found.append(
            Axis(
                name,
                latent,
                rank_correlation(positions[known, latent], told[known, latent]),
                float(np.mean([_rises(each) for each in along])),
                along,
            )
        )
    return found


def walked(
    model: Autoencoder,
    latent: int,
    name: str,
    layout: Layout,
    threshold: float,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Return the attribute of what plays as one knob turns, (POSITIONS, TURNS + 1)."""
    gates = _gates(model, latent, TURNS, threshold, seed)
    flat = gates.reshape(-1, *gates.shape[2:])
    return measured((name,), flat, layout).reshape(gates.shape[:2])


def smoothness(model: Autoencoder, threshold: float, seed: int = 0) -> Smoothness:
    """Return how many gates a step of 1/64 of a knob's range changes.

    The other knobs are at random positions (see POSITIONS and SPREAD).
    """
    changed = []
    for latent in range(model.latents):
        gates = _gates(model, latent, FINE_TURNS, threshold, seed)
        changed.append((gates[:, 1:] != gates[:, :-1]).sum(axis=(2, 3)))
    return Smoothness(float(np.mean(changed)), int(np.max(changed)))


def latent_name(latent: int) -> str:
    """The knob of a latent (from 0): X, Y, Z, W; latents beyond have numbers."""
    return _LETTERS[latent] if latent < len(_LETTERS) else f"latent {latent + 1}"


def knobs_in_words(axes: Sequence[str]) -> str:
    """A sentence on what the knobs do: "Turned up, X makes it busier and Y more syncopated."

    axes: the attribute of each latent, "" for none; at least one.
    """
    said = [
        f"{latent_name(latent)} makes it {ATTRIBUTES[name].more}"
        for latent, name in enumerate(axes)
        if name
    ]
    first, *others = said
    return f"Turned up, {listed([first, *(each.replace(' makes it', '') for each in others)])}."


def axes_in_words(axes: Sequence[Axis]) -> str:
    """The rank correlations: "X density 0.90 in music, 0.95 along the knob; …"."""
    return "; ".join(
        f"{latent_name(axis.latent)} {axis.name} {axis.music:.2f} in music, {axis.knob:.2f} along "
        "the knob"
        for axis in axes
    )


def _gates(
    model: Autoencoder, latent: int, turns: int, threshold: float, seed: int
) -> NDArray[np.bool_]:
    """What plays as a knob turns from end to end, (POSITIONS, turns + 1, steps, voices)."""
    scale = model.info.latent_scale
    rng = np.random.default_rng(seed)
    others = rng.uniform(-SPREAD * scale, SPREAD * scale, (POSITIONS, 1, model.latents))
    positions = np.repeat(others, turns + 1, axis=1)
    positions[:, :, latent] = np.linspace(-scale, scale, turns + 1)
    info = model.info
    decoded = model.decode(positions.reshape(-1, model.latents)) > np.float32(threshold)
    return decoded.reshape(POSITIONS, turns + 1, info.steps, info.voices)


def _rises(along: NDArray[np.float64]) -> float:
    """Rank correlation of knob values with what plays there; silence says nothing of it."""
    known = np.flatnonzero(np.isfinite(along))
    return rank_correlation(known, along[known]) if len(known) else 0.0
