"""The folder of one training: its task and its result so far, in files that survive its process.

    job.json      the settings and the target of the run; touched every 5 s while the training lasts
    dataset.npz   the music
    best-1.run    the best so far, as a run without its music; the next one has the next number
    errors.txt    last words

The folder is removed when the run is written. A remaining folder belongs to a training that was
killed: `keep` makes a run of it.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from latentrack.corpus.dataset import Dataset
from latentrack.errors import UserError
from latentrack.files import atomic_write
from latentrack.limits import DAMAGE, TEXT_BYTES, read_file, read_json
from latentrack.model.run import Run, load_run, save_run, write_run
from latentrack.model.run_header import HEADER, read_header, settings_of
from latentrack.model.settings import Settings
from latentrack.model.training import Epoch, Training
from latentrack.studio.workspace import Workspace

JOB, MUSIC, ERRORS = "job.json", "dataset.npz", "errors.txt"
HEARTBEAT = 5.0
"""Seconds between two touches of job.json by the process that trains."""
SILENT = 20.0
"""Seconds without a touch of job.json after which that process counts as ended."""


@dataclass(frozen=True)
class Assignment:
    """One training.

    folder: its folder.  workspace: the folder of the workspace.  name: of the run to be.
    music: the name of the music.  earlier: the run whose training is continued, or None.
    """

    folder: Path
    workspace: Path
    name: str
    settings: Settings
    music: str
    earlier: Path | None = None

    def write(self, dataset: Dataset) -> None:
        """Write the settings and the music. Raises UserError if the folder cannot be written."""
        dataset.save(self.folder / MUSIC)
        job = {
            "workspace": str(self.workspace),
            "name": self.name,
            "settings": asdict(self.settings),
            "music": self.music,
            "earlier": str(self.earlier) if self.earlier else None,
        }
        with atomic_write(self.folder / JOB, "the training's settings") as file:
            file.write(json.dumps(job, indent=1).encode())

    @classmethod
    def read(cls, folder: Path) -> Assignment:
        """Read an assignment. Raises OSError or one of limits.DAMAGE if there is none."""
        job = read_json(read_file(folder / JOB, TEXT_BYTES))
        return cls(
            folder,
            Path(job["workspace"]),
            job["name"],
            settings_of(job["settings"]),
            job["music"],
            Path(job["earlier"]) if job["earlier"] else None,
        )

    @property
    def dataset(self) -> Dataset:
        """The music to train on, read from the folder. Raises UserError."""
        return Dataset.load(self.folder / MUSIC)

    @property
    def is_silent(self) -> bool:
        """Whether the process that trains has ended: no touch for SILENT seconds."""
        try:
            return time.time() - (self.folder / JOB).stat().st_mtime > SILENT
        except OSError:
            return True

    def touch(self) -> None:
        """Show that the process that trains is alive."""
        try:
            os.utime(self.folder / JOB)
        except OSError:
            pass

    def save(self, training: Training, dataset: Dataset, earlier: tuple[Epoch, ...] = ()) -> Run:
        """Write what came of it as a run of the studio. earlier: the history of the run that was
        trained on from, where the training's own is without it. Raises UserError."""
        target = Workspace(self.workspace).free_run(self.name)
        return save_run(target, training, dataset, music=self.music, earlier=earlier)

    def save_best(self, training: Training, dataset: Dataset, earlier: tuple[Epoch, ...]) -> None:
        """Keep the best so far in place of the last one; it is whole at any moment. Raises
        UserError."""
        older = _best_runs(self.folder)
        number = 1 + max(older.values(), default=0)
        # A folder cannot be replaced in one step: each has a name of its own.
        target = self.folder / f"best-{number}.run"
        write_run(target, training, dataset, music=self.music, earlier=earlier, with_dataset=False)
        _remove(older)

    def forget_best(self) -> None:
        """Leave nothing of which `keep` would make a run."""
        _remove(_best_runs(self.folder))


def has_best(folder: Path) -> bool:
    """Whether a training's folder has a best so far."""
    return bool(_best_runs(folder))


def keep(folder: Path) -> tuple[Path, int]:
    """Make a run of what a training reached that did not end by itself: its folder, and the number
    of the epoch that is kept, counted from where the training began.

    Raises UserError if there are no weights yet, or the files cannot be read.
    """
    try:
        assignment = Assignment.read(folder)
        dataset = assignment.dataset
        found = _best_runs(folder)
        best = max(found, key=found.__getitem__)
        abandoned = read_header(best / HEADER).abandoned
        run = load_run(best, dataset=dataset)
    except (OSError, UserError, *DAMAGE) as error:
        raise UserError(
            "The training was ended before anything of it could be kept: start it again."
        ) from error
    training = Training(
        run.model, run.history, run.trained_on, run.validated_on, True, run.settings, abandoned
    )
    # What the run that was trained on from had behind it is in the history, too.
    before = run.history[-1].of - (run.settings.epochs or run.history[-1].of)
    return assignment.save(training, dataset).folder, max(0, training.best.number - before)


def _best_runs(folder: Path) -> dict[Path, int]:
    """The best so far with its number; two of them if the training was killed in between."""
    found = {}
    for run in folder.glob("best-*.run"):
        number = run.stem.removeprefix("best-")
        if number.isascii() and number.isdigit():
            found[run] = int(number)
    return found


def _remove(runs: Iterable[Path]) -> None:
    for run in runs:
        shutil.rmtree(run, ignore_errors=True)
