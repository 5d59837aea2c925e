"""Watch a folder of the module's code, and send each changed file to the module while it plays."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path

from latentrack.errors import UserError
from latentrack.module import FLASH
from latentrack.module.files import as_listing
from latentrack.module.line import Line
from latentrack.module.link import Link, ModuleError
from latentrack.module.session import Session
from latentrack.module.texts import for_module

# A file counts as deleted after this many polls: editors remove a file for a moment to save it.
_GONE_POLLS = 5
_BEHAVIOURS = "behaviours/"
# The interval of checks for a restart, and the global name on the module that a restart removes.
CHECK_EVERY_S = 1.0
_MARK = "_live_edits"


@dataclass(frozen=True)
class Change:
    """A file that was sent.

    path: under /flash.  what: "plays", "at the next start" or "removed"; "" if it failed.
    seconds: how long it took.  trace: why it failed, a traceback or a sentence; the old code plays
    then.
    """

    path: str
    what: str
    seconds: float
    trace: str = ""


class Live:
    """Sends changed files of `folder` to the module. May be used from any thread.

    line: a link, or the line of a long-running program, which shares the port. Raises UserError if
    `folder` is not a folder.
    """

    def __init__(self, line: Link | Line, folder: Path) -> None:
        if not folder.is_dir():
            raise UserError(f"{folder} is not a folder; name one with device code or behaviours.")
        self._turn = line.turn
        self._folder = folder
        # Device code keeps its path; any other folder holds behaviours.
        if (folder / "latentrack").is_dir():
            self._prefix = ""
        else:
            self._prefix = "latentrack/" if folder.name == "latentrack" else "behaviours/"
        self._seen: dict[str, tuple[float, int]] = {}
        # By path: the number of polls in a row in which a file was missing.
        self._missed: dict[str, int] = {}
        self._hashes: dict[str, str] = {}
        self._checked = 0.0

    def start(self) -> list[Change]:
        """Send the files that differ from those on the module."""
        self._compare()
        return self.poll()

    def _compare(self) -> None:
        """Ask for the module's files, and set a global name there whose loss shows a restart."""
        with self._turn() as link:
            with Session(link, "files", FLASH) as session:
                there = as_listing(session.first)
            link.run(f"{_MARK} = True")
        self._hashes = {path.removeprefix(f"{FLASH}/"): e.sha256 for path, e in there.items()}
        self._checked = time.monotonic()

    def _check_restart(self) -> None:
        """Compare anew after a restart of the module, which loses files that were not stored."""
        if time.monotonic() - self._checked < CHECK_EVERY_S:
            return
        self._checked = time.monotonic()
        with self._turn() as link:
            restarted = not link.evaluate(f"{_MARK!r} in globals()")
        if restarted:
            self._compare()
            self._seen.clear()

    def poll(self) -> list[Change]:
        """Send the files that changed since the last poll or that a restart has lost.

        The largest goes first: the module compiles a file in one piece of its heap, and each file
        that it swaps leaves less of that together.
        """
        self._check_restart()
        changes = []
        changed: dict[str, bytes] = {}
        files = self._files()
        for path in self._seen:
            self._missed[path] = 0 if path in files else self._missed.get(path, 0) + 1
        for path, file in files.items():
            try:
                status = file.stat()
                stamp = (status.st_mtime, status.st_size)
                if self._seen.get(path) == stamp:
                    continue
                source = file.read_bytes()
            except OSError:
                continue  # an editor is saving it: the next poll finds it
            self._seen[path] = stamp
            try:
                source = for_module(path, source)
            except UserError as error:
                changes.append(Change(path, "", 0.0, str(error)))
                continue
            digest = hashlib.sha256(source).hexdigest()
            if self._hashes.get(path) != digest:
                self._hashes[path] = digest
                changed[path] = source
        for path in sorted(changed, key=lambda path: -len(changed[path])):
            changes.append(self._send(path, changed[path]))
        return changes

    def gone(self) -> list[str]:
        """The paths of behaviours deleted since the last call; each is listed once."""
        found = [
            path
            for path, polls in self._missed.items()
            if polls >= _GONE_POLLS and path.startswith(_BEHAVIOURS)
        ]
        for path in found:
            del self._missed[path], self._seen[path]
        return found

    def remove(self, path: str) -> Change:
        """Stop a behaviour on the module and remove its file there."""
        began = time.monotonic()
        with self._turn() as link, Session(link) as session:
            try:
                session.call("forget", path)
            except ModuleError as error:
                return Change(path, "", time.monotonic() - began, _own_lines(error))
        self._hashes.pop(path, None)
        return Change(path, "removed", time.monotonic() - began)

    def finish(self) -> int:
        """Store the files that wait for the clock to pause; return their number."""
        with self._turn() as link, Session(link) as session:
            return int(session.call("write_now")) if session.first["runs"] else 0

    def _files(self) -> dict[str, Path]:
        found = {file.relative_to(self._folder): file for file in self._folder.rglob("*.py")}
        return {
            self._prefix + path.as_posix(): found[path]
            for path in sorted(found)
            if not any(part.startswith((".", "__pycache__")) for part in path.parts)
        }

    def _send(self, path: str, source: bytes) -> Change:
        began = time.monotonic()
        try:
            with self._turn() as link, Session(link) as session:
                session.send(source)
                what = session.call("swap", path)
        except ModuleError as error:
            return Change(path, "", time.monotonic() - began, _own_lines(error))
        except UserError:
            with self._turn() as link:
                link.enter()  # interrupts the code; raises if the module has gone
                restarted = not link.evaluate(f"{_MARK!r} in globals()")
            self._checked -= CHECK_EVERY_S
            why = "the module has restarted" if restarted else "it timed out after 5 s"
            return Change(path, "", time.monotonic() - began, why)
        return Change(path, what, time.monotonic() - began)


def _own_lines(error: ModuleError) -> str:
    """The traceback without the lines of device/latentrack/live.py."""
    lines = error.trace.splitlines() or [str(error)]
    last = max((i for i, line in enumerate(lines) if '"latentrack/live.py"' in line), default=0)
    return "\n".join(lines[:1] + lines[last + 1 :])
