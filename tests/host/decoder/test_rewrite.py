"""Metadata are put into files whose weights lie behind the flatbuffer, too: none is lost."""

from __future__ import annotations

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from hypothesis import given, settings
from hypothesis import strategies as st

from latentrack.decoder.litert import Decoder
from latentrack.decoder.metadata import (
    DecoderInfo,
    Extras,
    attach_info,
    read_extras,
    read_info,
    with_title,
)
from latentrack.decoder.quiet import import_tensorflow, quiet_terminal
from latentrack.errors import UserError
from tests.firmware.tflite_models import Shape, export

INFO = DecoderInfo("seqdec", 16, 4, 3)
SHAPE = Shape((3, 20, 64), ("relu",))
LATENTS = np.random.default_rng(3).uniform(-3, 3, (20, 3)).astype(np.float32)


def behind(data: bytes, which=lambda number: True, gap: int = 16) -> bytes:
    """The model with these buffers behind its flatbuffer, as the format describes it.

    The places are absolute, so the flatbuffer is made twice: they do not change its length.
    """
    tree = schema.ModelT.InitFromPackedBuf(data, 0)
    moved = {
        number: bytes(buffer.data)
        for number, buffer in enumerate(tree.buffers)
        if buffer.data is not None and len(buffer.data) and which(number)
    }
    for number in moved:
        tree.buffers[number].data = None
        tree.buffers[number].offset = tree.buffers[number].size = 2**40
    length = len(_packed(tree))
    at = -(-length // 16) * 16 + gap
    tail = bytes(at - length)
    for number, content in moved.items():
        tree.buffers[number].offset, tree.buffers[number].size = at, len(content)
        padding = bytes(-len(content) % 16)
        tail += content + padding
        at += len(content) + len(padding)
    packed = _packed(tree)
    assert len(packed) == length
    return packed + tail


def _packed(tree) -> bytes:
    builder = flatbuffers.Builder(1024)
    builder.Finish(tree.Pack(builder), b"TFL3")
    return bytes(builder.Output())


@pytest.fixture(scope="module")
def model() -> bytes:
    return export(SHAPE, "float32", seed=1)


def probabilities(data: bytes) -> np.ndarray:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=data)
    interpreter.allocate_tensors()
    rows = []
    for latents in LATENTS:
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], latents[np.newaxis])
        interpreter.invoke()
        rows.append(interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0])
    return np.array(rows)


@pytest.mark.parametrize("precision", ["float32", "float16", "dynamic", "int8"])
def test_a_model_decodes_as_before(precision):
    plain = export(SHAPE, precision, seed=1)
    moved = behind(plain)
    expected = probabilities(plain)
    assert (probabilities(moved) == expected).all()  # it is a model that LiteRT reads
    made = attach_info(moved, INFO, extras=Extras(threshold=0.5))
    assert (probabilities(made) == expected).all()
    assert read_info(made) == INFO and read_extras(made).threshold == 0.5
    named = with_title(made, "夜")
    assert (probabilities(named) == expected).all()
    # The weights are there once.
    assert len(made) < len(attach_info(plain, INFO)) + 2000


def test_a_model_whose_metadata_lie_behind_it(model):
    moved = behind(attach_info(model, INFO, extras=Extras(lowest_pitch=36)))
    assert read_extras(moved).lowest_pitch == 36
    with pytest.raises(UserError, match="weights that lie behind the model"):
        read_info(moved)
    named = with_title(moved, "夜")
    assert read_info(named) == INFO and read_extras(named).lowest_pitch == 36
    assert (probabilities(named) == probabilities(model)).all()


@settings(max_examples=25)
@given(st.integers(0, 2**12 - 1), st.sampled_from([0, 16, 64]))
def test_some_lie_behind_and_some_do_not(mask, gap):
    plain = export(SHAPE, "float32", seed=1)
    made = attach_info(behind(plain, lambda number: bool(mask >> number % 12 & 1), gap), INFO)
    assert (
        Decoder(made).decode(LATENTS) == Decoder(attach_info(plain, INFO)).decode(LATENTS)
    ).all()


def test_a_model_as_the_converter_puts_it_behind():
    tf = import_tensorflow()
    weights = tf.constant(np.random.default_rng(1).normal(size=(3, 64)).astype(np.float32))
    decode = tf.function(
        lambda x: tf.sigmoid(x @ weights),
        input_signature=[tf.TensorSpec((1, 3), tf.float32)],
        autograph=False,
    )
    with quiet_terminal():
        converter = tf.lite.TFLiteConverter.from_concrete_functions(
            [decode.get_concrete_function()], decode
        )
        converter._experimental_use_buffer_offset = True
        moved = bytes(converter.convert())
    buffers = schema.ModelT.InitFromPackedBuf(moved, 0).buffers
    assert any(buffer.offset > 1 for buffer in buffers), "the converter does it in another way now"
    expected = 1 / (1 + np.exp(-LATENTS @ weights.numpy()))
    made = attach_info(moved, INFO)
    assert np.allclose(probabilities(made), expected, atol=1e-6)
    assert np.allclose(Decoder(made).decode(LATENTS).reshape(20, 64), expected, atol=1e-6)


def test_places_outside_the_file_are_refused(model):
    moved = behind(model)
    for cut in range(1, len(moved), 97):
        with pytest.raises(UserError):
            attach_info(moved[:-cut], INFO)
    tree = schema.ModelT.InitFromPackedBuf(moved, 0)
    precision = [n for n, buffer in enumerate(tree.buffers) if buffer.offset > 1]
    for field, value in (("offset", 2**63), ("size", 2**62), ("offset", 2)):
        broken = schema.ModelT.InitFromPackedBuf(moved, 0)
        setattr(broken.buffers[precision[0]], field, value)
        with pytest.raises(UserError):
            attach_info(_packed(broken), INFO)


def test_options_that_lie_behind_are_refused(model):
    tree = schema.ModelT.InitFromPackedBuf(model, 0)
    operator = tree.subgraphs[0].operators[0]
    operator.largeCustomOptionsOffset, operator.largeCustomOptionsSize = 64, 16
    with pytest.raises(UserError, match="custom operator whose options lie behind"):
        attach_info(_packed(tree), INFO)
