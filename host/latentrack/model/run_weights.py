"""weights.npz of a run: encoder and decoder, the feel's, and which sequences are the validation
set."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from latentrack.decoder.metadata import DecoderInfo
from latentrack.limits import WEIGHTS as MOST_WEIGHTS
from latentrack.limits import Arrays
from latentrack.model.autoencoder import (
    Array,
    Autoencoder,
    flat_weights,
    weight_count,
    weight_shapes,
    with_layers,
)
from latentrack.model.feel import (
    Feel,
    feel_decoder_weights,
    feel_shapes,
    flat_feel,
    with_feel_layers,
)
from latentrack.model.run_header import RunHeader

WEIGHTS = "weights.npz"

_BYTES_OF_A_WEIGHT = 4
_HITS, _FEEL = "w", "f"


def write_weights(
    path: Path, model: Autoencoder, validated_on: NDArray[np.intp], feel: Feel | None = None
) -> None:
    """Raises OSError."""
    weights = {f"{_HITS}{i:03}": array for i, array in enumerate(flat_weights(model))}
    if feel:
        weights |= {f"{_FEEL}{i:03}": array for i, array in enumerate(flat_feel(feel))}
    np.savez(path, validated_on=validated_on, **weights)  # type: ignore[arg-type]


def read_weights(
    path: Path, header: RunHeader, info: DecoderInfo, sequences: int
) -> tuple[Autoencoder, NDArray[np.intp], Feel | None]:
    """The model whose layers the header tells, its validation set (indices of `sequences`), and its
    feel.

    OSError; see limits.DAMAGE for what it raises where they do not fit, before weights are read.
    """
    with Arrays(path) as arrays:
        model = _read_model(arrays, header, info)
        feel = _read_feel(arrays, header, info) if header.feel else None
        return model, _read_indices(arrays, "validated_on", sequences), feel


def decoder_bytes(path: Path, header: RunHeader) -> int:
    """About the size of its model file in float32, without reading weights. Raises as
    `read_weights`."""
    with Arrays(path) as arrays:
        (cells,) = arrays.shape(_names(arrays, _HITS)[-1])
    sizes = [header.latents, *header.decoder, cells]
    weights = sum((a + 1) * b for a, b in zip(sizes, sizes[1:], strict=False))
    if header.feel:
        # The first layer of the hits has weights for the feel's latents, too.
        weights += header.feel.latents * sizes[1]
        weights += feel_decoder_weights(
            header.latents + header.feel.latents, header.feel.trunk, cells
        )
    return weights * _BYTES_OF_A_WEIGHT


def _names(arrays: Arrays, of: str) -> list[str]:
    """Of the weights w000, w001, … (or f000, …), in this order."""
    return [name for name in arrays.names if name[0] == of and name[1:].isdigit()]


def _read_model(arrays: Arrays, header: RunHeader, info: DecoderInfo) -> Autoencoder:
    encoder, decoder = list(header.encoder), list(header.decoder)
    cells, variational = info.steps * info.voices, header.settings.model == "vae"
    shapes = weight_shapes(cells, encoder, header.latents, decoder, variational)
    return with_layers(info, len(encoder), variational, _read_arrays(arrays, _HITS, shapes))


def _read_feel(arrays: Arrays, header: RunHeader, info: DecoderInfo) -> Feel:
    assert header.feel is not None
    latents, encoder, trunk = header.feel.latents, header.feel.encoder, header.feel.trunk
    shapes = feel_shapes(info.steps * info.voices, header.latents, latents, encoder, trunk)
    weights = _read_arrays(arrays, _FEEL, shapes)
    return with_feel_layers(info.latent_scale, len(encoder), weights)


def _read_arrays(arrays: Arrays, of: str, shapes: Sequence[tuple[int, ...]]) -> list[Array]:
    """The weights of one network, which have these shapes; checked before they are read."""
    names = _names(arrays, of)
    if [arrays.shape(name) for name in names] != list(shapes):
        raise ValueError("weights of other sizes")
    if weight_count(shapes) > MOST_WEIGHTS:
        raise ValueError("more weights than are read")
    weights = [
        np.array(arrays.read(name, _BYTES_OF_A_WEIGHT * math.prod(shape)), np.float32)
        for name, shape in zip(names, shapes, strict=True)
    ]
    if not all(np.isfinite(array).all() for array in weights):
        raise ValueError("weights that are not numbers")
    return weights


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
