"""The card "Slots": eight places for what plays, and two of them compared."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from nicegui import ui
from nicegui.element import Element
from nicegui.events import GenericEventArguments

from latentrack.studio.explore.explorer import Explorer
from latentrack.studio.explore.mini_pattern import MiniPattern
from latentrack.studio.explore.slot_rack import SlotRack
from latentrack.studio.explore.slots import SLOTS, Slot
from latentrack.studio.listen.transport import Transport
from latentrack.studio.page_parts import errors_shown, in_background, listen, named

_PRECISIONS = {
    "": "as trained",
    "float32": "float32",
    "float16": "float16",
    "dynamic": "dynamic",
    "int8": "int8",
}


class HotKeys(Element, component="hot_keys.js"):
    """Events: "slot" {index, keep}, "exchange"."""


class SlotCard:
    """A press on an empty slot keeps what plays, on a filled one plays it, from the next bar on
    while something plays."""

    def __init__(self, explorer: Explorer, transport: Transport, slots: SlotRack) -> None:
        self._explorer, self._transport, self._slots = explorer, transport, slots
        with ui.element("section").classes("lt-card lt-explore-card").props('aria-label="Slots"'):
            with ui.element("div").classes("lt-explore-bar"):
                self._exchange = ui.button("A / B", on_click=self._exchanged)
                self._exchange.props("outline dense no-caps").tooltip("From A to B and back (X)")
                self._words = ui.label().classes("lt-explore-words").props("role=status")
                self._back = named(
                    ui.button(icon="undo", on_click=self._bring_back),
                    "Bring back what was in the slots",
                )
                self._back.props("flat round dense").tooltip("What was replaced comes back")
                precision = ui.select(
                    _PRECISIONS, value=self._precision(), label="Precision heard"
                ).props("dense options-dense outlined")
                precision.classes("lt-explore-way").tooltip("As the model file plays on a module")
                precision.on_value_change(self._set_precision)
            with ui.element("div").classes("lt-explore-slots"):
                self._faces = [_Face(self, index) for index in range(SLOTS)]
        keys = HotKeys()
        keys.on("slot", self._key)
        keys.on("exchange", self._exchanged)
        self._show()
        listen(explorer.slots_changed, self._show)
        listen(transport.playing_changed, self._stopped)

    def _precision(self) -> str:
        opened = self._explorer.state.open_run
        return "" if opened is None else opened.precision

    def _show(self) -> None:
        state = self._explorer.state
        for index, face in enumerate(self._faces):
            face.show(state.slots[index], index == state.slot, index == state.next_slot, state.pair)
        self._back.set_enabled(self._slots.can_bring_back)
        a, b = state.pair
        words = f"A is slot {a + 1}, B is slot {b + 1}: X goes from one to the other."
        if not any(state.slots):
            words = "Press a slot to keep what plays: pattern, position and all that is set."
        if state.next_slot >= 0:
            words = f"Slot {state.next_slot + 1} plays from the next bar on."
        if words != self._words.text:
            self._words.set_text(words)

    # -- what is asked for ------------------------------------------------------------------------

    async def pressed(self, index: int) -> None:
        """What a press on a slot does."""
        keeps = self._explorer.state.slots[index] is None
        await (self.keep(index) if keeps else self.recall(index))

    async def recall(self, index: int) -> None:
        """Play it, from the next bar on if something plays."""
        self._explorer.remember()
        await self.do(self._slots.recall, index, self._transport.playing)

    async def keep(self, index: int) -> None:
        """Keep what plays."""
        await self.do(self._slots.keep, index)

    async def empty(self, index: int) -> None:
        """Forget it; undo brings it back."""
        await self.do(self._slots.empty, index)

    async def compare(self, which: int, index: int) -> None:
        """Have it be A or B."""
        await self.do(self._slots.compare, which, index)

    def ask_name(self, index: int) -> None:
        """Ask for a name."""
        slot = self._explorer.state.slots[index]
        with ui.dialog() as dialog, ui.card():
            name = ui.input("Name of the slot", value="" if slot is None else slot.name)
            name.props("autofocus maxlength=40")

            async def rename() -> None:
                dialog.close()
                await self.do(self._slots.rename, index, name.value)

            name.on("keydown.enter", rename)
            ui.button("Rename", on_click=rename).props("no-caps")
        dialog.on("hide", dialog.delete)
        dialog.open()

    async def do(self, change: Callable[..., None], *arguments: Any) -> None:
        """In the background, with what goes wrong shown."""
        with errors_shown():
            await in_background(change, *arguments)
        self._back.set_enabled(self._slots.can_bring_back)

    async def _exchanged(self) -> None:
        self._explorer.remember()
        await self.do(self._slots.exchange, self._transport.playing)

    async def _bring_back(self) -> None:
        await self.do(self._slots.bring_back)

    async def _key(self, event: GenericEventArguments) -> None:
        index = int(event.args["index"])
        await (self.keep(index) if event.args["keep"] else self.recall(index))

    async def _set_precision(self, event: Any) -> None:
        if event.value != self._precision():
            self._words.set_text("Making the model file…")
            await self.do(self._slots.set_precision, event.value)
            self._show()

    def _stopped(self) -> None:
        """What waited for a bar does not wait for one that does not come."""
        if not self._transport.playing and self._explorer.state.next_slot >= 0:
            self._explorer.next_bar()


class _Face:
    """One slot: a picture that is pressed, and a menu."""

    def __init__(self, card: SlotCard, index: int) -> None:
        self._number = index + 1
        with ui.element("div").classes("lt-explore-slot") as self._whole:
            self._button = ui.element("button").props("type=button")
            self._button.on("click", partial(card.pressed, index))
            with self._button:
                self._picture = MiniPattern()
                with ui.element("span").classes("lt-explore-slotname"):
                    ui.label(str(self._number))
                    self._name = ui.label().classes("lt-explore-grow")
                    self._mark = ui.label().classes("lt-explore-ab")
            more = named(ui.button(icon="more_vert"), f"More about slot {self._number}")
            more.props("flat round dense size=xs")
            with more, ui.menu().props("auto-close"):
                ui.menu_item("Keep what plays here", partial(card.keep, index))
                self._filled = [
                    ui.menu_item("Rename…", partial(card.ask_name, index)),
                    ui.menu_item("Compare as A", partial(card.compare, 0, index)),
                    ui.menu_item("Compare as B", partial(card.compare, 1, index)),
                    ui.menu_item("Empty", partial(card.empty, index)),
                ]
        self._shown: object = None

    def show(self, slot: Slot | None, now: bool, waits: bool, pair: tuple[int, int]) -> None:
        """What is in it, whether it plays or waits, and whether it is compared."""
        shown = (slot, now, waits, pair)
        if shown == self._shown:
            return
        self._shown = shown
        mark = "AB"[pair.index(self._number - 1)] if self._number - 1 in pair else ""
        self._mark.set_text(mark)
        self._picture.set_visibility(slot is not None)
        for item in self._filled:
            item.set_enabled(slot is not None)
        for name, on in (("empty", slot is None), ("now", now), ("waits", waits)):
            self._whole.classes(**{"add" if on else "remove": f"lt-explore-slot-{name}"})
        self._button.props["aria-pressed"] = "true" if now else "false"
        if slot is None:
            self._name.set_text("empty")
            named(self._button, f"Slot {self._number}, empty: keep what plays")
            return
        title = slot.name or slot.model
        self._name.set_text(title)
        drawn = f", {slot.layer.count} drawn" if slot.layer is not None else ""
        told = f"{slot.model}, threshold {slot.threshold:.2f}{drawn}"
        words = told if title == slot.model else f"{title}, {told}"
        self._picture.show(slot.hits, f"The pattern of slot {self._number}", slot.kind == "notes")
        named(self._button, f"Slot {self._number}, {words}")
        self._button.props["title"] = words
