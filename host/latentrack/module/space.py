"""Compute the flash that files take, to refuse files that do not fit before a byte is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from latentrack.errors import UserError
from latentrack.module.files import FileEntry, Files

# littlefs on a Teensy 4.1: a block has 4096 bytes, of which pointers take 8 on average.
BLOCK = 4096
_IN_A_BLOCK = 4088
_BLOCKS_OF_A_FOLDER = 2


def needed(sizes: Mapping[str, int], there: Mapping[str, FileEntry]) -> int:
    """Return the bytes of flash that storing files takes at most, at any time while it goes on.

    sizes: bytes of each file by path, in the order of storing.  there: the files on the module. A
    replaced file stays until the new one is complete, so both count until then.
    """
    folders = {folder for path in there for folder in PurePosixPath(path).parents}
    taken = most = 0
    for path, size in sizes.items():
        for folder in PurePosixPath(path).parents:
            if folder not in folders:
                folders.add(folder)
                taken += _BLOCKS_OF_A_FOLDER
        taken += _blocks(size)
        most = max(most, taken)
        if path in there:
            taken -= _blocks(there[path].size)
    return most * BLOCK


def check_room(
    files: Files, sizes: Mapping[str, int], there: Mapping[str, FileEntry], what: str
) -> None:
    """Raise UserError if files do not fit beside those on the module.

    sizes, there: as for `needed`.  what: the files' name in the message, in the plural.
    """
    wanted, free = needed(sizes, there), files.free()
    if wanted > free:
        raise UserError(
            f"{what} need {_kilobytes(wanted)} of the module's flash beside what is there, and "
            f"{_kilobytes(free)} are free; `latentrack rm` makes room (nothing was sent, nothing "
            "was removed)."
        )


def sizes_of(contents: Iterable[tuple[str, bytes]]) -> dict[str, int]:
    """Return the bytes of each file by path, from (path, data) pairs."""
    return {path: len(data) for path, data in contents}


def _blocks(size: int) -> int:
    return -(-size // _IN_A_BLOCK)


def _kilobytes(size: int) -> str:
    return f"{size / 1024:,.0f} KB"
