"""The feel of a model: velocity and timing of each hit.

A second, small autoencoder beside that of the hits. Its encoder's input is hits, velocities and
timing of a sequence, its output one or two feel latents. Its decoder's input is the latents of the
hits and of the feel, its output velocity and timing of each cell. Only the errors of hits count.
The network of the hits is unchanged, so hits are as good as without a feel; with velocity in the
same latents they are worse (0.136 nats per cell instead of 0.126 on Groove). `feel_training` trains
the weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from latentrack.corpus.dataset import Dataset
from latentrack.decoder.litert import LATEST
from latentrack.model.autoencoder import MOST_LAYERS, Array, Autoencoder, Dense

FULL_VELOCITY = 127
"""MIDI's velocity of 1.0."""
VELOCITY_WEIGHT, TIMING_WEIGHT = 120.0, 270.0
"""Weights in the loss of a hit's squared errors: velocity (0 to 1) and timing (in steps)."""
TELLS = ("velocity", "timing")
"""The meanings of the two feel latents: more of the first is louder, more of the second later."""
MOST_LATENTS = len(TELLS)
ENCODER, TRUNK = (128, 64), (64, 96)
"""Sizes of the hidden layers: of the encoder, which stays on the computer, and of the decoder's
trunk, which velocity and timing share on the module."""
_REFINEMENTS = 4
_SMALL = 1e-2  # step of a latent for finite differences
_PIECE = 4096  # sequences refined at a time, to limit memory


@dataclass(frozen=True, eq=False)
class Played:
    """Sequences with their dynamics, (n, cells) float32 each.

    hits: 0 or 1.  velocity: 0 to 1.  timing: -0.5 to 0.5 step, + is late.  Velocity and timing are
    0 in cells without a hit.
    """

    hits: Array
    velocity: Array
    timing: Array

    def take(self, which: Any) -> Played:
        """Return the sequences that `which`, a slice or index array, selects."""
        return Played(self.hits[which], self.velocity[which], self.timing[which])

    @property
    def seen(self) -> Array:
        """The encoder's input, (n, 3 × cells): hits, velocity, timing in units of half a step."""
        return np.concatenate([self.hits, self.velocity, self.timing / np.float32(LATEST)], axis=1)


def played(dataset: Dataset, which: NDArray[np.intp] | slice = slice(None)) -> Played:
    """Return hits, velocity and timing of sequences of a dataset.

    If the dataset has no velocities, that of each hit is 1; if it has no timing, it is 0.
    """
    sequences = dataset.sequences
    loud = sequences if dataset.velocities is None else dataset.spread(dataset.velocities)
    scale = np.float32(1 if dataset.velocities is None else FULL_VELOCITY)
    late = (
        np.zeros(sequences.shape, np.float32)
        if dataset.offsets is None
        else dataset.spread(dataset.offsets)
    )
    return Played(
        *(
            np.asarray(cells[which].reshape(-1, dataset.steps * dataset.voices), np.float32) / unit
            for cells, unit in ((sequences, 1), (loud, scale), (late, 1))
        )
    )


