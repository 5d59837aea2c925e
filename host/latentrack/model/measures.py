"""Measures of a model. `verdict` and the report say what they mean.

A loss says little, and so does the share of cells that are right: silence alone gets nine of ten.
So hits are counted, likelihoods are held against knowing only how often each cell sounds, and the
latent space is judged as what it will be: knobs. It should be filled evenly (coverage), not up
at its boundary (saturation), and turning a knob should change the pattern bit by bit
(smoothness).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from latentrack.model.autoencoder import Autoencoder, pieces
from latentrack.words import count

THRESHOLD = 0.5
CELLS_A_LATENT = 6
SATURATED = 29 / 30
"""Means beyond this fraction of latent_scale (2.9 of 3) count as saturated."""
TURNS = 32
"""A walk along an axis has this many small turns of the knob."""


@dataclass(frozen=True)
class Recall:
    """Sequences against their own reconstruction at one threshold.

    Attributes
    ----------
    sequences, exact : int
        How many there are, and how many come back exactly.
    cells, right : int
        How many cells they have, and how many of these are right, silent ones too.
    hits, played, extra : int
        How many hits they have, how many of these are played, and how many others are played.
    """

    sequences: int
    exact: int
    cells: int
    right: int
    hits: int
    played: int
    extra: int

    @property
    def cell_share(self) -> float:
        """Recall of cells: the share that is right, silent cells too, 0 to 1.

        It is what the reference project's trainer prints. Silence alone scores high.
        """
        return self.right / self.cells if self.cells else 0.0

    @property
    def exact_share(self) -> float:
        """Exact recall, as the article defines it: the share of sequences without a wrong cell."""
        return self.exact / self.sequences if self.sequences else 0.0

    @property
    def played_share(self) -> float:
        """Fraction of the hits that sound, 0 to 1."""
        return self.played / self.hits if self.hits else 0.0

    @property
    def extra_share(self) -> float:
        """Hits too many, as a share of the hits there should be."""
        return self.extra / self.hits if self.hits else 0.0

    @property
    def f1(self) -> float:
        """2 × played / (hits + all that sounds): 1 is perfect, and silence gets 0."""
        sounding = self.hits + self.played + self.extra
        return 2 * self.played / sounding if sounding else 0.0

    def __repr__(self) -> str:
        return (
            f"<Recall: {self.exact:,} of {count(self.sequences, 'sequence')} exactly, "
            f"{self.cell_share:.1%} of the cells; {self.played_share:.1%} of the hits, "
            f"{self.extra_share:.1%} too many>"
        )


def recall(
    model: Autoencoder, sequences: NDArray[np.uint8], threshold: float = THRESHOLD
) -> Recall:
    """Encode each of (n, steps, voices), decode it at its own position, and compare."""
    exact = right = hits = played = extra = 0
    for piece in pieces(sequences):
        wanted = np.asarray(piece, bool)
        got = model.decode(model.encode(piece)) > np.float32(threshold)
        exact += int((got == wanted).all(axis=(1, 2)).sum())
        right += int((got == wanted).sum())
        hits += int(wanted.sum())
        played += int((got & wanted).sum())
        extra += int((got & ~wanted).sum())
    return Recall(len(sequences), exact, sequences.size, right, hits, played, extra)


def density_entropy(known: NDArray[np.uint8], sequences: NDArray[np.uint8]) -> float:
    """The cross-entropy a cell, in nats, of guessing each cell by how often it sounds in `known`.

    One sequence more is counted on either side (Laplace), so that nothing is impossible.
    """
    density = (known.sum(axis=0, dtype=np.int64) + 1) / (len(known) + 2)
    share = sequences.mean(axis=0, dtype=np.float64)
    return float(-(share * np.log(density) + (1 - share) * np.log(1 - density)).mean())


def natural_threshold(model: Autoencoder, sequences: NDArray[np.uint8]) -> float:
    """The threshold at which decoded sequences have as many hits as the sequences themselves.

    sequences: (n, steps, voices), 0 or 1, each decoded at its own position. Returns 0.05 to 0.95,
    in steps of 0.01.
    """
    steps = np.round(np.arange(0.05, 0.955, 0.01), 2)
    played = np.zeros(len(steps), np.int64)
    for piece in pieces(sequences):
        probabilities = model.decode(model.encode(piece))
        played += [(probabilities > np.float32(step)).sum() for step in steps]
    return float(steps[np.abs(played - int(sequences.sum(dtype=np.int64))).argmin()])


def coverage(means: ArrayLike, latent_scale: float) -> float:
    """The share of the latent space that music lives in: of a grid of 6 × 6 × 6 cells, those with
    a mean in them. With more than three latents the mean over every three of them."""
    positions = np.asarray(means)
    columns = np.clip(
        np.floor((positions / latent_scale + 1) / 2 * CELLS_A_LATENT), 0, CELLS_A_LATENT - 1
    )
    together = min(3, positions.shape[1])
    shares = [
        len(np.unique(columns[:, chosen], axis=0)) / CELLS_A_LATENT**together
        for chosen in combinations(range(positions.shape[1]), together)
    ]
    return float(np.mean(shares))


def saturation(means: ArrayLike, latent_scale: float) -> float:
    """The share of the sequences with a latent at the boundary of the space (see SATURATED)."""
    against = np.abs(np.asarray(means)) > SATURATED * latent_scale
    return float(against.any(axis=1).mean())


def latent_kl(model: Autoencoder, sequences: NDArray[np.uint8], prior_std: float) -> list[float]:
    """Nats that each latent tells of a sequence, the mean; as in `loss.vae_loss`."""
    means, log_variances = model.encode(sequences), model.log_variances(sequences)
    width = prior_std**2
    spread = (np.exp(log_variances) + means**2) / width
    kl = 0.5 * (spread - 1 - log_variances + np.log(width))
    return [float(value) for value in kl.mean(axis=0)]


@dataclass(frozen=True)
class Walk:
    """What turning one knob does, from one end to the other in 32 small turns.

    changed: the share of the hits that a turn changes, the mean over many walks.
    largest: the same for the turn of each walk that changes most.
    idle: the share of the walks in which the knob changes nothing at all.
    """

    changed: float
    largest: float
    idle: float


def walks(model: Autoencoder, threshold: float, count: int = 100, seed: int = 0) -> list[Walk]:
    """One Walk for each latent, the others at positions all over the middle of the space."""
    rng = np.random.default_rng(seed)
    scale = model.info.latent_scale
    others = rng.uniform(-0.8 * scale, 0.8 * scale, (count, model.latents))
    along = np.linspace(-scale, scale, TURNS + 1)
    found = []
    for latent in range(model.latents):
        positions = np.repeat(others[:, np.newaxis], TURNS + 1, axis=1)
        positions[:, :, latent] = along
        gates = model.decode(positions.reshape(-1, model.latents)) > threshold
        gates = gates.reshape(count, TURNS + 1, -1)
        flips = (gates[:, 1:] != gates[:, :-1]).sum(axis=2)
        hits = np.maximum(gates.sum(axis=2).mean(axis=1), 1)
        share = flips / hits[:, np.newaxis]
        found.append(
            Walk(
                float(share.mean()),
                float(share.max(axis=1).mean()),
                float((flips.sum(axis=1) == 0).mean()),
            )
        )
    return found
