"""Small good models to break: every number type, and every operator in every place it may stand.

Large models would only have their weights changed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from ai_edge_litert import schema_py_generated as schema

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "firmware"))
from broken_models import pack, unpack  # noqa: E402

OPS = schema.BuiltinOperator
F32, I8 = schema.TensorType.FLOAT32, schema.TensorType.INT8


def small_models() -> dict[str, bytes]:
    """Models by name, with metadata of each kind. TensorFlow writes them; operators that its
    converter would not leave before the first layer are put there afterwards."""
    from tflite_models import PRECISIONS, FeelShape, Shape, export, export_feel, with_feel

    from latentrack.decoder.metadata import DecoderInfo, attach_info

    networks = {
        DecoderInfo("perdec", 4, 6, 3, (1, 2, 3)): Shape((3, 5, 24), ("relu",)),
        DecoderInfo("seqdec", 3, 8, 3): Shape((2, 4, 7, 24), ("tanh", "relu6")),
    }
    models = {
        f"{precision}_{info.kind}": attach_info(export(shape, precision, seed=1), info)
        for precision in PRECISIONS
        for info, shape in networks.items()
    }
    shape = FeelShape(2, 1, (5,), (4,), 24, "tanh")
    info = DecoderInfo("perdec", 4, 6, 3, (1, 2, 3))
    for precision in ("float32", "float16", "int8"):
        model = attach_info(export_feel(shape, precision, seed=1), info)
        models[f"{precision}_feel"] = with_feel(model, bytes([1, 1]))
    more = {name: _edited(models[source], edit) for name, (source, edit) in _EDITS.items()}
    return models | more


def _edited(model: bytes, edit: Callable[[schema.ModelT], None]) -> bytes:
    tree = unpack(model)
    edit(tree)
    return pack(tree)


def _code(tree: schema.ModelT, op: int) -> int:
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = op
    code.version = 2 if op in (OPS.DEQUANTIZE, OPS.LOGISTIC, OPS.TANH) else 1
    tree.operatorCodes.append(code)
    return len(tree.operatorCodes) - 1


def _int8(scale: float, zero: int) -> schema.QuantizationParametersT:
    quantization = schema.QuantizationParametersT()
    quantization.scale, quantization.zeroPoint = [scale], [zero]
    return quantization


def _first(*ops: tuple[int, schema.QuantizationParametersT | None]) -> Callable:
    """Puts operators before all others, the nearest to the old first one first. Each comes with how
    its input is quantised; None is float32."""

    def edit(tree: schema.ModelT) -> None:
        graph = tree.subgraphs[0]
        for op, quantization in ops:
            old = int(graph.inputs[0])
            tensor = schema.TensorT()
            tensor.shape = np.array(graph.tensors[old].shape, np.int32)
            tensor.type = I8 if quantization else F32
            tensor.quantization = quantization
            tensor.name = f"before {len(graph.tensors)}"
            graph.tensors.append(tensor)
            graph.inputs = [len(graph.tensors) - 1]
            operator = schema.OperatorT()
            operator.opcodeIndex = _code(tree, op)
            operator.inputs, operator.outputs = graph.inputs, [old]
            graph.operators.insert(0, operator)
            for signature in tree.signatureDefs or ():
                signature.inputs[0].tensorIndex = graph.inputs[0]

    return edit


def _reshaped(by_tensor: bool) -> Callable:
    """A RESHAPE between the first layer and the second, to a shape that a tensor or options say."""

    def edit(tree: schema.ModelT) -> None:
        graph = tree.subgraphs[0]
        layer = next(i for i, o in enumerate(graph.operators) if len(o.inputs) == 3)
        source = int(graph.operators[layer].outputs[0])
        reshaped = schema.TensorT()
        reshaped.shape = np.array([1, 1, graph.tensors[source].shape[-1]], np.int32)
        reshaped.type, reshaped.name = graph.tensors[source].type, "reshaped"
        reshaped.quantization = graph.tensors[source].quantization
        graph.tensors.append(reshaped)
        for operator in graph.operators[layer + 1 :]:
            same = [len(graph.tensors) - 1 if i == source else int(i) for i in operator.inputs]
            operator.inputs = same
        operator = schema.OperatorT()
        operator.opcodeIndex = _code(tree, OPS.RESHAPE)
        operator.inputs, operator.outputs = [source], [len(graph.tensors) - 1]
        if by_tensor:
            shape = schema.TensorT()
            shape.shape, shape.type, shape.name = [3], schema.TensorType.INT32, "shape"
            shape.buffer = len(tree.buffers)
            data = schema.BufferT()
            data.data = np.frombuffer(np.array([-1, 1, reshaped.shape[2]], "<i4").tobytes(), "u1")
            tree.buffers.append(data)
            graph.tensors.append(shape)
            operator.inputs = [source, len(graph.tensors) - 1]
        else:
            operator.builtinOptionsType = schema.BuiltinOptions.ReshapeOptions
            operator.builtinOptions = schema.ReshapeOptionsT()
            operator.builtinOptions.newShape = reshaped.shape
        graph.operators.insert(layer + 1, operator)

    return edit


def _without_metadata(tree: schema.ModelT) -> None:
    tree.metadata = None


def _with_signature(tree: schema.ModelT) -> None:
    """A name for the input and one for the output, as models made from Keras have them."""
    graph = tree.subgraphs[0]
    signature = schema.SignatureDefT()
    signature.signatureKey = "serving_default"
    for name, tensor in (("inputs", graph.inputs[0]), ("outputs", graph.outputs[0])):
        entry = schema.TensorMapT()
        entry.name, entry.tensorIndex = name, int(tensor)
        setattr(signature, name, [entry])
    tree.signatureDefs = [signature]


def _int8_first(op: int) -> Callable:
    """Puts an operator before all others that leaves int8 as it is: the input's scales stay."""

    def edit(tree: schema.ModelT) -> None:
        graph = tree.subgraphs[0]
        quantisation = graph.tensors[int(graph.inputs[0])].quantization
        _first((op, _int8(float(quantisation.scale[0]), int(quantisation.zeroPoint[0]))))(tree)

    return edit


# name: the model it is made of, and how
_EDITS = {
    "relu1_first": ("float32_perdec", _first((OPS.RELU_N1_TO_1, None))),
    "tanh_first": ("float16_seqdec", _first((OPS.TANH, None))),
    "logistic_first": ("dynamic_perdec", _first((OPS.LOGISTIC, None))),
    "relu_relu6_first": ("float32_seqdec", _first((OPS.RELU, None), (OPS.RELU6, None))),
    "dequantize_first": ("float32_perdec", _first((OPS.DEQUANTIZE, _int8(0.03, 5)))),
    "dequantize_quantize_first": (
        "int8_io_perdec",
        _first((OPS.QUANTIZE, None), (OPS.DEQUANTIZE, _int8(0.05, -7))),
    ),
    "reshape_by_tensor": ("float32_perdec", _reshaped(True)),
    "reshape_by_options": ("int8_perdec", _reshaped(False)),
    "signature": ("float32_perdec", _with_signature),
    "no_metadata": ("int8_io_seqdec", _without_metadata),
    "int8_relu1_first": ("int8_io_perdec", _int8_first(OPS.RELU_N1_TO_1)),
    "int8_relu_first": ("int8_io_seqdec", _int8_first(OPS.RELU)),
}
