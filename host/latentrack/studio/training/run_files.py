"""Files made from a run: its report, and model files.

A child process makes them: TensorFlow and the drawing of pictures would block all pages for
seconds.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from latentrack.decoder.precision import check_precision
from latentrack.errors import UserError
from latentrack.model.run_header import HEADER
from latentrack.studio.signals import Signal
from latentrack.studio.store import Store
from latentrack.studio.training.child import messages, start_child
from latentrack.studio.worker import Worker
from latentrack.studio.workspace import Workspace, model_name

T = TypeVar("T")

REPORT = "report.html"
MAKER = "latentrack.studio.training.make_file"


@dataclass(frozen=True)
class RunFilesState:
    """parts: for each run that a file is being made of, the present step of work, in words."""

    parts: Mapping[Path, str] = field(default_factory=dict)


class RunFiles(Store[RunFilesState]):
    """Makes files one at a time, in the order of the requests.

    The methods may be called from any thread, and return when the file is there. They raise
    UserError if the file cannot be made or the studio is being closed.

    progress_changed: another step of work, or none any more.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.progress_changed = Signal()
        super().__init__(RunFilesState(), {self.progress_changed: ("parts",)})
        self._workspace = workspace
        self._worker = Worker("run files")
        self._requests: Counter[Path] = Counter()
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False

    def report(self, run: Path) -> Path:
        """The path of a run's report, which is made if it is missing or older than the run."""
        target = run / REPORT

        def make() -> None:
            # A request of another page may have made it meanwhile.
            if not has_report(run):
                self._work(run, "report", str(run))

        if not has_report(run):
            self._do(run, make)
        return target

    def export(self, run: Path, precision: str) -> tuple[Path, str]:
        """Write a run's model into the studio's models; precision: one of PRECISIONS, or AUTO.

        Returns the file, and what the precision costs in words.
        """
        target = self._target(run, precision)
        arguments = ("export", str(run), str(target), precision, "count")
        return target, self._do(run, lambda: self._work(run, *arguments))

    def model_file(self, run: Path, precision: str) -> Path:
        """The path of a run's model file, which is made if it is missing or older than the run."""
        target = self._target(run, precision)

        def make() -> None:
            if not _is_newer(target, run):
                self._work(run, "export", str(run), str(target), precision)

        if not _is_newer(target, run):
            self._do(run, make)
        return target

    def close(self) -> None:
        """End the process, and refuse all requests from now on."""
        self._closed = True
        self._worker.cancel()
        process = self._process
        if process is not None:
            process.kill()
        self._worker.close()

    def _target(self, run: Path, precision: str) -> Path:
        check_precision(precision, or_auto=True)
        self._workspace.models.mkdir(parents=True, exist_ok=True)
        return self._workspace.models / model_name(run, precision)

    def _do(self, run: Path, work: Callable[[], T]) -> T:
        self._count(run, 1)
        try:
            return self._worker.do(work).result()
        except CancelledError:
            raise _closing() from None
        finally:
            self._count(run, -1)

    def _count(self, run: Path, requests: int) -> None:
        """Count a request that begins (1) or ends (-1).

        A second request for the same run leaves the words of the first as they are, and the words
        stay until the last of them has ended.
        """

        def counted(state: RunFilesState) -> RunFilesState:
            self._requests[run] += requests
            if not self._requests[run]:
                others = {each: words for each, words in state.parts.items() if each != run}
                return RunFilesState(others)
            return RunFilesState({run: "Waiting for its turn", **state.parts})

        self.change(counted)

    def _say(self, run: Path, words: str) -> None:
        self.change(lambda state: RunFilesState({**state.parts, run: words}))

    def _work(self, run: Path, *arguments: str) -> str:
        if self._closed:
            raise _closing()
        self._say(run, "Starting TensorFlow")
        result: str | None = None
        failed = ""
        with tempfile.TemporaryDirectory() as folder:
            errors = Path(folder) / "errors.txt"
            process = start_child(MAKER, *arguments, errors=errors)
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
    """Whether a run has a report that is not older than the run."""
    return _is_newer(run / REPORT, run)


def _is_newer(file: Path, run: Path) -> bool:
    try:
        return file.stat().st_mtime >= (run / HEADER).stat().st_mtime
    except OSError:
        return False
