"""Read and write files on the module: in frames, or by mpremote's own copy.

Both classes have the methods of `Files`. Frames need Latentrack on the module; without it
`open_files` uses mpremote's copy, which is slower, and says so.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Protocol

from latentrack.decoder.operators import explained
from latentrack.errors import UserError
from latentrack.module import FLASH, diagnosis
from latentrack.module.link import Link, ModuleError, Progress
from latentrack.module.session import NoPackage, Session

PARTIAL = ".partial"


@dataclass(frozen=True)
class FileEntry:
    """A file on the module: size in bytes, SHA-256 in hexadecimal digits."""

    size: int
    sha256: str


class Files(Protocol):
    """The flash of a module.

    Paths are the module's absolute ones ("/flash/models/perc/funk.tflite"). All methods raise
    ModuleError if the module refuses, and UserError if it does not answer.
    """

    about: dict[str, Any]
    """The answer of `hello` (device/latentrack/requests.py); {} without Latentrack there."""

    def listing(self, folder: str) -> dict[str, FileEntry]:
        """All files in a folder and its subfolders, by path; {} if there is no such folder."""

    def put(self, path: str, data: bytes, progress: Progress | None = None) -> None:
        """Store a file whole or not at all, and compare its SHA-256 on the module."""

    def fetch(self, path: str, progress: Progress | None = None) -> bytes:
        """The bytes of a file, checked for damage."""

    def head(self, path: str, size: int) -> bytes:
        """The first `size` bytes of a file, or all if it has fewer."""

    def remove(self, paths: list[str]) -> None:
        """Remove files."""

    def free(self) -> int:
        """The free bytes of flash."""


class FramedFiles:
    """Files in frames, through the module's own receiver."""

    def __init__(self, session: Session, about: dict[str, Any]) -> None:
        self.session = session
        self.about = about

    def listing(self, folder: str) -> dict[str, FileEntry]:
        """Ask the module for path, size and SHA-256 of all files in the folder."""
        return as_listing(self.session.call("files", folder))

    def put(self, path: str, data: bytes, progress: Progress | None = None) -> None:
        """Send the file into the module's memory, then have it compared and stored there."""
        self.session.send(data, progress)
        self.session.call("keep", path)

    def fetch(self, path: str, progress: Progress | None = None) -> bytes:
        """Fetch the file in checked frames."""
        return self.session.fetch(path, progress)

    def head(self, path: str, size: int) -> bytes:
        """Fetch the first `size` bytes in frames of 256 bytes."""
        return self.session.fetch(path, most=size)

    def remove(self, paths: list[str]) -> None:
        """Have the module remove the files; paths that are missing are ignored."""
        self.session.call("remove", paths)

    def free(self) -> int:
        """Ask the module for its free bytes of flash."""
        return int(self.session.call("hello")["free"])


class PlainFiles:
    """Files by mpremote's own copy, for a module with MicroPython and without Latentrack."""

    about: dict[str, Any] = {}

    def __init__(self, link: Link) -> None:
        self._link = link

    def listing(self, folder: str) -> dict[str, FileEntry]:
        """List the folder by code at the prompt, then hash each file there."""
        code = (
            "import os\n"
            "def _walk(folder):\n"
            "    for name, kind, *more in os.ilistdir(folder):\n"
            "        path = folder + '/' + name\n"
            "        if kind & 0x4000:\n"
            "            _walk(path)\n"
            "        else:\n"
            "            print(repr((path, os.stat(path)[6])))\n"
            f"try:\n    _walk({folder!r})\nexcept OSError:\n    pass\n"
        )
        import ast

        found = [ast.literal_eval(line) for line in self._link.run(code).splitlines()]
        return {
            path: FileEntry(size, self._link.sha256(path).hex())
            for path, size in found
            if not path.endswith(PARTIAL)
        }

    def put(self, path: str, data: bytes, progress: Progress | None = None) -> None:
        """Copy the file under a temporary name, compare its hash, and rename it."""
        where = PurePosixPath(path)
        partial = str(where.with_name(f".{where.name}{PARTIAL}"))
        folders = [str(folder) for folder in reversed(where.parents) if len(folder.parts) > 2]
        self._link.run(
            "import os\n"
            f"for _folder in {folders!r}:\n"
            "    try:\n        os.mkdir(_folder)\n    except OSError:\n        pass\n"
        )
        try:
            self._link.write(partial, data, progress)
            if self._link.sha256(partial) != hashlib.sha256(data).digest():
                raise ModuleError("damaged on the way")
            self._link.run(f"os.rename({partial!r}, {path!r})")
        except ModuleError:
            with contextlib.suppress(ModuleError):
                self._link.run(f"os.remove({partial!r})")
            raise

    def fetch(self, path: str, progress: Progress | None = None) -> bytes:
        """Copy the file and compare its hash. Raises ModuleError if they differ."""
        data = self._link.read(path, progress)
        if self._link.sha256(path) != hashlib.sha256(data).digest():
            raise ModuleError("damaged on the way")
        return data

    def head(self, path: str, size: int) -> bytes:
        """Read the first `size` bytes by code at the prompt, as hexadecimal digits."""
        code = (
            "import binascii\n"
            f"with open({path!r}, 'rb') as _file:\n    _head = _file.read({size})\n"
            "print(binascii.hexlify(_head).decode())\n"
        )
        return bytes.fromhex(self._link.run(code).strip())

    def remove(self, paths: list[str]) -> None:
        """Remove the files one by one. Raises ModuleError if one is missing."""
        for path in paths:
            self._link.run(f"import os\nos.remove({path!r})")

    def free(self) -> int:
        """Free bytes of flash, from statvfs at the prompt."""
        size, _, _, blocks, *_ = self._link.evaluate(f"__import__('os').statvfs({FLASH!r})")
        return int(size * blocks)


def as_listing(found: list[list[Any]]) -> dict[str, FileEntry]:
    """The answer of the request `files`, (path, size, SHA-256) each, as entries by path."""
    return {path: FileEntry(size, sha256) for path, size, sha256 in found}


@contextlib.contextmanager
def open_files(link: Link, say: Callable[[str], None]) -> Iterator[Files]:
    """Open the module's files in frames, or by mpremote's copy, which `say` is told of."""
    session = Session(link)
    try:
        session.__enter__()
    except NoPackage as error:
        why = diagnosis.unusable(link, str(error))
        say(f"{why} Files go by mpremote's own copy, a slower way.")
        yield PlainFiles(link)
        return
    try:
        yield FramedFiles(session, session.first)
    except BaseException as error:
        session.__exit__(type(error), error, None)
        raise
    else:
        session.__exit__(None, None, None)


@contextlib.contextmanager
def refusals(doing: str) -> Iterator[None]:
    """Raise a ModuleError of the block as a UserError: "<doing>: <reason>.".

    doing: the beginning of the sentence, such as "The module could not remove models".
    """
    try:
        yield
    except ModuleError as error:
        raise UserError(f"{doing}: {reason(error)}.") from error


def reason(error: ModuleError) -> str:
    """The reason of a refusal in words, without the name of the exception."""
    text = str(error)
    if "OSError" in text and ("28" in text or "ENOSPC" in text):
        return "its flash is full; `latentrack ls` shows what is there, `latentrack rm` makes room"
    return explained(text.split(": ", 1)[-1])
