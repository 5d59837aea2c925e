"""What tflite_load reads and what it refuses, in which words."""

from itertools import product

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from latentrack.decoder import playable
from latentrack.decoder.model_file import Malformed
from latentrack.decoder.quiet import import_tensorflow, quiet_terminal
from tests.firmware.litert_oracle import decode
from tests.firmware.tflite_c import Decoder, Refused
from tests.firmware.tflite_models import (
    FEEL_SHAPES,
    PRECISIONS,
    SHAPES,
    FeelShape,
    pack,
    with_entry,
    with_feel,
)


def describe(model: bytes, text: bytes) -> bytes:
    """The model with this description in its metadata, written with nothing but flatbuffers."""
    inner = flatbuffers.Builder(64)
    words = inner.CreateByteVector(text)  # a string's layout but for the NUL behind it
    inner.StartObject(2)
    inner.PrependUOffsetTRelativeSlot(1, words, 0)
    inner.Finish(inner.EndObject(), b"M001")
    return with_entry(model, "TFLITE_METADATA", bytes(inner.Output()))


@pytest.fixture(scope="module")
def drums(exported) -> bytes:
    return exported(SHAPES[0], "float32")


def refusal(tflite_c, model: bytes) -> str:
    with pytest.raises(Refused) as refused:
        Decoder(tflite_c, model)
    return str(refused.value)


@pytest.mark.parametrize(
    ("name", "kind", "voices", "groups"),
    [
        ("reference_perc_groove", "perdec", 12, [1, 1, 6, 2, 2]),
        ("reference_note_chorales", "seqdec", 27, []),
        ("reference_note_128_pitches", "seqdec", 128, []),
    ],
)
def test_reference_metadata(name, kind, voices, groups, shared_data, tflite_c):
    decoder = Decoder(tflite_c, (shared_data / "decoders" / f"{name}.tflite").read_bytes())
    assert decoder.has_metadata
    assert (decoder.kind, decoder.steps, decoder.voices) == (kind, 16, voices)
    assert (decoder.latent_scale, decoder.groups) == (3, groups)


def test_model_without_metadata(drums, tflite_c):
    decoder = Decoder(tflite_c, drums)
    assert not decoder.has_metadata
    assert (decoder.outputs, decoder.steps, decoder.voices, decoder.kind) == (192, 0, 0, "")


def test_metadata_of_another_makers_kind(drums, tflite_c):
    decoder = Decoder(tflite_c, describe(drums, b"xen:rhydec" + bytes([12, 16, 3, 36, 200, 0])))
    assert (decoder.kind, decoder.steps, decoder.voices) == ("rhydec", 16, 12)
    assert decoder.trailing == bytes([36, 200, 0])


def test_metadata_bytes_of_128_and_more_may_be_one_byte_or_two(tflite_c, exported):
    model = exported(SHAPES[11], "float32")  # 2048 outputs
    for body in (bytes([128, 16, 3]), bytes([128, 16, 3]).decode("latin-1").encode()):
        decoder = Decoder(tflite_c, describe(model, b"xen:seqdec" + body))
        assert (decoder.voices, decoder.steps, decoder.latent_scale) == (128, 16, 3)


def test_description_of_something_else_is_no_metadata(drums, tflite_c):
    assert not Decoder(tflite_c, describe(drums, b"A decoder of drums")).has_metadata


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (bytes([12, 17, 3, 1, 12]), "metadata: steps times voices is not the number of outputs"),
        (bytes([12, 16, 3, 2, 6, 5]), "metadata: the groups do not add up to the voices"),
        (bytes([12, 16, 3, 3, 6, 0, 6]), "metadata: the groups do not add up to the voices"),
        (bytes([12, 16, 3, 2, 6]), "metadata: cut short"),
        (bytes([12, 16]), "metadata: cut short"),
    ],
)
def test_metadata_that_does_not_fit_is_refused(body, words, drums, tflite_c):
    assert refusal(tflite_c, describe(drums, b"xen:perdec" + body)) == words


