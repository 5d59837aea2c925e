"""Limits of all readers: how much of a file is read before it is refused.

A file may come from anybody, and what it says of itself decides how much memory reading it takes.
So sizes are looked at first, and what is beyond the limits here, which real music, datasets and
runs stay far below, is refused before it is read. A refusal is a ValueError, a phrase that follows
the file's name: "is larger than 16 MB".
"""

from __future__ import annotations

import errno
import io
import json
import math
import os
import re
import stat
import sys
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MEGABYTE = 1_000_000

MIDI_BYTES = 16 * MEGABYTE
"""Weeks of music."""
AUDIO_BYTES = 250 * MEGABYTE
"""20 minutes of stereo, the longest that is read, are 212 MB."""
AUDIO_MEMBER_BYTES = 100 * MEGABYTE
"""In an archive: there a file is in memory as a whole while it is decoded."""
TABLE_BYTES = 16 * MEGABYTE
"""Of an info.csv or a history."""
TEXT_BYTES = 4 * MEGABYTE
"""Of a run's header, a percussion map, settings."""
JSON_BYTES = 16 * MEGABYTE
MODEL_BYTES = 64 * MEGABYTE
"""Of a .tflite; a module has 16 MB for models at most."""
CELLS = 1 << 29
"""Of a dataset, steps × voices over all sequences; in memory each is a byte, and more meanwhile."""
WEIGHTS = 64 * MEGABYTE
"""Of a model with its encoder: a module with PSRAM has room for two million."""
NAME_BYTES = 160
"""Of a name that becomes a file's: file systems take 255 with its suffix and what else it gets."""

_JSON_VALUES = 500_000
_DEEPEST = 32
_DIRECTORY_BYTES = 24 * MEGABYTE
_MEMBERS = 250_000
_ARRAYS = 1_000
_STORED_PLAINLY = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

