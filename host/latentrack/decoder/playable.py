"""Validate that a module can play a network: the rules of `firmware/lib/tflite/`.

The module validates every file itself, in words that must be few. What it refuses is refused here,
with more of them; `tests/firmware/test_wrong_models.py` holds the two against each other. The rules
are stricter than the file format where readers of it disagree: a model that is accepted is decoded
alike by LiteRT and by the module.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field

from latentrack.decoder import model_file, operators
from latentrack.decoder.model_file import Malformed, Table
from latentrack.words import count

SCHEMA = 3
DESCRIPTION = b"TFLITE_METADATA"
FEEL = b"LATENTRACK_FEEL"
FEEL_VERSION = 1
OUTPUTS = (b"hits", b"velocity", b"timing")
MAX_FEEL_LATENTS = 2
_NO_CHAIN = "has operators that are not one chain from input to output"
MAX_LATENTS = 8
MAX_DENSE = 8
MAX_MAPS = 12
MAX_PARTS = 255
MAX_EXTENT = 65535
MAX_RANK = 8
MAX_SCALE = 1e6
MIN_SCALE = 2.0**-126  # the smallest float32 that is not subnormal
# A little below the module's own limits, as it computes in float32.
MAX_FACTOR = 255.99
MAX_SUM = 9.9e25
MAX_LATENT = 255.0

DEQUANTIZE, FULLY_CONNECTED, LOGISTIC, RELU, RELU_N1_TO_1, RELU6 = 6, 9, 14, 19, 20, 21
RESHAPE, TANH, CUSTOM, QUANTIZE = 22, 28, 32, 114

# Field numbers in TensorFlow's schema.
_CODE_SHORT, _CODE_CUSTOM, _CODE_VERSION, _CODE = 0, 1, 2, 3
_TENSORS, _INPUTS, _OUTPUTS, _OPERATORS = 0, 1, 2, 3
_OP_CODE, _OP_INPUTS, _OP_OUTPUTS, _OP_OPTIONS_ARE, _OP_OPTIONS = 0, 1, 2, 3, 4
_SHAPE, _TYPE, _BUFFER, _QUANTIZATION = 0, 1, 2, 4
_VARIABLE, _SPARSITY, _VARIANT, _EXTERNAL = 5, 6, 9, 10
_SCALE, _ZERO_POINT, _DETAILS_ARE, _AXIS = 2, 3, 4, 6
_DATA, _OFFSET = 0, 1
_ACTIVATION, _FORMAT, _KEEP_DIMS, _BIAS_TYPE, _QUANT_SPEC = 0, 1, 2, 4, 5
_NEW_SHAPE = 0
_SIGNATURE_OUTPUTS, _SIGNATURE_KEY = 1, 2
_MAP_NAME, _MAP_TENSOR = 0, 1

_NUMBERS = {0: "float32", 1: "float16", 2: "int32", 9: "int8"}
_WIDTHS = {"float32": 4, "float16": 2, "int32": 4, "int8": 1}


_MOST_LETTERS = 40  # of a custom operator's name, in a sentence
_WITHOUT_SIGN = bytes(range(128)) * 2


class _TooLarge(Malformed):
    """Weights may be too large for sums of them to be numbers."""


@dataclass(frozen=True)
class _Kind:
    """An operator: the number of its options' type (0: none), its versions, its inputs at most."""

    name: str
    options: int
    versions: frozenset[int]
    inputs: int = 1


def _to(last: int) -> frozenset[int]:
    return frozenset(range(1, last + 1))


_KINDS = {
    DEQUANTIZE: _Kind("DEQUANTIZE", 38, _to(6)),
    FULLY_CONNECTED: _Kind("FULLY_CONNECTED", 8, _to(12) - {8}, 3),
    LOGISTIC: _Kind("LOGISTIC", 0, _to(3)),
    RELU: _Kind("RELU", 0, _to(3)),
    RELU_N1_TO_1: _Kind("RELU_N1_TO_1", 0, _to(1)),
    RELU6: _Kind("RELU6", 0, _to(3)),
    RESHAPE: _Kind("RESHAPE", 17, _to(1), 2),
    TANH: _Kind("TANH", 0, _to(3)),
    QUANTIZE: _Kind("QUANTIZE", 89, _to(3)),
}
_INT8_OUTPUT = {LOGISTIC: (1 / 256, -128), TANH: (1 / 128, 0)}
"""The scale and zero point that the file format prescribes."""


