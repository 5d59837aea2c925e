"""What there is one of, however many pages show it."""

from __future__ import annotations

from pathlib import Path

from latentrack.studio.explore.explorer import Explorer
from latentrack.studio.explore.slot_rack import SlotRack
from latentrack.studio.listen.transport import Transport
from latentrack.studio.music.music import Music
from latentrack.studio.panel.store import ModuleStore
from latentrack.studio.training.run_files import RunFiles
from latentrack.studio.training.training import Trainer
from latentrack.studio.workspace import Workspace


class Studio:
    """The parts of the studio, each of which knows those before it.

    Everything goes on while no page is open, and a page that is loaded again finds it as it is.
    """

    def __init__(self, folder: Path) -> None:
        self.workspace = Workspace(folder)
        self.music = Music(self.workspace)
        self.training = Trainer(self.workspace, self.music)
        self.run_files = RunFiles(self.workspace)
        self.explorer = Explorer(self.workspace)
        self.slots = SlotRack(self.workspace, self.explorer, self.run_files)
        self.transport = Transport(self.workspace, self.explorer)
        self.module = ModuleStore(
            self.workspace, self.run_files, self.explorer, self.transport, self.slots
        )

    def close(self) -> None:
        """Ends what runs: the last thing."""
        self.transport.close()
        self.run_files.close()
        self.module.close()
        self.training.close()
