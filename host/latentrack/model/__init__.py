"""The networks: what they are, how they are trained, how good they are."""

from latentrack.model.run import Run, load_run, save_run
from latentrack.model.settings import Settings
from latentrack.model.training import Epoch, Training, train

__all__ = ["Epoch", "Run", "Settings", "Training", "load_run", "save_run", "train"]
