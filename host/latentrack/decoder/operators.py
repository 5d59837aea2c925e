"""Name the operators that no module plays, and say what to do instead of each."""

from __future__ import annotations

import re
from collections.abc import Iterable

from latentrack.words import listed

_LAYERS = "build the decoder of dense layers only"
_ACTIVATION = "use relu, relu6, tanh or sigmoid"
_RANDOM = "export the decoder alone, without what draws at random"
WAYS: dict[str, str] = {
    "export with a batch size of 1": (
        "SHAPE STRIDED_SLICE PACK UNPACK SLICE FILL RANK BROADCAST_TO BROADCAST_ARGS REDUCE_PROD"
    ),
    _ACTIVATION: (
        "EXP ELU GELU LEAKY_RELU PRELU RELU_0_TO_1 HARD_SWISH SOFTMAX LOG_SOFTMAX LOG POW ABS SIGN "
        "SIN COS FlexErf FlexSelu FlexSoftplus FlexSoftsign"
    ),
    _LAYERS: (
        "LSTM UNIDIRECTIONAL_SEQUENCE_LSTM BIDIRECTIONAL_SEQUENCE_LSTM RNN SVDF "
        "UNIDIRECTIONAL_SEQUENCE_RNN BIDIRECTIONAL_SEQUENCE_RNN WHILE IF CALL_ONCE VAR_HANDLE "
        "READ_VARIABLE ASSIGN_VARIABLE CONV_2D DEPTHWISE_CONV_2D TRANSPOSE_CONV CONV_3D "
        "CONV_3D_TRANSPOSE MAX_POOL_2D AVERAGE_POOL_2D L2_POOL_2D RESIZE_BILINEAR "
        "RESIZE_NEAREST_NEIGHBOR EMBEDDING_LOOKUP GATHER BATCH_MATMUL FlexTensorListReserve"
    ),
    "fold scaling and normalisation into the dense layers, and leave skip connections out": (
        "ADD ADD_N MUL SUB DIV NEG SQUARE SQRT RSQRT SQUARED_DIFFERENCE MEAN SUM MAXIMUM MINIMUM "
        "CONCATENATION L2_NORMALIZATION"
    ),
    _RANDOM: "RANDOM_STANDARD_NORMAL RANDOM_UNIFORM MULTINOMIAL",
    "use RESHAPE": "SQUEEZE EXPAND_DIMS",
}
_FLEX = "convert with TFLITE_BUILTINS only, without SELECT_TF_OPS"
_OTHERWISE = f"{_LAYERS}, with relu, relu6, tanh or sigmoid"
# As the module's own reader says it, which has room for the number only.
_SAID = re.compile(r"\boperator (\d+|[A-Za-z]\w*) is not supported")


def name_of(number: int) -> str:
    """What TensorFlow calls a built-in operator, or its number if that is newer than we are."""
    from ai_edge_litert.schema_py_generated import BuiltinOperator  # slow, and seldom needed

    names = (name for name, each in vars(BuiltinOperator).items() if each == number)
    return next(names, f"number {number}")


def way_out(name: str) -> str:
    """What to do about an operator, or one that a maker has added, as an order."""
    for way, names in WAYS.items():
        if name in names.split():
            return way
    return _FLEX if name.startswith("Flex") else _OTHERWISE


def ways_out(names: Iterable[str]) -> str:
    """ "SHAPE and PACK: export with a batch size of 1; GELU: use ...": each operator once."""
    ways = {name: way_out(name) for name in names}
    by_way: dict[str, list[str]] = {}
    for name, way in ways.items():
        if _LAYERS in ways.values() and way not in (_ACTIVATION, _RANDOM):
            way = _LAYERS  # a loop over steps brings slices and sums that nothing else would mend
        by_way.setdefault(way, []).append(name)
    return "; ".join(f"{listed(names)}: {way}" for way, names in by_way.items())


def explained(text: str) -> str:
    """What the module says of a model file, with an operator's name and the way out."""

    def explain(found: re.Match[str]) -> str:
        name = name_of(int(found[1])) if found[1].isdigit() else found[1]
        return f"operator {name} is not supported ({ways_out([name])})"

    return _SAID.sub(explain, text)
