"""Files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from latentrack.errors import UserError


@contextlib.contextmanager
def whole_file(path: str | os.PathLike[str], what: str) -> Iterator[IO[bytes]]:
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
