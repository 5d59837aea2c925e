"""Receive uploaded files in batches, as a stream.

A batch is one request: the length of the list of its files (4 bytes, big-endian), the list (JSON:
name, size in bytes, and whether the content is sent, too), then the contents, one after another.
Thousands of small files thus need few requests, and only a piece of a large one is in memory.

Whoever sends the request, a file's path is inside the folder of music, a file gets its name only
after it was received completely, and no existing file is overwritten.
"""

from __future__ import annotations

import filecmp
import itertools
import os
import re
import shutil
import threading
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from latentrack.corpus.audio import SUFFIXES as AUDIO
from latentrack.corpus.midi import SUFFIXES as MIDI
from latentrack.corpus.reader import NO_MUSIC
from latentrack.corpus.sources import ARCHIVES
from latentrack.errors import UserError
from latentrack.limits import AUDIO_BYTES, MEGABYTE, MIDI_BYTES, TABLE_BYTES, TEXT_BYTES, read_json

LIMITS = {
    **dict.fromkeys(MIDI, MIDI_BYTES),
    **dict.fromkeys(AUDIO, AUDIO_BYTES),
    **dict.fromkeys(ARCHIVES, 512 * MEGABYTE),
    ".toml": TEXT_BYTES,
    ".csv": TABLE_BYTES,
}
LIMITS_SAID = "MIDI files (up to 16 MB), audio loops (250 MB), zip archives (512 MB)"
TOO_LARGE = "too large to be dropped: use its folder where it is"
NOT_SENT = "which the browser could not read"
NO_ROOM = "for which the disk has no room"
NO_STYLES = "no music; of tables only info.csv is read, for the styles in it"

_ROOM_LEFT = 200 * MEGABYTE  # of the disk, kept free
_LONGEST_LIST = 4 << 20
_LONGEST_NAME = 120  # bytes; file systems take 255, and a number may be inserted
_DEEPEST = 16
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


def said_size(size: int) -> str:
    """Format a size in bytes as megabytes: "200 MB"."""
    return f"{size / MEGABYTE:,.{0 if size >= 10 * MEGABYTE else 1}f} MB"


def safe_parts(name: str) -> tuple[str, ...]:
    """Convert a browser's relative path to folder names and a file name valid on any file system.

    The result is never empty or absolute, and has no "..".
    """
    parts = []
    for part in re.split(r"[/\\]+", unicodedata.normalize("NFC", name)):
        # Lone surrogates cannot be encoded as a file's name.
        plain = part.encode("utf-8", "replace").decode()
        plain = re.sub(r'[\x00-\x1f\x7f<>:"|?*]', "_", plain).strip().rstrip(". ")
        if plain:
            parts.append(_shortened(f"_{plain}" if _RESERVED.match(plain) else plain))
    return tuple(parts[:1] + parts[1:][-_DEEPEST:]) or ("unnamed",)


def is_litter(name: str) -> bool:
    """Whether a file is an operating system's own (.DS_Store, Thumbs.db), to be ignored."""
    parts = re.split(r"[/\\]+", name)
    own = parts[-1]
    hidden = own.startswith(".") and own.strip(".") and not own.lower().endswith(tuple(LIMITS))
    return (
        bool(hidden)
        or own.startswith("._")
        or own.lower() in ("thumbs.db", "desktop.ini")
        or "__MACOSX" in parts
    )


@dataclass
class Coming:
    """One file of a batch. size: in bytes.  sent: whether its content is in the batch."""

    name: str
    size: int
    sent: bool


class Intake:
    """Receives batches into the folder `music`; incomplete files are in `waiting`.

    refused(name, reason): called for each rejected file.  custom_map(name, file): called for each
    custom percussion map; may raise UserError. Both are called in the batch's thread.
    """

    def __init__(
        self,
        music: Path,
        waiting: Path,
        refused: Callable[[str, str], None],
        custom_map: Callable[[str, Path], None],
    ) -> None:
        self.music = music
        self.waiting = waiting
        self.refused = refused
        self.custom_map = custom_map
        self._numbers = itertools.count()
        self._placing = threading.Lock()
        # Delete the incomplete files of an earlier studio.
        shutil.rmtree(waiting, ignore_errors=True)

    def batch(self) -> Batch:
        """A new batch of files."""
        return Batch(self)

    def new_file(self) -> Path:
        """An unused path in `waiting`, whose folder exists."""
        self.waiting.mkdir(parents=True, exist_ok=True)
        return self.waiting / f"{os.getpid()}-{next(self._numbers)}.part"

    def room_for(self, size: int) -> bool:
        """Whether `size` bytes fit on the disk with 200 MB kept free."""
        self.waiting.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(self.waiting).free - size >= _ROOM_LEFT

    def place(self, file: Path, name: str) -> bool:
        """Move a complete file to its name in `music`, numbered if another file has that name.

        Returns False if a file with the same name and content exists; then `file` is deleted.
        """
        *folders, own = safe_parts(name)
        with self._placing:
            folder = self.music
            for part in folders:
                folder = _free_folder(folder, part)
            folder.mkdir(parents=True, exist_ok=True)
            path = PurePosixPath(own)
            for number in itertools.count(1):
                target = folder / (own if number == 1 else f"{path.stem}-{number}{path.suffix}")
                if not os.path.lexists(target):
                    os.replace(file, target)
                    return True
                if target.is_file() and filecmp.cmp(file, target, shallow=False):
                    file.unlink()
                    return False
        raise AssertionError("numbers do not end")


