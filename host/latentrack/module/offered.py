"""Text files in a folder of the module that a parameter offers: put them there, list, remove them.

The module reads them itself (device/latentrack/files_offered.py) and says what is wrong with one.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from latentrack import limits
from latentrack.errors import UserError
from latentrack.module.files import Files, FramedFiles
from latentrack.words import listed


@dataclass(frozen=True)
class Kind:
    """A kind of files.

    name: of the request, of the command and of the files in messages ("scales").  one: a file of
    it, in messages.  folder: where they lie on the module.  endings: what a file may end with.
    first: the ending of those that are sent before the others, or "".  most_bytes: of a file.
    parameter: the one that offers them.
    """

    name: str
    one: str
    folder: str
    endings: tuple[str, ...]
    most_bytes: int
    parameter: str
    first: str = ""


@dataclass(frozen=True)
class OfferedFile:
    """A file: its name on the module and its bytes."""

    name: str
    data: bytes

    @property
    def stem(self) -> str:
        """The name that the parameter offers."""
        return posixpath.splitext(self.name)[0]


@dataclass(frozen=True)
class Offered:
    """What the module has of a kind.

    files: size in bytes by file name.  names: what the parameter offers.  refused: what is wrong
    with a file, by its name.
    """

    files: dict[str, int]
    names: tuple[str, ...]
    refused: dict[str, str]


def read_files(kind: Kind, paths: Iterable[Path]) -> list[OfferedFile]:
    """Read files, in the order in which they are to be sent.

    Raises UserError if one cannot be read, is too large, or has another ending.
    """
    found = []
    for path in paths:
        if path.suffix not in kind.endings:
            ends = listed(kind.endings, "or")
            raise UserError(f"{path} is not {kind.one}: expected one that ends with {ends}.")
        try:
            data = limits.read_file(path, limits.MEGABYTE)
            if len(data) > kind.most_bytes:
                raise ValueError(f"is larger than {kind.most_bytes // 1024} KB")
        except FileNotFoundError:
            raise UserError(f"{path} is not there.") from None
        except OSError as error:
            raise UserError(f"{path} cannot be read: {error.strerror}.") from error
        except ValueError as error:
            raise UserError(f"{path} {error}: the module reads no such file.") from error
        found.append(OfferedFile(path.name, data))
    return sorted(
        found, key=lambda file: bool(kind.first) and file.name.endswith(kind.first), reverse=True
    )


def offered(kind: Kind, files: Files) -> Offered:
    """What the module has; it reads its files again first, if Latentrack runs there."""
    there = {
        path.removeprefix(f"{kind.folder}/"): entry.size
        for path, entry in files.listing(kind.folder).items()
    }
    names, refused = files.session.call(kind.name) if isinstance(files, FramedFiles) else ([], {})
    return Offered(there, tuple(names), refused)


def put_files(kind: Kind, files: Files, given: Iterable[OfferedFile]) -> Offered:
    """Store files. Returns what the module has then.

    Raises UserError if the module cannot read one; then all its files are as they were.
    """
    given = list(given)
    there = files.listing(kind.folder)
    before = {}
    for file in given:
        path = f"{kind.folder}/{file.name}"
        before[path] = files.fetch(path) if path in there else None
    for file in given:
        files.put(f"{kind.folder}/{file.name}", file.data)
    now = offered(kind, files)
    wrong = [
        why
        for name, why in now.refused.items()
        if posixpath.splitext(name)[0] in {file.stem for file in given}
    ]
    if not wrong:
        return now
    for path, data in before.items():
        if data is None:
            files.remove([path])
        else:
            files.put(path, data)
    offered(kind, files)
    raise UserError(f"{wrong[0]}. The module's {kind.name} are as they were.")


def remove_files(kind: Kind, files: Files, names: Iterable[str]) -> None:
    """Remove files by their names, or all of one name without an ending.

    Raises UserError if the module has no such file; then nothing is removed.
    """
    there = files.listing(kind.folder)
    paths: list[str] = []
    for name in names:
        found = [
            path
            for path in there
            if name in (posixpath.basename(path), posixpath.splitext(posixpath.basename(path))[0])
        ]
        if not found:
            raise UserError(
                f"No file of {kind.name} on the module is called {name!r}; `latentrack "
                f"{kind.name}` lists them."
            )
        paths += found
    files.remove(paths)
    offered(kind, files)
