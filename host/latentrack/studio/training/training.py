"""Training: a process of its own learns, and here is what is known of it."""

from __future__ import annotations

from latentrack.studio.music.music import Music
from latentrack.studio.signals import Signal
from latentrack.studio.workspace import Workspace


class Training:
    """`changed` says that a training has begun, gone on, or ended."""

    def __init__(self, workspace: Workspace, music: Music) -> None:
        self._workspace = workspace
        self._music = music
        self.changed = Signal()

    def close(self) -> None:
        """Ends what runs."""