class Batch:
    """Parses one request, piece by piece, and places its files.

    last: whether the page says that no batch follows.  taken, same, refused: numbers of files
    added, already present, and rejected.  Methods raise ValueError if the request is malformed.
    """

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._list: bytearray | None = bytearray()
        self._coming: list[Coming] = []
        self._now: Coming | None = None
        self._missing = 0  # bytes of the present file that are still to come
        self._path: Path | None = None  # None: the present file's content is discarded
        self._file: IO[bytes] | None = None
        self.last = False  # the page says that no batch follows
        self.taken = 0
        self.same = 0
        self.refused = 0

    def feed(self, data: bytes) -> None:
        """Process the next bytes of the request, any number."""
        piece = memoryview(data)
        if self._list is not None:
            self._list += piece
            needed = 4 + int.from_bytes(self._list[:4], "big") if len(self._list) >= 4 else 4
            if needed > _LONGEST_LIST:
                raise ValueError("a list of files that is too long")
            if len(self._list) < needed or needed == 4:
                return
            self._begin(read_json(bytes(self._list[4:needed])))
            piece = memoryview(bytes(self._list[needed:]))
            self._list = None
        while len(piece):
            if self._now is None:
                raise ValueError("more than was told")
            some = piece[: self._missing]
            if self._file:
                self._file.write(some)
            self._missing -= len(some)
            piece = piece[len(some) :]
            self._go_on()

    def end(self) -> None:
        """Check, after the last piece, that the request is complete."""
        if self._list is not None or self._now is not None:
            raise ValueError("less than was told")

    def close(self) -> None:
        """Delete an incomplete file."""
        if self._file:
            self._file.close()
        if self._path:
            self._path.unlink(missing_ok=True)
        self._file = self._path = None

    def _begin(self, told: Any) -> None:
        try:
            self._coming = [
                Coming(str(one["name"]), int(one["size"]), bool(one["sent"]))
                for one in told["files"]
            ]
            self.last = bool(told.get("last", False))
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError("a list of files that is none") from error
        if any(one.size < 0 for one in self._coming):
            raise ValueError("a file of less than nothing")
        self._coming.reverse()
        self._next()
        self._go_on()

    def _go_on(self) -> None:
        while self._now is not None and not self._missing:
            self._finish()
            self._next()

    def _next(self) -> None:
        self._now = self._coming.pop() if self._coming else None
        while self._now is not None and not self._now.sent:
            self._refuse(self._now.name, self._why_not(self._now) or NOT_SENT)
            self._now = self._coming.pop() if self._coming else None
        if self._now is None:
            return
        self._missing = self._now.size
        why = self._why_not(self._now)
        if why or is_litter(self._now.name):
            self._refuse(self._now.name, why or "")
            return
        self._path = self._intake.new_file()
        self._file = self._path.open("wb")

    def _why_not(self, one: Coming) -> str | None:
        """Return why a file is refused, by its name and size; None if it is not."""
        limit = LIMITS.get(_suffix(one.name), LIMITS[".mid"])
        if one.size > limit:
            known = _suffix(one.name) in LIMITS
            return (
                f"{TOO_LARGE} ({said_size(one.size)}, not {said_size(limit)})"
                if known
                else NO_MUSIC
            )
        if _suffix(one.name) not in LIMITS and not one.sent:
            return NO_MUSIC
        if _suffix(one.name) == ".csv" and _last(one.name).lower() != "info.csv":
            return NO_STYLES
        return None if self._intake.room_for(one.size) else NO_ROOM

    def _finish(self) -> None:
        if not self._file or not self._path or not self._now:
            return
        self._file.close()
        path, name = self._path, self._now.name
        self._file = None
        if _suffix(name) == ".toml":
            try:
                self._intake.custom_map(_last(name), path)
                self.taken += 1
            except UserError as error:
                self._refuse(name, str(error).rstrip("."))
        elif _suffix(name) not in LIMITS and not _begins_as_midi(path):
            self._refuse(name, NO_MUSIC)
        else:
            # The reader finds MIDI files by their suffix, so one without it gets it.
            whole = name if _suffix(name) in LIMITS else f"{'/'.join(safe_parts(name))}.mid"
            if self._intake.place(path, whole):
                self.taken += 1
            else:
                self.same += 1
        path.unlink(missing_ok=True)
        self._path = None

    def _refuse(self, name: str, reason: str) -> None:
        if not is_litter(name):
            self.refused += 1
            self._intake.refused("/".join(safe_parts(name)), reason)


def _last(name: str) -> str:
    return re.split(r"[/\\]+", name)[-1]


def _suffix(name: str) -> str:
    return os.path.splitext(safe_parts(name)[-1])[1].lower()


def _begins_as_midi(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"MThd"


def _shortened(part: str) -> str:
    """Shorten a name to _LONGEST_NAME bytes, keeping its suffix."""
    stem, suffix = os.path.splitext(part)
    suffix = suffix if len(suffix) <= 8 else ""
    stem = part[: len(part) - len(suffix)]
    while len((stem + suffix).encode()) > _LONGEST_NAME:
        stem = stem[:-1]
    return stem + suffix


def _free_folder(parent: Path, part: str) -> Path:
    """Return the folder of this name; with "_" appended while a file or symlink has the name."""
    folder = parent / part
    while os.path.lexists(folder) and (folder.is_symlink() or not folder.is_dir()):
        folder = folder.with_name(f"{folder.name}_")
    return folder
