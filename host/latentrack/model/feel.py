"""The feel of a model: how hard each hit is played, and how early or late.

A second, small autoencoder beside that of the hits. Its encoder sees hits, velocities and timing of
a sequence, and gives one or two feel latents; its decoder gets the latents of the hits and these,
and gives velocity and timing of each cell. Errors count on hits only. The network of the hits is
not touched, so hits are as good as without a feel: with velocity in the same latents they are worse
(0.136 nats a cell instead of 0.126 on Groove). `feel_training` finds the weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from latentrack.corpus.dataset import Dataset
from latentrack.decoder.litert import LATEST
from latentrack.model.autoencoder import MOST_LAYERS, Array, Autoencoder, Dense

FULL_VELOCITY = 127
"""MIDI's velocity of 1.0."""
VELOCITY_WEIGHT, TIMING_WEIGHT = 120.0, 270.0
"""Weights of a hit's squared errors in the loss: of velocity (0 to 1) and of timing (in steps)."""
MOST_LATENTS = 2
ENCODER, TRUNK = (128, 64), (64, 96)
"""Hidden layers: of the encoder, which stays on the computer, and those that velocity and timing
share on the module."""
_REFINEMENTS = 4
_SMALL = 1e-2  # of a latent, for slopes
_PIECE = 4096  # sequences that are refined at a time


@dataclass(frozen=True, eq=False)
class Played:
    """How sequences are played: hits (0 or 1), velocities (0 to 1) and timing (in steps, + is
    late), (n, cells) each, float32; velocity and timing are 0 where there is no hit."""

    hits: Array
    velocity: Array
    timing: Array

    def take(self, which: Any) -> Played:
        """Some of the sequences."""
        return Played(self.hits[which], self.velocity[which], self.timing[which])

    @property
    def seen(self) -> Array:
        """What the encoder sees, (n, 3 × cells); timing is a share of half a step."""
        return np.concatenate([self.hits, self.velocity, self.timing / np.float32(LATEST)], axis=1)


def played(dataset: Dataset, which: NDArray[np.intp] | slice = slice(None)) -> Played:
    """Hits, velocity and timing of sequences of a dataset; 1 and 0 where it does not know them."""
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
    """A trained feel: its weights and what they compute, in NumPy.

    encoder: hidden layers.  mean, log_variance: of the feel latents, both latent_scale × tanh.
    trunk: the decoder's layers that velocity and timing share; their input is the latents of the
    hits, then the feel's.  velocity, timing: the last layers, to the logits of a sigmoid and of a
    tanh, one for each cell, step × voice, voice fastest.
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

    def encode(self, pattern_latents: ArrayLike, music: Played) -> Array:
        """The feel latents (n, latents) of sequences, within ± latent_scale.

        pattern_latents: where the hits of these sequences lie, (n, pattern latents). The encoder's
        answer is refined by a few steps of Gauss and Newton on the decoder's own error (Kim et al.
        2018 call it semi-amortised inference): the two latents of a file that nobody trained on
        are then as good as those of the training set.
        """
        positions = np.asarray(pattern_latents, np.float32)
        found = [
            self._refined(positions[at : at + _PIECE], music.take(slice(at, at + _PIECE)))
            for at in range(0, len(positions), _PIECE)
        ]
        return np.concatenate(found) if found else np.zeros((0, self.latents), np.float32)

    def decode(self, latents: ArrayLike) -> tuple[Array, Array]:
        """Velocity (0 to 1) and timing (in steps, + is late) of each cell, (n, cells) each.

        latents: (n, pattern latents + feel latents).
        """
        values = np.atleast_2d(np.asarray(latents, np.float32))
        for layer in self.trunk:
            values = np.maximum(layer(values), 0)
        velocity = 0.5 + 0.5 * np.tanh(0.5 * self.velocity(values))
        timing = np.float32(LATEST) * np.tanh(self.timing(values))
        return np.asarray(velocity, np.float32), np.asarray(timing, np.float32)

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
            # The prior, a normal distribution of standard deviation 1, keeps the steps short.
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
    """The shapes of `flat_feel` of a feel with these layers.

    ValueError if a size is not a whole number of 1 or more, or there are too many layers.
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
    """How many weights of a feel go to the module; inputs: all latents."""
    sizes = (inputs, *trunk)
    layers = [*zip(sizes, sizes[1:], strict=False), *[(sizes[-1], cells)] * 2]
    return sum((a + 1) * b for a, b in layers)


def flat_feel(feel: Feel) -> list[Array]:
    """Matrix, bias, matrix, bias, … of encoder, mean, log-variance, trunk, velocity, timing."""
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
    """A feel of these weights, in the order of `flat_feel`; encoder: its hidden layers."""
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
    """The feel latents of sequences of a dataset, each at the place of its own hits."""
    return feel.encode(model.encode(dataset.sequences[which]), played(dataset, which))
