"""Models that are broken by meaning: whole flatbuffers in which one field or two say another thing.

The schema's own classes say which fields a table has and of what type they are, so every field of
every table that a decoder's file holds is changed: numbers to their neighbours, limits and other
valid values, lists by what they hold and how many, tables that are left out, doubled or added,
weights and scales to what is not a number. What comes out is a file that a correct writer could
have written; whether it is still a decoder, and which, is for the readers to say.
"""

from __future__ import annotations

import inspect
import random
import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

INTEGERS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 17, 38, 89, 126, 127, 128, 200, 255, 256, 300, 65535)
INTEGERS += (-1, -2, -128, -129, 65536, 2**31 - 1, -(2**31), 2**32 - 1, 2**32, 2**40, 2**63 - 1)
FLOATS = (np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 1e30, -1e30, 3.4e38, 1e-30, 1e-45, 1 / 256)
TEXTS = (None, "", "TFLITE_METADATA", "a name that is longer than the one before" * 9)

_TYPE = re.compile(r"self\.(\w+) = \w+  # type: (.*)")
# What each number type of a tensor is in numpy.
_NUMPY = {
    schema.TensorType.FLOAT32: "<f4",
    schema.TensorType.FLOAT16: "<f2",
    schema.TensorType.INT32: "<i4",
    schema.TensorType.INT8: "i1",
}


@dataclass(frozen=True)
class Change:
    """One field of one table made something else."""

    path: tuple[str | int, ...]  # attributes and indices from the model on
    what: str
    value: Callable[[Any], Any]  # from what stands there to what shall stand there

    @property
    def field(self) -> str:
        """The path without its indices, as in `subgraphs.tensors.shape`."""
        return ".".join(part for part in self.path if isinstance(part, str))

    def __str__(self) -> str:
        return ".".join(map(str, self.path)) + ": " + self.what

    def apply(self, tree: Any) -> None:
        owner = tree
        for part in self.path[:-1]:
            owner = owner[part] if isinstance(part, int) else getattr(owner, part)
        name = self.path[-1]
        setattr(owner, name, self.value(getattr(owner, name)))


@cache
def fields_of(table: type) -> dict[str, str]:
    """The fields of a table class, and what the schema says of their types."""
    return dict(_TYPE.findall(inspect.getsource(table.__init__)))


def unpack(model: bytes) -> schema.ModelT:
    return schema.ModelT.InitFromPackedBuf(model, 0)


