"""The studio's folder: everything that it keeps, as files that the command line knows, too.

music/          what was dropped onto the page; incoming/ while it comes
maps/           custom percussion maps that were dropped
rules.json      by which the music is read
dataset.npz     what the music gave
runs/NAME.run   trainings, as `latentrack train` writes them
training/       the training that runs (see training/assignment.py)
models/NAME.tflite
midi/           exported patterns and paths
paths/          paths through a latent space that were kept by name
samples/        sounds of one's own for voices, as WAV files
slots.json      the eight slots of the page Explore
module/         the flash of the hosted module
trash/          runs and music that were removed
settings.json   how the page was left
"""

from __future__ import annotations

import json
import re
import shutil
import threading
from pathlib import Path
from typing import Any

from latentrack.decoder.precision import AUTO
from latentrack.errors import UserError
from latentrack.files import atomic_write
from latentrack.limits import NAME_BYTES, TEXT_BYTES, read_file, read_json


class Workspace:
    """The folders are made when there is something to put into them.

    UserError if `folder` cannot be made or written to.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._remembering = threading.Lock()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(
                f"The folder {folder} cannot be made ({error.strerror}): name another for the "
                "studio to keep its files in."
            ) from error

    @property
    def music(self) -> Path:
        """The folder of music."""
        return self.folder / "music"

    @property
    def dataset(self) -> Path:
        """The dataset of the corpus."""
        return self.folder / "dataset.npz"

    @property
    def runs(self) -> Path:
        """The folder of runs."""
        return self.folder / "runs"

    @property
    def slots(self) -> Path:
        """The file of the slots."""
        return self.folder / "slots.json"

    @property
    def models(self) -> Path:
        """The folder of model files."""
        return self.folder / "models"

    @property
    def samples(self) -> Path:
        """The folder of sounds of one's own."""
        return self.folder / "samples"

    @property
    def midi(self) -> Path:
        """The folder of MIDI files that were exported."""
        return self.folder / "midi"

    def run_folders(self) -> list[Path]:
        """The runs, the newest first."""
        headers = self.runs.glob("*.run/run.toml")
        ages = {}
        for header in headers:
            try:
                ages[header.parent] = header.stat().st_mtime
            except OSError:
                continue  # a link that leads nowhere, or a run that has just gone
        return sorted(ages, key=lambda run: (-ages[run], run.name))

    def free_run(self, name: str) -> Path:
        """A folder for a new run: its name, with a number behind it if that is taken."""
        return self._free(self.runs, name, ".run")

    def take_run(self, run: Path) -> Path:
        """Copy a run from elsewhere into the runs, whole or not at all; one of its name stays.

        The model file beside it is copied, too, so that it need not be made here. Returns the run
        here. Raises UserError if it cannot be copied.
        """
        taken = self.runs / run.name
        if taken.exists():
            return taken
        begun = self.runs / f".{run.name}.part"
        try:
            self.runs.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(begun, ignore_errors=True)
            shutil.copytree(run, begun)
            begun.rename(taken)
            file = run.with_suffix(".tflite")
            if file.is_file():
                self.models.mkdir(exist_ok=True)
                # Not with its date: it must not seem older than the run.
                shutil.copyfile(file, self.models / model_name(taken, AUTO))
        except OSError as error:
            shutil.rmtree(begun, ignore_errors=True)
            raise UserError(
                f"{run.stem} cannot be copied into {self.runs} ({error.strerror or error}): make "
                "room there."
            ) from error
        return taken

    def free_midi(self, name: str) -> Path:
        """A file for MIDI that takes no other's place."""
        return self._free(self.midi, name, ".mid")

    def setting(self, name: str, default: Any) -> Any:
        """How something was left when it was last used; plain values, as JSON has them.

        What is of another type than the default (unless that is None) was not left by us: then
        the default.
        """
        found = self._settings().get(name, default)
        kind = (int, float) if isinstance(default, float) else type(default)
        return found if default is None or isinstance(found, kind) else default

    def remember(self, name: str, value: Any) -> None:
        """Keeps how something was left; that this fails harms nobody, so nobody hears of it."""
        # Two threads at once would each write without what the other has to say.
        with self._remembering:
            settings = self._settings()
            if settings.get(name) == value:
                return
            settings[name] = value
            try:
                with atomic_write(self.folder / "settings.json", "the settings") as file:
                    file.write(json.dumps(settings, indent=1).encode())
            except UserError:
                pass

    def _settings(self) -> dict[str, Any]:
        try:
            found = read_json(read_file(self.folder / "settings.json", TEXT_BYTES))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    @staticmethod
    def _free(folder: Path, name: str, ending: str) -> Path:
        plain = safe_name(name)
        number = 1
        while True:
            path = folder / f"{plain}{'' if number == 1 else f'-{number}'}{ending}"
            if not path.exists():
                return path
            number += 1


def model_name(run: Path, precision: str = AUTO) -> str:
    """What the model file of a run is called, in one of `decoder.precision.PRECISIONS` or AUTO."""
    plain = run.name.removesuffix(".run")
    return f"{plain}.tflite" if precision == AUTO else f"{plain}-{precision}.tflite"


def safe_name(name: str) -> str:
    """A name without what file systems take amiss, never empty, never a path, and short enough to
    get a number, a suffix and the name of a temporary file around it."""
    plain = re.sub(r"[^\w .()+-]+", "_", name)[:80].encode()[:NAME_BYTES].decode("utf-8", "ignore")
    return plain.strip(" .") or "unnamed"