def test_other_operators_are_refused_by_name(tflite_c):
    tf = import_tensorflow()

    table = tf.constant(np.ones((3, 16), np.float32))
    kernel = tf.constant(np.ones((1, 1, 1, 4), np.float32))
    functions = {
        "SOFTMAX": lambda x: tf.nn.softmax(x @ table),
        "CONV_2D": lambda x: tf.nn.conv2d(tf.reshape(x, (1, 3, 1, 1)), kernel, 1, "SAME"),
        "LEAKY_RELU": lambda x: tf.nn.leaky_relu(x @ table),
        "HARD_SWISH": lambda x: (x @ table) * tf.nn.relu6(x @ table + 3.0) / 6.0,
    }
    for name, function in functions.items():
        traced = tf.function(function, input_signature=[tf.TensorSpec((1, 3), tf.float32)])
        concrete = traced.get_concrete_function()
        with quiet_terminal():
            converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], traced)
            model = converter.convert()
        assert refusal(tflite_c, model) == f"operator {name} is not supported"


def edited(model: bytes, change) -> bytes:
    tree = schema.ModelT.InitFromPackedBuf(model, 0)
    change(tree, tree.subgraphs[0])
    return pack(tree)


def weights_of(tree, graph, layer: int = 1):
    """The weights' tensor of a layer."""
    dense = [o for o in graph.operators if len(o.inputs) == 3]
    return graph.tensors[dense[layer].inputs[1]]


def test_custom_operator_is_refused_by_its_own_name(drums, tflite_c):
    def change(tree, graph):
        code = tree.operatorCodes[graph.operators[-1].opcodeIndex]
        code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
        code.customCode = "Wobble"

    assert refusal(tflite_c, edited(drums, change)) == "operator Wobble is not supported"


def point_input(graph, which: int, tensor: int):
    """Makes an input of the second operator another tensor."""
    inputs = np.array(graph.operators[1].inputs, np.int32)
    inputs[which] = tensor
    graph.operators[1].inputs = inputs


def change_quantization(tensor, field: str, at: int, value):
    values = np.array(getattr(tensor.quantization, field))
    values[at] = value
    setattr(tensor.quantization, field, values)


def cut_weights(tree, graph):
    buffer = tree.buffers[weights_of(tree, graph).buffer]
    buffer.data = buffer.data[:-4]


def narrow_weights(tree, graph):
    weights = weights_of(tree, graph)
    weights.shape = np.array([129, 33], np.int32)
    tree.buffers[weights.buffer].data = tree.buffers[weights.buffer].data[: 129 * 33 * 4]


def too_many_weights(tree, graph):
    buffer = tree.buffers[weights_of(tree, graph).buffer]
    buffer.data = np.append(buffer.data, buffer.data[:4])


def negative_columns(tree, graph):
    weights_of(tree, graph).shape = np.array([129, -66], np.int32)


def many_dimensions(tree, graph):
    weights_of(tree, graph).shape = np.array([1] * 9 + [129, 66], np.int32)


def many_tensors(tree, graph):
    graph.tensors += [graph.tensors[0]] * 256


def weights_behind(tree, graph):
    buffer = tree.buffers[weights_of(tree, graph).buffer]
    buffer.data, buffer.offset, buffer.size = None, 4096, 129 * 66 * 4


def turn_weights(tree, graph):
    weights = weights_of(tree, graph)
    weights.shape = weights.shape[::-1]


def lose_weights(tree, graph):
    weights_of(tree, graph).buffer = 9999


def empty_weights(tree, graph):
    weights_of(tree, graph).buffer = 0


def grow_shape(tree, graph):
    weights_of(tree, graph).shape = np.array([65535, 65535, 65535], np.int32)


def negative_shape(tree, graph):
    weights_of(tree, graph).shape = np.array([-129, 66], np.int32)


def loop_back(tree, graph):
    point_input(graph, 0, graph.operators[2].outputs[0])


def lose_tensor(tree, graph):
    point_input(graph, 1, 4000)


def negative_tensor(tree, graph):
    point_input(graph, 1, -7)


def two_outputs(tree, graph):
    graph.outputs = np.append(graph.outputs, graph.operators[0].outputs[0]).astype(np.int32)


def no_outputs(tree, graph):
    graph.outputs = []


def same_output(tree, graph):
    """The last operator puts its result where its input was."""
    graph.operators[-1].outputs = graph.outputs = graph.operators[-1].inputs


def other_output(tree, graph):
    graph.outputs = np.array(graph.operators[0].outputs, np.int32)


def no_layers(tree, graph):
    graph.operators = []
    graph.outputs = np.array(graph.inputs, np.int32)


def double_weights(tree, graph):
    weights_of(tree, graph).type = schema.TensorType.FLOAT64


def shuffle_weights(tree, graph):
    graph.operators[1].builtinOptions.weightsFormat = 1


