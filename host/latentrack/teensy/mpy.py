"""Parse native .mpy files of format 6.3, which stock firmware loads."""

from __future__ import annotations

from dataclasses import dataclass

from latentrack.errors import UserError

ARMV7EMDP = 8
_HEADER = bytes((ord("M"), 6, ARMV7EMDP << 2 | 3, 31))
_NATIVE = 2
_HAS_RELOCATIONS = 0x10
TO_IMAGE, TO_NAMES, TO_FUNCTIONS = 0, 6, 8


@dataclass(frozen=True)
class NativeFile:
    """The contents of a native .mpy for the Teensy; its entry is the first byte of the image."""

    names: list[str]
    image: bytes
    relocations: list[tuple[int, int]]
    """(index of the image's word, TO_IMAGE, TO_NAMES or TO_FUNCTIONS)."""


def parse(data: bytes) -> NativeFile:
    """Parse a file. Raises UserError if it is not a native .mpy for the Teensy or is cut short."""
    if data[:4] != _HEADER:
        raise UserError("This is not a native .mpy for the Teensy; build it: `make armv7emdp`.")
    reader = _Reader(data, 4)
    try:
        return _parse(reader)
    except IndexError as error:
        raise UserError("The .mpy file is cut short; build it: `make armv7emdp`.") from error


class _Reader:
    def __init__(self, data: bytes, at: int) -> None:
        self._data, self._at = data, at

    def take(self, count: int) -> bytes:
        """The next `count` bytes. Raises IndexError if fewer are left."""
        end = self._at + count
        if end > len(self._data):
            raise IndexError
        taken, self._at = self._data[self._at : end], end
        return taken

    def number(self) -> int:
        """The next variable-length number: 7 bits a byte, the highest first."""
        value = 0
        while True:
            byte = self.take(1)[0]
            value = value << 7 | byte & 0x7F
            if not byte & 0x80:
                return value


def _parse(reader: _Reader) -> NativeFile:
    count = reader.number()
    reader.number()  # constant objects: a native module has none
    names = []
    for _ in range(count):
        names.append(reader.take(reader.number() >> 1).decode())
        reader.take(1)
    kind = reader.number()
    image = reader.take(kind >> 3)
    if kind & 7 != _NATIVE or not reader.number() & _HAS_RELOCATIONS:
        raise UserError("The .mpy file holds no native code; build it: `make armv7emdp`.")
    relocations, word = [], 0
    while (operation := reader.take(1)[0]) != 0xFF:
        if operation & 1:
            word = reader.number() >> 1
        destination = operation >> 1
        repeated = reader.number() if destination == 1 else 1
        for _ in range(repeated):
            relocations.append((word, TO_IMAGE if destination <= 1 else destination))
            word += 1
    return NativeFile(names, image, relocations)
