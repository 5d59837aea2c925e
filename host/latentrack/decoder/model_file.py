"""Read the tables of a `.tflite`: its metadata, inputs and outputs, without running it.

The file is a flatbuffer after TensorFlow's schema v3. Offsets come from a file that anybody
may have made or cut short, so every read is checked against its length.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

IDENTIFIER = b"TFL3"

# Field numbers in TensorFlow's schema.
MODEL_VERSION = 0
MODEL_OPERATOR_CODES = 1
MODEL_SUBGRAPHS = 2
MODEL_DESCRIPTION = 3
MODEL_BUFFERS = 4
MODEL_METADATA_BUFFER = 5
MODEL_METADATA = 6
MODEL_SIGNATURES = 7
_SUBGRAPH_TENSORS, _SUBGRAPH_INPUTS, SUBGRAPH_OUTPUTS, SUBGRAPH_OPERATORS = 0, 1, 2, 3
_TENSOR_SHAPE, _TENSOR_TYPE = 0, 1
BUFFER_DATA, BUFFER_OFFSET, BUFFER_SIZE = 0, 1, 2
_METADATA_NAME, _METADATA_BUFFER = 0, 1
_SIGNATURE_OUTPUTS, _MAP_NAME, _MAP_TENSOR = 1, 0, 1
_OPERATOR_CODE, _OPERATOR_INPUTS, _OPERATOR_OUTPUTS, OPERATOR_OPTIONS_OFFSET = 0, 1, 2, 9
_CODE_OLD, _CODE = 0, 3

_TYPE_NAMES = {
    0: "float32",
    1: "float16",
    2: "int32",
    3: "uint8",
    4: "int64",
    7: "int16",
    9: "int8",
}


class Malformed(Exception):
    """The bytes are not what they say; the message is a phrase that follows the file's name."""


@dataclass(frozen=True)
class Table:
    """One flatbuffer table: `position` in `data`, fields by number, every read inside the file."""

    data: bytes
    position: int

    @classmethod
    def root(cls, data: bytes) -> "Table":
        """The table that the file begins with. Raises Malformed."""
        return cls(data, _u32(data, 0))

    def field(self, number: int) -> int | None:
        """Where the field's value lies, or None where it has its default."""
        vtable = self.position - _read("<i", self.data, self.position)
        length = _read("<H", self.data, vtable)
        if length < 4 or length % 2:
            raise Malformed("is damaged: a table's list of fields is not one")
        _slice(self.data, vtable, length)
        if 4 + 2 * number >= length:
            return None
        offset = _read("<H", self.data, vtable + 4 + 2 * number)
        return self.position + offset if offset else None

    def scalar(self, number: int, code: str) -> int:
        """A number by its struct code; 0 if the field is absent. Raises Malformed."""
        at = self.field(number)
        return 0 if at is None else _read("<" + code, self.data, at)

    def table(self, number: int) -> "Table | None":
        """The table in a field; None if it is absent. Raises Malformed."""
        at = self.target(number)
        return None if at is None else Table(self.data, at)

    def target(self, number: int) -> int | None:
        """The position of the vector, string or table that the field points at."""
        at = self.field(number)
        return None if at is None else at + _u32(self.data, at)

    def tables(self, number: int) -> Iterator["Table"]:
        """The tables of a vector of tables. Raises Malformed."""
        at = self.target(number)
        if at is None:
            return
        _slice(self.data, at + 4, 4 * _u32(self.data, at))
        for element in range(at + 4, at + 4 + 4 * _u32(self.data, at), 4):
            yield Table(self.data, element + _u32(self.data, element))

    def raw(self, number: int) -> bytes:
        """The bytes of a string or byte vector; empty where there is none."""
        at = self.target(number)
        return b"" if at is None else _slice(self.data, at + 4, _u32(self.data, at))

    def vector(self, number: int, width: int) -> tuple[int, int]:
        """Where the elements of a vector lie, each of `width` bytes, and how many there are."""
        at = self.target(number)
        if at is None:
            return 0, 0
        count = _u32(self.data, at)
        _slice(self.data, at + 4, width * count)
        return at + 4, count

    def integers(self, number: int) -> tuple[int, ...]:
        """The elements of a vector of int32. Raises Malformed."""
        return tuple(map(int, self._numbers(number, "i")))

    def longs(self, number: int) -> tuple[int, ...]:
        """The elements of a vector of int64. Raises Malformed."""
        return tuple(map(int, self._numbers(number, "q")))

    def floats(self, number: int) -> tuple[float, ...]:
        """The elements of a vector of float32. Raises Malformed."""
        return self._numbers(number, "f")

    def _numbers(self, number: int, code: str) -> tuple[float, ...]:
        """The elements of a vector of numbers."""
        at, count = self.vector(number, struct.calcsize("<" + code))
        return struct.unpack_from(f"<{count}{code}", self.data, at)


@dataclass(frozen=True)
class Port:
    """An input or output of the network."""

    shape: tuple[int, ...]
    type: str

    @property
    def size(self) -> int:
        """Elements of the tensor: the product of its shape."""
        size = 1
        for n in self.shape:
            size *= abs(n)  # -1 is a batch that is still open
        return size

    def __str__(self) -> str:
        return f"{'×'.join(str(n) for n in self.shape) or 'scalar'} {self.type}"


