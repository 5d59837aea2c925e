"""PNG files of the module's screen, written and read without another library.

Format: W3C, Portable Network Graphics, second edition. Only 8-bit RGB images without interlace and
with unfiltered rows are written and read.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def png(image: NDArray[np.uint8], scale: int = 1) -> bytes:
    """A PNG file of an image, (height, width, 3) bytes, each pixel `scale` x `scale` large."""
    image = image.repeat(scale, axis=0).repeat(scale, axis=1)
    height, width, _ = image.shape
    rows = np.zeros((height, 1 + width * 3), np.uint8)  # filter 0 before each row
    rows[:, 1:] = image.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        _SIGNATURE
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(rows.tobytes(), 9))
        + _chunk(b"IEND", b"")
    )


def read_png(data: bytes) -> NDArray[np.uint8]:
    """The image, (height, width, 3), in a file that `png` wrote. Raises ValueError for others."""
    if not data.startswith(_SIGNATURE):
        raise ValueError("this is not a PNG file")
    at, pixels, shape = len(_SIGNATURE), b"", (0, 0)
    while at < len(data):
        (size,) = struct.unpack_from(">I", data, at)
        kind, content = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        if struct.unpack_from(">I", data, at + 8 + size)[0] != zlib.crc32(kind + content):
            raise ValueError("the PNG file is damaged")
        if kind == b"IHDR":
            width, height, *form = struct.unpack(">IIBBBBB", content)
            if form != [8, 2, 0, 0, 0]:
                raise ValueError("only plain RGB files are read")
            shape = (height, width)
        elif kind == b"IDAT":
            pixels += content
        at += 12 + size
    rows = np.frombuffer(zlib.decompress(pixels), np.uint8).reshape(shape[0], 1 + shape[1] * 3)
    if rows[:, 0].any():
        raise ValueError("only unfiltered rows are read")
    return rows[:, 1:].reshape(*shape, 3)


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)
