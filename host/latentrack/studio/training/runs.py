"""The runs of the studio: what they are in short, and moving them about."""

from __future__ import annotations

import datetime
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from latentrack.errors import UserError
from latentrack.limits import DAMAGE, Arrays, read_toml
from latentrack.model.run import BYTES_OF_A_WEIGHT, HEADER, HISTORY, WEIGHTS, read_history
from latentrack.model.training import Epoch
from latentrack.studio.signals import Signal
from latentrack.studio.workspace import Workspace, safe_name


@dataclass(frozen=True, eq=False)
class Summary:
    """A run without its music and its weights.

    size: about that of its model file in float32, in bytes.  loss, validation_loss: of the epoch
    that was kept (validation_loss: None without a validation set).
    """

    folder: Path
    when: datetime.datetime
    music: str
    sequences: int
    latents: int
    size: int
    epochs: int
    loss: float
    validation_loss: float | None
    interrupted: bool
    settings: dict[str, Any]
    history: tuple[Epoch, ...]

    @property
    def name(self) -> str:
        """The name of the run."""
        return self.folder.stem

    @property
    def kind(self) -> str:
        """Drums, notes or rhythm."""
        return str(self.settings.get("model", "vae"))


class Runs:
    """Reads each run once, and again when it has changed; that may take longer than a page can.

    `changed` says that runs have come, gone or moved.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.changed = Signal()
        self._known: dict[Path, tuple[int, Summary | None]] = {}

    def all(self) -> list[Summary]:
        """The newest first; what is no whole run is left out."""
        found = []
        for folder in self._workspace.run_folders():
            try:
                age = (folder / HEADER).stat().st_mtime_ns
            except OSError:
                continue
            known = self._known.get(folder)
            if known is None or known[0] != age:
                known = self._known[folder] = age, _summary(folder)
            if known[1] is not None:
                found.append(known[1])
        return found

    def rename(self, run: Path, name: str) -> Path:
        """UserError if another run has that name."""
        target = self._workspace.runs / f"{safe_name(name)}.run"
        if target == run:
            return run
        if target.exists():
            raise UserError(f"There is a run {target.stem} already: choose another name.")
        return self._move(run, target)

    def remove(self, run: Path) -> Path:
        """Moves a run to the studio's trash; returns where it lies there. UserError."""
        trash = self._workspace.folder / "trash"
        trash.mkdir(exist_ok=True)
        number, target = 1, trash / run.name
        while target.exists():
            number += 1
            target = trash / f"{run.stem}-{number}.run"
        return self._move(run, target)

    def restore(self, removed: Path, name: str) -> Path:
        """Takes a run out of the trash again. UserError."""
        return self._move(removed, self._workspace.free_run(name))

    def _move(self, source: Path, target: Path) -> Path:
        try:
            os.rename(source, target)
        except OSError as error:
            raise UserError(
                f"{source.stem} could not be moved ({error.strerror}): close what uses its folder."
            ) from error
        self.changed.emit()
        return target


def differing(runs: list[Summary]) -> list[str]:
    """The names of the settings that are not the same in all of them."""
    names: dict[str, None] = {}
    for run in runs:
        names.update(dict.fromkeys(run.settings))
    return [name for name in names if len({repr(run.settings.get(name)) for run in runs}) > 1]


def _summary(folder: Path) -> Summary | None:
    try:
        header = read_toml(folder / HEADER)
        history = read_history(folder / HISTORY)
        with Arrays(folder / WEIGHTS) as arrays:
            (cells,) = arrays.shape(max(name for name in arrays.names if name[1:].isdigit()))
        model, result, about = header["model"], header["result"], header["about"]
        sizes = [model["latents"], *model["decoder"], cells]
        weights = sum((a + 1) * b for a, b in zip(sizes, sizes[1:], strict=False))
        held = result.get("validation_loss")
        stamp = (folder / HEADER).stat().st_mtime
        return Summary(
            folder=folder,
            when=datetime.datetime.fromtimestamp(stamp),
            music=str(about.get("music", "")),
            sequences=int(about["sequences"]),
            latents=int(model["latents"]),
            size=weights * BYTES_OF_A_WEIGHT,
            epochs=int(result["epochs"]),
            loss=float(result["loss"]),
            validation_loss=None if held is None else float(held),
            interrupted=bool(result["interrupted"]),
            settings=dict(header["settings"]),
            history=history,
        )
    except (OSError, *DAMAGE):
        return None
