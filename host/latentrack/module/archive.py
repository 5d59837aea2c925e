"""Write and read a backup file: a zip archive with a manifest against which it is validated.

The manifest is `latentrack-backup.json` in the zip: the version of this format, and for each file
on the module its size in bytes and its SHA-256. Any other zip (a dataset's .npz, an encrypted one,
one that unpacks to gigabytes) is refused before it takes memory or time.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from latentrack import __version__
from latentrack.errors import UserError
from latentrack.module.files import FileEntry

MANIFEST = "latentrack-backup.json"
VERSION = 1
# The flash of a Teensy 4.1 has 8 MB. Deflate may enlarge incompressible data a little.
MOST_BYTES = 8 * 1024 * 1024
_MOST_IN_ZIP = MOST_BYTES + 4 * 1024 * 1024
# Bytes of the zip's central directory, which has some 100 bytes per member.
_MOST_DIRECTORY = 1024 * 1024
_MOST_MANIFEST = 2 * 1024 * 1024
_MOST_PATH = 200
_END = b"PK\x05\x06"
_LARGEST_END = 22 + 0xFFFF
_ENCRYPTED = 1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class Writer:
    """Writes files of a module into a zip. `close` adds the manifest, which completes it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)
        self._files: dict[str, dict[str, object]] = {}

    def add(self, name: str, data: bytes, entry: FileEntry) -> None:
        """Add a file; `name` is its path relative to the flash, and must not be MANIFEST."""
        self._zip.writestr(name, data)
        self._files[name] = {"size": entry.size, "sha256": entry.sha256}

    def close(self) -> None:
        """Write the manifest and close the zip."""
        told = {"latentrack_backup": VERSION, "latentrack": __version__, "files": self._files}
        self._zip.writestr(MANIFEST, json.dumps(told, indent=1))
        self._zip.close()


def read(file: Path) -> dict[str, bytes]:
    """Return the files of a backup by path relative to the flash, compared with the manifest.

    Raises UserError for anything but a complete, undamaged backup.
    """
    with _as_sentence(file):
        if file.stat().st_size > _MOST_IN_ZIP:
            raise _Other("is larger than any backup of a module")
        _check_directory(file)
        with zipfile.ZipFile(file) as archive:
            manifest = _manifest(archive)
            return {name: _member(archive, name, entry) for name, entry in manifest.items()}


class _Other(Exception):
    """The file is not a backup; the text continues a sentence that begins with its name."""


class _Damaged(Exception):
    """The file is a damaged backup; the text says what is wrong."""


class _Newer(Exception):
    """The backup has a newer format; the text is the version of Latentrack that wrote it."""


@contextmanager
def _as_sentence(file: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise UserError(f"{file} is not there; `latentrack backup` writes one.") from None
    except OSError as error:
        raise UserError(
            f"{file} cannot be read ({error.strerror or error}); name a backup of a module."
        ) from error
    except _Newer as error:
        raise UserError(
            f"{file} was written by a newer Latentrack ({error}); bring the one here up to date: "
            "`pip install --upgrade latentrack`."
        ) from None
    except _Other as error:
        raise UserError(
            f"{file} {error}, so it is not a backup of a module; `latentrack backup` writes one."
        ) from None
    except Exception as error:
        # Damaged data makes zipfile raise many kinds of errors: BadZipFile, zlib.error, EOFError.
        raise UserError(f"{file} is damaged ({error}); take another backup.") from error


def _check_directory(file: Path) -> None:
    """Check the size of the central directory before zipfile reads it whole."""
    with file.open("rb") as opened:
        opened.seek(0, 2)
        opened.seek(max(0, opened.tell() - _LARGEST_END))
        tail = opened.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < 22:
        raise _Other("is not a zip file")
    size = int.from_bytes(tail[at + 12 : at + 16], "little")
    if size > _MOST_DIRECTORY:
        raise _Other("has more members than any backup")


def _manifest(archive: zipfile.ZipFile) -> dict[str, FileEntry]:
    """Return the manifest's entries, after comparing them with the zip's members."""
    members = {member.filename: member for member in archive.infolist()}
    if len(members) != len(archive.infolist()):
        raise _Damaged("it has two files of one name")
    if any(member.flag_bits & _ENCRYPTED for member in members.values()):
        raise _Other("is encrypted")
    manifest = members.pop(MANIFEST, None)
    if manifest is None:
        raise _Other(f"has no {MANIFEST}")
    entries = _entries(_told(archive, manifest))
    if sum(entry.size for entry in entries.values()) > MOST_BYTES:
        raise _Other("holds more than the flash of a module")
    if set(entries) != set(members):
        name = min(set(entries) ^ set(members))
        raise _Damaged(f"{name} is in the zip or in its manifest, and not in both")
    for name, member in members.items():
        if member.file_size != entries[name].size or member.compress_type not in _METHODS:
            raise _Damaged(f"{name} is not as long as its manifest says")
    return entries


def _told(archive: zipfile.ZipFile, manifest: zipfile.ZipInfo) -> Any:
    if manifest.file_size > _MOST_MANIFEST or manifest.compress_type not in _METHODS:
        raise _Damaged("its manifest is too long")
    try:
        return json.loads(_bytes(archive, MANIFEST, manifest.file_size))
    except (ValueError, RecursionError) as error:
        raise _Damaged("its manifest is not JSON") from error


def _entries(told: Any) -> dict[str, FileEntry]:
    version = told.get("latentrack_backup") if isinstance(told, dict) else None
    if isinstance(version, int) and version > VERSION:
        raise _Newer(str(told.get("latentrack"))[:20])
    files = told.get("files") if isinstance(told, dict) else None
    if version != VERSION or not isinstance(files, dict):
        raise _Damaged("its manifest says nothing")
    return {name: _entry(name, entry) for name, entry in files.items()}


def _entry(name: str, told: Any) -> FileEntry:
    parts = name.split("/")
    if len(name) > _MOST_PATH or re.search(r"[\x00-\x1f\\]", name):
        raise _Damaged("a file in it has no name that a module can have")
    if any(part in ("", ".", "..") for part in parts):
        raise _Damaged(f"{name} does not lie on the flash of a module")
    size, sha256 = (told.get("size"), told.get("sha256")) if isinstance(told, dict) else (0, 0)
    if type(size) is not int or size < 0 or not isinstance(sha256, str):
        raise _Damaged(f"its manifest does not say what {name} is")
    return FileEntry(size, sha256)


def _member(archive: zipfile.ZipFile, name: str, entry: FileEntry) -> bytes:
    data = _bytes(archive, name, entry.size)
    if len(data) != entry.size or hashlib.sha256(data).hexdigest() != entry.sha256:
        raise _Damaged(f"{name} is not what was backed up")
    return data


def _bytes(archive: zipfile.ZipFile, name: str, size: int) -> bytes:
    """Return a member's bytes. The limit keeps zipfile from unpacking more than `size` + 1."""
    with archive.open(name) as member:
        return member.read(size + 1)
