"""Watches a folder of the module's code and swaps in what changes, while the module plays."""

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

# An editor that saves a file may take it away for a moment.
_GONE_POLLS = 5
_BEHAVIOURS = "behaviours/"
# How often it is asked whether the module has restarted, and the name there that says no.
_CHECK_EVERY_S = 1.0
_MARK = "_live_edits"


@dataclass(frozen=True)
class Change:
    """A file that was sent: its path under /flash, and "plays", "at the next start" or "removed".

    With a traceback, the old code is in place.
    """

    path: str
    what: str
    seconds: float
    trace: str = ""


class Live:
    """Sends what changes in `folder` to the module; used from one thread or several.

    `line` is a link, or the line of a program that goes on for long and shares it.
    """

    def __init__(self, line: Link | Line, folder: Path) -> None:
        if not folder.is_dir():
            raise UserError(f"{folder} is not a folder; name one with device code or behaviours.")
        self._turn = line.turn
        self._folder = folder
        # Device code goes where it lies; a folder of anything else is one of behaviours.
        if (folder / "latentrack").is_dir():
            self._prefix = ""
        else:
            self._prefix = "latentrack/" if folder.name == "latentrack" else "behaviours/"
        self._seen: dict[str, tuple[float, int]] = {}
        # How many polls in a row have missed a file that was there.
        self._missed: dict[str, int] = {}
        self._hashes: dict[str, str] = {}
        self._checked = 0.0

    def start(self) -> list[Change]:
        """Brings what differs from the module to it."""
        self._compare()
        return self.poll()

    def _compare(self) -> None:
        """Learns what is on the module, and marks it, so that a restart is noticed."""
        with self._turn() as link:
            with Session(link, "files", FLASH) as session:
                there = as_listing(session.first)
            link.run(f"{_MARK} = True")
        self._hashes = {path.removeprefix(f"{FLASH}/"): e.sha256 for path, e in there.items()}
        self._checked = time.monotonic()

    def _check_restart(self) -> None:
        """What was not stored yet is lost with a restart: then all that differs is sent again."""
        if time.monotonic() - self._checked < _CHECK_EVERY_S:
            return
        self._checked = time.monotonic()
        with self._turn() as link:
            restarted = not link.evaluate(f"{_MARK!r} in globals()")
        if restarted:
            self._compare()
            self._seen.clear()

    def poll(self) -> list[Change]:
        """Sends the files that have changed since the last poll, or been lost by a restart."""
        self._check_restart()
        changes = []
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
                continue  # an editor that is about to put it back
            self._seen[path] = stamp
            try:
                source = for_module(path, source)
            except UserError as error:
                changes.append(Change(path, "", 0.0, str(error)))
                continue
            digest = hashlib.sha256(source).hexdigest()
            if self._hashes.get(path) != digest:
                self._hashes[path] = digest
                changes.append(self._send(path, source))
        return changes

    def gone(self) -> list[str]:
        """Behaviours that were deleted in the folder while it was watched, each named once."""
        found = [
            path
            for path, polls in self._missed.items()
            if polls >= _GONE_POLLS and path.startswith(_BEHAVIOURS)
        ]
        for path in found:
            del self._missed[path], self._seen[path]
        return found

    def remove(self, path: str) -> Change:
        """Takes a behaviour out of what plays, and its file from the module."""
        began = time.monotonic()
        with self._turn() as link, Session(link) as session:
            try:
                session.call("forget", path)
            except ModuleError as error:
                return Change(path, "", time.monotonic() - began, _own_lines(error))
        self._hashes.pop(path, None)
        return Change(path, "removed", time.monotonic() - began)

    def finish(self) -> int:
        """Stores what waits for a pause of the clock; how many files."""
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
                link.enter()  # interrupts it; raises where the module has really gone
                restarted = not link.evaluate(f"{_MARK!r} in globals()")
            self._checked -= _CHECK_EVERY_S
            why = "the module has restarted" if restarted else "it timed out after 5 s"
            return Change(path, "", time.monotonic() - began, why)
        return Change(path, what, time.monotonic() - began)


def _own_lines(error: ModuleError) -> str:
    """The traceback without the lines that are about swapping."""
    lines = error.trace.splitlines() or [str(error)]
    last = max((i for i, line in enumerate(lines) if '"latentrack/live.py"' in line), default=0)
    return "\n".join(lines[:1] + lines[last + 1 :])
