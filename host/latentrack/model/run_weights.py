"""weights.npz of a run: encoder and decoder, and which sequences are the validation set."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from latentrack.decoder.metadata import DecoderInfo
from latentrack.limits import WEIGHTS as MOST_WEIGHTS
from latentrack.limits import Arrays
from latentrack.model.autoencoder import (
    Autoencoder,
    flat_weights,
    weight_count,
    weight_shapes,
    with_layers,
)
from latentrack.model.run_header import RunHeader

WEIGHTS = "weights.npz"

_BYTES_OF_A_WEIGHT = 4


def write_weights(path: Path, model: Autoencoder, validated_on: NDArray[np.intp]) -> None:
    """Raises OSError."""
    weights = {f"w{i:03}": array for i, array in enumerate(flat_weights(model))}
    np.savez(path, validated_on=validated_on, **weights)  # type: ignore[arg-type]


def read_weights(
    path: Path, header: RunHeader, info: DecoderInfo, sequences: int
) -> tuple[Autoencoder, NDArray[np.intp]]:
    """The model whose layers the header tells, and its validation set: indices of `sequences`.

    OSError; see limits.DAMAGE for what it raises where they do not fit, before weights are read.
    """
    with Arrays(path) as arrays:
        model = _read_model(arrays, header, info)
        return model, _read_indices(arrays, "validated_on", sequences)


def decoder_bytes(path: Path, header: RunHeader) -> int:
    """About the size of its model file in float32, without reading weights. Raises as
    `read_weights`."""
    with Arrays(path) as arrays:
        (cells,) = arrays.shape(_names(arrays)[-1])
    sizes = [header.latents, *header.decoder, cells]
    weights = sum((a + 1) * b for a, b in zip(sizes, sizes[1:], strict=False))
    return weights * _BYTES_OF_A_WEIGHT


def _names(arrays: Arrays) -> list[str]:
    """Of the weights w000, w001, …, in this order."""
    return [name for name in arrays.names if name[1:].isdigit()]


def _read_model(arrays: Arrays, header: RunHeader, info: DecoderInfo) -> Autoencoder:
    encoder, decoder = list(header.encoder), list(header.decoder)
    cells, variational = info.steps * info.voices, header.settings.model == "vae"
    shapes = weight_shapes(cells, encoder, header.latents, decoder, variational)
    names = _names(arrays)
    if [arrays.shape(name) for name in names] != shapes:
        raise ValueError("weights of other sizes")
    if weight_count(shapes) > MOST_WEIGHTS:
        raise ValueError("more weights than are read")
    weights = [
        np.array(arrays.read(name, _BYTES_OF_A_WEIGHT * math.prod(shape)), np.float32)
        for name, shape in zip(names, shapes, strict=True)
    ]
    if not all(np.isfinite(array).all() for array in weights):
        raise ValueError("weights that are not numbers")
    return with_layers(info, len(encoder), variational, weights)


def _read_indices(arrays: Arrays, name: str, count: int) -> NDArray[np.intp]:
    """Some of the sequences 0 to count - 1; ValueError for others."""
    found = arrays.read(name, 8 * count)
    if found.ndim != 1 or found.dtype.kind not in "iu":
        # An empty list has no type of its own.
        if found.size:
            raise ValueError("indices that are not sequences")
    if found.size and not (0 <= found.min() and found.max() < count):
        raise ValueError("sequences that are not there")
    return np.asarray(found.reshape(-1), np.intp)
