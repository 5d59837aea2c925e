"""Networks that no module plays are refused with the operators' names and what to do instead."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from latentrack.decoder import operators
from latentrack.decoder.metadata import DecoderInfo, attach_info, read_info
from latentrack.decoder.quiet import import_tensorflow, quiet_terminal
from latentrack.errors import UserError
from latentrack.module.files import reason
from latentrack.module.link import ModuleError

INFO = DecoderInfo("seqdec", 16, 4, 3)


def dense(values, outputs: int):
    """A layer of some weights; its inputs are as many as the values have."""
    tf = import_tensorflow()
    return values @ tf.constant(np.ones((values.shape[-1], outputs), np.float32) / 8)


# What is asked of TensorFlow, and a piece of the sentence: operators and the way out.
_NETWORKS = {
    "open batch": (
        lambda tf, x: tf.reshape(dense(x, 64), (tf.shape(x)[0], 16, 4)),
        r"\(SHAPE, STRIDED_SLICE and PACK: export with a batch size of 1\)",
    ),
    "exp": (lambda tf, x: dense(tf.exp(x), 64), r"\(EXP: use relu"),
    "elu": (lambda tf, x: dense(tf.nn.elu(x), 64), r"\(ELU: use relu"),
    "gelu": (lambda tf, x: dense(tf.nn.gelu(x, True), 64), r"\(GELU: use relu"),
    "two kinds": (
        lambda tf, x: dense(tf.nn.elu(tf.reshape(convolved(tf, x), (1, 12))), 64),
        r"CONV_2D: build the decoder of dense layers only; ELU: use relu",
    ),
    "random": (
        lambda tf, x: dense(tf.random.uniform((1, 3)) + x, 64),
        r"RANDOM_UNIFORM: export the decoder alone, without what draws at random",
    ),
    "selected": (
        lambda tf, x: dense(tf.atan(x), 64),
        r"FlexAtan: convert with TFLITE_BUILTINS only, without SELECT_TF_OPS",
    ),
}


def convolved(tf, values):
    kernel = tf.constant(np.ones((1, 1, 1, 4), np.float32))
    return tf.nn.conv2d(tf.reshape(values, (1, 3, 1, 1)), kernel, 1, "SAME")


def convert(function, rows: int | None = 1) -> bytes:
    tf = import_tensorflow()
    traced = tf.function(
        lambda x: function(tf, x),
        input_signature=[tf.TensorSpec((rows, 3), tf.float32)],
        autograph=False,
    )
    with quiet_terminal():
        return converted(
            tf.lite.TFLiteConverter.from_concrete_functions(
                [traced.get_concrete_function()], traced
            )
        )


def converted(converter) -> bytes:
    tf = import_tensorflow()
    converter.target_spec.supported_ops = [
        tf.lite.OpsSet.TFLITE_BUILTINS,
        tf.lite.OpsSet.SELECT_TF_OPS,
    ]
    return bytes(converter.convert())


def said_of(data: bytes, file: Path) -> str:
    file.write_bytes(data)
    with pytest.raises(UserError) as refused:
        read_info(file)
    said = str(refused.value)
    assert said.startswith(f"{file} holds operators that the module does not know (")
    assert "\n" not in said and "`latentrack train`" in said
    return said


@pytest.mark.parametrize("name", _NETWORKS)
def test_operators_are_named_with_the_way_out(name, tmp_path):
    function, words = _NETWORKS[name]
    data = convert(function, None if name == "open batch" else 1)
    said = said_of(data, tmp_path / "model.tflite")
    assert re.search(words, said), said
    # With metadata or without: what is wrong with the network has to be mended first.
    assert said_of(attach_info(data, INFO), tmp_path / "model.tflite") == said


def test_a_recurrent_network_is_told_what_to_be(tmp_path):
    tf = import_tensorflow()
    with quiet_terminal():
        latents = tf.keras.Input((3,), batch_size=1)
        steps = tf.keras.layers.LSTM(8)(tf.keras.layers.Reshape((1, 3))(latents))
        model = tf.keras.Model(latents, tf.keras.layers.Dense(64, "sigmoid")(steps))
        data = converted(tf.lite.TFLiteConverter.from_keras_model(model))
    said = said_of(data, tmp_path / "model.tflite")
    # TensorFlow may make it one operator, or a loop with all that stands in it.
    assert re.search(
        r"\((\w*_LSTM|WHILE)\b[^:]*: build the decoder of dense layers only\)", said
    ), said


def test_every_operator_of_the_schema_has_a_name_and_a_way_out():
    numbers = {n: number for n, number in vars(schema.BuiltinOperator).items() if n[0] != "_"}
    for name, number in numbers.items():
        assert operators.name_of(number) == name
        assert len(operators.way_out(name)) > 8
    assert operators.name_of(9999) == "number 9999"
    # A word in our table that TensorFlow does not have would never be found.
    words = " ".join(operators.WAYS.values()).split()
    assert {word for word in words if not word.startswith("Flex")} <= set(numbers)
    assert len(words) == len(set(words))


def test_a_custom_operator_s_name_is_one_line(tmp_path):
    data = attach_info(convert(lambda tf, x: dense(tf.nn.elu(x), 64)), INFO)
    tree = schema.ModelT.InitFromPackedBuf(data, 0)
    code = next(c for c in tree.operatorCodes if c.builtinCode == schema.BuiltinOperator.ELU)
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
    code.customCode = "wob\nble\x1b[31m" + "x" * 500
    import flatbuffers

    builder = flatbuffers.Builder(1024)
    builder.Finish(tree.Pack(builder), b"TFL3")
    with pytest.raises(UserError, match=r"wob\?ble\?\?31m"):
        read_info(bytes(builder.Output()))


def test_the_module_s_number_becomes_a_name():
    """As `latentrack play` has it of a model that mpremote has brought there."""
    said = reason(ModuleError("ValueError: operator 77 is not supported"))
    assert said == "operator SHAPE is not supported (SHAPE: export with a batch size of 1)"
    said = reason(ModuleError("ValueError: operator Wobble is not supported"))
    assert said.startswith("operator Wobble is not supported (Wobble: build the decoder")
    assert reason(ModuleError("OSError: no such model")) == "no such model"


def test_the_example_of_an_open_batch(shared_data: Path):
    """One that was found elsewhere."""
    file = shared_data / "wild" / "operators_refused_by_number" / "model.tflite"
    if not file.is_file():
        pytest.skip("not on this machine")
    with pytest.raises(UserError, match="SHAPE, STRIDED_SLICE and PACK: export with a batch"):
        read_info(file)
