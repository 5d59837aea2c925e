"""Write files atomically, and refuse names that no file can have."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from latentrack.errors import UserError

_OF_A_NAME = (errno.ENAMETOOLONG, errno.ELOOP, errno.EACCES)
_SHOWN = 80  # characters of a name that is too long to be shown


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike[str], what: str) -> Iterator[IO[bytes]]:
    """A file to write to, which gets the name `path` when all of it is on the disk.

    If anything goes wrong before, what had that name is as it was. Folders that are missing are
    made. Raises UserError if it cannot be written; `what` names it there: "the model".
    """
    target = Path(path)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except OSError as error:
        raise UserError(
            f"Could not write {what} {target} ({error.strerror or error}): "
            "name a file in a folder you may write to."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def refused_name(error: Exception) -> str:
    """A sentence about a name that the system refuses: too long, a link to itself, out of reach.

    Even asking whether there is such a file raises then, wherever that is asked first. "" if
    `error` is another.
    """
    if not isinstance(error, OSError) or error.errno not in _OF_A_NAME or not error.filename:
        return ""
    name = os.fsdecode(error.filename)
    short = name if len(name) <= _SHOWN else f"{name[:_SHOWN]}…"
    return f"{short} cannot be used ({error.strerror}): name another file."
