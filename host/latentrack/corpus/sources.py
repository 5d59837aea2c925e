"""Find music: in files, in folders with all that is in them, and in zip archives."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from latentrack.corpus.midi import SUFFIXES as MIDI
from latentrack.corpus.unreadable import Unreadable
from latentrack.errors import UserError
from latentrack.limits import (
    AUDIO_BYTES,
    AUDIO_MEMBER_BYTES,
    MIDI_BYTES,
    TABLE_BYTES,
    Archive,
    lines,
    read_file,
)

ARCHIVES = (".zip",)

_ENCRYPTED = 1  # a bit of a member's flags
_INFO = "info.csv"


@dataclass(frozen=True)
class FoundFile:
    """A file to read, and what the Dataset will call it."""

    path: Path
    name: str
    style: str = ""
    member: str = ""  # of the archive `path`; "" if it is a file of its own

    @property
    def suffix(self) -> str:
        """The suffix of its name, in lower case: ".mid"."""
        return os.path.splitext(self.member or self.path.name)[1].lower()

    @property
    def stem(self) -> str:
        """Its name without folders and suffix."""
        return Path(self.member or self.path.name).stem

    def read(self) -> bytes:
        """The file's bytes. Raises Unreadable."""
        try:
            if not self.member:
                return read_file(self.path, MIDI_BYTES if self._is_midi else AUDIO_BYTES)
            archive = _open(self.path, self.path.stat().st_mtime_ns)
            info = archive.getinfo(self.member)
            if info.flag_bits & _ENCRYPTED:
                raise Unreadable("locked with a password")
            most = MIDI_BYTES if self._is_midi else AUDIO_MEMBER_BYTES
            if info.file_size > most:
                raise Unreadable("too large for music in an archive")
            return archive.read_member(info, most)
        except OSError as error:
            raise Unreadable(f"unreadable: {error.strerror or error}") from error
        except Exception as error:
            # zlib, lzma and bz2 have errors of their own.
            if isinstance(error, Unreadable):
                raise
            if not self.member:
                raise Unreadable(str(error)) from error
            raise Unreadable("damaged in its archive") from error

    @property
    def _is_midi(self) -> bool:
        # What is named by hand may have any suffix; only MIDI is read without one of audio.
        return self.suffix in MIDI or not self.suffix


@dataclass(frozen=True)
class Broken:
    """An archive in a folder that cannot be opened."""

    name: str
    reason: str


@lru_cache(maxsize=4)
def _open(path: Path, _changed: int) -> Archive:
    return Archive(path)


def find(
    sources: Sequence[Path], suffixes: tuple[str, ...], what: str, unread: tuple[str, ...] = ()
) -> list[FoundFile | Broken]:
    """All files with these suffixes, each once, in the order of their names.

    `what` they are is said in errors: UserError if a source is not there, cannot be read, or
    holds no such file. Files with the suffixes `unread` are found beside others, to be counted.
    """
    found: dict[tuple[Path, str], FoundFile | Broken] = {}
    for source in sources:
        if source.is_dir():
            entries = list(_folder(source, suffixes + unread))
            if not _any_other(entries, unread):
                raise UserError(
                    f"The folder {source} holds no {what} files ({', '.join(suffixes)}), nor do "
                    f"the folders in it: name a folder of {what} files."
                )
        elif source.suffix.lower() in ARCHIVES and source.exists():
            try:
                entries = list(_archive(source, suffixes + unread))
            except Unreadable as error:
                raise UserError(
                    f"{source} cannot be used ({error}): name a zip archive of {what} files."
                ) from error
            if not _any_other(entries, unread):
                raise UserError(
                    f"The archive {source} holds no {what} files ({', '.join(suffixes)}): name "
                    f"one of {what} files."
                )
        elif source.exists():
            entries = [FoundFile(source, source.name)]
        else:
            raise UserError(
                f"There is no file or folder {source}: name a {what} file, a zip archive or a "
                f"folder of them."
            )
        for entry in entries:
            if len(sources) > 1 and source.is_dir():
                entry = _below(source.resolve().name, entry)
            elif len(sources) > 1 and isinstance(entry, FoundFile) and entry.member:
                entry = _below(source.name, entry)
            key = (source, entry.name)
            if isinstance(entry, FoundFile):
                key = (Path(os.path.realpath(entry.path)), entry.member)  # of a link to itself, too
            found.setdefault(key, entry)
    return list(found.values())