@dataclass(frozen=True)
class _Tensor:
    """A tensor: all its dimensions but the last multiplied (rows), the last (cols); where its
    constant data lie (at, size), size 0 for an activation."""

    index: int
    shape: tuple[int, ...]
    number: str
    at: int
    size: int
    scales: tuple[float, ...]
    scales_at: int
    zeros: tuple[int, ...]

    @property
    def cols(self) -> int:
        """The last dimension; 1 for a scalar."""
        return self.shape[-1] if self.shape else 1

    @property
    def elements(self) -> int:
        """The product of all dimensions."""
        return math.prod(self.shape)

    @property
    def rows(self) -> int:
        """The product of all dimensions but the last."""
        return self.elements // self.cols

    @property
    def quantization(self) -> tuple[float, int] | None:
        """How an activation is written: scale and zero point, or None for float32."""
        return (self.scales[0], self.zeros[0]) if self.number == "int8" else None


@dataclass
class _Flow:
    """An activation that a branch of the network has reached: of the latents, or of a layer."""

    tensor: int
    width: int  # elements
    last: int  # the last dimension when the decoder runs
    quantization: tuple[float, int] | None
    largest: float = MAX_LATENT  # no value is larger in magnitude
    read: bool = False  # by a layer: no other operator may change it


@dataclass
class _Tree:
    """What has been read of the network: the latents' flow, and one of each layer."""

    flows: list[_Flow]
    maps: int = 0
    written: set[int] = field(default_factory=set)
    constants: dict[int, _Tensor] = field(default_factory=dict)  # float16 by what they become

    @property
    def layers(self) -> int:
        """Number of dense layers."""
        return len(self.flows) - 1

    def reached(self, tensor: int) -> _Flow | None:
        """The branch that has reached this tensor."""
        return next((flow for flow in self.flows if flow.tensor == tensor), None)


def check_operators(data: bytes) -> None:
    """Raises Malformed where the file lists operators that no module knows: names, ways out."""
    model = Table.root(data)
    numbers = [(_operator(code), code) for code in model.tables(model_file.MODEL_OPERATOR_CODES)]
    unknown = [_name_of(number, code) for number, code in numbers if number not in _KINDS]
    if unknown:
        raise Malformed(
            f"holds operators that the module does not know ({operators.ways_out(unknown)})"
        )


def check(data: bytes) -> None:
    """Raises Malformed where the module would refuse the network; the message follows the file's
    name. The file must begin as `ModelFile.parse` accepts it."""
    check_operators(data)
    model = Table.root(data)
    version = model.scalar(model_file.MODEL_VERSION, "I")
    if version != SCHEMA:
        raise Malformed(f"is of version {version} of the file format, and the module reads 3")
    graphs = list(model.tables(model_file.MODEL_SUBGRAPHS))
    if len(graphs) != 1:
        raise Malformed(f"holds {count(len(graphs), 'network')}, and the module plays one")
    if any(
        each.field(_SIGNATURE_KEY) is None for each in model.tables(model_file.MODEL_SIGNATURES)
    ):
        raise Malformed("has a signature without a name")
    try:
        reader = _Reader(data, model, graphs[0])
        reader.check()
    except _TooLarge:
        reader = _Reader(data, model, graphs[0], exactly=True)
        reader.check()
    reader.check_metadata()


