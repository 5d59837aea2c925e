"""Replace the entries of a model file's metadata; all else that it holds is kept.

The old file lies as it is, byte for byte and aligned to 16, at the end of the new one; in front
lies a new root that shares its tables. A flatbuffer's tables point to each other by distances, so
they may move. What lies behind a flatbuffer (`Buffer.offset`) is found by its place in the file, so
that is copied into the new flatbuffer, which is where a module looks for it.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from latentrack.decoder import model_file
from latentrack.decoder.model_file import Malformed, Table

if TYPE_CHECKING:
    import flatbuffers

_ALIGNMENT = 16


def with_entries(data: bytes, entries: Mapping[str, bytes], dropped: Collection[str]) -> bytes:
    """The same model with metadata entries by name, the first of them first in the file.

    dropped: names of entries that are left out of the new list. Raises Malformed; the message
    follows the file's name.
    """
    import flatbuffers  # reading a model does without it and the numpy that it loads

    old = Table.root(data)
    _refuse_options_behind(old)
    tables = list(old.tables(model_file.MODEL_BUFFERS))
    behind = {
        number: model_file.buffer_bytes(buffer)
        for number, buffer in enumerate(tables)
        if model_file.lies_behind(buffer)
    }
    # What has been copied is not carried along a second time.
    end = min(
        (tables[number].scalar(model_file.BUFFER_OFFSET, "Q") for number in behind),
        default=len(data),
    )
    builder = flatbuffers.Builder(len(data) + 1024)
    builder.Prep(_ALIGNMENT, end)
    start = builder.CreateByteVector(data[:end]) - 4  # a vector begins with its length

    def kept(position: int) -> int:
        if position >= end:
            raise Malformed("is damaged: tables lie between what lies behind the flatbuffer")
        return int(start - position)

    def kept_field(number: int) -> int:
        target = old.target(number)
        return 0 if target is None else kept(target)

    buffers = [
        _weights(builder, behind[number]) if number in behind else kept(buffer.position)
        for number, buffer in enumerate(tables)
    ]
    without = {name.encode() for name in dropped}
    listed = [
        kept(position)
        for name, _, position in model_file.metadata_entries(old)
        if name not in without
    ]
    # A flatbuffer grows towards its front.
    for name, content in reversed(list(entries.items())):
        builder.Prep(_ALIGNMENT, 0)
        buffers.append(_buffer(builder, content))
        title = builder.CreateString(name)
        builder.StartObject(2)
        builder.PrependUOffsetTRelativeSlot(0, title, 0)
        builder.PrependUint32Slot(1, len(buffers) - 1, 0)
        listed.append(builder.EndObject())

    buffer_vector = _offsets(builder, buffers)
    entry_vector = _offsets(builder, listed)
    builder.StartObject(8)
    builder.PrependUint32Slot(
        model_file.MODEL_VERSION, old.scalar(model_file.MODEL_VERSION, "I"), 0
    )
    for number in (
        model_file.MODEL_OPERATOR_CODES,
        model_file.MODEL_SUBGRAPHS,
        model_file.MODEL_DESCRIPTION,
        model_file.MODEL_METADATA_BUFFER,
        model_file.MODEL_SIGNATURES,
    ):
        builder.PrependUOffsetTRelativeSlot(number, kept_field(number), 0)
    builder.PrependUOffsetTRelativeSlot(model_file.MODEL_BUFFERS, buffer_vector, 0)
    builder.PrependUOffsetTRelativeSlot(model_file.MODEL_METADATA, entry_vector, 0)
    builder.Finish(builder.EndObject(), model_file.IDENTIFIER)
    return bytes(builder.Output())


def with_outputs(data: bytes, names: Sequence[str]) -> bytes:
    """The same model with its outputs in the order of these names, which its signature gives them.

    A converter orders several outputs as it likes. Raises Malformed if they are called otherwise.
    """
    model = Table.root(data)
    tensors = dict(model_file.signature_outputs(model))
    graph = next(model.tables(model_file.MODEL_SUBGRAPHS))
    at, count = graph.vector(model_file.SUBGRAPH_OUTPUTS, 4)
    if set(tensors) != set(names) or count != len(names):
        raise Malformed(f"has outputs that are not called {', '.join(names)}")
    ordered = struct.pack(f"<{count}i", *(tensors[name] for name in names))
    return data[:at] + ordered + data[at + 4 * count :]


def _refuse_options_behind(model: Table) -> None:
    """Options of a custom operator may lie behind the flatbuffer, and no module plays one."""
    for graph in model.tables(model_file.MODEL_SUBGRAPHS):
        for operator in graph.tables(model_file.SUBGRAPH_OPERATORS):
            if operator.scalar(model_file.OPERATOR_OPTIONS_OFFSET, "Q") > 1:
                raise Malformed("has a custom operator whose options lie behind the flatbuffer")


def _weights(builder: flatbuffers.Builder, content: bytes) -> int:
    builder.Prep(_ALIGNMENT, len(content))
    return _buffer(builder, content)


def _buffer(builder: flatbuffers.Builder, content: bytes) -> int:
    vector = builder.CreateByteVector(content)
    builder.StartObject(1)
    builder.PrependUOffsetTRelativeSlot(model_file.BUFFER_DATA, vector, 0)
    return int(builder.EndObject())


def _offsets(builder: flatbuffers.Builder, targets: Sequence[int]) -> int:
    builder.StartVector(4, len(targets), 4)
    for target in reversed(targets):
        builder.PrependUOffsetTRelative(target)
    return int(builder.EndVector())
