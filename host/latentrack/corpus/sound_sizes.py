"""Repair sizes that the writer of a sound file left open: a recorder cut off, a stream.

Where a file says 0, or all ones, of its samples, or has no count of them, it is shown to libsndfile
with what is really there.
"""

from __future__ import annotations

import contextlib
import os
import struct
from typing import IO, Any

_HEAD = 1 << 16  # bytes in which the beginning of the samples is looked for
_LAST_FRAMES = 1 << 18  # bytes in which the last frame of a FLAC stream is looked for


def with_sizes(file: IO[bytes]) -> Any:
    """A view of the file in which the size of its samples is what is there."""
    end = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(_HEAD)
    file.seek(0)
    try:
        changed = _sizes(file, head, end)
    except (struct.error, IndexError):
        changed = {}
    file.seek(0)
    return _View(file, changed)


def _sizes(file: IO[bytes], head: bytes, end: int) -> dict[int, bytes]:
    """The bytes to replace in the head, by offset; {} if its sizes are right."""
    kind = head[:4]
    if kind in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        offsets = _chunks(head, 12, "<I")
        at = offsets.get(b"data", 0)
        if not at:
            return {}
        rest, long = end - at - 8, offsets.get(b"ds64", 0)
        if kind == b"RF64" and long:
            (size,) = struct.unpack_from("<Q", head, long + 16)
            if size in (0, 2**64 - 1) and rest > 0:
                return {long + 8: struct.pack("<QQ", end - 8, rest)}
        elif head[at + 4 : at + 8] == bytes(4) and _is_sound(file, at + 8, end, "<I"):
            return {at + 4: struct.pack("<I", min(rest, 2**32 - 1))}
    elif kind == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        at = _chunks(head, 12, ">I").get(b"SSND", 0)
        # 8 bytes of it come before the samples. A size of 0 libsndfile takes as we do.
        if at and head[at + 4 : at + 8] == bytes([0, 0, 0, 8]) and end - at > 16:
            if _is_sound(file, at + 16, end, ">I"):
                return {at + 4: struct.pack(">I", min(end - at - 8, 2**32 - 1))}
    elif kind == b"caff":
        at = _chunks(head, 8, ">q").get(b"data", 0)
        if at:
            (size,) = struct.unpack_from(">q", head, at + 4)
            if size == -1 or (size in (0, 4) and _is_sound(file, at + 16, end, ">q")):
                return {at + 4: struct.pack(">q", end - at - 12)}
    elif kind == b"fLaC":
        return _samples(file, head, end)
    elif kind == b".snd" and head[8:12] == bytes(4) and end > struct.unpack_from(">I", head, 4)[0]:
        return {8: b"\xff\xff\xff\xff"}  # which says by the format that the size is not known
    return {}


def _chunks(head: bytes, at: int, form: str) -> dict[bytes, int]:
    """Where chunks begin, by their names, as far as the head goes."""
    offsets: dict[bytes, int] = {}
    width = struct.calcsize(form)
    while at + 4 + width <= len(head):
        name = head[at : at + 4]
        (size,) = struct.unpack_from(form, head, at + 4)
        offsets.setdefault(name, at)
        if size < 0 or name in (b"data", b"SSND"):
            break
        at += 4 + width + size
        at += size & 1 if width == 4 else 0
    return offsets


def _is_sound(file: IO[bytes], at: int, end: int, form: str) -> bool:
    """Whether what lies from here to the end is samples, and not chunks one after the other."""
    width = struct.calcsize(form)
    if end - at < 4 + width:
        return False
    for _ in range(100):
        file.seek(at)
        name, size = file.read(4), file.read(width)
        if at >= end or not name.strip(b"\0"):
            return False
        length = struct.unpack(form, size)[0] if len(size) == width else -1
        if not name.decode("latin-1").isprintable() or not 0 <= length <= end - at - 4 - width:
            return True
        at += 4 + width + length
        at += length & 1 if width == 4 else 0
    return False


def _samples(file: IO[bytes], head: bytes, end: int) -> dict[int, bytes]:
    """The count of samples of a FLAC stream, by its last frame, where its writer knew none."""
    packed = int.from_bytes(head[18:26], "big")
    if head[4] & 127 or packed & (2**36 - 1):
        return {}
    file.seek(max(0, end - _LAST_FRAMES))
    last = file.read(_LAST_FRAMES)
    at = len(last)
    while (at := last.rfind(b"\xff", 0, at)) >= 0:
        number, block = _flac_frame(last[at : at + 20])
        if block:
            each = 1 if last[at + 1] & 1 else struct.unpack_from(">H", head, 8)[0]
            count = number * each + block
            return {18: (packed | min(count, 2**36 - 1)).to_bytes(8, "big")}
    return {}


def _flac_frame(head: bytes) -> tuple[int, int]:
    """The number of a frame (of its first sample, if frames differ in length), and its samples;
    0 samples if none begins here."""
    if len(head) < 7 or head[1] & 0xFE != 0xF8 or head[3] & 1:
        return 0, 0
    length, rate = head[2] >> 4, head[2] & 15
    # The number is written as UTF-8 writes a letter: the first byte says how many follow.
    ones = 8 - (~head[4] & 0xFF).bit_length()
    if ones in (1, 8) or rate == 15 or not length:
        return 0, 0
    number, at = head[4] & (0x7F >> ones), 5 + max(0, ones - 1)
    for byte in head[5:at]:
        if byte & 0xC0 != 0x80:
            return 0, 0
        number = number << 6 | (byte & 0x3F)
    if length in (6, 7):
        block = 1 + int.from_bytes(head[at : at + length - 5], "big")
        at += length - 5
    else:
        block = 192 if length == 1 else 576 << length - 2 if length < 6 else 256 << length - 8
    at += {12: 1, 13: 2, 14: 2}.get(rate, 0)
    if at >= len(head):
        return 0, 0
    crc = 0
    for byte in head[:at]:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ (0x07 if crc & 0x80 else 0)) & 0xFF
    return (number, block) if crc == head[at] else (0, 0)


class _View:
    """A file object for soundfile, with some bytes near the file's beginning replaced."""

    def __init__(self, file: IO[bytes], changed: dict[int, bytes]) -> None:
        self._file = file
        self._changed = changed

    def seek(self, to: int, whence: int = os.SEEK_SET) -> int:
        """Move to an offset in bytes, relative to `whence`; stay if that is before the file."""
        # A damaged file has libsndfile seek before its beginning: an exception would be shown.
        with contextlib.suppress(ValueError, OSError):
            self._file.seek(to, whence)
        return self._file.tell()

    def tell(self) -> int:
        """The offset in bytes."""
        return self._file.tell()

    def read(self, count: int = -1) -> bytes:
        """Read `count` bytes (-1: all that are left), some of them replaced."""
        at = self._file.tell()
        data = self._file.read(count)
        for offset, written in self._changed.items():
            first, last = max(offset, at), min(offset + len(written), at + len(data))
            if first < last:
                part = written[first - offset : last - offset]
                data = data[: first - at] + part + data[last - at :]
        return data
