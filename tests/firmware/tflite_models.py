"""Decoders of many shapes and every number type, written by TensorFlow's own converter."""

import tempfile
import warnings
from dataclasses import dataclass

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from latentrack.decoder.metadata import OUTPUTS
from latentrack.decoder.quiet import import_tensorflow, quiet_terminal
from latentrack.decoder.rewrite import with_outputs

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
    return _convert(converter, precision, shape.sizes[0], rng)


@dataclass(frozen=True)
class FeelShape:
    """A network of hits, and one of velocity and timing that share their hidden layers.

    pattern, feel: latents; the hits depend on the first `pattern` of them only.
    hidden, trunk: layers of the hits, and of the feel; activation: of the trunk."""

    pattern: int
    feel: int
    hidden: tuple[int, ...]
    trunk: tuple[int, ...]
    outputs: int
    activation: str = "relu"

    @property
    def name(self) -> str:
        sizes = (self.pattern, self.feel, *self.hidden, *self.trunk, self.outputs)
        return "feel-" + "-".join(map(str, sizes)) + "-" + self.activation


FEEL_SHAPES = (
    FeelShape(3, 2, (66, 129), (64, 128), 192),
    FeelShape(2, 0, (7,), (5,), 24),
    FeelShape(3, 1, (13, 17, 11), (9, 10), 36, "tanh"),
    FeelShape(6, 2, (), (31,), 48),
    FeelShape(1, 1, (20,), (), 32),
)


def export_feel(shape: FeelShape, precision: str, seed: int, sparse: float = 0.0) -> bytes:
    """As `export`, with the outputs hits (the first), velocity and timing, named by a signature."""
    tf = import_tensorflow()
    rng = np.random.default_rng(seed)
    latents = shape.pattern + shape.feel
    activation = {"relu": tf.nn.relu, "tanh": tf.tanh}[shape.activation]

    def layers(*sizes: int) -> list:
        return [
            (
                rng.normal(0, 1.6 / np.sqrt(a), (a, b)).astype(np.float32),
                rng.normal(-0.2, 0.4, b).astype(np.float32),
            )
            for a, b in zip(sizes, sizes[1:], strict=False)
        ]

    hits = layers(latents, *shape.hidden, shape.outputs)
    hits[0][0][shape.pattern :] = 0
    hits[-1] = hits[-1][0], hits[-1][1] - np.float32(sparse)
    trunk = layers(latents, *shape.trunk)
    velocity, timing = (layers((latents, *shape.trunk)[-1], shape.outputs)[0] for _ in range(2))

    def apply(x, layer):
        return x @ tf.constant(layer[0]) + tf.constant(layer[1])

    class Groove(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((1, latents), tf.float32)])
        def decode(self, x):
            pattern, feel = x, x
            for layer in hits[:-1]:
                pattern = tf.nn.relu(apply(pattern, layer))
            for layer in trunk:
                feel = activation(apply(feel, layer))
            return {
                "hits": tf.sigmoid(apply(pattern, hits[-1])),
                "velocity": tf.sigmoid(apply(feel, velocity)),
                "timing": tf.tanh(apply(feel, timing)),
            }

    groove = Groove()
    with tempfile.TemporaryDirectory() as folder, quiet_terminal():
        signatures = {"serving_default": groove.decode.get_concrete_function()}
        tf.saved_model.save(groove, folder, signatures=signatures)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        return with_outputs(_convert(converter, precision, latents, rng), OUTPUTS)


def with_feel(model: bytes, *entries: bytes) -> bytes:
    """The model with these metadata entries LATENTRACK_FEEL."""
    for data in entries:
        model = with_entry(model, "LATENTRACK_FEEL", data)
    return model


def with_entry(model: bytes, name: str, data: bytes) -> bytes:
    """The model with one metadata entry more, behind those that it has."""
    tree = schema.ModelT.InitFromPackedBuf(model, 0)
    entry, buffer = schema.MetadataT(), schema.BufferT()
    entry.name, entry.buffer = name, len(tree.buffers)
    buffer.data = np.frombuffer(data, np.uint8)
    tree.buffers.append(buffer)
    tree.metadata = [*(tree.metadata or []), entry]
    return pack(tree)


def pack(tree: schema.ModelT) -> bytes:
    builder = flatbuffers.Builder(4096)
    builder.Finish(tree.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _convert(converter, precision: str, latents: int, rng: np.random.Generator) -> bytes:
    tf = import_tensorflow()
    if precision != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if precision == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if precision.startswith("int8"):
        converter.representative_dataset = lambda: (
            [rng.uniform(-3, 3, (1, latents)).astype(np.float32)] for _ in range(100)
        )
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    if precision == "int8_per_tensor":
        converter._experimental_disable_per_channel_quantization_for_dense_layers = True
    if precision == "int8_io":
        converter.inference_input_type = converter.inference_output_type = tf.int8
    with quiet_terminal(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about statistics that are given
        return converter.convert()
