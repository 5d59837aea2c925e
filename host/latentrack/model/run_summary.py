"""A run in short: what a table of runs shows, without its music and its weights."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from latentrack.errors import UserError
from latentrack.limits import DAMAGE
from latentrack.model.run_header import HEADER, read_header
from latentrack.model.run_history import HISTORY, read_history
from latentrack.model.run_weights import WEIGHTS, decoder_bytes
from latentrack.model.training import Epoch


@dataclass(frozen=True, eq=False)
class RunSummary:
    """when: it was written.  music: what its dataset is called.  size: about that of its model file
    in float32, in bytes.  epochs: with those of the run that was trained on from.  loss,
    validation_loss: of the epoch that was kept (validation_loss: None without a validation set).
    feel_latents: those of the feel, which
    `latents` does not count; 0: the model has no feel.  settings: as run.toml has them.
    """

    folder: Path
    when: datetime.datetime
    music: str
    sequences: int
    latents: int
    feel_latents: int
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
        """Of the model: vae or stacked."""
        return str(self.settings.get("model", "vae"))


def read_summary(folder: Path) -> RunSummary:
    """Quick, however large the run is. Raises UserError if it is not a whole run."""
    try:
        header = read_header(folder / HEADER)
        stamp = (folder / HEADER).stat().st_mtime
        return RunSummary(
            folder=folder,
            when=datetime.datetime.fromtimestamp(stamp),
            music=str(header.about.get("music", "")),
            sequences=int(header.about["sequences"]),
            latents=header.latents,
            feel_latents=header.feel.latents if header.feel else 0,
            size=decoder_bytes(folder / WEIGHTS, header),
            epochs=header.epochs,
            loss=header.loss,
            validation_loss=header.validation_loss,
            interrupted=header.interrupted,
            settings=header.written_settings,
            history=read_history(folder / HISTORY),
        )
    except (OSError, *DAMAGE) as error:
        raise UserError(f"The run {folder} cannot be read: train again.") from error
