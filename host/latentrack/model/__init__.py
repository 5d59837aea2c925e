"""The networks: what they are, how they are trained, how good they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latentrack.lazy import lazy

if TYPE_CHECKING:
    from latentrack.model.run import Run, load_run, save_run
    from latentrack.model.settings import Settings
    from latentrack.model.training import Epoch, Training, train

__all__ = ["Epoch", "Run", "Settings", "Training", "load_run", "save_run", "train"]

_HOMES = {
    "Epoch": "training",
    "Run": "run",
    "Settings": "settings",
    "Training": "training",
    "load_run": "run",
    "save_run": "run",
    "train": "training",
}
__getattr__, __dir__ = lazy(__name__, _HOMES)
