"""The list of running virtual modules, for `latentrack devices` and names of modules.

Each module writes a small file into a folder of the user's, and removes it when it is switched off.
`running` also removes the files and temporary folders of modules that were killed.
"""

from __future__ import annotations

import getpass
import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from latentrack.virtual import folders


@dataclass(frozen=True)
class RunningModule:
    """A running virtual module.

    port: its USB port.  flash: its flash folder.  process: the id of the process that runs it.
    started: when that process began, as text that tells it from a later one of the same id.
    """

    port: str
    name: str
    flash: str
    process: int
    started: str


def folder() -> Path:
    """The folder of the list.

    $LATENTRACK_RUNTIME, else a folder in $XDG_RUNTIME_DIR, which is removed at logout, else one in
    the system's folder for temporary files.
    """
    named = os.environ.get("LATENTRACK_RUNTIME")
    if named:
        return Path(named)
    user = os.environ.get("XDG_RUNTIME_DIR")
    if user and os.access(user, os.W_OK):
        return Path(user, "latentrack")
    return Path(tempfile.gettempdir(), f"latentrack-{getpass.getuser()}")


def enter(port: str, flash: Path) -> Path:
    """Add a module of this process to the list; return the path for `leave`.

    Its name is that of its flash folder, with a number if that is taken.
    """
    taken = {entry.name for entry in running()}
    base = name = "virtual" if flash.name == "flash" else flash.name
    number = 2
    while name in taken:
        name = f"{base}{number}"
        number += 1
    where = folder()
    where.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = where / f"{port.strip('/').replace('/', '-')}.json"
    entry = RunningModule(port, name, str(flash), os.getpid(), _started(os.getpid()))
    temporary = path.with_suffix(".writing")
    temporary.write_text(json.dumps(asdict(entry)))
    os.replace(temporary, path)
    return path


def leave(path: Path) -> None:
    """Remove a module from the list."""
    path.unlink(missing_ok=True)


def running() -> list[RunningModule]:
    """The running virtual modules, sorted by name; entries of ended processes are removed."""
    folders.sweep()
    found = []
    for path in folder().glob("*.json"):
        try:
            entry = RunningModule(**json.loads(path.read_text()))
        except (OSError, ValueError, TypeError):
            continue
        if _started(entry.process) == entry.started and os.path.exists(entry.port):
            found.append(entry)
        else:
            leave(path)
    return sorted(found, key=lambda entry: entry.name)


def _started(process: int) -> str:
    """When a process began, as its id may have been reused; "" if there is no such process."""
    try:
        # Linux: field 22, counted behind the name, which may hold anything.
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        pass
    try:
        os.kill(process, 0)
        return "runs"
    except OSError:
        return ""
