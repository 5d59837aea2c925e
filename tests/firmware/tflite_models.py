"""Decoders of many shapes and every number type, written by TensorFlow's own converter."""

import warnings
from dataclasses import dataclass

import numpy as np

from latentrack.decoder.quiet import import_tensorflow, quiet_terminal

PRECISIONS = ("float32", "float16", "dynamic", "int8", "int8_io", "int8_per_tensor")


@dataclass(frozen=True)
class Shape:
    """sizes: latents, hidden layers, outputs; one activation per hidden layer."""

    sizes: tuple[int, ...]
    activations: tuple[str, ...]

    @property
    def name(self) -> str:
        return "-".join(map(str, self.sizes)) + "".join("/" + a for a in self.activations)


# Odd widths on purpose: they leave every remainder behind blocks of 4 and 8.
SHAPES = (
    Shape((3, 66, 129, 192), ("relu", "relu")),
    Shape((3, 214, 427, 640), ("relu", "relu")),
    Shape((2, 12, 32), ("relu",)),
    Shape((1, 5, 16), ("tanh",)),
    Shape((8, 31, 77, 255), ("relu6", "relu")),
    Shape((4, 48), ()),
    Shape((5, 17, 18, 19, 100), ("relu", "tanh", "relu6")),
    Shape((3, 1, 64), ("relu",)),
    Shape((6, 130, 432), ("sigmoid",)),
    Shape((7, 9, 10, 11, 12, 13, 144), ("relu",) * 5),
    Shape((3, 40, 41, 96), ("none", "relu1")),
    Shape((3, 203, 2048), ("tanh",)),
)


def export(shape: Shape, precision: str, seed: int, sparse: float = 0.0) -> bytes:
    """A network with random weights of a trained network's spread, as a .tflite.

    sparse: how much lower the logits are; from 0 (about half the cells sound) up."""
    tf = import_tensorflow()
    rng = np.random.default_rng(seed)
    pairs = list(zip(shape.sizes, shape.sizes[1:], strict=False))
    weights = [rng.normal(0, 1.6 / np.sqrt(a), (a, b)).astype(np.float32) for a, b in pairs]
    biases = [rng.normal(-0.2, 0.4, b).astype(np.float32) for _, b in pairs]
    for weight in weights:
        weight[:, 1::11] = 0  # cells that training has given up: their int8 scales are tiny
    biases[-1] -= np.float32(sparse)
    functions = {
        "relu": tf.nn.relu,
        "relu6": tf.nn.relu6,
        "relu1": lambda x: tf.clip_by_value(x, -1.0, 1.0),
        "tanh": tf.tanh,
        "sigmoid": tf.sigmoid,
        "none": lambda x: x,
    }

    @tf.function(input_signature=[tf.TensorSpec((1, shape.sizes[0]), tf.float32)])
    def decode(x):
        for i, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
            x = x @ tf.constant(weight) + tf.constant(bias)
            if i < len(shape.activations):
                x = functions[shape.activations[i]](x)
        return tf.sigmoid(x)

    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [decode.get_concrete_function()], decode
    )
    if precision != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if precision == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if precision.startswith("int8"):
        converter.representative_dataset = lambda: (
            [rng.uniform(-3, 3, (1, shape.sizes[0])).astype(np.float32)] for _ in range(100)
        )
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    if precision == "int8_per_tensor":
        converter._experimental_disable_per_channel_quantization_for_dense_layers = True
    if precision == "int8_io":
        converter.inference_input_type = converter.inference_output_type = tf.int8
    with quiet_terminal(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about statistics that are given
        return converter.convert()
