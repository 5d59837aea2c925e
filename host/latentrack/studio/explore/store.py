"""The explorer's store: the newest state, and signals of what has changed."""

from __future__ import annotations

from latentrack.studio.explore.state import ExplorerState
from latentrack.studio.signals import Signal
from latentrack.studio.store import Store


class ExplorerStore(Store[ExplorerState]):
    """The newest state, and its signals.

    run_changed: another run is open, or one is being opened.  pattern_changed: the puck was
    moved, or anything else was set that the pattern depends on; also if the pattern is as before.
    path_changed: another path is on the map, or one is played on.  undo_changed: there is something
    else to undo or to redo.  slots_changed: something else is in the slots, or another waits.
    """

    def __init__(self) -> None:
        self.run_changed = Signal()
        self.pattern_changed = Signal()
        self.path_changed = Signal()
        self.undo_changed = Signal()
        self.slots_changed = Signal()
        set_by_hand = ("threshold", "densities", "pitches", "steps", "notes", "muted", "soloed")
        super().__init__(
            ExplorerState(),
            {
                self.run_changed: ("open_run", "busy"),
                self.pattern_changed: ("pattern", "latents", "layer", "found", *set_by_hand),
                self.path_changed: ("path", "path_bar"),
                self.undo_changed: ("back", "forth"),
                self.slots_changed: ("slots", "slot", "next_slot", "pair"),
            },
        )
