"""The explorer: a run that is open, a place in its latent space, and the pattern there."""

from __future__ import annotations

from latentrack.studio.pattern import Pattern
from latentrack.studio.signals import Signal
from latentrack.studio.workspace import Workspace


class Explorer:
    """`pattern` is what plays now (None: no run is open); `changed` says that anything is new."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.changed = Signal()
        self.pattern: Pattern | None = None

    def next_bar(self) -> None:
        """The transport calls it, in its own thread, right before a pattern begins again."""
