"""Export the decoder of a trained model as a `.tflite`.

TensorFlow's own converter writes it (input (1, latents), output (1, steps × voices):
FULLY_CONNECTED with fused RELU, the last followed by LOGISTIC), the metadata is added, and LiteRT
decodes with it before the file gets its name. Weights have one of four precisions: float32;
float16; int8 with float32 activations ("dynamic"); and int8 throughout, for which the converter
must see what latents occur. `gates` counts the cells that each of them changes.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from latentrack.decoder.litert import Decoder
from latentrack.decoder.metadata import DecoderInfo, Extras, attach_info
from latentrack.decoder.precision import PRECISIONS, check_precision
from latentrack.decoder.quiet import import_tensorflow, quiet_terminal
from latentrack.files import atomic_write

_REPRESENTATIVE = 1000


class Layer(Protocol):
    """outputs = inputs @ weights + bias; weights (inputs, outputs)."""

    @property
    def weights(self) -> NDArray[np.float32]:
        """(inputs, outputs)."""

    @property
    def bias(self) -> NDArray[np.float32]:
        """(outputs,)."""


class Network(Protocol):
    """What can be exported, whoever made it: layers with ReLU between them, the last with a
    sigmoid, and what its outputs are."""

    @property
    def info(self) -> DecoderInfo:
        """Steps, voices, kind and latent scale."""

    @property
    def latents(self) -> int:
        """Number of latents."""

    @property
    def decoder(self) -> Sequence[Layer]:
        """The layers from the latents to the cells."""


def export(
    model: Network,
    path: str | os.PathLike[str],
    *,
    precision: str = "float32",
    extras: Extras | None = None,
    representative: ArrayLike | None = None,
) -> None:
    """Write `model`'s decoder to `path`, whole or not at all; see `to_tflite`.

    UserError if the file cannot be written. RuntimeError if LiteRT does not decode with it as
    TensorFlow does, which would be a fault of the converter; nothing is written then.
    """
    data = to_tflite(model, precision=precision, extras=extras, representative=representative)
    write_model(path, data)


def write_model(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a model file, whole or not at all. UserError if it cannot be written."""
    with atomic_write(path, "the model") as file:
        file.write(data)


def to_tflite(
    model: Network,
    *,
    precision: str = "float32",
    extras: Extras | None = None,
    representative: ArrayLike | None = None,
) -> bytes:
    """The file's bytes, checked by LiteRT against TensorFlow. RuntimeError where they differ.

    precision: a key of PRECISIONS.  representative: for int8, latents (n, latents) as they occur in
    playing; the space's own corners and places all over it are always added, for knobs go there.
    """
    check_precision(precision)
    tf = import_tensorflow()
    decode = decoder_function(model)
    points = _check_points(model)
    with quiet_terminal(), warnings.catch_warnings():
        # It expects ranges of the input, and takes them from the representative latents.
        warnings.simplefilter("ignore")
        converter = tf.lite.TFLiteConverter.from_concrete_functions(
            [decode.get_concrete_function()], decode
        )
        if precision != "float32":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if precision == "float16":
            converter.target_spec.supported_types = [tf.float16]
        if precision == "int8":
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            converter.representative_dataset = lambda: _representative(points, representative)
        data = attach_info(bytes(converter.convert()), model.info, extras=extras)
    expected = np.concatenate([decode(tf.constant(point[np.newaxis])) for point in points])
    answer = Decoder(data).decode(points).reshape(expected.shape)
    difference = float(np.abs(answer - expected).max())
    if not difference <= PRECISIONS[precision].tolerance:
        raise RuntimeError(
            f"the converted decoder differs from the model by {difference:.2g}; nothing written"
        )
    return data


def decoder_function(model: Network) -> Any:
    """The decoder as a tf.function from (1, latents) to (1, steps × voices) probabilities."""
    tf = import_tensorflow()
    layers = [(tf.constant(layer.weights), tf.constant(layer.bias)) for layer in model.decoder]

    def decode(latents: Any) -> Any:
        values = latents
        for weights, bias in layers[:-1]:
            values = tf.nn.relu(tf.matmul(values, weights) + bias)
        weights, bias = layers[-1]
        return tf.sigmoid(tf.matmul(values, weights) + bias)

    place = tf.TensorSpec((1, model.latents), tf.float32, name="latents")
    return tf.function(decode, input_signature=[place], autograph=False)


def _check_points(model: Network) -> NDArray[np.float32]:
    """Latents to compare at: the middle, two corners, and places all over the space."""
    rng = np.random.default_rng(0)
    scale = model.info.latent_scale
    random = rng.uniform(-scale, scale, (61, model.latents))
    edges = np.full((3, model.latents), [[0.0], [scale], [-scale]])
    return np.asarray(np.concatenate([edges, random]), np.float32)


def _representative(
    points: NDArray[np.float32], given: ArrayLike | None
) -> Iterator[list[NDArray[np.float32]]]:
    if given is not None:
        more = np.asarray(given, np.float32)
        points = np.concatenate([points, more[:: max(1, len(more) // _REPRESENTATIVE)]])
    for point in points:
        yield [point[np.newaxis]]
