"""From a trained model to a `.tflite` that holds its decoder alone.

TensorFlow's own converter writes it (input (1, latents), output (1, steps × voices), float32:
FULLY_CONNECTED with fused RELU, the last followed by LOGISTIC), the metadata is added, and
LiteRT decodes with it before the file gets its name.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from latentrack.decoder.litert import Decoder
from latentrack.decoder.metadata import attach_info
from latentrack.decoder.quiet import import_tensorflow, quiet_terminal
from latentrack.errors import UserError

if TYPE_CHECKING:
    from latentrack.model.vae import Vae

TOLERANCE = 1e-5
"""How far LiteRT's probabilities may lie from TensorFlow's: they add in different orders."""


def export(model: Vae, path: str | os.PathLike[str]) -> None:
    """Write `model`'s decoder to `path`, whole or not at all.

    UserError if the file cannot be written. RuntimeError if LiteRT does not decode with it as
    TensorFlow does, which would be a fault of the converter; nothing is written then.
    """
    target = Path(path)
    data = to_tflite(model)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except OSError as error:
        raise UserError(
            f"Could not write the model {target} ({error.strerror or error}): "
            "name a file in a folder you may write to."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def to_tflite(model: Vae) -> bytes:
    """The file's bytes, checked by LiteRT against TensorFlow. RuntimeError where they differ."""
    tf = import_tensorflow()
    decode = decoder_function(model)
    with quiet_terminal():
        converter = tf.lite.TFLiteConverter.from_concrete_functions(
            [decode.get_concrete_function()], decode
        )
        data = attach_info(bytes(converter.convert()), model.info)
    points = _check_points(model)
    expected = np.concatenate([decode(tf.constant(point[np.newaxis])) for point in points])
    answer = Decoder(data).decode(points).reshape(expected.shape)
    difference = float(np.abs(answer - expected).max())
    if not difference <= TOLERANCE:
        raise RuntimeError(
            f"the converted decoder differs from the model by {difference:.2g}; nothing written"
        )
    return data


def decoder_function(model: Vae) -> Any:
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


def _check_points(model: Vae) -> NDArray[np.float32]:
    """Latents to compare at: the middle, one corner, and places all over the space."""
    rng = np.random.default_rng(0)
    scale = model.info.latent_scale
    random = rng.uniform(-scale, scale, (62, model.latents))
    edges = np.full((2, model.latents), [[0.0], [scale]])
    return np.concatenate([edges, random]).astype(np.float32)
