"""The variational autoencoder: dense ReLU layers that taper to a few bounded latents and back.

An encoder turns a sequence into a place (mean) and a blur (log-variance) in latent space, a
decoder turns a place into the probability of each cell. Both mean and log-variance are
latent_scale × tanh(…), as in the reference project, so the places lie within the knobs' reach.
Only the decoder goes to the module. Here are the weights and what they compute, in NumPy;
`training` finds them.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from latentrack.decoder.metadata import DecoderInfo

Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Dense:
    """One layer: outputs = inputs @ weights + bias; weights (inputs, outputs)."""

    weights: Array
    bias: Array

    def __call__(self, inputs: Array) -> Array:
        return np.asarray(inputs @ self.weights + self.bias, np.float32)


@dataclass(frozen=True, eq=False)
class Vae:
    """A model: its weights and what its cells are.

    encoder: the hidden layers before the latents.  decoder: the layers after them; the last
    one's outputs are logits, step × voice, voice fastest.
    """

    info: DecoderInfo
    encoder: tuple[Dense, ...]
    mean: Dense
    log_variance: Dense
    decoder: tuple[Dense, ...]

    @property
    def latents(self) -> int:
        return int(self.mean.bias.size)

    @property
    def sizes(self) -> tuple[int, ...]:
        """The decoder's layers, latents first: (3, 66, 129, 192)."""
        return (self.latents, *(layer.bias.size for layer in self.decoder))

    def encode(self, sequences: ArrayLike) -> Array:
        """The places (n, latents) of sequences (n, steps, voices), within ± latent_scale."""
        cells = np.asarray(sequences, np.float32)
        values = cells.reshape(len(cells), -1)
        for layer in self.encoder:
            values = np.maximum(layer(values), 0)
        return np.asarray(self.info.latent_scale * np.tanh(self.mean(values)), np.float32)

    def decode(self, latents: ArrayLike) -> Array:
        """Probabilities (n, steps, voices) at places (n, latents)."""
        values = np.atleast_2d(np.asarray(latents, np.float32))
        for layer in self.decoder[:-1]:
            values = np.maximum(layer(values), 0)
        # As a tanh the sigmoid overflows nowhere.
        probabilities = 0.5 + 0.5 * np.tanh(0.5 * self.decoder[-1](values))
        shape = (-1, self.info.steps, self.info.voices)
        return np.asarray(probabilities, np.float32).reshape(shape)

    def export(self, path: str | os.PathLike[str]) -> None:
        """Write the decoder alone as a `.tflite` with its metadata; see `decoder.export`."""
        from latentrack.decoder.export import export

        export(self, path)


def linear_taper(cells: int, latents: int, hidden_layers: int) -> tuple[int, ...]:
    """Layer sizes that fall in equal steps: 192, 3, 2 -> (192, 129, 66, 3)."""
    parts = hidden_layers + 1
    return tuple(round(cells + (latents - cells) * i / parts) for i in range(parts + 1))


def new_vae(info: DecoderInfo, sizes: Sequence[int], rng: np.random.Generator) -> Vae:
    """An untrained model whose encoder has `sizes` (cells first) and whose decoder mirrors it."""

    def dense(inputs: int, outputs: int) -> Dense:
        # Glorot and Bengio 2010, uniform: keeps the variance of signals and gradients alike.
        limit = np.sqrt(6 / (inputs + outputs))
        weights = rng.uniform(-limit, limit, (inputs, outputs)).astype(np.float32)
        return Dense(weights, np.zeros(outputs, np.float32))

    hidden, latents = list(sizes[:-1]), sizes[-1]
    back = [latents, *reversed(hidden)]
    return Vae(
        info,
        tuple(dense(a, b) for a, b in zip(hidden, hidden[1:], strict=False)),
        dense(hidden[-1], latents),
        dense(hidden[-1], latents),
        tuple(dense(a, b) for a, b in zip(back, back[1:], strict=False)),
    )
