"""The autoencoders: dense ReLU layers that taper to a few bounded latents and back.

An encoder turns a sequence into a position in latent space (the mean), a decoder turns a position
into the probability of each cell. The variational autoencoder also has a variance around the
position (the log-variance); the stacked autoencoder has none. Both mean and log-variance are
latent_scale × tanh(…), as in the reference project, so the knobs reach every position. Only the
decoder goes to the module. This file has the weights and what they compute, in NumPy; `training`
finds them.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from latentrack.decoder.metadata import DecoderInfo

Array = NDArray[np.float32]

PIECE_CELLS = 1 << 22
"""So many cells are in memory as float32 at a time; more are encoded or judged piece by piece."""
MOST_LAYERS = 16
"""Hidden ones of an encoder or a decoder; `Settings` take 7."""


def pieces(sequences: NDArray[Any], cells: int = PIECE_CELLS) -> Iterator[NDArray[Any]]:
    """Sequences (n, …) in order, so many at a time that they have `cells` at most."""
    each = max(1, cells // max(1, math.prod(sequences.shape[1:])))
    for begin in range(0, len(sequences), each):
        yield sequences[begin : begin + each]


@dataclass(frozen=True, eq=False)
class Dense:
    """One layer: outputs = inputs @ weights + bias; weights (inputs, outputs)."""

    weights: Array
    bias: Array

    def __call__(self, inputs: Array) -> Array:
        return np.asarray(inputs @ self.weights + self.bias, np.float32)


@dataclass(frozen=True, eq=False)
class Autoencoder:
    """A model: its weights and what its cells are.

    encoder: the hidden layers before the latents.  log_variance: None if it is not variational.
    decoder: the layers after the latents; the last one's outputs are logits, step × voice, voice
    fastest.
    """

    info: DecoderInfo
    encoder: tuple[Dense, ...]
    mean: Dense
    log_variance: Dense | None
    decoder: tuple[Dense, ...]

    @property
    def latents(self) -> int:
        """Number of latents."""
        return int(self.mean.bias.size)

    @property
    def sizes(self) -> tuple[int, ...]:
        """The decoder's layers, latents first: (3, 66, 129, 192)."""
        return (self.latents, *(layer.bias.size for layer in self.decoder))

    @property
    def encoder_sizes(self) -> tuple[int, ...]:
        """The encoder's layers, cells first."""
        return (*(layer.weights.shape[0] for layer in (*self.encoder, self.mean)), self.latents)

    def encode(self, sequences: ArrayLike) -> Array:
        """The positions (n, latents) of sequences (n, steps, voices), within ± latent_scale."""
        return self._encoded(self.mean, sequences)

    def log_variances(self, sequences: ArrayLike) -> Array:
        """Log-variance of the posterior, (n, latents); minus infinity without one."""
        if self.log_variance is None:
            return np.full((len(np.asarray(sequences)), self.latents), -np.inf, np.float32)
        return self._encoded(self.log_variance, sequences)

    def logits(self, latents: ArrayLike) -> Array:
        """The logits of the cells' probabilities, (n, steps, voices), at positions (n, latents)."""
        values = np.atleast_2d(np.asarray(latents, np.float32))
        for layer in self.decoder[:-1]:
            values = np.maximum(layer(values), 0)
        return self.decoder[-1](values).reshape(-1, self.info.steps, self.info.voices)

    def decode(self, latents: ArrayLike) -> Array:
        """Probabilities (n, steps, voices) at positions (n, latents)."""
        # As a tanh the sigmoid overflows nowhere.
        return np.asarray(0.5 + 0.5 * np.tanh(0.5 * self.logits(latents)), np.float32)

    def export(self, path: str | os.PathLike[str], **options: Any) -> None:
        """Write the decoder alone as a `.tflite` with its metadata; see `decoder.export`."""
        from latentrack.decoder.export import export

        export(self, path, **options)

    def _encoded(self, last: Dense, sequences: ArrayLike) -> Array:
        found = [
            np.asarray(self.info.latent_scale * np.tanh(last(self._hidden(piece))), np.float32)
            for piece in pieces(np.asarray(sequences))
        ]
        return np.concatenate(found) if found else np.zeros((0, self.latents), np.float32)

    def _hidden(self, sequences: NDArray[Any]) -> Array:
        cells = np.asarray(sequences, np.float32)
        values: Array = cells.reshape(len(cells), -1)
        for layer in self.encoder:
            values = np.maximum(layer(values), 0)
        return values


