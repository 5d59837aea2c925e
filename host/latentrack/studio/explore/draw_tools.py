"""What can be done to what is drawn, beside drawing itself: the row of tools below the grid."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from nicegui import ui

from latentrack.studio.explore.drawing import SHIFTS
from latentrack.studio.explore.explorer import Explorer
from latentrack.studio.explore.layer import Area
from latentrack.studio.explore.mini_pattern import MiniPattern
from latentrack.studio.explore.pattern_grid import shown_order
from latentrack.studio.explore.state import ExplorerState
from latentrack.studio.page_parts import in_background, named, show_message
from latentrack.words import agree, count

_FILLS = {
    "Every step": (1, 0),
    "Every 2nd step": (2, 0),
    "Every 3rd step": (3, 0),
    "Every 4th step": (4, 0),
    "Every 4th step, from the 3rd": (4, 2),
}
_MOST_NAMED = 6  # cells that differ
_ARROWS = {"left": "west", "right": "east", "up": "north", "down": "south"}


class DrawTools:
    """Tools act on the steps that are selected in the grid, or on all of them.

    area: what is selected; None: nothing.
    """

    def __init__(self, explorer: Explorer) -> None:
        self._explorer = explorer
        self.area: Area | None = None
        self._searching = False
        with ui.element("div").classes("lt-explore-bar lt-explore-tools"):
            self._button("content_copy", "Copy (Ctrl+C)", self.copy)
            self._paste = self._button("content_paste", "Paste (Ctrl+V)", self.paste)
            self._button("clear", "Clear: nothing sounds there (Delete)", self._all(explorer.clear))
            for way in SHIFTS:
                shift = self._all(partial(self._shift, way))
                self._button(_ARROWS[way], f"Shift {way} (Alt+arrow)", shift)
            fill = self._button("grid_on", "Fill a voice (F)", None)
            with fill, ui.menu().props("auto-close"):
                for words, (stride, offset) in _FILLS.items():
                    ui.menu_item(words, partial(self._fill, stride, offset))
            self._forget = self._button(
                "layers_clear",
                "Back to the model: forget what was drawn there (Ctrl+D)",
                self._all(explorer.forget),
            )
            ui.element("div").classes("lt-explore-grow")
            self._nearest = ui.button("Find nearest", icon="travel_explore", on_click=self.nearest)
            self._nearest.props("outline dense no-caps")
            with self._nearest:
                # Above: what is found comes below.
                tip = ui.tooltip("What the model makes of what sounds here (N)")
                tip.props('anchor="top middle" self="bottom middle"')
        self._panel = ui.element("div").classes("lt-explore-found").props("role=status")
        with self._panel:
            self._picture = MiniPattern()
            with ui.element("div").classes("lt-explore-foundwords"):
                self._words = ui.label()
                self._where = ui.label().classes("lt-muted")
            take = ui.button("Take it over", on_click=self._take_over)
            take.props("unelevated dense no-caps")
            keep = ui.button("Keep the drawing", on_click=explorer.forget_found)
            keep.props("outline dense no-caps")
        self.show()

    def _button(self, icon: str, label: str, act: Callable[[], Any] | None) -> ui.button:
        button = ui.button(icon=icon, on_click=act)
        name = label.split(" (")[0].split(":")[0]
        return named(button, name).props("flat dense size=sm").tooltip(label)

    # -- what is shown ----------------------------------------------------------------------------

    def show(self) -> None:
        """What the newest state of the explorer has."""
        state = self._explorer.state
        if self._forget.enabled != (state.layer is not None):
            self._forget.set_enabled(state.layer is not None)
        if self._paste.enabled != (self._explorer.copied is not None):
            self._paste.set_enabled(self._explorer.copied is not None)
        self._show_found(state)

    def _show_found(self, state: ExplorerState) -> None:
        there = state.found_there
        self._panel.set_visibility(there is not None)
        if there is None or state.run is None:
            return
        differs = (there.hits > 0) != (state.hits > 0)
        off, music = int(differs.sum()), state.run.dataset
        self._picture.show(there.hits, "What the model plays", music.kind == "notes", differs)
        if off:
            cells, verb = count(off, "cell"), agree(off, "differs", "differ")
            self._words.set_text(f"This is the nearest that the model plays: {cells} {verb}.")
            found = [
                f"{music.voice_names[voice]} {step + 1}"
                for step, voice in zip(*differs.nonzero(), strict=True)
            ]
            more = "" if off <= _MOST_NAMED else f" and {off - _MOST_NAMED} more"
            self._where.set_text(", ".join(found[:_MOST_NAMED]) + more)
        else:
            self._words.set_text("The model plays exactly what you drew.")
            self._where.set_text("")

    # -- what is asked for ------------------------------------------------------------------------

    def select(self, told: dict[str, Any] | None) -> None:
        """Take what the grid says is selected."""
        self.area = None
        if told:
            with suppress(ValueError):
                voices = tuple(int(voice) for voice in told["voices"])
                self.area = Area(int(told["first"]), int(told["last"]), voices)

    def copy(self) -> None:
        """Keep what sounds in the area."""
        with suppress(ValueError):
            self._explorer.copy(self._area())
        self.show()

    def paste(self) -> None:
        """Put what was copied into the area."""
        self.do(self._explorer.paste, self._area())

    async def nearest(self) -> None:
        """Search, one at a time."""
        if self._searching:
            return
        self._searching = True
        try:
            with suppress(ValueError):  # another model has been opened meanwhile
                await in_background(self._explorer.find_nearest)
        finally:
            self._searching = False

    async def act(self, act: str, step: int, voice: int) -> None:
        """What a key asks for: it acts on what is selected, or where the focus is."""
        opened = self._explorer.state.open_run
        if opened is None:
            return
        order = shown_order(opened.run.dataset)
        last = self._explorer.state.cells.shape[0] - 1
        with suppress(ValueError):
            here = self.area or Area(step, step, (voice,))
            row = self.area or Area(0, self._last, (voice,))
            if act in ("copy", "cut"):
                self._explorer.copy(self._area())
                if act == "cut":
                    self.do(self._explorer.clear, self._area())
                self.show()
            elif act == "paste":
                from_here = Area(step, last, tuple(order[order.index(voice) :]))
                self.do(self._explorer.paste, self.area or from_here)
            elif act in ("clear", "forget"):
                self.do(getattr(self._explorer, act), here)
            elif act in SHIFTS:
                self.do(self._explorer.shift, self._area(), act)
            elif act in ("fill", "beats"):
                beat = opened.run.dataset.steps_per_beat
                self.do(self._explorer.fill, row, beat if act == "beats" else 1)
            elif act == "nearest":
                await self.nearest()

    def do(self, change: Callable[..., None], *arguments: Any) -> None:
        """A change that undo leads back from."""
        self._explorer.remember()
        with suppress(ValueError):  # another model has been opened meanwhile
            change(*arguments)

    def _all(self, change: Callable[[Area], None]) -> Callable[[], None]:
        return lambda: self.do(change, self._area())

    def _shift(self, way: str, area: Area) -> None:
        self._explorer.shift(area, way)

    def _fill(self, stride: int, offset: int) -> None:
        if self.area is None:
            show_message("Choose a voice first: press its name, or Shift and drag over its steps.")
            return
        self.do(self._explorer.fill, self.area, stride, offset)

    def _take_over(self) -> None:
        self._explorer.remember()
        self._explorer.take_over()

    @property
    def _last(self) -> int:
        return self._explorer.state.steps - 1

    def _area(self) -> Area:
        """What is selected, or the whole loop."""
        opened = self._explorer.state.open_run
        if self.area is not None or opened is None:
            return self.area or Area(0, 0, (0,))
        return Area(0, self._last, tuple(shown_order(opened.run.dataset)))