def sign_bit(tree, graph):
    graph.operators[1].builtinOptions.fusedActivationFunction = 5


def short_bias(tree, graph):
    bias = graph.tensors[graph.operators[1].inputs[2]]
    bias.shape = np.array([2], np.int32)
    tree.buffers[bias.buffer].data = tree.buffers[bias.buffer].data[:8]


def two_graphs(tree, graph):
    tree.subgraphs.append(graph)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (cut_weights, "has not as much data as its shape says"),
        (too_many_weights, "has not as much data as its shape says"),
        (negative_columns, "has a shape out of range"),
        (many_dimensions, "has a shape out of range"),
        (many_tensors, "not a decoder: it has too many parts"),
        (weights_behind, "weights that lie behind the model are not supported"),
        (narrow_weights, "FULLY_CONNECTED: the weights or the bias do not fit"),
        (turn_weights, "FULLY_CONNECTED: the weights or the bias do not fit"),
        (lose_weights, "damaged: a part of it is missing"),
        (empty_weights, "weights that are computed are not supported"),
        (grow_shape, "has a shape out of range"),
        (negative_shape, "has a shape out of range"),
        (loop_back, "the operators are not one chain from input to output"),
        (lose_tensor, "damaged: a part of it is missing"),
        (negative_tensor, "damaged: a part of it is missing"),
        (two_outputs, "its outputs are not called hits, velocity and timing"),
        (no_outputs, "not a decoder: it has not one input and one output"),
        (same_output, "is computed twice"),
        (other_output, "the operators are not one chain from input to output"),
        (no_layers, "not a decoder: it has no dense layer"),
        (double_weights, "is of a number type that is not supported"),
        (shuffle_weights, "FULLY_CONNECTED: its options are not supported"),
        (sign_bit, "FULLY_CONNECTED: its options are not supported"),
        (short_bias, "FULLY_CONNECTED: the weights or the bias do not fit"),
        (two_graphs, "not a decoder: it has not one graph"),
    ],
)
def test_damaged_model_is_refused(change, words, drums, tflite_c):
    assert words in refusal(tflite_c, edited(drums, change))


def nameless_outputs(tree, graph):
    tree.signatureDefs = None


def other_name(tree, graph):
    tree.signatureDefs[0].outputs[0].name = "loudness"


def hits_not_first(tree, graph):
    graph.outputs = graph.outputs[::-1]


def one_output_missing(tree, graph):
    graph.outputs = graph.outputs[:2]


def second_signature(tree, graph):
    tree.signatureDefs.append(tree.signatureDefs[0])


def hits_thrice(tree, graph):
    graph.outputs = [graph.outputs[0]] * 3
    for entry in tree.signatureDefs[0].outputs:
        entry.tensorIndex = graph.outputs[0]


def velocity_of_a_hidden_layer(tree, graph):
    """Of the right size, but other layers read it."""
    names = {entry.name: entry for entry in tree.signatureDefs[0].outputs}
    last = next(o for o in graph.operators if o.outputs[0] == names[b"velocity"].tensorIndex)
    tensor = int(last.inputs[0])
    graph.outputs = [
        tensor if i == names[b"velocity"].tensorIndex else int(i) for i in graph.outputs
    ]
    names[b"velocity"].tensorIndex = tensor


def velocity_is_what_timing_reads(tree, graph):
    """Of the right size, and no other layer is left that would be the velocity."""
    names = {entry.name: entry for entry in tree.signatureDefs[0].outputs}
    velocity = names[b"velocity"].tensorIndex
    sigmoid = next(o for o in graph.operators if o.outputs[0] == velocity)
    layer = next(o for o in graph.operators if o.outputs[0] == sigmoid.inputs[0])
    trunk = int(layer.inputs[0])
    graph.operators = [o for o in graph.operators if o not in (sigmoid, layer)]
    graph.outputs = [trunk if i == velocity else int(i) for i in graph.outputs]
    names[b"velocity"].tensorIndex = trunk


def one_output_twice(tree, graph):
    graph.outputs = [*(int(i) for i in graph.outputs), int(graph.outputs[1])]


