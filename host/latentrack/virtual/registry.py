"""Which virtual modules are switched on: `latentrack devices` and names find them here.

Each leaves a small file in a folder of the user's, which goes when it is switched off; what one
that was killed has left, its temporary folder too, is removed by whoever looks next.
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
    """A virtual module that runs: its USB port, its flash, and the process that it runs in."""

    port: str
    name: str
    flash: str
    process: int
    started: str


def folder() -> Path:
    """$LATENTRACK_RUNTIME, else a folder of the user's that goes when they log out."""
    named = os.environ.get("LATENTRACK_RUNTIME")
    if named:
        return Path(named)
    user = os.environ.get("XDG_RUNTIME_DIR")
    if user and os.access(user, os.W_OK):
        return Path(user, "latentrack")
    return Path(tempfile.gettempdir(), f"latentrack-{getpass.getuser()}")


def enter(port: str, flash: Path) -> Path:
    """Writes the module down; the path is what `leave` takes.

    Its name is that of its flash folder, with a number where another is called so.
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
    """The module is switched off."""
    path.unlink(missing_ok=True)


def running() -> list[RunningModule]:
    """The virtual modules that are on, by name; forgets those whose process is gone."""
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
    """When a process began: its number alone may be another's by now. "" if there is none."""
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
