"""The card "Models": what the module plays and stores, and what it is sent."""

from __future__ import annotations

from functools import partial
from typing import Any

from nicegui import ui

from latentrack.decoder.precision import AUTO
from latentrack.model.sizes import in_words
from latentrack.studio.explore.explorer import Explorer
from latentrack.studio.panel.cards import CardChoices, button, open_name
from latentrack.studio.panel.state import State, Stored
from latentrack.studio.panel.store import ModuleStore

_PRECISIONS = {
    AUTO: "auto",
    "float32": "as trained",
    "float16": "half the size",
    "dynamic": "a quarter, weights only",
    "int8": "a quarter, all of it",
}


def key(explorer: Explorer, state: State) -> Any:
    """All of the state that the card shows: it is built anew when this differs."""
    return (
        state.connected,
        bool(state.busy),
        state.plays,
        state.models,
        state.free,
        open_name(explorer),
    )


def fill(module: ModuleStore, explorer: Explorer, choices: CardChoices, state: State) -> None:
    """Build the card: what each track plays, the open model, and the module's library."""
    name = open_name(explorer)
    if not state.connected:
        ui.label("With a module on the bench, its models are here.").classes("lt-muted")
        return
    for number, playing in enumerate(state.plays, start=1):
        ui.label(f"Track {number} plays {playing or 'nothing'}.")
    if len(state.plays) > 1:
        tracks = {number: f"Track {number + 1}" for number in range(len(state.plays))}
        toggle = ui.toggle(tracks, value=choices.track, on_change=choices.take("track"))
        toggle.props('dense no-caps unelevated padding="2px 12px" aria-label="Which track"')
    if name:
        with ui.element("div").classes("lt-panel-line"):
            ui.label(name).classes("lt-panel-grow")
            select = ui.select(
                _PRECISIONS,
                value=choices.precision,
                label="Precision",
                on_change=choices.take("precision"),
            )
            select.props("dense outlined options-dense").style("min-width: 130px")
            for words, store in (("Hear it", False), ("Store it", True)):
                hear = button(
                    words,
                    partial(_audition, module, choices, store),
                    main=not store,
                    label=f"{words} on the module: {name}",
                )
                hear.set_enabled(not state.busy)
    else:
        with ui.element("div").classes("lt-panel-line"):
            ui.label("No model is open here.").classes("lt-muted")
            ui.link("Open one on the page Explore", "/explore")
    if not state.models:
        ui.label("Its library is empty.").classes("lt-muted")
        return
    ui.label(f"Its library, {in_words(state.free)} free").classes("lt-muted")
    with ui.element("div").classes("lt-panel-list").props('role="list"'):
        for model in state.models:
            with ui.element("div").classes("lt-panel-model").props('role="listitem"'):
                ui.label(model.shown).classes("lt-panel-grow")
                ui.label(in_words(model.size)).classes("lt-muted")
                button(
                    "Play",
                    partial(_play, module, choices, model),
                    label=f"Play {model.shown}",
                )
                button("Remove", partial(_ask_remove, module, model), label=f"Remove {model.shown}")


def _audition(module: ModuleStore, choices: CardChoices, store: bool) -> None:
    module.audition(choices.precision, choices.track, store)


def _play(module: ModuleStore, choices: CardChoices, model: Stored) -> None:
    module.play(model.name, choices.track)


def _ask_remove(module: ModuleStore, model: Stored) -> None:
    with ui.dialog() as dialog, ui.card():
        ui.label(f"Remove {model.shown} from the module's library? It is gone there for good.")

        def remove() -> None:
            dialog.close()
            module.remove(model)

        with ui.element("div").classes("lt-panel-line"):
            button("Remove", remove, main=True)
            button("Keep", dialog.close)
    dialog.on("hide", dialog.delete)
    dialog.open()
