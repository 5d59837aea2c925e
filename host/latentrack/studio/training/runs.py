"""The runs of the studio: which there are, in short, and moving them about."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from latentrack.errors import UserError
from latentrack.model.run_header import HEADER
from latentrack.model.run_summary import RunSummary, read_summary
from latentrack.studio.signals import Signal
from latentrack.studio.store import Store
from latentrack.studio.workspace import Workspace, safe_name


@dataclass(frozen=True)
class RunsState:
    """runs: the newest first, without what is no whole run; None: not read yet."""

    runs: tuple[RunSummary, ...] | None = None


class Runs(Store[RunsState]):
    """All methods may take longer than a page can wait: call them in the background.

    runs_changed: runs have come, gone or moved.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.runs_changed = Signal()
        super().__init__(RunsState(), {self.runs_changed: ("runs",)})
        self._workspace = workspace
        self._reading = threading.Lock()
        # A summary stays the same object as long as its run does.
        self._known: dict[Path, tuple[int, RunSummary | None]] = {}

    def refresh(self) -> None:
        """See which runs there are. Each is read once, and again when it was written anew."""
        with self._reading:
            known = {}
            for folder in self._workspace.run_folders():
                try:
                    age = (folder / HEADER).stat().st_mtime_ns
                except OSError:
                    continue
                before = self._known.get(folder)
                same = before is not None and before[0] == age
                known[folder] = before if before and same else (age, _summary(folder))
            self._known = known
            summaries = (summary for _, summary in known.values())
            self.update(runs=tuple(summary for summary in summaries if summary is not None))

    def rename(self, run: Path, name: str) -> Path:
        """Rename a run; return its new folder. Raises UserError if another run has the name."""
        target = self._workspace.runs / f"{safe_name(name)}.run"
        if target == run:
            return run
        if target.exists():
            raise UserError(f"There is a run {target.stem} already: choose another name.")
        return self._move(run, target)

    def remove(self, run: Path) -> Path:
        """Move a run to the studio's trash; return its folder there. Raises UserError."""
        trash = self._workspace.folder / "trash"
        trash.mkdir(exist_ok=True)
        number, target = 1, trash / run.name
        while target.exists():
            number += 1
            target = trash / f"{run.stem}-{number}.run"
        return self._move(run, target)

    def restore(self, removed: Path, name: str) -> Path:
        """Move a run back from the trash to a free name; return its folder. Raises UserError."""
        return self._move(removed, self._workspace.free_run(name))

    def _move(self, source: Path, target: Path) -> Path:
        try:
            os.rename(source, target)
        except OSError as error:
            raise UserError(
                f"{source.stem} could not be moved ({error.strerror}): close what uses its folder."
            ) from error
        self.refresh()
        return target


def differing(runs: Sequence[RunSummary]) -> list[str]:
    """The names of the settings that are not the same in all of them."""
    names: dict[str, None] = {}
    for run in runs:
        names.update(dict.fromkeys(run.settings))
    return [name for name in names if len({repr(run.settings.get(name)) for run in runs}) > 1]


def _summary(folder: Path) -> RunSummary | None:
    try:
        return read_summary(folder)
    except UserError:
        return None