DAMAGE = (
    ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, EOFError,
    RecursionError, NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What reading a file may raise that is damaged or something else, besides OSError."""


def size(number: int) -> str:
    """Bytes as people say them: "16 MB"."""
    return f"{number / MEGABYTE:,.0f} MB"


def check_file(path: Path, most: int) -> None:
    """ValueError if `path` is a device or a pipe (which would make us wait for ever) or has more
    than `most` bytes; OSError if it is a folder or not there."""
    found = path.stat()
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(found.st_mode):
        raise ValueError("is not a file")
    if found.st_size > most:
        raise ValueError(f"is larger than {size(most)}")


def read_file(path: Path, most: int) -> bytes:
    """A file's bytes. ValueError if there are more than `most`; OSError."""
    check_file(path, most)
    with path.open("rb") as file:
        return file.read(most)


def read_json(data: bytes | str) -> Any:
    """What JSON says. ValueError if it is none, too large, or has numbers that are none."""
    text = data.decode("utf-8") if isinstance(data, bytes) else data
    if len(data) > JSON_BYTES or sum(map(text.count, "[{,")) > _JSON_VALUES:
        raise ValueError("holds too much JSON")
    try:
        return json.loads(text, parse_constant=_no_number, parse_float=_finite)
    except RecursionError as error:
        raise ValueError("holds JSON that is nested too deeply") from error


def read_toml(path: Path) -> dict[str, Any]:
    """What a TOML file says. ValueError if it is none, or too large; OSError."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    text = read_file(path, TEXT_BYTES).decode("utf-8")
    # The reader's time and memory grow with the square of the parts of one dotted name.
    if "." * _DEEPEST in re.sub(r"[\w\"' \t-]+", "", text):
        raise ValueError("holds TOML that is nested too deeply")
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ValueError("holds TOML that is nested too deeply") from error


class Archive(zipfile.ZipFile):
    """A zip file to read, whose list of members and whose members are measured first.

    Raises ValueError for too many members, zipfile.BadZipFile, OSError.
    """

    def __init__(self, path: Path) -> None:
        check_file(path, sys.maxsize)
        with open(path, "rb") as file:
            super().__init__(_Measured(file))
        # From here on the list is known to be small, and members are measured one by one.
        super().__init__(path)

    def read_member(self, info: zipfile.ZipInfo, most: int) -> bytes:
        """A member's bytes. ValueError if there are more than `most`, or it has a password; see
        DAMAGE for what else."""
        if info.flag_bits & 1:
            raise ValueError("is locked with a password")
        if info.file_size > most:
            raise ValueError(f"is larger than {size(most)}")
        # In pieces: what a packed piece unpacks to is not what the list of members says. Of bz2
        # and lzma the library unpacks all that it is given, so it is given little.
        piece = 1 << 16 if info.compress_type in _STORED_PLAINLY else 1 << 12
        with self.open(info) as file:
            return b"".join(iter(lambda: file.read(piece), b""))


class _Head(NamedTuple):
    """What an array says of itself. begin: the byte at which its numbers begin."""

    shape: tuple[int, ...]
    kind: np.dtype[Any]
    begin: int
    columns_first: bool


class Arrays:
    """The arrays of an .npz, each of which is measured before it is read.

    Raises what DAMAGE says if it is none, or holds other things than plain numbers; OSError.
    """

    def __init__(self, path: Path) -> None:
        self._archive = Archive(path)
        self._members = {
            info.filename.removesuffix(".npy"): info for info in self._archive.infolist()
        }
        if len(self._members) > _ARRAYS:
            self.close()
            raise ValueError(f"holds more than {_ARRAYS:,} arrays")

    def __enter__(self) -> Arrays:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._archive.close()

    def __contains__(self, name: str) -> bool:
        return name in self._members

    @property
    def names(self) -> list[str]:
        """The names of all arrays."""
        return sorted(self._members)

    def shape(self, name: str) -> tuple[int, ...]:
        """Without reading it. KeyError if there is no such array."""
        return self._head(name).shape

    def read(self, name: str, most: int) -> NDArray[Any]:
        """An array of at most `most` bytes. KeyError if there is no such array."""
        import numpy as np

        head = self._head(name)
        count = math.prod(head.shape)
        if count * head.kind.itemsize > most:
            raise ValueError(f"holds an array that is larger than {size(most)}")
        data = self._archive.read_member(self._members[name], most + head.begin)
        flat: NDArray[Any] = np.frombuffer(data, head.kind, count, head.begin)
        return flat.reshape(head.shape[::-1]).T if head.columns_first else flat.reshape(head.shape)

    def _head(self, name: str) -> _Head:
        """Of an array, as it says; `read` finds out whether its numbers are there."""
        import numpy as np

        info = self._members[name]
        if info.compress_type not in _STORED_PLAINLY:
            raise ValueError("is packed in a way that NumPy does not use")
        with self._archive.open(info) as member:
            head = io.BytesIO(member.read(1 << 16))
        version = np.lib.format.read_magic(head)
        known = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }
        shape, columns_first, kind = known[version](head)
        if kind.hasobject or kind.kind not in "biuf":
            raise ValueError("holds other things than numbers")
        return _Head(shape, kind, head.tell(), columns_first)


class _Measured(io.BufferedReader):
    """A zip file while its list of members is read: zipfile takes that in one piece."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(io.FileIO(os.dup(file.fileno())))

    def read(self, count: int | None = -1, /) -> bytes:
        """Read `count` bytes (-1: all that are left). Raises ValueError above the limits."""
        if count is not None and count > _DIRECTORY_BYTES:
            raise ValueError("lists more files than are read")
        data = super().read(count)
        if data.count(b"PK\1\2") > _MEMBERS:
            raise ValueError(f"lists more than {_MEMBERS:,} files")
        return data


def lines(file: IO[str], longest: int = 1 << 16) -> Iterable[str]:
    """The lines of a text file; ValueError at one that has more than `longest` characters."""
    for line in iter(lambda: file.readline(longest + 1), ""):
        if len(line) > longest:
            raise ValueError("has a line that is too long")
        yield line


def _no_number(name: str) -> Any:
    raise ValueError(f"holds the number {name}")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"holds the number {text[:20]}, which is too large")
    return number