@dataclass(frozen=True, eq=False)
class Feel:
    """A trained feel: its weights, and encoder and decoder in NumPy.

    encoder: its hidden layers.  mean, log_variance: layers of the feel latents' posterior, both
    latent_scale × tanh.  trunk: the decoder's hidden layers; the input is the latents of the hits,
    then the feel's.  velocity, timing: output layers, before a sigmoid and a tanh, with one output
    per cell: step × voice, voice fastest.
    """

    latent_scale: int
    encoder: tuple[Dense, ...]
    mean: Dense
    log_variance: Dense
    trunk: tuple[Dense, ...]
    velocity: Dense
    timing: Dense

    @property
    def latents(self) -> int:
        """Number of feel latents, 1 or 2."""
        return int(self.mean.bias.size)

    @property
    def tells(self) -> tuple[str, ...]:
        """The meaning of each feel latent, of TELLS.

        A single one tells what changes more from end to end of its knob.
        """
        if self.latents == MOST_LATENTS:
            return TELLS
        inputs = self.trunk[0].weights.shape[0] if self.trunk else self.velocity.weights.shape[0]
        ends = np.zeros((2, inputs), np.float32)
        ends[:, -1] = -self.latent_scale, self.latent_scale
        velocity, timing = self.decode(ends)
        louder, later = np.ptp(velocity, axis=0).mean(), np.ptp(timing, axis=0).mean() / LATEST
        return TELLS[:1] if louder >= later else TELLS[1:]

    def encode(self, pattern_latents: ArrayLike, music: Played) -> Array:
        """Return the feel latents of sequences, (n, latents), -latent_scale to latent_scale.

        pattern_latents: latents of the sequences' hits, (n, pattern latents).  music: the n
        sequences. The encoder's output is refined by a few Gauss-Newton steps on the decoder's
        error (semi-amortised inference, Kim et al. 2018). On validation files of Groove that raises
        R² by 0.03 (velocity) and 0.06 (timing).
        """
        positions = np.asarray(pattern_latents, np.float32)
        found = [
            self._refined(positions[at : at + _PIECE], music.take(slice(at, at + _PIECE)))
            for at in range(0, len(positions), _PIECE)
        ]
        return np.concatenate(found) if found else np.zeros((0, self.latents), np.float32)

    def decode(self, latents: ArrayLike) -> tuple[Array, Array]:
        """Return velocity (0 to 1) and timing (±0.5 step, + is late), (n, cells) float32 each.

        latents: (n, pattern latents + feel latents).
        """
        values = np.atleast_2d(np.asarray(latents, np.float32))
        for layer in self.trunk:
            values = np.maximum(layer(values), 0)
        velocity = 0.5 + 0.5 * np.tanh(0.5 * self.velocity(values))
        timing = np.float32(LATEST) * np.tanh(self.timing(values))
        return np.asarray(velocity, np.float32), np.asarray(timing, np.float32)

    def reordered(self, order: Sequence[int], signs: Sequence[float]) -> Feel:
        """Return the same feel with its latents in another order and with other signs.

        order: which latent each one becomes.  signs: 1 or -1, of each latent in the new order.
        """
        turn = np.asarray(signs, np.float32)
        kept = self.trunk[0].weights.shape[0] - self.latents
        first = self.trunk[0].weights.copy()
        first[kept:] = first[kept:][list(order)] * turn[:, np.newaxis]
        mean, spread = self.mean, self.log_variance
        return replace(
            self,
            mean=Dense(mean.weights[:, list(order)] * turn, mean.bias[list(order)] * turn),
            log_variance=Dense(spread.weights[:, list(order)], spread.bias[list(order)]),
            trunk=(Dense(first, self.trunk[0].bias), *self.trunk[1:]),
        )

    def _guessed(self, music: Played) -> Array:
        values = music.seen
        for layer in self.encoder:
            values = np.maximum(layer(values), 0)
        return np.asarray(self.latent_scale * np.tanh(self.mean(values)), np.float32)

    def _refined(self, positions: Array, music: Played) -> Array:
        latents = self._guessed(music)
        weights = (
            music.hits * np.float32(np.sqrt(VELOCITY_WEIGHT)),
            music.hits * np.float32(np.sqrt(TIMING_WEIGHT)),
        )

        def residuals(at: Array) -> Array:
            velocity, timing = self.decode(np.concatenate([positions, at], axis=1))
            return np.concatenate(
                [weights[0] * (velocity - music.velocity), weights[1] * (timing - music.timing)],
                axis=1,
            )

        error = residuals(latents)
        for _ in range(_REFINEMENTS):
            slopes = np.stack(
                [
                    (residuals(latents + _SMALL * axis) - error) / np.float32(_SMALL)
                    for axis in np.eye(self.latents, dtype=np.float32)
                ],
                axis=1,
            )
            # The prior, a standard normal distribution, regularises the steps.
            curve = slopes @ slopes.transpose(0, 2, 1) + np.eye(self.latents, dtype=np.float32)
            slope = (slopes @ error[:, :, np.newaxis])[:, :, 0] + latents
            step = np.linalg.solve(curve, slope[:, :, np.newaxis])[:, :, 0]
            there = np.clip(latents - step, -self.latent_scale, self.latent_scale)
            there = np.asarray(there, np.float32)
            after = residuals(there)
            better = _objective(after, there) < _objective(error, latents)
            latents = np.where(better[:, np.newaxis], there, latents)
            error = np.where(better[:, np.newaxis], after, error)
        return latents


