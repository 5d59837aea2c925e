"""What the cards of the page "Module" share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from nicegui import ui
from nicegui.events import ValueChangeEventArguments

from latentrack.decoder.precision import AUTO
from latentrack.studio.explore.explorer import Explorer
from latentrack.studio.page_parts import heading, listen, named
from latentrack.studio.panel.state import State
from latentrack.studio.panel.store import ModuleStore
from latentrack.studio.signals import Signal


@dataclass
class CardChoices:
    """What is chosen in this tab."""

    track: int = 0
    precision: str = AUTO
    preset: int = 1

    def take(self, name: str) -> Callable[[ValueChangeEventArguments[Any]], None]:
        """What an element calls when it has another value."""
        return lambda event: setattr(self, name, event.value)


class Card:
    """A card of the page, filled anew when what it shows is different.

    key: what of the state it shows.  fill: makes its elements.  signals: say when to compare.
    """

    def __init__(
        self,
        title: str,
        module: ModuleStore,
        key: Callable[[State], Any],
        fill: Callable[[State], None],
        signals: Iterable[Signal],
    ) -> None:
        self._module, self._key, self._fill = module, key, fill
        self._shown: Any = None
        with named(ui.element("section"), title).classes("lt-card"):
            heading(title)
            self._box = ui.element("div").classes("lt-column")
        self._refresh()
        for signal in signals:
            listen(signal, self._refresh)

    def _refresh(self) -> None:
        state = self._module.state
        key = self._key(state)
        if key != self._shown:
            self._shown = key
            self._box.clear()
            with self._box:
                self._fill(state)


def button(text: str, act: Callable[[], object], main: bool = False, label: str = "") -> ui.button:
    """A button of the page; label: what a screen reader says instead of the text."""
    made = ui.button(text, on_click=lambda: act())
    made.props(
        "unelevated no-caps dense padding='4px 12px'"
        if main
        else "outline no-caps dense padding='3px 10px'"
    )
    if label:
        named(made, label)
    return made


def open_name(explorer: Explorer) -> str:
    """The name of the model that is open on the page Explore; "" without one."""
    run = explorer.state.run
    return "" if run is None else run.folder.name.removesuffix(".run")