def output_of_its_own_size(tree, graph):
    """The timing of all but the last cell."""
    names = {entry.name: entry.tensorIndex for entry in tree.signatureDefs[0].outputs}
    tanh = next(o for o in graph.operators if o.outputs[0] == names[b"timing"])
    layer = next(o for o in graph.operators if o.outputs[0] == tanh.inputs[0])
    weights, bias = (graph.tensors[int(i)] for i in layer.inputs[1:])
    rows, cols = (int(n) for n in weights.shape)
    for tensor, shape in ((weights, [rows - 1, cols]), (bias, [rows - 1])):
        tensor.shape = np.array(shape, np.int32)
        data = tree.buffers[tensor.buffer].data
        tree.buffers[tensor.buffer].data = data[: 4 * int(np.prod(shape))]
    for index in (layer.outputs[0], tanh.outputs[0]):
        graph.tensors[int(index)].shape = np.array([1, rows - 1], np.int32)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (nameless_outputs, "its outputs are not called hits, velocity and timing"),
        (other_name, "its outputs are not called hits, velocity and timing"),
        (hits_not_first, "its outputs are not called hits, velocity and timing"),
        (one_output_missing, "its outputs are not called hits, velocity and timing"),
        (second_signature, "its outputs are not called hits, velocity and timing"),
        (one_output_twice, "its outputs are not called hits, velocity and timing"),
        (velocity_is_what_timing_reads, "the operators are not one chain from input to output"),
        (hits_thrice, "the operators are not one chain from input to output"),
        (velocity_of_a_hidden_layer, "the operators are not one chain from input to output"),
        (output_of_its_own_size, "the outputs differ in size"),
    ],
)
def test_outputs_are_told_apart_by_their_names(change, words, exported, tflite_c):
    model = exported(FeelShape(2, 0, (7,), (24,), 24), "float32")
    assert Decoder(tflite_c, model).has_feel
    broken = edited(model, change)
    assert refusal(tflite_c, broken) == words
    with pytest.raises(Malformed):
        playable.check(broken)


def test_the_feels_latents_are_the_last_ones(exported, tflite_c):
    model = exported(FEEL_SHAPES[0], "int8")
    assert Decoder(tflite_c, model).feel_latents == 0
    for latents in (0, 1, 2):
        marked = with_feel(model, bytes([1, latents]))
        playable.check(marked)
        assert Decoder(tflite_c, marked).feel_latents == latents


@pytest.mark.parametrize(
    ("shape", "entry"),
    [
        (FEEL_SHAPES[0], bytes([1, 3])),  # more than two
        (FEEL_SHAPES[0], bytes([2, 2])),  # another version
        (FEEL_SHAPES[0], bytes([1])),
        (FEEL_SHAPES[0], bytes([1, 2, 0])),
        (FEEL_SHAPES[1], bytes([1, 2])),  # none is left for the hits
        (SHAPES[0], bytes([1, 1])),  # there is no feel that it could change
    ],
)
def test_a_feel_that_does_not_fit_is_refused(shape, entry, exported, tflite_c):
    model = with_feel(exported(shape, "float32"), entry)
    assert refusal(tflite_c, model) == "metadata: the feel does not fit"
    with pytest.raises(Malformed):
        playable.check(model)


def moved(model: bytes, vector: tuple[int, int], width: int, shift: int) -> bytes:
    """A copy of a vector (where its offset lies, where it lies) behind the file, at shift mod 4."""
    offset, at = vector
    length = 4 + width * int.from_bytes(model[at : at + 4], "little")
    target = len(model) + (shift - len(model)) % 4
    changed = bytearray(model) + bytes(target - len(model)) + model[at : at + length]
    changed[offset : offset + 4] = (target - offset).to_bytes(4, "little")
    return bytes(changed)


def vector_of(table, field: int) -> tuple[int, int]:
    """Where a vector's offset lies, and the vector."""
    offset = table.Pos + table.Offset(4 + 2 * field)
    return offset, table.Indirect(offset)


@pytest.mark.parametrize("precision", ["float32", "float16", "int8"])
def test_weights_and_biases_must_be_aligned(precision, exported, tflite_c):
    model = exported(SHAPES[0], precision)
    root = schema.Model.GetRootAs(model, 0)
    graph = root.Subgraphs(0)
    used = {graph.Tensors(i).Buffer() for i in range(graph.TensorsLength())}
    refused = 0
    for index in used:
        if root.Buffers(index).DataLength() == 0:
            continue
        data = vector_of(root.Buffers(index)._tab, 0)
        assert Decoder(tflite_c, moved(model, data, 1, shift=0)).outputs == 192
        try:
            Decoder(tflite_c, moved(model, data, 1, shift=1))
        except Refused as wrong:
            assert "is not aligned" in str(wrong)
            refused += 1
    # int8 weights may lie anywhere; their biases may not.
    assert refused == (3 if precision == "int8" else 6)


