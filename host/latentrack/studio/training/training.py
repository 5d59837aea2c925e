"""Start and watch trainings, each of which runs in a process of its own."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path

from latentrack.errors import UserError
from latentrack.limits import DAMAGE
from latentrack.model.attributes import wanted_axes
from latentrack.model.feel_training import wanted_latents
from latentrack.model.plan import plan
from latentrack.model.run import load_run
from latentrack.model.settings import Settings
from latentrack.model.training import decoder_info
from latentrack.studio.music.music import Music
from latentrack.studio.training.assignment import (
    ERRORS,
    JOB,
    SILENT,
    Assignment,
    has_best,
    keep,
)
from latentrack.studio.training.child import messages, start_child
from latentrack.studio.training.runs import Runs
from latentrack.studio.training.state import (
    Outcome,
    Progress,
    Task,
    TrainingStore,
    outcome_of,
)
from latentrack.studio.worker import Worker
from latentrack.studio.workspace import Workspace, safe_name

SECONDS_TO_END = 8.0
"""Seconds for a training to write its run when the studio is closed."""


class Trainer(TrainingStore):
    """Trains in a child process, which ends with the studio. May be used from any thread."""

    def __init__(self, workspace: Workspace, music: Music) -> None:
        super().__init__(next(iter(workspace.run_folders()), None))
        self._workspace = workspace
        self._music = music
        self.runs = Runs(workspace)
        self._starting = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._worker = Worker("training")
        self._closing = threading.Event()
        self._keeper = Worker("left trainings")
        left = [job.parent for job in self._folder.glob(f"*/{JOB}")]
        if left:
            self._keeper.do(lambda: self._keep_all(left))

    def start(self, settings: Settings, name: str, earlier: Path | None = None) -> None:
        """Start a training on the music, or continue that of the run `earlier` on its music.

        Returns at once. Raises UserError if a training runs already, there is no music or too
        little, memory would not suffice, or a feel or an axis is asked for that the music lacks.
        """
        if earlier is not None:
            run = load_run(earlier)
            dataset, settings = run.dataset, run.going_on(settings)
            called = str(run.about.get("music") or name)
        else:
            if self._music.dataset is None:
                raise UserError("There is no music to train on yet: add some on the Corpus page.")
            dataset, called = self._music.dataset, name
        decoder_info(dataset, settings.latent_scale)
        feel = wanted_latents(dataset, settings)
        wanted_axes(dataset, settings)
        plan(len(dataset), dataset.steps * dataset.voices, settings, feel=feel).check_memory()
        name = safe_name(name)
        with self._starting:
            state = self.state
            if state.task is not None and state.running:
                raise UserError(
                    f"{state.task.name} is still being trained: stop it, or wait until it has "
                    "ended."
                )
            self._folder.mkdir(parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(dir=self._folder))
            assignment = Assignment(folder, self._workspace.folder, name, settings, called, earlier)
            task = Task(name, settings, dataset)
            self.update(task=task, progress=Progress(), stopping=False, outcome=None)
            self._worker.do(lambda: self._accompany(task, assignment))

    def stop(self) -> None:
        """End the training after the present epoch; its run has the best weights so far."""
        if self.state.running:
            self.update(stopping=True)
            self._tell(b"stop\n")

    def dismiss(self) -> None:
        """Forget the ended training; its run stays."""
        with self._starting:
            if not self.state.running:
                self.update(task=None, outcome=None)

    def dismiss_found(self) -> None:
        """Forget the messages about an earlier studio's trainings; their runs stay."""
        self.update(found=())

    def close(self) -> None:
        """End the running training, and keep its best weights as a run."""
        self._closing.set()
        process = self._process
        if process is not None and process.stdin is not None:
            # The closed pipe tells the process to end.
            with contextlib.suppress(OSError):
                process.stdin.close()
            try:
                process.wait(SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                process.kill()
        self._worker.close(SECONDS_TO_END)
        self._keeper.close(SECONDS_TO_END)

    @property
    def _folder(self) -> Path:
        return self._workspace.folder / "training"

    def _tell(self, words: bytes) -> None:
        process = self._process
        if process is not None and process.stdin is not None:
            with contextlib.suppress(OSError, ValueError):
                process.stdin.write(words)
                process.stdin.flush()

    def _accompany(self, task: Task, assignment: Assignment) -> None:
        """Run a training from its beginning to its end, in the worker's thread."""
        try:
            outcome = self._work(task, assignment)
        except (UserError, OSError) as error:
            outcome = Outcome("failed", (f"The training could not begin: {error}",))
        shutil.rmtree(assignment.folder, ignore_errors=True)
        self._process = None
        self.update(outcome=outcome, last_run=outcome.run or self.state.last_run)
        self.runs.refresh()

    def _work(self, task: Task, assignment: Assignment) -> Outcome:
        assignment.write(task.dataset)
        if self._closing.is_set() or self.state.stopping:
            return Outcome("nothing", ("Stopped before it had begun: there was nothing to keep.",))
        process = start_child(
            "latentrack.studio.training.learner",
            str(assignment.folder),
            errors=assignment.folder / ERRORS,
        )
        self._process = process
        if self.state.stopping:
            self._tell(b"stop\n")
        outcome, progress = None, Progress()
        for message in messages(process):
            progress = progress.after(message, task.settings.latents)
            outcome = outcome_of(message, progress) or outcome
            self.update(progress=progress)
        code = process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        return outcome or self._lost(progress, assignment.folder, code)

    def _lost(self, progress: Progress, folder: Path, code: int) -> Outcome:
        """The outcome of a training whose process ended without the message of an outcome."""
        if code < 0:
            what = f"The training was ended from outside (signal {-code})"
            if code == -9:
                what = "The training was ended from outside, perhaps because memory ran short"
        else:
            said = (folder / ERRORS).read_text("utf-8", "replace").strip().splitlines()
            what = f"The training broke off ({said[-1] if said else f'exit code {code}'})"
        if progress.epochs:
            what += f", after epoch {progress.epochs[-1].number:,}"
        try:
            run, number = keep(folder)
        except UserError:
            advice = "Nothing of it could be kept: close other programs and start it again."
            return Outcome("killed", (f"{what}.", advice))
        advice = f"Its epoch {number:,} is kept as {run.stem}: train on from it."
        return Outcome("killed", (f"{what}.", advice), run)

    def _keep_all(self, folders: list[Path]) -> None:
        """Make runs of the folders that an earlier studio left, once their processes have ended."""
        for folder in folders:
            try:
                assignment = Assignment.read(folder)
            except (OSError, UserError, *DAMAGE):
                shutil.rmtree(folder, ignore_errors=True)
                continue
            while (folder / JOB).exists() and not assignment.is_silent:
                if self._closing.wait(SILENT / 10):
                    return
            if has_best(folder):
                with contextlib.suppress(UserError):
                    run, number = keep(folder)
                    words = (
                        f"The studio was ended while {assignment.name} was being trained: its "
                        f"epoch {number:,} is kept as {run.stem}."
                    )
                    self.update(found=(*self.state.found, words), last_run=run)
            shutil.rmtree(folder, ignore_errors=True)
        self.runs.refresh()