class _Reader:
    """exactly: whether to look at each weight (slow), or only how large they may be at most."""

    def __init__(self, data: bytes, model: Table, graph: Table, exactly: bool = False) -> None:
        self._data = data
        self._exactly = exactly
        self._model = model
        self._graph = graph
        self._codes = [_read_code(code) for code in model.tables(model_file.MODEL_OPERATOR_CODES)]
        self._buffers = list(model.tables(model_file.MODEL_BUFFERS))
        self._operators = list(graph.tables(_OPERATORS))
        tensors = list(graph.tables(_TENSORS))
        if len(tensors) > MAX_PARTS or len(self._operators) > MAX_PARTS:
            raise Malformed(f"has more than {MAX_PARTS} operators or tensors")
        self._tensors = [self._read_tensor(i, table) for i, table in enumerate(tensors)]

    def check(self) -> None:
        """Check the network from input to output. Raises Malformed if it cannot be played."""
        inputs, outputs = self._graph.integers(_INPUTS), self._graph.integers(_OUTPUTS)
        if len(inputs) != 1 or not outputs:
            raise Malformed("does not have one input and one output")
        source = self._tensor(inputs[0])
        self._require_activation(source)
        if source.elements > MAX_LATENTS:
            raise Malformed(
                f"has {count(source.elements, 'input')}, more than {MAX_LATENTS} latents"
            )
        tree = _Tree([_Flow(source.index, source.elements, source.cols, source.quantization)])
        tree.written.add(source.index)
        for operator in self._operators:
            self._follow(operator, tree)
        if not tree.layers:
            raise Malformed("has no FULLY_CONNECTED layer")
        widths = {self._end(tensor, tree) for tensor in self._named(outputs)}
        if len(widths) > 1:
            raise Malformed("has outputs that are not of one size")
        if not all(flow.read for flow in tree.flows):
            raise Malformed(_NO_CHAIN)

    def _named(self, outputs: tuple[int, ...]) -> tuple[int, ...]:
        """The outputs' tensors; three of them have names, and the hits are the first."""
        if len(outputs) == 1:
            return outputs
        signatures = list(self._model.tables(model_file.MODEL_SIGNATURES))
        named: dict[bytes, int] = {}
        for signature in signatures:
            for entry in signature.tables(_SIGNATURE_OUTPUTS):
                named.setdefault(entry.raw(_MAP_NAME), entry.scalar(_MAP_TENSOR, "I"))
        found = tuple(named.get(name, -1) for name in OUTPUTS)
        if (
            len(outputs) != len(OUTPUTS)
            or len(signatures) != 1
            or found[0] != outputs[0]
            or any(tensor not in outputs[1:] for tensor in found[1:])
        ):
            raise Malformed("has outputs that are not called hits, velocity and timing")
        return found

    def _end(self, tensor: int, tree: _Tree) -> int:
        """The branch that ends in an output; returns the output's width."""
        flow = tree.reached(tensor)
        if flow is None or flow.read or flow is tree.flows[0]:
            raise Malformed(_NO_CHAIN)
        flow.read = True
        return flow.width

    def check_metadata(self) -> None:
        """Each entry's buffer lies in the file, and there is at most one of each of those that the
        module reads, which fits the network."""
        seen = []
        for name, buffer, _ in model_file.metadata_entries(self._model):
            at, size = self._read_buffer(buffer)
            if name not in (DESCRIPTION, FEEL):
                continue
            if name in seen:
                raise Malformed("has metadata that are there twice")
            seen.append(name)
            if name == DESCRIPTION and self._data[at + 4 : at + min(8, size)] != b"M001":
                raise Malformed("has metadata that are not of the kind M001")
            if name == FEEL:
                self._check_feel(self._data[at : at + size])

    def _check_feel(self, entry: bytes) -> None:
        latents = self._tensor(self._graph.integers(_INPUTS)[0]).elements
        if len(entry) != 2 or entry[0] != FEEL_VERSION:
            raise Malformed("has a feel of a version that the module does not know")
        most = MAX_FEEL_LATENTS if len(self._graph.integers(_OUTPUTS)) > 1 else 0
        if entry[1] > min(most, latents - 1):
            raise Malformed(
                f"has {count(entry[1], 'latent')} of the feel, and at most "
                f"{min(most, latents - 1)} would do something"
            )

    def _tensor(self, index: int) -> _Tensor:
        if not 0 <= index < len(self._tensors):
            raise Malformed(f"is damaged: tensor {index} does not exist")
        return self._tensors[index]

    def _read_tensor(self, index: int, table: Table) -> _Tensor:
        number = _NUMBERS.get(table.scalar(_TYPE, "B"))
        if number is None:
            raise Malformed(
                f"has numbers of a type that the module does not read, in tensor {index}"
            )
        if (
            table.scalar(_VARIABLE, "B")
            or table.scalar(_SPARSITY, "I")
            or table.scalar(_VARIANT, "I")
            or table.scalar(_EXTERNAL, "I")
        ):
            raise Malformed(f"has a variable, sparse or external tensor ({index})")
        shape = table.integers(_SHAPE)
        if len(shape) > MAX_RANK or not _in_range(shape):
            raise Malformed(f"has a tensor of a shape out of range ({index})")
        scales, scales_at, zeros = _read_quantization(index, table, shape)
        at, size = self._read_buffer(table.scalar(_BUFFER, "I"))
        width = _WIDTHS[number]
        if size and size != width * math.prod(shape):
            raise Malformed(f"has a tensor with not as much data as its shape says ({index})")
        if size and at % width:
            raise Malformed(f"has a tensor that is not aligned ({index})")
        return _Tensor(index, shape, number, at, size, scales, scales_at, zeros)

    def _read_buffer(self, index: int) -> tuple[int, int]:
        if index >= len(self._buffers):
            raise Malformed(f"is damaged: buffer {index} does not exist")
        if self._buffers[index].scalar(_OFFSET, "Q") > 1:
            raise Malformed(
                "has weights that lie behind the model, where the module does not look (convert it "
                "without buffer offsets)"
            )
        return self._buffers[index].vector(_DATA, 1)

    def _require_activation(self, tensor: _Tensor) -> None:
        if tensor.size:
            raise Malformed("has an operator on constants only")
        if tensor.number not in ("float32", "int8"):
            raise Malformed(f"computes in {tensor.number}, not in float32 or int8")
        if tensor.number == "int8" and len(tensor.scales) != 1:
            raise Malformed(f"has an int8 tensor without one scale ({tensor.index})")
        if tensor.number == "int8" and not -128 <= tensor.zeros[0] <= 127:
            raise Malformed(f"has a zero point out of range, in tensor {tensor.index}")

    def _follow(self, operator: Table, tree: _Tree) -> None:
        which = operator.scalar(_OP_CODE, "I")
        if which >= len(self._codes):
            raise Malformed("is damaged: an operator of it does not exist")
        op = self._codes[which]
        kind = _KINDS[op]
        inputs, outputs = operator.integers(_OP_INPUTS), operator.integers(_OP_OUTPUTS)
        if not 1 <= len(inputs) <= kind.inputs or len(outputs) != 1:
            raise Malformed(f"is damaged: a {kind.name} has not the inputs and output of one")
        tag = operator.scalar(_OP_OPTIONS_ARE, "B")
        if tag not in (0, kind.options):
            raise Malformed(f"is damaged: a {kind.name} has the options of another operator")
        options = operator.table(_OP_OPTIONS) if tag else None
        source, target = self._tensor(inputs[0]), self._tensor(outputs[0])
        self._require_activation(target)
        if target.index in tree.written:
            raise Malformed(f"is damaged: tensor {target.index} is computed twice")
        tree.written.add(target.index)
        if op == DEQUANTIZE and source.number == "float16" and source.size:
            if target.quantization is None:
                tree.constants[target.index] = source
                return
        flow = tree.reached(source.index)
        if flow is None:
            raise Malformed(_NO_CHAIN)
        if op == FULLY_CONNECTED:
            flow = self._layer(options, inputs, target, flow, tree)
        else:
            self._map(op, options, inputs, target, flow, tree)
        flow.tensor, flow.width = target.index, target.elements
        flow.quantization = target.quantization

    def _constant(self, index: int, tree: _Tree) -> _Tensor:
        """The constant that a tensor is, or the float16 one behind a DEQUANTIZE that made it."""
        tensor = self._tensor(index)
        if tensor.size and tensor.number != "float16":
            return tensor
        source = tree.constants.get(index)
        if source is None or (source.rows, source.cols) != (tensor.rows, tensor.cols):
            raise Malformed("has weights that are computed")
        return source

    def _layer(
        self,
        options: Table | None,
        inputs: tuple[int, ...],
        target: _Tensor,
        flow: _Flow,
        tree: _Tree,
    ) -> _Flow:
        """The flow that the layer begins."""
        where = f"in layer {tree.layers + 1}"
        if tree.layers == MAX_DENSE:
            raise Malformed(f"has more than {MAX_DENSE} layers")
        if len(inputs) < 2:
            raise Malformed(f"is damaged: there are no weights {where}")
        _refuse_options(options, where)
        weights = self._constant(inputs[1], tree)
        keeps = options is not None and options.scalar(_KEEP_DIMS, "B")
        if (
            len(self._tensor(inputs[1]).shape) != 2
            or (weights.rows, weights.cols) != (target.cols, flow.width)
            or target.rows != 1
            or (keeps and flow.last != flow.width)
        ):
            raise Malformed(f"has weights that do not fit between input and output, {where}")
        int8 = flow.quantization is not None
        if (
            weights.number == "int32"
            or (int8 and weights.number != "int8")
            or int8 != (target.quantization is not None)
        ):
            raise Malformed(f"mixes number types as the module cannot, {where}")
        if weights.number == "int8":
            self._refuse_scales(weights, target, flow, where)
        largest = flow.largest * weights.cols * self._largest(weights)
        if len(inputs) == 3 and inputs[2] != -1:
            bias = self._constant(inputs[2], tree)
            if bias.elements != weights.rows:
                raise Malformed(f"has a bias that does not fit the weights, {where}")
            if bias.number == "int8" or int8 != (bias.number == "int32"):
                raise Malformed(f"mixes number types as the module cannot, {where}")
            if int8 and (len(bias.scales) != len(weights.scales) or any(bias.zeros)):
                raise Malformed(f"has a bias whose scales are not those of the weights, {where}")
            largest += 0 if int8 else self._largest(bias)
        if not int8 and not largest < MAX_SUM:
            raise _TooLarge(f"has weights that are too large, or not numbers, {where}")
        flow.read = True
        begun = _Flow(target.index, target.elements, target.elements, target.quantization, largest)
        tree.flows.append(begun)
        return begun

    def _refuse_scales(self, weights: _Tensor, target: _Tensor, flow: _Flow, where: str) -> None:
        if not weights.scales or weights.scales_at % 4 or any(weights.zeros):
            raise Malformed(f"has int8 weights without scales or with zero points, {where}")
        if flow.quantization is not None and target.quantization is not None:
            factor = flow.quantization[0] * max(weights.scales) / target.quantization[0]
            if not factor < MAX_FACTOR:
                raise Malformed(f"has scales that do not fit each other, {where}")

    def _largest(self, tensor: _Tensor) -> float:
        """No less than the largest magnitude of a constant's numbers, and exactly that if
        `exactly`; infinite if one is infinite or not a number.

        Without their sign, the bits of floats are in the floats' order, and those two come last.
        """
        if tensor.number == "int8":
            return 128 * max(tensor.scales)
        raw = self._data[tensor.at : tensor.at + tensor.size]
        width = _WIDTHS[tensor.number]
        # Python's own loops take 0.1 s for 500,000 numbers, so look at their highest bytes first.
        high = max(raw[width - 1 :: width].translate(_WITHOUT_SIGN))
        bits = b"\xff" * (width - 1) + bytes([high])
        if self._exactly:
            same = [i for i, byte in enumerate(raw[width - 1 :: width]) if byte & 0x7F == high]
            bits = max((raw[width * i : width * i + width - 1] for i in same), key=_number)
            bits += bytes([high])
        (value,) = struct.unpack("<e" if width == 2 else "<f", bits)
        return float(value) if math.isfinite(value) else math.inf

    def _map(
        self,
        op: int,
        options: Table | None,
        inputs: tuple[int, ...],
        target: _Tensor,
        flow: _Flow,
        tree: _Tree,
    ) -> None:
        name, before, after = _KINDS[op].name, flow.quantization, target.quantization
        if flow.read:
            raise Malformed(_NO_CHAIN)
        if target.elements != flow.width:
            raise Malformed(f"is damaged: a {name} changes the number of elements")
        if op == RESHAPE:
            if before != after:
                raise Malformed("is damaged: a RESHAPE changes the numbers")
            flow.last = self._reshaped(options, inputs, flow)
            return
        from_int8, to_int8 = before is not None, after is not None
        if op == QUANTIZE and from_int8:
            raise Malformed("quantises int8 to int8 of another scale")
        if (to_int8 if op == DEQUANTIZE else from_int8 != to_int8) and op != QUANTIZE:
            raise Malformed(f"is damaged: a {name} has an output of another number type")
        if (op == QUANTIZE and not to_int8) or (op == DEQUANTIZE and not from_int8):
            raise Malformed(f"is damaged: a {name} has an output of another number type")
        if before is not None and after is not None:
            prescribed = _INT8_OUTPUT.get(op)
            if after != prescribed if prescribed else after[0] > before[0]:
                raise Malformed(f"has a {name} with an int8 output of an unusual scale")
        if op == DEQUANTIZE and before is not None:
            flow.largest = 256 * before[0]
        tree.maps += 1
        if tree.maps > MAX_MAPS:
            raise Malformed(f"has more than {MAX_MAPS} operators besides its layers")

    def _reshaped(self, options: Table | None, inputs: tuple[int, ...], flow: _Flow) -> int:
        """The last dimension of what a RESHAPE makes."""
        shape = options.integers(_NEW_SHAPE) if options is not None else ()
        if len(inputs) == 2:
            tensor = self._tensor(inputs[1])
            fits = tensor.number == "int32" and len(tensor.shape) == 1
            raw = self._data[tensor.at : tensor.at + tensor.size] if fits else b""
            shape = tuple(memoryview(raw).cast("i")) if raw else ()
        product = math.prod(extent for extent in shape if extent != -1)
        left, rest = divmod(flow.width, product) if product > 0 else (0, 1)
        opened = shape.count(-1)
        wrong = any(extent < -1 for extent in shape) or rest or opened > 1
        if not shape or wrong or (not opened and left != 1):
            raise Malformed("is damaged: a RESHAPE changes the number of elements")
        return left if shape[-1] == -1 else shape[-1]