def _any_other(entries: Sequence[FoundFile | Broken], suffixes: tuple[str, ...]) -> bool:
    return any(isinstance(one, Broken) or one.suffix not in suffixes for one in entries)


def _below(folder: str, entry: FoundFile | Broken) -> FoundFile | Broken:
    name = f"{folder}/{entry.name}"
    if isinstance(entry, Broken):
        return Broken(name, entry.reason)
    return FoundFile(entry.path, name, entry.style, entry.member)


def _folder(folder: Path, suffixes: tuple[str, ...]) -> Iterator[FoundFile | Broken]:
    paths = list(_walk(folder, suffixes + ARCHIVES))
    styles = _styles({path.parent for path in paths} | {folder})
    for path in paths:
        # Names may hold bytes that are no text.
        name = os.fsencode(path.relative_to(folder).as_posix()).decode("utf-8", "replace")
        if path.suffix.lower() not in ARCHIVES:
            yield FoundFile(path, name, styles.get(path, ""))
            continue
        try:
            for inner in _archive(path, suffixes):
                yield _below(name, inner)
        except Unreadable as error:
            yield Broken(name, str(error))


def _archive(path: Path, suffixes: tuple[str, ...]) -> list[FoundFile]:
    """The music in an archive, with the styles that its info.csv tells. Raises Unreadable."""
    try:
        with Archive(path) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            members = sorted(info.filename for info in infos)
            styles: dict[str, str] = {}
            left = TABLE_BYTES  # for all tables together: there may be thousands
            for info in infos:
                folder, _, own = info.filename.rpartition("/")
                if own == _INFO:
                    table = archive.read_member(info, left)
                    left -= len(table)
                    for name, style in _told(table):
                        styles[f"{folder}/{name}" if folder else name] = style
    except OSError as error:
        raise Unreadable(f"unreadable: {error.strerror or error}") from error
    except ValueError as error:
        raise Unreadable(f"it {error}, or an {_INFO} in it") from error
    except Exception as error:  # each way of packing fails in its own way
        raise Unreadable("not a whole zip archive") from error
    return [
        FoundFile(path, member, styles.get(member, ""), member)
        for member in members
        if _is_music(member.rpartition("/")[2], suffixes) and not member.startswith("__MACOSX/")
    ]


def _is_music(name: str, suffixes: tuple[str, ...]) -> bool:
    # macOS leaves "._name.mid" beside a file on a foreign disk; it is no music.
    return name.lower().endswith(suffixes) and not name.startswith("._")


def _walk(folder: Path, suffixes: tuple[str, ...]) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise UserError(
            f"The folder {error.filename} cannot be read ({error.strerror}): "
            "allow reading it, or name another folder."
        ) from error

    for where, folders, files in os.walk(folder, onerror=refuse):
        folders.sort()
        for file in sorted(files):
            if _is_music(file, suffixes):
                yield Path(where, file)


def _styles(folders: Iterable[Path]) -> dict[Path, str]:
    """The styles that the `info.csv` files in these folders tell, by path of the music file."""
    styles: dict[Path, str] = {}
    for folder in folders:
        try:
            table = read_file(folder / _INFO, TABLE_BYTES)
        except OSError:
            continue
        except ValueError as error:
            raise UserError(
                f"The table of styles {folder / _INFO} {error}: take it out of the folder."
            ) from error
        styles |= {folder / name: style for name, style in _told(table)}
    return styles


def _told(table: bytes) -> Iterator[tuple[str, str]]:
    try:
        for row in csv.DictReader(lines(io.StringIO(table.decode("utf-8"), newline=""))):
            if row.get("midi_filename") and row.get("style"):
                yield row["midi_filename"], row["style"]
    except (ValueError, csv.Error):
        return  # a table of another kind
