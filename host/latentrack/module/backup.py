"""Back up the module's flash to one file (archive.py), restore it, and fetch single files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from latentrack.errors import UserError
from latentrack.files import atomic_write
from latentrack.module import FLASH, archive
from latentrack.module.files import FileEntry, Files
from latentrack.module.link import Progress
from latentrack.module.space import check_room, sizes_of


def fetch_to(
    files: Files, targets: Mapping[Path, tuple[str, FileEntry]], progress: Progress | None = None
) -> int:
    """Fetch files of the module, each atomically; return the number of files fetched.

    targets: by path on the computer, path and entry on the module. Identical files are skipped.
    Raises UserError.
    """
    wanted = {
        target: (path, entry)
        for target, (path, entry) in targets.items()
        if not (target.is_file() and _entry(target.read_bytes()) == entry)
    }
    total = sum(entry.size for _, entry in wanted.values())
    sent = 0
    for target, (path, entry) in wanted.items():
        data = _fetch(files, path, entry, sent, total, progress)
        sent += len(data)
        with atomic_write(target, "the model") as file:
            file.write(data)
    return len(wanted)


def backup(files: Files, target: Path, progress: Progress | None = None) -> int:
    """Write every file of the module's flash into a zip file, atomically; return their count.

    Raises UserError; then an existing `target` is unchanged.
    """
    there = files.listing(FLASH)
    there.pop(f"{FLASH}/{archive.MANIFEST}", None)
    total, sent = sum(entry.size for entry in there.values()), 0
    if target.is_dir():
        raise UserError(f"{target} is a folder; name the zip file to write.")
    with atomic_write(target, "the backup") as file:
        writer = archive.Writer(file)
        for path in sorted(there):
            data = _fetch(files, path, there[path], sent, total, progress)
            sent += len(data)
            writer.add(path.removeprefix(f"{FLASH}/"), data, there[path])
        writer.close()
    return len(there)


def read_backup(file: Path) -> dict[str, bytes]:
    """Return the files in a backup, by path on the module. Raises UserError if it is invalid."""
    return {f"{FLASH}/{name}": data for name, data in archive.read(file).items()}


def restore(
    files: Files,
    contents: Mapping[str, bytes],
    *,
    delete: bool = False,
    progress: Progress | None = None,
) -> tuple[int, int]:
    """Restore the flash from a backup; return the numbers of files sent and removed.

    contents: the result of `read_backup`.  delete: also remove files that are not in the backup,
    after all others were stored and compared.  Raises UserError; before a byte is sent if the files
    do not fit beside those on the module.
    """
    there = files.listing(FLASH)
    gone = [path for path in there if path not in contents] if delete else []
    wanted = {path: data for path, data in contents.items() if there.get(path) != _entry(data)}
    check_room(files, sizes_of(wanted.items()), there, "The files of the backup")
    total, sent = sum(map(len, wanted.values())), 0
    for path, data in wanted.items():
        files.put(path, data)
        sent += len(data)
        if progress is not None:
            progress(sent, total)
    if gone:
        files.remove(gone)
    return len(wanted), len(gone)


def _fetch(
    files: Files, path: str, entry: FileEntry, sent: int, total: int, progress: Progress | None
) -> bytes:
    data = files.fetch(path)
    if _entry(data) != entry:
        raise UserError(f"{path} arrived damaged or changed meanwhile; try again.")
    if progress is not None:
        progress(sent + len(data), total)
    return data


def _entry(data: bytes) -> FileEntry:
    return FileEntry(len(data), hashlib.sha256(data).hexdigest())