def pack(tree: schema.ModelT) -> bytes:
    builder = flatbuffers.Builder(4096)
    builder.Finish(tree.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def changes_of(model: bytes) -> list[Change]:
    """Every change of one field that there is for this model."""
    tree = unpack(model)
    return [*_of_table(tree, ()), *_of_data(tree), *_of_description(tree)]


def broken(model: bytes, changes: list[Change]) -> bytes | None:
    """The model with these changes; None where the file format cannot hold them."""
    tree = unpack(model)
    try:
        for change in changes:
            change.apply(tree)
        return pack(tree)
    except (TypeError, ValueError, AttributeError, IndexError, KeyError, OverflowError):
        return None
    except (struct.error, flatbuffers.builder.BuilderSizeError, AssertionError):
        return None


def generate(
    seeds: dict[str, bytes], count: int, seed: int
) -> Iterator[tuple[str, list[Change], bytes]]:
    """`count` models: the name of the seed, its changes (one, or two), the file.

    A field is drawn first and then what it becomes, so that each field is changed as often as any
    other, whatever there is to make of it.
    """
    rng = random.Random(seed)
    names = sorted(seeds)
    grouped = {name: _by_field(changes_of(seeds[name])) for name in names}
    made = 0
    while made < count:
        name = rng.choice(names)
        fields = sorted(grouped[name])
        chosen = [rng.choice(grouped[name][rng.choice(fields)]) for _ in range(rng.choice((1, 2)))]
        model = broken(seeds[name], chosen)
        if model is not None:
            made += 1
            yield name, chosen, model


def _by_field(changes: list[Change]) -> dict[str, list[Change]]:
    grouped: dict[str, list[Change]] = {}
    for change in changes:
        grouped.setdefault(change.field, []).append(change)
    return grouped


def _constant(value: Any) -> Callable[[Any], Any]:
    return lambda _: value


def _of_table(table: Any, path: tuple[str | int, ...]) -> Iterator[Change]:
    for name, said in fields_of(type(table)).items():
        where, value = (*path, name), getattr(table, name)
        if path[:1] == ("buffers",):
            continue  # see _of_data
        yield from _of_field(value, said, where)
        inner = value if isinstance(value, list) else [value]
        for i, each in enumerate(inner):
            if type(each).__name__.endswith("T") and hasattr(each, "Pack"):
                yield from _of_table(each, (*where, i) if isinstance(value, list) else where)


def _of_field(value: Any, said: str, path: tuple[str | int, ...]) -> Iterator[Change]:
    """What this field can become, by its type in the schema."""
    made = [name for name in re.findall(r"'(\w+T)'", said)]
    if said == "int":
        near = () if value is None else (value + 1, value - 1, value + 256)
        for number in dict.fromkeys((*near, *INTEGERS)):
            if number != value:
                yield Change(path, str(number), _constant(number))
    elif said == "float":
        for number in FLOATS:
            yield Change(path, str(number), _constant(number))
    elif said == "bool":
        yield Change(path, "the other", lambda old: not old)
    elif "str" in said:
        for text in TEXTS:
            yield Change(path, repr(text)[:20], _constant(text))
    elif "List[" in said and not made:
        yield from _of_numbers(value, path, FLOATS if "float" in said else INTEGERS)
    elif "List[" in said:
        yield from _of_tables(value, made[0], path)
    else:
        yield Change(path, "none", _constant(None))
        for name in made:
            yield Change(path, f"a {name}", lambda _, name=name: getattr(schema, name)())


def _listed(change: Callable[[list], Any]) -> Callable[[Any], Any]:
    """A change of a list of plain numbers, which the writer converts one by one."""
    return lambda old: change([] if old is None else [_plain(each) for each in old])


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _of_numbers(value: Any, path: tuple[str | int, ...], numbers: tuple) -> Iterator[Change]:
    length = 0 if value is None else len(value)
    yield Change(path, "none", _constant(None))
    yield Change(path, "empty", _constant([]))
    for number in numbers:
        yield Change(path, f"[{number}]", _constant([number]))
        yield Change(path, f"{number} more", _listed(lambda old, n=number: [*old, n]))
        for i in {0, length // 2, length - 1} if length else ():
            set_one = _listed(lambda old, i=i, n=number: [*old[:i], n, *old[i + 1 :]])
            yield Change(path, f"[{i}] = {number}", set_one)
    if length:
        yield Change(path, "without the last", _listed(lambda old: old[:-1]))
        yield Change(path, "turned round", _listed(lambda old: old[::-1]))
        yield Change(path, "twice", _listed(lambda old: old + old))
        yield Change(path, "all doubled", _listed(lambda old: [2 * each for each in old]))
        yield Change(path, "all negative", _listed(lambda old: [-each for each in old]))
        yield Change(path, "1 before", _listed(lambda old: [1, *old]))


def _of_tables(value: Any, kind: str, path: tuple[str | int, ...]) -> Iterator[Change]:
    length = 0 if value is None else len(value)
    yield Change(path, "none", _constant(None))
    yield Change(path, "empty", _constant([]))
    new = getattr(schema, kind)
    yield Change(path, f"one {kind} more", lambda old: [*(old or []), new()])
    for i in range(length):
        yield Change(path, f"without {i}", lambda old, i=i: [*old[:i], *old[i + 1 :]])
        yield Change(path, f"{i} again", lambda old, i=i: [*old, old[i]])
        yield Change(path, f"{i} doubled", lambda old, i=i: [*old[: i + 1], *old[i:]])
        if i:
            swap = [*range(i - 1), i, i - 1, *range(i + 1, length)]
            yield Change(path, f"{i} earlier", lambda old, swap=swap: [old[k] for k in swap])


def _of_data(tree: schema.ModelT) -> Iterator[Change]:
    """Buffers: what they hold as the tensor's numbers, and where they say that it lies."""
    types = {tensor.buffer: tensor.type for tensor in tree.subgraphs[0].tensors}
    for i, buffer in enumerate(tree.buffers):
        for name in ("offset", "size"):
            yield from _of_field(getattr(buffer, name), "int", ("buffers", i, name))
        path = ("buffers", i, "data")
        yield Change(path, "none", _constant(None))
        yield Change(path, "four zeros", _constant(np.zeros(4, np.uint8)))
        if buffer.data is None:
            continue
        yield Change(path, "one byte less", lambda old: old[:-1])
        yield Change(path, "one number less", lambda old: old[:-4])
        yield Change(path, "four bytes more", lambda old: np.append(old, old[:4]))
        yield Change(path, "all 255", lambda old: np.full_like(old, 255))
        number = np.dtype(_NUMPY.get(types.get(i), "u1"))
        if len(buffer.data) % number.itemsize:
            continue
        for value in FLOATS if number.kind == "f" else (-128, 127, 2**31 - 1, -(2**31), 1, 0):
            if number.kind != "f" and not _fits(value, number):
                continue
            for at in (0, len(buffer.data) // number.itemsize // 2, -1):
                store = lambda old, at=at, v=value, n=number: _stored(old, at, v, n)  # noqa: E731
                yield Change(path, f"number {at} = {value}", store)


def _fits(value: int, number: np.dtype) -> bool:
    limits = np.iinfo(number)
    return bool(limits.min <= value <= limits.max)


def _stored(old: np.ndarray, at: int, value: float, number: np.dtype) -> np.ndarray:
    numbers = np.frombuffer(bytes(old), number).copy()
    with np.errstate(over="ignore"):
        numbers[at] = value
    return np.frombuffer(numbers.tobytes(), np.uint8)


def _of_description(tree: schema.ModelT) -> Iterator[Change]:
    """The bytes that say what the outputs mean: steps, voices, scale, groups."""
    for entry in tree.metadata or ():
        if entry.name not in (b"TFLITE_METADATA", "TFLITE_METADATA"):
            continue
        data = bytes(tree.buffers[entry.buffer].data)
        start = data.find(b"xen:")
        for at in range(start, min(start + 20, len(data))):
            for byte in (0, 1, 2, 127, 128, 255):
                change = lambda old, at=at, b=byte: _stored(old, at, b, np.dtype("u1"))  # noqa: E731
                yield Change(("buffers", entry.buffer, "data"), f"byte {at} = {byte}", change)
