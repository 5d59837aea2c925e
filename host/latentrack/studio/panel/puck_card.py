"""The card "The puck": the module goes where the puck is on the page Explore."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from latentrack.playing.parameters import PRESETS
from latentrack.studio.explore.explorer import Explorer
from latentrack.studio.panel.cards import CardChoices, button, open_name
from latentrack.studio.panel.state import State
from latentrack.studio.panel.store import ModuleStore
from latentrack.words import count


def key(explorer: Explorer, state: State) -> Any:
    """All of the state that the card shows: it is built anew when this differs."""
    slots = [slot is not None for slot in explorer.state.slots]
    return state.connected, state.follows, bool(open_name(explorer)), slots


def fill(module: ModuleStore, explorer: Explorer, choices: CardChoices, state: State) -> None:
    """Build the card: whether the module follows the puck, and presets to store it in."""
    if not state.connected or not open_name(explorer):
        ui.label(
            "With a module on the bench and a model open, the module goes where the puck is."
        ).classes("lt-muted")
        return

    def switch(follows: bool) -> None:
        module.follow(choices.track if follows else None)

    with ui.element("div").classes("lt-panel-line"):
        ui.switch(
            "The module follows the puck",
            value=state.follows is not None,
            on_change=lambda event: switch(event.value),
        ).classes("lt-panel-grow")
        button("Send its position", lambda: module.send_position(choices.track))
    with ui.element("div").classes("lt-panel-line"):
        numbers = {number: f"Preset {number}" for number in range(1, PRESETS + 1)}
        select = ui.select(
            numbers, value=choices.preset, label="As preset", on_change=choices.take("preset")
        )
        select.props("dense outlined options-dense").classes("lt-panel-grow")
        button(
            "Store the preset",
            lambda: module.send_preset(choices.preset, choices.track),
            main=True,
        )
    with ui.element("div").classes("lt-panel-line"):
        filled = sum(slot is not None for slot in explorer.state.slots)
        words = (
            f"{count(filled, 'slot')} of Explore" if filled else "The slots of Explore are empty."
        )
        ui.label(words).classes("lt-panel-grow")
        send = button("Slots as presets", lambda: module.send_slots(choices.track))
        send.set_enabled(bool(filled))
