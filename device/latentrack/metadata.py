"""Read a model file's metadata entry LATENTRACK: the MIDI note of its first voice, and its axes.

The entry is JSON (docs/model-format.md). latentcore has no bytes left to tell where it lies, so
this file follows the tables of the flatbuffer once more.
"""

import json
from struct import unpack_from

_NAME = b"LATENTRACK"
# Fields of the schema's tables, by number.
_BUFFERS, _METADATA = 4, 6  # of Model
_ENTRY_NAME, _ENTRY_BUFFER = 0, 1  # of Metadata
_DATA = 0  # of Buffer
# The limits of what is read: a larger entry would take too much time and memory.
_MOST_ENTRIES = 32
_MOST_BYTES = 8192


def extras(file):
    """(the MIDI note of voice 0, 0 to 127; the attribute that orders each latent, "" for none).

    Where the bytes of the model do not say it: 0 and (). The reference's models do not: their voice
    n is n semitones above 0 V.
    """
    try:
        said = json.loads(bytes(_entry(file)))
        note, axes = said.get("lowest_pitch"), said.get("axes")
    except (ValueError, TypeError, AttributeError, RuntimeError):
        return 0, ()
    return (
        note if type(note) is int and 0 <= note <= 127 else 0,
        tuple(axes) if type(axes) is list else (),
    )


def _entry(file):
    """The bytes of the entry. Raises ValueError if there is none, or the tables are damaged."""
    model = _target(file, 0)
    entries = _field(file, model, _METADATA)
    for number in range(min(_number(file, entries), _MOST_ENTRIES)):
        entry = _target(file, entries + 4 + 4 * number)
        name = _field(file, entry, _ENTRY_NAME)
        if bytes(_vector(file, name)) == _NAME:
            buffers = _field(file, model, _BUFFERS)
            at = _slot(file, entry, _ENTRY_BUFFER)
            index = _number(file, at) if at else 0  # a number that is 0 is left out
            if index < _number(file, buffers):
                buffer = _target(file, buffers + 4 + 4 * index)
                return _vector(file, _field(file, buffer, _DATA))
    raise ValueError("no entry")


def _number(file, at, form="<I"):
    # Two bytes too many for "<H": behind a vtable there is always a table.
    if not 0 <= at <= len(file) - 4:
        raise ValueError("beyond the end")
    return unpack_from(form, file, at)[0]


def _target(file, at):
    """The offset in bytes that the word at `at` points to."""
    return at + _number(file, at)


def _slot(file, table, number):
    """The offset in bytes of a field of a table; 0 if the field is left out."""
    vtable = table - _number(file, table, "<i")
    if 4 + 2 * number >= _number(file, vtable, "<H"):
        return 0
    offset = _number(file, vtable + 4 + 2 * number, "<H")
    return table + offset if offset else 0


def _field(file, table, number):
    """The offset that a field of a table points to. Raises ValueError if it is left out."""
    at = _slot(file, table, number)
    if not at:
        raise ValueError("left out")
    return _target(file, at)


def _vector(file, at):
    """The bytes of a vector of bytes, or of a text."""
    size = _number(file, at)
    if size > _MOST_BYTES:
        raise ValueError("too large")
    return file[at + 4 : at + 4 + size]
