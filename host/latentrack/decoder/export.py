"""Export the decoder of a trained model as a `.tflite`.

TensorFlow's own converter writes it (input (1, latents), output (1, steps × voices):
FULLY_CONNECTED with fused RELU, the last followed by LOGISTIC), the metadata is added, and LiteRT
decodes with it before the file gets its name. A model with a feel has two outputs more, velocity
and timing, and the feel's latents behind the others; the first layer of the hits has weights of 0
for them. Weights have one of four precisions: float32;
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

from latentrack.decoder.litert import LATEST, Decoder
from latentrack.decoder.metadata import OUTPUTS, DecoderInfo, Extras, attach_info
from latentrack.decoder.precision import PRECISIONS, check_precision
from latentrack.decoder.quiet import import_tensorflow, quiet_terminal
from latentrack.decoder.rewrite import with_outputs
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


class FeelNetwork(Protocol):
    """What can be exported of a feel: layers with ReLU that velocity and timing share, and the last
    one of each, with a sigmoid and a tanh. Their input is the latents of the hits, then the
    feel's."""

    @property
    def latents(self) -> int:
        """Number of the feel's own latents."""

    @property
    def trunk(self) -> Sequence[Layer]:
        """The layers that both share."""

    @property
    def velocity(self) -> Layer:
        """The last layer of the velocity."""

    @property
    def timing(self) -> Layer:
        """The last layer of the timing."""


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
    feel: FeelNetwork | None = None,
) -> None:
    """Write `model`'s decoder to `path`, whole or not at all; see `to_tflite`.

    UserError if the file cannot be written. RuntimeError if LiteRT does not decode with it as
    TensorFlow does, which would be a fault of the converter; nothing is written then.
    """
    write_model(
        path,
        to_tflite(
            model, precision=precision, extras=extras, representative=representative, feel=feel
        ),
    )


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
    feel: FeelNetwork | None = None,
) -> bytes:
    """The file's bytes, checked by LiteRT against TensorFlow. RuntimeError where they differ.

    precision: a key of PRECISIONS.  representative: for int8, latents (n, latents) as they occur in
    playing, the feel's behind the others; the space's own corners and places all over it are always
    added, for knobs go there.  feel: adds velocity and timing.
    """
    check_precision(precision)
    tf = import_tensorflow()
    decode = decoder_function(model, feel)
    points = _check_points(model.latents + (feel.latents if feel else 0), model.info.latent_scale)
    # The converter keeps the names of several outputs of a module's function only.
    owner = tf.Module()
    owner.decode = decode
    with quiet_terminal(), warnings.catch_warnings():
        # It expects ranges of the input, and takes them from the representative latents.
        warnings.simplefilter("ignore")
        converter = tf.lite.TFLiteConverter.from_concrete_functions(
            [decode.get_concrete_function()], owner
        )
        if precision != "float32":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if precision == "float16":
            converter.target_spec.supported_types = [tf.float16]
        if precision == "int8":
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            converter.representative_dataset = lambda: _representative(points, representative)
        data = bytes(converter.convert())
    if feel:
        data = with_outputs(data, OUTPUTS)
    data = attach_info(data, model.info, extras=extras, feel_latents=feel.latents if feel else 0)
    _check(data, decode, points, PRECISIONS[precision].tolerance)
    return data


def _check(data: bytes, decode: Any, points: NDArray[np.float32], tolerance: float) -> None:
    """RuntimeError where an output of the file differs from TensorFlow's by more than tolerance."""
    tf = import_tensorflow()
    rows = [decode(tf.constant(point[np.newaxis])) for point in points]
    decoder = Decoder(data)
    answers = [decoder.decode(points)]
    if decoder.has_feel:
        velocity, timing = decoder.decode_feel(points)
        answers += [velocity, timing / np.float32(LATEST)]
    names = OUTPUTS if decoder.has_feel else OUTPUTS[:1]
    for name, answer in zip(names, answers, strict=True):
        expected = np.concatenate([row[name] for row in rows]).reshape(answer.shape)
        difference = float(np.abs(answer - expected).max())
        if not difference <= tolerance:
            raise RuntimeError(
                f"the converted decoder's {name} differ from the model by {difference:.2g}; "
                "nothing written"
            )


def decoder_function(model: Network, feel: FeelNetwork | None = None) -> Any:
    """The decoder as a tf.function from (1, latents) to its outputs by name, (1, steps × voices)
    each: "hits", and with a feel "velocity" and "timing"."""
    tf = import_tensorflow()
    more = feel.latents if feel else 0
    hits = _constants(model.decoder)
    # The hits know nothing of the feel's latents.
    weights, bias = hits[0]
    hits[0] = tf.pad(weights, [[0, more], [0, 0]]), bias
    trunk = _constants(feel.trunk) if feel else []
    last = _constants([feel.velocity, feel.timing]) if feel else []

    def decode(latents: Any) -> dict[str, Any]:
        outputs = {"hits": tf.sigmoid(_dense(_relu(latents, hits[:-1]), hits[-1]))}
        if feel:
            shared = _relu(latents, trunk)
            outputs["velocity"] = tf.sigmoid(_dense(shared, last[0]))
            outputs["timing"] = tf.tanh(_dense(shared, last[1]))
        return outputs

    place = tf.TensorSpec((1, model.latents + more), tf.float32, name="latents")
    return tf.function(decode, input_signature=[place], autograph=False)


def _constants(layers: Sequence[Layer]) -> list[tuple[Any, Any]]:
    tf = import_tensorflow()
    return [(tf.constant(layer.weights), tf.constant(layer.bias)) for layer in layers]


def _dense(values: Any, layer: tuple[Any, Any]) -> Any:
    return import_tensorflow().matmul(values, layer[0]) + layer[1]


def _relu(values: Any, layers: Sequence[tuple[Any, Any]]) -> Any:
    for layer in layers:
        values = import_tensorflow().nn.relu(_dense(values, layer))
    return values


def _check_points(latents: int, scale: int) -> NDArray[np.float32]:
    """Latents to compare at: the middle, two corners, and places all over the space."""
    rng = np.random.default_rng(0)
    random = rng.uniform(-scale, scale, (61, latents))
    edges = np.full((3, latents), [[0.0], [scale], [-scale]])
    return np.asarray(np.concatenate([edges, random]), np.float32)


def _representative(
    points: NDArray[np.float32], given: ArrayLike | None
) -> Iterator[list[NDArray[np.float32]]]:
    if given is not None:
        more = np.asarray(given, np.float32)
        points = np.concatenate([points, more[:: max(1, len(more) // _REPRESENTATIVE)]])
    for point in points:
        yield [point[np.newaxis]]
