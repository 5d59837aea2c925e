"""The bench: the module that is connected, or a virtual one."""

from __future__ import annotations

from latentrack.studio.explore.explorer import Explorer
from latentrack.studio.signals import Signal
from latentrack.studio.workspace import Workspace


class Bench:
    """`changed` says that a module has come, gone, or shows something else."""

    def __init__(self, workspace: Workspace, explorer: Explorer) -> None:
        self._workspace = workspace
        self._explorer = explorer
        self.changed = Signal()

    def close(self) -> None:
        """Lets go of the module; switches a virtual one off."""
