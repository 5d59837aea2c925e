"""The music: which files, read by which rules, and the Dataset that they give."""

from __future__ import annotations

from latentrack.corpus.dataset import Dataset
from latentrack.studio.signals import Signal
from latentrack.studio.workspace import Workspace


class Music:
    """`dataset` is what the files give by the rules now (None: nothing yet); `changed` says so."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.changed = Signal()
        self.dataset: Dataset | None = None
        if workspace.dataset.exists():
            self.dataset = Dataset.load(workspace.dataset)
