"""Play a virtual module's jacks as sounds, those of the model that it plays at the time."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from latentrack.errors import UserError
from latentrack.module.link import Link
from latentrack.module.session import NoPackage, running_session
from latentrack.sound.patch import Patch

if TYPE_CHECKING:
    from latentrack.sound.speaker import Mixer
    from latentrack.virtual.module import VirtualModule
    from latentrack.virtual.panel import Report

_ASK_S = 2.0


class Listener:
    """A context manager. Give `hear` each report of the module's panel, in their order.

    The jacks do not say which model plays, so the module is asked every two seconds, in a thread.
    """

    def __init__(self, module: VirtualModule, mixer: Mixer, files: Mapping[str, Path]) -> None:
        """files: of models by name, for those that are not in the module's library."""
        self._module, self._mixer, self._files = module, mixer, files
        self._patch: Patch | None = None
        self._plays = ""
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._ask_again, name="listener", daemon=True)

    def __enter__(self) -> Listener:
        self.ask()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()

    def hear(self, report: Report) -> None:
        """Play the sound that begins with a report, if one does."""
        hit = self._patch.hears(report) if self._patch is not None else None
        if hit is not None:
            self._mixer.add(hit)

    def ask(self) -> None:
        """Ask the module what it plays on its first track, and patch that."""
        try:
            with Link(self._module.port) as link, running_session(link, lambda _: None) as session:
                plays = session.first["plays"][0] or ""
            if plays != self._plays:
                self._plays = plays
                file = self._file_of(plays)
                self._patch = Patch(self._module.panel.board, file) if file is not None else None
        except (UserError, NoPackage):
            return  # it restarts, or another program has it: the next time will do

    def _ask_again(self) -> None:
        while not self._ends.wait(_ASK_S):
            self.ask()

    def _file_of(self, name: str) -> Path | None:
        stored = sorted(self._module.flash.glob(f"models/*/{name}.tflite")) if name else []
        return stored[0] if stored else self._files.get(name)
