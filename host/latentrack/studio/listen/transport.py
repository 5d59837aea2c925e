"""The transport: plays the explorer's pattern, step after step."""

from __future__ import annotations

from latentrack.studio.explore.explorer import Explorer
from latentrack.studio.signals import Signal
from latentrack.studio.workspace import Workspace


class Transport:
    """`changed` says that it has been started, stopped or set otherwise."""

    def __init__(self, workspace: Workspace, explorer: Explorer) -> None:
        self._workspace = workspace
        self._explorer = explorer
        self.changed = Signal()

    def close(self) -> None:
        """Stops, and lets go of ports."""