def test_scales_must_be_aligned(exported, tflite_c):
    model = exported(SHAPES[0], "int8")
    root = schema.Model.GetRootAs(model, 0)
    graph = root.Subgraphs(0)
    for i in range(graph.TensorsLength()):
        tensor = graph.Tensors(i)
        if tensor.Quantization() and tensor.Quantization().ScaleLength() == 129:
            scales = vector_of(tensor.Quantization()._tab, 2)
            assert Decoder(tflite_c, moved(model, scales, 4, shift=0)).outputs == 192
            if tensor.Type() == schema.TensorType.INT8:
                words = refusal(tflite_c, moved(model, scales, 4, shift=2))
                assert words == "FULLY_CONNECTED: the scales or zero points do not fit"
                return
    raise AssertionError("the model has no scales per row")


def other_schema(tree, graph):
    tree.version = 4


def other_version(tree, graph):
    tree.operatorCodes[0].version = 99


def variable_weights(tree, graph):
    weights_of(tree, graph).isVariable = True


def one_input_more(tree, graph):
    graph.operators[-1].inputs = np.append(graph.operators[-1].inputs, 0).astype(np.int32)


def scale_without_zero(tree, graph):
    weights_of(tree, graph).quantization = schema.QuantizationParametersT()
    weights_of(tree, graph).quantization.scale = [1.0]


def nameless_signature(tree, graph):
    signature = schema.SignatureDefT()
    signature.inputs = signature.outputs = []
    tree.signatureDefs = [signature]


def odd_bias_type(tree, graph):
    graph.operators[1].builtinOptions.quantizedBiasType = 126


def activation_of_the_next_kind(tree, graph):
    graph.operators[1].builtinOptions.fusedActivationFunction = schema.ActivationFunctionType.TANH


def unknown_bias_tensor(tree, graph):
    point_input(graph, 2, 255)


@pytest.mark.parametrize(
    "change",
    [
        other_schema,
        other_version,
        variable_weights,
        one_input_more,
        scale_without_zero,
        nameless_signature,
        odd_bias_type,
        activation_of_the_next_kind,
        unknown_bias_tensor,
    ],
)
def test_what_litert_refuses_is_refused(change, drums, tflite_c):
    model = edited(drums, change)
    with pytest.raises((ValueError, RuntimeError)):
        decode(model, np.zeros((1, 3), np.float32))
    assert refusal(tflite_c, model)


def other_union(tag):
    def change(tree, graph):
        graph.operators[0].builtinOptionsType = tag

    return change


@pytest.mark.parametrize("tag", [1, 7, 9, 17, 38, 89])
def test_options_of_another_operator_are_not_read_as_those_of_a_layer(tag, drums, tflite_c):
    """LiteRT refuses some, and leaves out the fused RELU of others."""
    words = "damaged: an operator does not fit its tensors or options"
    assert refusal(tflite_c, edited(drums, other_union(tag))) == words


def test_a_layer_without_options_has_no_activation(drums, tflite_c):
    latents = np.random.default_rng(4).uniform(-3, 3, (20, 3)).astype(np.float32)
    model = edited(drums, other_union(0))
    decoder = Decoder(tflite_c, model)
    found = decoder.probabilities(decoder.scores(latents))
    assert np.abs(found - decode(model, latents)).max() <= 1e-6
    assert np.abs(found - decode(drums, latents)).max() > 0.1


@pytest.mark.parametrize(
    ("precision", "number"),
    [
        *product(["float32", "float16", "dynamic"], [np.nan, np.inf, -np.inf]),
        *product(["float32", "dynamic"], [3e38]),
    ],
)
@pytest.mark.parametrize("which", [1, 2])
def test_weights_and_biases_are_numbers(number, precision, which, exported, tflite_c):
    def change(tree, graph):
        layer = [o for o in graph.operators if len(o.inputs) == 3][1]
        tensor = graph.tensors[layer.inputs[which]]
        for operator in graph.operators:  # float16 lies behind a DEQUANTIZE
            if list(operator.outputs) == [layer.inputs[which]]:
                tensor = graph.tensors[operator.inputs[0]]
        if tensor.type == schema.TensorType.INT8:
            change_quantization(tensor, "scale", 5, number)
            return
        kind = "<f2" if tensor.type == schema.TensorType.FLOAT16 else "<f4"
        values = np.frombuffer(bytes(tree.buffers[tensor.buffer].data), kind).copy()
        values[5] = number
        tree.buffers[tensor.buffer].data = np.frombuffer(values.tobytes(), np.uint8)

    words = refusal(tflite_c, edited(exported(SHAPES[0], precision), change))
    assert "not numbers" in words or "has a scale or a zero point out of range" in words


