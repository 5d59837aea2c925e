"""The slots as a hand uses them: kept, recalled at the bar, and two of them compared."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

from latentrack.errors import UserError
from latentrack.studio.explore.explorer import Explorer
from latentrack.studio.explore.open_run import OpenRun, age_of
from latentrack.studio.explore.slots import (
    SLOTS,
    Slot,
    Slots,
    read_slots,
    recalled,
    slot_of,
    write_slots,
)
from latentrack.studio.explore.state import ExplorerState
from latentrack.studio.training.run_files import RunFiles
from latentrack.studio.workspace import Workspace

_KEPT_RUNS = 4


class SlotRack:
    """Thread-safe. What is in the slots is in the explorer's state, and in the studio's folder.

    Methods that open a run or make a model file take a while. All raise UserError, with the remedy,
    and ValueError for a slot that there is not.
    """

    def __init__(self, workspace: Workspace, explorer: Explorer, files: RunFiles) -> None:
        self._workspace, self._explorer, self._files = workspace, explorer, files
        self._taking = threading.Lock()
        self._opened: dict[tuple[Path, int, str], OpenRun] = {}
        self._before: Slots | None = None
        slots, pair = read_slots(workspace)
        explorer.update(slots=slots, pair=pair)

    @property
    def can_bring_back(self) -> bool:
        """Whether something was replaced or emptied."""
        return self._before is not None

    # -- what is kept -----------------------------------------------------------------------------

    def keep(self, index: int) -> None:
        """Keep what plays now; the name of what was there stays."""
        was = self._at(index)
        try:
            slot = slot_of(self._explorer.state, "" if was is None else was.name)
        except ValueError:
            raise UserError("No model is open: open one before you keep what plays.") from None
        self._put(index, slot)
        self._explorer.update(slot=index)

    def rename(self, index: int, name: str) -> None:
        """Give a slot a name; "": none."""
        self._put(index, replace(self._filled(index), name=name.strip()[:40]))

    def empty(self, index: int) -> None:
        """Forget what is in a slot."""
        self._at(index)
        self._put(index, None)

    def bring_back(self) -> None:
        """As it was before something was kept, renamed or emptied the last time."""
        before, self._before = self._before, self._explorer.state.slots
        if before is not None:
            self._write(before, self._explorer.state.pair)

    def compare(self, which: int, index: int) -> None:
        """Have a slot be A (which is 0) or B (1)."""
        self._at(index)
        pair = list(self._explorer.state.pair)
        if pair[1 - which] == index:
            pair[1 - which] = pair[which]
        pair[which] = index
        self._write(self._explorer.state.slots, (pair[0], pair[1]))

    # -- what plays -------------------------------------------------------------------------------

    def recall(self, index: int, at_bar: bool = False) -> None:
        """Play what is in a slot: at once, or from the next bar on."""
        slot = self._filled(index)
        opened = self._taken(slot.run, slot.precision)
        self._explorer.recall(index, slot, opened, at_bar)
        self._workspace.remember("run", slot.run)

    def exchange(self, at_bar: bool = False) -> None:
        """From A to B, or from anything else to A."""
        a, b = self._explorer.state.pair
        state = self._explorer.state
        now = state.next_slot if state.next_slot >= 0 else state.slot
        self.recall(b if now == a else a, at_bar)

    def set_precision(self, precision: str) -> None:
        """Hear the open run as its model file plays in a precision; "": as it was trained."""
        run = self._explorer.run
        if run is None:
            raise UserError("No model is open: open one before you choose its precision.")
        opened = self._taken(run.folder.name, precision)

        def other(state: ExplorerState) -> ExplorerState:
            if state.run is None or state.run.folder != opened.run.folder:
                return state
            return replace(state, open_run=opened).moved(state.latents)

        self._explorer.change(other)

    def state_at(self, index: int) -> ExplorerState:
        """The state that a slot would make, which changes nothing."""
        slot = self._filled(index)
        return recalled(self._explorer.state, slot, self._taken(slot.run, slot.precision))

    # -- what it takes ----------------------------------------------------------------------------

    def _taken(self, run: str, precision: str) -> OpenRun:
        """A run in a precision, open: those that were used last are kept, for a quick exchange."""
        folder = self._workspace.runs / run
        with self._taking:
            age = age_of(folder)
            if not age:
                raise UserError(
                    f"The model {run.removesuffix('.run')} is not among the runs any more: keep "
                    "something else in the slot."
                )
            key = (folder, age, precision)
            there = self._explorer.state.open_run
            if there is not None and (there.run.folder, there.age) == key[:2]:
                self._opened.setdefault((folder, age, there.precision), there)
            found = self._opened.pop(key, None)
            if found is None:
                same = [opened for at, opened in self._opened.items() if at[:2] == key[:2]]
                opened = same[0] if same else OpenRun.read(folder)
                file = self._files.model_file(folder, precision) if precision else None
                found = opened.at_precision(precision, file)
            self._opened[key] = found
            while len(self._opened) > _KEPT_RUNS:
                del self._opened[next(iter(self._opened))]
            return found

    def _at(self, index: int) -> Slot | None:
        if index not in range(SLOTS):
            raise ValueError(f"there are slots 1 to {SLOTS}, not {index + 1}")
        slot: Slot | None = self._explorer.state.slots[index]
        return slot

    def _filled(self, index: int) -> Slot:
        slot = self._at(index)
        if slot is None:
            raise UserError(f"Slot {index + 1} is empty: keep what plays there first.")
        return slot

    def _put(self, index: int, slot: Slot | None) -> None:
        before = self._explorer.state.slots
        self._write((*before[:index], slot, *before[index + 1 :]), self._explorer.state.pair)
        self._before = before

    def _write(self, slots: Slots, pair: tuple[int, int]) -> None:
        write_slots(self._workspace, slots, pair)
        self._explorer.update(slots=slots, pair=pair)
