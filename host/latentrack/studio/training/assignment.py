"""What a training is to do and what it has reached, as files that outlive whoever writes them.

    job.json      the settings and where the run goes; touched every few seconds while it lasts
    dataset.npz   the music
    best.npz      the best weights so far, with the history
    errors.txt    last words

The folder goes when the run is written. One that is left belongs to a training that was killed:
`keep` makes a run of it.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from latentrack.corpus.dataset import Dataset
from latentrack.errors import UserError
from latentrack.files import atomic_write
from latentrack.limits import DAMAGE, TABLE_BYTES, TEXT_BYTES, Arrays, read_file, read_json
from latentrack.model.autoencoder import flat_weights
from latentrack.model.run import Run, load_run, read_indices, read_model, save_run, settings_of
from latentrack.model.settings import Settings
from latentrack.model.training import Epoch, Training, decoder_info
from latentrack.studio.workspace import Workspace

JOB, MUSIC, BEST, ERRORS = "job.json", "dataset.npz", "best.npz", "errors.txt"
HEARTBEAT = 5.0
"""Seconds."""
SILENT = 20.0
"""After so many seconds without a heartbeat nobody works on it any more."""


@dataclass(frozen=True)
class Assignment:
    """One training. music: what the music is called.  earlier: the run that is trained on from."""

    folder: Path
    workspace: Path
    name: str
    settings: Settings
    music: str
    earlier: Path | None = None

    def write(self, dataset: Dataset) -> None:
        """UserError if the folder cannot be written to."""
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
        """OSError, or see limits.DAMAGE, if there is none."""
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
        """The music to learn."""
        return Dataset.load(self.folder / MUSIC)

    @property
    def is_silent(self) -> bool:
        """Whether nobody works on it any more."""
        try:
            return time.time() - (self.folder / JOB).stat().st_mtime > SILENT
        except OSError:
            return True

    def touch(self) -> None:
        """Says that somebody works on it."""
        try:
            os.utime(self.folder / JOB)
        except OSError:
            pass

    def save(
        self, training: Training, dataset: Dataset, earlier: tuple[Epoch, ...] | None = None
    ) -> Run:
        """Writes what came of it as a run of the studio. UserError."""
        if earlier is None:
            earlier = load_run(self.earlier).history if self.earlier else ()
        target = Workspace(self.workspace).free_run(self.name)
        return save_run(target, training, dataset, music=self.music, earlier=earlier)


def write_best(folder: Path, training: Training, earlier: tuple[Epoch, ...]) -> None:
    """The best weights so far, whole or not at all. UserError."""
    model = training.model
    header = {
        "settings": asdict(training.settings),
        "encoder": model.encoder_sizes[1:-1],
        "latents": model.latents,
        "decoder": model.sizes[1:-1],
        "abandoned": training.abandoned,
    }
    weights = {f"w{i:03}": array for i, array in enumerate(flat_weights(model))}
    with atomic_write(folder / BEST, "the best weights so far") as file:
        np.savez(
            file,
            header=np.frombuffer(json.dumps(header).encode(), np.uint8),
            validated_on=training.validated_on,
            trained_on=training.trained_on,
            history=_table(training.history),
            earlier=_table(earlier),
            **weights,  # type: ignore[arg-type]
        )


def keep(folder: Path) -> tuple[Path, Training]:
    """Makes a run of what a training reached that did not end by itself.

    UserError if it had reached nothing, or that cannot be read.
    """
    try:
        assignment = Assignment.read(folder)
        dataset = assignment.dataset
        with Arrays(folder / BEST) as arrays:
            header = read_json(arrays.read("header", TEXT_BYTES).tobytes())
            settings = settings_of(header["settings"])
            info = decoder_info(dataset, settings.latent_scale)
            model = read_model(arrays, info, header, settings.model == "vae")
            held, chosen = (
                read_indices(arrays, name, len(dataset)) for name in ("validated_on", "trained_on")
            )
            history, earlier = (
                _history(arrays.read(name, TABLE_BYTES)) for name in ("history", "earlier")
            )
    except (OSError, *DAMAGE) as error:
        raise UserError(
            "The training was ended before anything of it could be kept: start it again."
        ) from error
    training = Training(model, history, chosen, held, True, settings, tuple(header["abandoned"]))
    return assignment.save(training, dataset, earlier).folder, training


def _table(history: tuple[Epoch, ...]) -> Any:
    rows = [
        (e.number, e.of, e.loss, np.nan if e.validation_loss is None else e.validation_loss, e.best)
        for e in history
    ]
    return np.array(rows, np.float64).reshape(-1, 5)


def _history(table: Any) -> tuple[Epoch, ...]:
    return tuple(
        Epoch(int(number), int(of), float(loss), None if np.isnan(held) else float(held), best == 1)
        for number, of, loss, held, best in table.tolist()
    )