def test_sums_cannot_overflow(tflite_c, exported):
    """Each weight alone is a number, but three layers of them would make infinities."""

    def change(tree, graph):
        for operator in graph.operators[:3]:
            buffer = tree.buffers[graph.tensors[operator.inputs[1]].buffer]
            values = np.frombuffer(bytes(buffer.data), "<f4") * np.float32(1e8)
            buffer.data = np.frombuffer(values.tobytes(), np.uint8)

    words = refusal(tflite_c, edited(exported(SHAPES[0], "float32"), change))
    assert words == "FULLY_CONNECTED: weights are too large, or not numbers"


def far_scale(tree, graph):
    change_quantization(weights_of(tree, graph), "scale", 0, np.inf)


def zero_scale(tree, graph):
    change_quantization(weights_of(tree, graph), "scale", 0, 0)


def lose_scales(tree, graph):
    quantization = weights_of(tree, graph).quantization
    quantization.scale = quantization.scale[:-1]


def shift_weights(tree, graph):
    change_quantization(weights_of(tree, graph), "zeroPoint", 3, 1)


def other_axis(tree, graph):
    weights_of(tree, graph).quantization.quantizedDimension = 1


def far_zero(tree, graph):
    change_quantization(graph.tensors[graph.operators[1].outputs[0]], "zeroPoint", 0, 300)


def float_bias(tree, graph):
    dense = [o for o in graph.operators if len(o.inputs) == 3]
    graph.tensors[dense[1].inputs[2]].type = schema.TensorType.FLOAT32


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (far_scale, "has a scale or a zero point out of range"),
        (zero_scale, "has a scale or a zero point out of range"),
        (lose_scales, "has a scale or a zero point out of range"),
        (shift_weights, "FULLY_CONNECTED: the scales or zero points do not fit"),
        (other_axis, "has a scale or a zero point out of range"),
        (far_zero, "has a scale or a zero point out of range"),
        (float_bias, "FULLY_CONNECTED: this mixture of number types is not supported"),
    ],
)
def test_damaged_int8_model_is_refused(change, words, exported, tflite_c):
    assert words in refusal(tflite_c, edited(exported(SHAPES[0], "int8"), change))


def test_more_than_eight_latents_are_refused(exported, tflite_c):
    wide = type(SHAPES[0])((9, 20), ())
    assert "more than 8 latents" in refusal(tflite_c, exported(wide, "float32"))


def test_file_that_is_no_model_is_refused(tflite_c):
    for text in (b"", b"TFL3", b"MThd" + bytes(40), bytes(200)):
        assert refusal(tflite_c, text) == "not a .tflite file"


def test_address_must_be_a_words(drums, tflite_c):
    with pytest.raises(Refused, match="address divisible by 4"):
        Decoder(tflite_c, drums, shift=2)
    assert Decoder(tflite_c, drums, shift=4).outputs == 192


@pytest.mark.parametrize("precision", PRECISIONS)
def test_model_cut_short_anywhere_is_refused(precision, exported, tflite_c):
    model = exported(SHAPES[2], precision)
    # The last bytes may be padding that nothing refers to.
    for size in range(len(model) - 16):
        refusal(tflite_c, model[:size])


@pytest.mark.parametrize("precision", PRECISIONS)
def test_model_with_changed_bytes_is_refused_or_runs(precision, exported, tflite_c):
    """The fuzz targets do this by the million with sanitizers; here a few that always run."""
    model = exported(SHAPES[2], precision)
    rng = np.random.default_rng(15)
    ran = 0
    for _ in range(1500):
        broken = bytearray(model)
        for at in rng.integers(0, len(model), 3):
            broken[at] = rng.integers(0, 256)
        try:
            decoder = Decoder(tflite_c, bytes(broken))
        except Refused:
            continue
        decoder.scores(np.zeros((1, decoder.latents), np.float32))
        ran += 1
    assert 0 < ran < 1500
