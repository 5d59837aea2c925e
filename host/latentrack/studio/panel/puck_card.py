"""The card "The puck": the module goes where the puck is on the page Explore."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from latentrack.playing.parameters import PRESETS
from latentrack.studio.explore.explorer import Explorer
from latentrack.studio.panel.cards import CardChoices, button, open_name
from latentrack.studio.panel.state import State
from latentrack.studio.panel.store import ModuleStore


def key(explorer: Explorer, state: State) -> Any:
    """All of the state that the card shows: it is built anew when this differs."""
    return state.connected, state.follows, bool(open_name(explorer))


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
