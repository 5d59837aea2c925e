"""What is made of a run and takes a while: its report, and model files. A process does it.

Converting needs TensorFlow, and drawing takes the processor: neither has a place in the server.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from concurrent.futures import CancelledError
from pathlib import Path
from typing import TypeVar

from latentrack.errors import UserError
from latentrack.model.run import HEADER
from latentrack.studio.signals import Signal
from latentrack.studio.training.child import messages, start_child
from latentrack.studio.worker import Worker
from latentrack.studio.workspace import Workspace, model_name

T = TypeVar("T")

REPORT = "report.html"


class Chores:
    """One at a time, in the order in which they were asked for; `changed` says how far it is."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.changed = Signal()
        self.parts: dict[Path, str] = {}
        """What is being done for which run."""
        self._worker = Worker("run files")
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False

    def report(self, run: Path) -> Path:
        """The report of a run, made if there is none yet; blocks meanwhile. UserError."""
        target = run / REPORT

        def make() -> None:
            # Another page may have asked for it just before.
            if not has_report(run):
                self._work(run, "report", str(run))

        if not has_report(run):
            self._do(run, make)
        return target

    def export(self, run: Path, precision: str) -> tuple[Path, str]:
        """Writes a run's model in one of `decoder.precision.PRECISIONS` into the studio's models.

        Returns the file, and what the precision costs in words. Blocks meanwhile. UserError.
        """
        target = self._workspace.models / model_name(run, precision)
        words = self._do(run, lambda: self._work(run, "export", str(run), str(target), precision))
        return target, words

    def close(self) -> None:
        """Ends what is being done."""
        self._closed = True
        self._worker.cancel()
        process = self._process
        if process is not None:
            process.kill()
        self._worker.close()

    def _do(self, run: Path, work: Callable[[], T]) -> T:
        self._say(run, "Waiting for its turn")
        try:
            return self._worker.do(work).result()
        except CancelledError:
            raise _closing() from None
        finally:
            self.parts.pop(run, None)
            self.changed.emit()

    def _say(self, run: Path, words: str) -> None:
        self.parts[run] = words
        self.changed.emit()

    def _work(self, run: Path, *arguments: str) -> str:
        if self._closed:
            raise _closing()
        self._say(run, "Starting TensorFlow")
        result: str | None = None
        failed = ""
        with tempfile.TemporaryDirectory() as folder:
            errors = Path(folder) / "errors.txt"
            process = start_child("latentrack.studio.training.chore", *arguments, errors=errors)
            self._process = process
            if self._closed:
                process.kill()
            try:
                for message in messages(process):
                    if message["kind"] == "part":
                        self._say(run, message["words"])
                    elif message["kind"] == "done":
                        result = message["words"]
                    elif message["kind"] == "failed":
                        failed = message["words"]
                code = process.wait()
            finally:
                self._process = None
                process.kill()
                process.wait()
                for pipe in (process.stdin, process.stdout):
                    if pipe is not None:
                        pipe.close()
            if result is not None:
                return result
            if failed:
                raise UserError(failed)
            said = errors.read_text("utf-8", "replace").strip().splitlines()
        last = said[-1] if said else f"it was ended from outside, exit code {code}"
        raise UserError(f"{run.stem}: this could not be made ({last}): try again.")


def _closing() -> UserError:
    return UserError("The studio is being closed.")


def has_report(run: Path) -> bool:
    """Whether a report lies beside the run that is not older than it."""
    try:
        return (run / REPORT).stat().st_mtime >= (run / HEADER).stat().st_mtime
    except OSError:
        return False
