"""The folders of a virtual module: a temporary one, and the one that is its flash.

Each is locked by the operating system until the process ends, in whatever way. So a flash folder
has one module at a time, and a temporary folder without a lock is one that a killed module has
left: `sweep` removes it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

from latentrack.errors import UserError

# Windows has no such locks, and no virtual module.
with contextlib.suppress(ImportError):
    import fcntl

_PREFIX = "latentrack-virtual-"
# The name of a temporary folder before it is locked, so that `sweep` does not remove it.
_UNHELD = ".latentrack-virtual-"


class HeldFolder:
    """A folder that this process locks until `release`.

    Raises BlockingIOError if another process has locked it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = os.open(path, os.O_RDONLY)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._descriptor)
            raise

    def release(self) -> None:
        """Unlock the folder, which stays."""
        os.close(self._descriptor)

    def remove(self) -> None:
        """Remove the folder with its contents, and unlock it."""
        shutil.rmtree(self.path, ignore_errors=True)
        self.release()


def temporary() -> HeldFolder:
    """Make and lock a temporary folder for a module."""
    made = Path(tempfile.mkdtemp(prefix=_UNHELD))
    held = HeldFolder(made)
    held.path = made.with_name(_PREFIX + made.name.removeprefix(_UNHELD))
    made.rename(held.path)
    return held


def flash(path: Path) -> HeldFolder:
    """Lock the folder that is a module's flash; make it if it is missing.

    Raises UserError if it cannot be used, or if another virtual module has it.
    """
    from latentrack.virtual import registry

    try:
        path.mkdir(parents=True, exist_ok=True)
        return HeldFolder(path)
    except BlockingIOError:
        pass
    except OSError as error:
        raise UserError(
            f"{path} cannot be a module's flash ({error.strerror or error}); name a folder that "
            "you may write to."
        ) from error
    here = os.path.realpath(path)
    user = next((e for e in registry.running() if os.path.realpath(e.flash) == here), None)
    who = (
        f"the virtual module at {user.port} (process {user.process})" if user else "another module"
    )
    raise UserError(
        f"{path} is the flash of {who}; switch that one off first, or name another folder."
    )


def sweep() -> None:
    """Remove the temporary folders of modules that were killed."""
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            HeldFolder(path).remove()