def feel_shapes(
    cells: int, pattern_latents: int, latents: int, encoder: Sequence[int], trunk: Sequence[int]
) -> list[tuple[int, ...]]:
    """Return the shapes of the arrays of `flat_feel` for a feel with these layers.

    encoder, trunk: sizes of the hidden layers.  Raises ValueError if a size is not an integer of 1
    or more, if there are more than 2 feel latents, or too many layers, or none in the encoder.
    """
    sizes = (cells, pattern_latents, latents, *encoder, *trunk)
    if not all(type(size) is int and size >= 1 for size in sizes) or latents > MOST_LATENTS:
        raise ValueError("layers without a size")
    if max(len(encoder), len(trunk)) > MOST_LAYERS or not encoder:
        raise ValueError("more layers than a model has, or none")
    there, back = (3 * cells, *encoder), (pattern_latents + latents, *trunk)
    layers = [
        *zip(there, there[1:], strict=False),
        *[(there[-1], latents)] * 2,
        *zip(back, back[1:], strict=False),
        *[(back[-1], cells)] * 2,
    ]
    return [shape for inputs, outputs in layers for shape in ((inputs, outputs), (outputs,))]


def feel_decoder_weights(inputs: int, trunk: Sequence[int], cells: int) -> int:
    """Return the number of weights and biases of a feel's decoder, which the module gets.

    inputs: number of all latents.  trunk: sizes of the hidden layers.  cells: steps × voices.
    """
    sizes = (inputs, *trunk)
    layers = [*zip(sizes, sizes[1:], strict=False), *[(sizes[-1], cells)] * 2]
    return sum((a + 1) * b for a, b in layers)


def flat_feel(feel: Feel) -> list[Array]:
    """Return matrix and bias of each layer: encoder, mean, log_variance, trunk, velocity, timing.

    They are one flat list: matrix, bias, matrix, bias and so on.
    """
    layers = (
        *feel.encoder,
        feel.mean,
        feel.log_variance,
        *feel.trunk,
        feel.velocity,
        feel.timing,
    )
    return [array for layer in layers for array in (layer.weights, layer.bias)]


def with_feel_layers(latent_scale: int, encoder: int, weights: Sequence[Array]) -> Feel:
    """Make a Feel of weights in the order of `flat_feel`; encoder: number of hidden layers."""
    layers = [Dense(a, b) for a, b in zip(weights[::2], weights[1::2], strict=True)]
    return Feel(
        latent_scale,
        encoder=tuple(layers[:encoder]),
        mean=layers[encoder],
        log_variance=layers[encoder + 1],
        trunk=tuple(layers[encoder + 2 : -2]),
        velocity=layers[-2],
        timing=layers[-1],
    )


def _objective(error: Array, latents: Array) -> Array:
    return np.asarray((error**2).sum(axis=1) + (latents**2).sum(axis=1), np.float32)


def feel_latents(
    model: Autoencoder, feel: Feel, dataset: Dataset, which: Any = slice(None)
) -> Array:
    """Return the feel latents, (n, latents), of sequences of a dataset, encoding their hits first.

    which: a slice or index array.
    """
    return feel.encode(model.encode(dataset.sequences[which]), played(dataset, which))