@dataclass(frozen=True)
class ModelFile:
    """What a `.tflite` holds besides its weights.

    output_names: what the signature calls each of `outputs`; "" where it says nothing.
    """

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    metadata: dict[str, bytes]
    output_names: tuple[str, ...] = ()

    @classmethod
    def parse(cls, data: bytes) -> "ModelFile":
        """Raises Malformed ("is not a .tflite file", "is cut short …")."""
        if data[4:8] != IDENTIFIER:
            raise Malformed("is empty" if not data else "is not a .tflite file")
        model = Table.root(data)
        buffers = [buffer_bytes(buffer) for buffer in model.tables(MODEL_BUFFERS)]
        metadata = {}
        for entry in model.tables(MODEL_METADATA):
            number = entry.scalar(_METADATA_BUFFER, "I")
            if number >= len(buffers):
                raise Malformed("has metadata that points outside the file")
            metadata[entry.raw(_METADATA_NAME).decode("utf-8", "replace")] = buffers[number]
        subgraph = next(model.tables(MODEL_SUBGRAPHS), None)
        if subgraph is None:
            raise Malformed("holds no network")
        ports = [
            Port(tensor.integers(_TENSOR_SHAPE), _type_name(tensor.scalar(_TENSOR_TYPE, "b")))
            for tensor in subgraph.tables(_SUBGRAPH_TENSORS)
        ]
        # Read for their extents only: what stands last in the file is what a cut takes first.
        codes = [
            (code.scalar(_CODE_OLD, "b"), code.scalar(_CODE, "i"))
            for code in model.tables(MODEL_OPERATOR_CODES)
        ]
        for operator in subgraph.tables(SUBGRAPH_OPERATORS):
            used = operator.integers(_OPERATOR_INPUTS) + operator.integers(_OPERATOR_OUTPUTS)
            known = operator.scalar(_OPERATOR_CODE, "I") < len(codes)
            if not known or any(i >= len(ports) for i in used):
                raise Malformed("is damaged: an operator of it does not exist")
        chosen = []
        for field in (_SUBGRAPH_INPUTS, SUBGRAPH_OUTPUTS):
            indices = subgraph.integers(field)
            if any(not 0 <= i < len(ports) for i in indices):
                raise Malformed("is damaged: an input or output of it does not exist")
            chosen.append(tuple(ports[i] for i in indices))
        named = {tensor: name for name, tensor in signature_outputs(model)}
        names = tuple(named.get(i, "") for i in subgraph.integers(SUBGRAPH_OUTPUTS))
        return cls(chosen[0], chosen[1], metadata, names)


def lies_behind(buffer: Table) -> bool:
    """Whether a buffer's bytes lie behind the flatbuffer, at an offset from the file's start.

    The format's writers put 1 there as long as they do not know where that will be.
    """
    return buffer.scalar(BUFFER_OFFSET, "Q") > 1


def buffer_bytes(buffer: Table) -> bytes:
    """What a buffer holds, wherever that lies."""
    if not lies_behind(buffer):
        return buffer.raw(BUFFER_DATA)
    at, size = buffer.scalar(BUFFER_OFFSET, "Q"), buffer.scalar(BUFFER_SIZE, "Q")
    return _slice(buffer.data, at, size)


def signature_outputs(model: Table) -> list[tuple[str, int]]:
    """Name and tensor of each output of the first signature; [] where there is none."""
    signature = next(model.tables(MODEL_SIGNATURES), None)
    if signature is None:
        return []
    return [
        (output.raw(_MAP_NAME).decode("utf-8", "replace"), output.scalar(_MAP_TENSOR, "I"))
        for output in signature.tables(_SIGNATURE_OUTPUTS)
    ]


def metadata_entries(model: Table) -> list[tuple[bytes, int, int]]:
    """Name, number of the buffer, and position of the table of each metadata entry."""
    return [
        (entry.raw(_METADATA_NAME), entry.scalar(_METADATA_BUFFER, "I"), entry.position)
        for entry in model.tables(MODEL_METADATA)
    ]


def entry_near_front(front: bytes, name: bytes) -> bytes:
    """The content of a metadata entry, from the beginning of a file; b"" if there is none in it.

    What lies behind the end of `front` is passed over. Raises Malformed.
    """
    model = Table.root(front)
    buffers = model.vector(MODEL_BUFFERS, 4)
    for entry in model.tables(MODEL_METADATA):
        try:
            if entry.raw(_METADATA_NAME) != name:
                continue
        except Malformed:
            continue
        number = entry.scalar(_METADATA_BUFFER, "I")
        if number < buffers[1]:
            at = buffers[0] + 4 * number
            return Table(front, at + _u32(front, at)).raw(BUFFER_DATA)
    return b""


def _type_name(code: int) -> str:
    return _TYPE_NAMES.get(code, f"type {code}")


def _read(code: str, data: bytes, at: int) -> int:
    (value,) = struct.unpack(code, _slice(data, at, struct.calcsize(code)))
    return int(value)


def _u32(data: bytes, at: int) -> int:
    return _read("<I", data, at)


def _slice(data: bytes, at: int, size: int) -> bytes:
    if at < 0 or at + size > len(data):
        raise Malformed("is cut short or damaged")
    return data[at : at + size]