def new_autoencoder(
    info: DecoderInfo,
    encoder: Sequence[int],
    latents: int,
    decoder: Sequence[int],
    rng: np.random.Generator,
    variational: bool = True,
) -> Autoencoder:
    """An untrained model with hidden layers of these sizes, in the order the signal meets them."""

    def dense(inputs: int, outputs: int) -> Dense:
        # Glorot and Bengio 2010, uniform: keeps the variance of signals and gradients alike.
        limit = np.sqrt(6 / (inputs + outputs))
        weights = rng.uniform(-limit, limit, (inputs, outputs)).astype(np.float32)
        return Dense(weights, np.zeros(outputs, np.float32))

    def chain(sizes: Sequence[int]) -> tuple[Dense, ...]:
        return tuple(dense(a, b) for a, b in zip(sizes, sizes[1:], strict=False))

    cells = info.steps * info.voices
    return Autoencoder(
        info,
        chain((cells, *encoder)),
        dense(encoder[-1], latents),
        dense(encoder[-1], latents) if variational else None,
        chain((latents, *decoder, cells)),
    )


def weight_shapes(
    cells: int,
    encoder: Sequence[int],
    latents: int,
    decoder: Sequence[int],
    variational: bool = True,
) -> list[tuple[int, ...]]:
    """The shapes of `flat_weights` of a model with these layers.

    Raises ValueError if a size is not a whole number of 1 or more, or there are too many.
    """
    if max(len(encoder), len(decoder)) > MOST_LAYERS:
        raise ValueError("more layers than a model has")
    there, back = (cells, *encoder), (latents, *decoder, cells)
    if not all(type(size) is int and size >= 1 for size in (*there, *back)) or not encoder:
        raise ValueError("layers without a size")
    ends = [(encoder[-1], latents)] * (2 if variational else 1)
    layers = [
        *zip(there, there[1:], strict=False),
        *ends,
        *zip(back, back[1:], strict=False),
    ]
    return [shape for inputs, outputs in layers for shape in ((inputs, outputs), (outputs,))]


def weight_count(shapes: Sequence[tuple[int, ...]]) -> int:
    """How many numbers arrays of these shapes hold."""
    return sum(math.prod(shape) for shape in shapes)


def with_layers(
    info: DecoderInfo, encoder: int, variational: bool, weights: Sequence[Array]
) -> Autoencoder:
    """A model of these weights, in the order of `flat_weights`; encoder: its hidden layers."""
    layers: Iterator[Dense] = iter(
        Dense(a, b) for a, b in zip(weights[::2], weights[1::2], strict=True)
    )
    hidden = tuple(next(layers) for _ in range(encoder))
    mean = next(layers)
    return Autoencoder(info, hidden, mean, next(layers) if variational else None, tuple(layers))


def flat_weights(model: Autoencoder) -> list[Array]:
    """Matrix, bias, matrix, bias, … of encoder, mean, log-variance (if any), decoder."""
    variance = () if model.log_variance is None else (model.log_variance,)
    layers = (*model.encoder, model.mean, *variance, *model.decoder)
    return [array for layer in layers for array in (layer.weights, layer.bias)]


def with_weights(model: Autoencoder, weights: Sequence[Array]) -> Autoencoder:
    """`model` with other weights, in the order of `flat_weights`."""
    return with_layers(model.info, len(model.encoder), model.log_variance is not None, weights)
