"""Frames of bytes over USB: the computer's end. device/latentrack/receive.py has the form and
the other end."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

MAGIC = 0xF5
MOST = 4096
"""Bytes of data in a frame, at most."""
KEPT = 1 << 16

_HEAD = struct.Struct("<BBHHHH")
_HEAD_UNCHECKED = struct.Struct("<BBHHH")
_CHECK = struct.Struct("<I")


@dataclass(frozen=True)
class Frame:
    """One frame. kind: one of the letters in receive.py.  number: which request it (answers)."""

    kind: str
    session: int
    number: int
    body: bytes = b""

    def encode(self) -> bytes:
        """The bytes on the cable: header with its check, body, CRC-32."""
        head = _HEAD_UNCHECKED.pack(
            MAGIC, ord(self.kind), self.session, self.number, len(self.body)
        )
        head += struct.pack("<H", zlib.crc32(head) & 0xFFFF)
        return head + self.body + _CHECK.pack(zlib.crc32(self.body, zlib.crc32(head)))


class Reader:
    """Finds whole frames in what comes; all else (what the module prints, noise) is in `rest`,
    the last KEPT bytes of it."""

    def __init__(self) -> None:
        self._data = bytearray()
        self.rest = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that are whole now that `data` has come, too."""
        self._data += data
        while True:
            start = self._data.find(MAGIC)
            if start < 0:
                start = len(self._data)
            self._let_pass(start)
            if len(self._data) < _HEAD.size:
                return
            _, kind, session, number, length, check = _HEAD.unpack_from(self._data)
            end = _HEAD.size + length
            if check != zlib.crc32(self._data[: _HEAD_UNCHECKED.size]) & 0xFFFF:
                self._let_pass(1)
            elif len(self._data) < end + _CHECK.size:
                return
            elif _CHECK.unpack_from(self._data, end)[0] != zlib.crc32(self._data[:end]):
                self._let_pass(1)
            else:
                body = bytes(self._data[_HEAD.size : end])
                del self._data[: end + _CHECK.size]
                yield Frame(chr(kind), session, number, body)

    def _let_pass(self, count: int) -> None:
        self.rest += self._data[:count]
        if len(self.rest) > 2 * KEPT:
            del self.rest[:-KEPT]
        del self._data[:count]
