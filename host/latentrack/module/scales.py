"""Files of scales on the module: put them there, list and remove them.

The module reads them itself (device/latentrack/scale_files.py) and says what is wrong with one.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from latentrack import limits
from latentrack.errors import UserError
from latentrack.module import FLASH
from latentrack.module.files import Files, FramedFiles
from latentrack.words import listed

SCALES = f"{FLASH}/scales"
ENDINGS = (".scl", ".txt", ".yml", ".yaml")
MAPPING = ".kbm"
MOST_BYTES = 32768  # as in device/latentrack/scale_files.py


@dataclass(frozen=True)
class ScaleFile:
    """A file of scales: its name on the module and its bytes."""

    name: str
    data: bytes

    @property
    def stem(self) -> str:
        """The name of the tuning."""
        return posixpath.splitext(self.name)[0]


@dataclass(frozen=True)
class Scales:
    """What the module has of scales.

    files: size in bytes by file name.  names: the tunings that its parameter `tuning` offers.
    refused: what is wrong with a file, by its name.
    """

    files: dict[str, int]
    names: tuple[str, ...]
    refused: dict[str, str]


def read_files(paths: Iterable[Path]) -> list[ScaleFile]:
    """Read files of scales, mappings (.kbm) first: a scale is read with its mapping.

    Raises UserError if one cannot be read, is too large, or has another ending.
    """
    found = []
    for path in paths:
        ending = path.suffix
        if ending not in (*ENDINGS, MAPPING):
            raise UserError(
                f"{path} is not a file of scales: expected one that ends with "
                f"{listed((*ENDINGS, MAPPING), 'or')}."
            )
        try:
            data = limits.read_file(path, limits.MEGABYTE)
            if len(data) > MOST_BYTES:
                raise ValueError(f"is larger than {MOST_BYTES // 1024} KB")
        except FileNotFoundError:
            raise UserError(f"{path} is not there.") from None
        except OSError as error:
            raise UserError(f"{path} cannot be read: {error.strerror}.") from error
        except ValueError as error:
            raise UserError(f"{path} {error}: the module reads no such file.") from error
        found.append(ScaleFile(path.name, data))
    return sorted(found, key=lambda file: file.name.endswith(MAPPING), reverse=True)


def scales_of(files: Files) -> Scales:
    """What the module has; it reads its files again first, if Latentrack runs there."""
    there = {
        path.removeprefix(f"{SCALES}/"): entry.size for path, entry in files.listing(SCALES).items()
    }
    names, refused = files.session.call("scales") if isinstance(files, FramedFiles) else ([], {})
    return Scales(there, tuple(names), refused)


def put_files(files: Files, scales: Iterable[ScaleFile]) -> Scales:
    """Store files of scales. Returns what the module has then.

    Raises UserError if the module cannot read one; then all its files are as they were.
    """
    scales = list(scales)
    there = files.listing(SCALES)
    before = {}
    for scale in scales:
        path = f"{SCALES}/{scale.name}"
        before[path] = files.fetch(path) if path in there else None
    for scale in scales:
        files.put(f"{SCALES}/{scale.name}", scale.data)
    now = scales_of(files)
    wrong = [
        why
        for file, why in now.refused.items()
        if posixpath.splitext(file)[0] in {scale.stem for scale in scales}
    ]
    if not wrong:
        return now
    for path, data in before.items():
        if data is None:
            files.remove([path])
        else:
            files.put(path, data)
    scales_of(files)
    raise UserError(f"{wrong[0]}. The module's scales are as they were.")


def remove_files(files: Files, names: Iterable[str]) -> None:
    """Remove files by their names, or all of a tuning by its name without an ending.

    Raises UserError if the module has no such file; then nothing is removed.
    """
    there = files.listing(SCALES)
    paths: list[str] = []
    for name in names:
        found = [
            path
            for path in there
            if name in (posixpath.basename(path), posixpath.splitext(posixpath.basename(path))[0])
        ]
        if not found:
            raise UserError(
                f"No file of scales on the module is called {name!r}; `latentrack scales` lists "
                "them."
            )
        paths += found
    files.remove(paths)
    scales_of(files)