def _operator(code: Table) -> int:
    """Old writers know the first field only, which is a byte."""
    return max(code.scalar(_CODE_SHORT, "B"), code.scalar(_CODE, "I"))


def _read_code(code: Table) -> int:
    """The operator of an entry of the operator codes."""
    op = _operator(code)
    kind = _KINDS[op]
    version = code.scalar(_CODE_VERSION, "I") if code.field(_CODE_VERSION) is not None else 1
    if version not in kind.versions:
        raise Malformed(
            f"holds version {version} of the operator {kind.name}, which the module does not know"
        )
    return op


def _name_of(op: int, code: Table) -> str:
    if op == CUSTOM:
        name = re.sub(r"\W", "?", code.raw(_CODE_CUSTOM).decode("ascii", "replace"))
        return name[:_MOST_LETTERS] or "CUSTOM"
    return operators.name_of(op)


def _in_range(shape: Iterable[int]) -> bool:
    elements = 1
    for extent in shape:
        elements *= extent
        if not 1 <= extent <= MAX_EXTENT:
            return False
    return True


def _read_quantization(
    index: int, table: Table, shape: tuple[int, ...]
) -> tuple[tuple[float, ...], int, tuple[int, ...]]:
    """Scales, where they lie, and zero points."""
    quantization = table.table(_QUANTIZATION)
    if quantization is None:
        return (), 0, ()
    scales, zeros = quantization.floats(_SCALE), quantization.longs(_ZERO_POINT)
    if quantization.scalar(_DETAILS_ARE, "B"):
        raise Malformed(f"is quantised in another maker's way, in tensor {index}")
    if not scales:
        return (), 0, zeros
    if (
        len(scales) != len(zeros)
        or quantization.scalar(_AXIS, "I")
        or not shape
        or (len(scales) > 1 and len(scales) != shape[0])
        or not all(MIN_SCALE <= scale <= MAX_SCALE for scale in scales)
    ):
        raise Malformed(f"has scales or zero points that do not fit, in tensor {index}")
    return scales, quantization.vector(_SCALE, 4)[0], zeros


def _refuse_options(options: Table | None, where: str) -> None:
    if options is None:
        return
    if options.scalar(_FORMAT, "B") or options.scalar(_QUANT_SPEC, "I"):
        raise Malformed(f"has shuffled or specially packed weights, {where}")
    if options.scalar(_BIAS_TYPE, "B") > 2 or options.scalar(_ACTIVATION, "B") > 3:
        raise Malformed(f"has a fused activation or a bias that the module does not know, {where}")


def _number(little_endian: bytes) -> int:
    return int.from_bytes(little_endian, "little")
