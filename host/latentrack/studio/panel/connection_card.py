"""The card "The module": which one it is, and what it is clocked by."""

from __future__ import annotations

from functools import partial
from typing import Any

from nicegui import ui

from latentrack.module.install import boards
from latentrack.studio.page_parts import named
from latentrack.studio.panel.cards import button
from latentrack.studio.panel.state import State
from latentrack.studio.panel.store import ModuleStore

_CLOCKS = {
    "studio": "what plays here",
    "own": "its own tempo",
    "off": "None (click the clock jack)",
}
_AS_IT_IS = "as it is"


def key(state: State) -> Any:
    """All of the state that the card shows: it is built anew when this differs."""
    # A click on a button that is made anew at that moment is lost: only what is shown counts.
    here = () if state.kind else state.here
    return (
        state.kind, state.port, state.title, state.connected, state.trouble, state.bare, state.busy,
        state.part, state.board, state.clock, state.tempo, here,
    )  # fmt: skip


def fill(module: ModuleStore, state: State) -> None:
    """Build the card: the module and its clock, or what can be connected."""
    if state.kind:
        with ui.element("div").classes("lt-panel-line"):
            ui.label(f"{state.title}").classes("lt-panel-grow")
            if state.kind == "hosted":
                button("Switch off", module.leave)
            else:
                button("Let go", module.leave)
        where = f"At {state.port}" + (f", board {state.board}" if state.board else "")
        ui.label(where + ("." if state.connected else "")).classes("lt-muted")
    elif not state.busy:
        ui.label(
            "No module is on the module. Plug one in by USB, or switch on a virtual one: real "
            "MicroPython and the real code of the module, without hardware."
        ).classes("lt-muted")
        with ui.element("div").classes("lt-panel-line"):
            button("Switch on a virtual module", module.switch_on, main=True)
            button("Look again", module.refresh)
        for found in state.here:
            with ui.element("div").classes("lt-panel-line"):
                name = f"{found.kind} {found.name}".strip()
                ui.label(f"{name} at {found.port}").classes("lt-panel-grow")
                button("Connect", partial(module.connect, found.port), label=f"Connect {name}")
    if state.busy:
        ui.label(f"{state.busy} …").props('role="status"')
        bar = named(ui.linear_progress(state.part or 0, show_value=False), "How far it is")
        bar.props.set_bool("indeterminate", state.part is None)
    if state.trouble:
        with ui.element("div").classes("lt-panel-line"):
            ui.label(state.trouble).classes("lt-panel-grow lt-panel-trouble").props('role="alert"')
            button("Try again", partial(module.connect, state.port))
    if state.bare:
        ui.label("MicroPython answers, and Latentrack is not on this module yet.")
        button("Install Latentrack", partial(_ask_install, module), main=True)
    if state.kind == "hosted" and state.connected:
        _clock(module, state)
    elif state.kind == "usb" and state.connected:
        ui.label(
            "While this page is open, its port is in use here. Leave the page, or let go, for a "
            "command in a terminal."
        ).classes("lt-muted")


def _clock(module: ModuleStore, state: State) -> None:
    with ui.element("div").classes("lt-panel-line"):
        select = ui.select(
            _CLOCKS,
            value=state.clock,
            label="Clocked by",
            on_change=lambda e: module.clock(e.value),
        )
        select.props("dense outlined options-dense").classes("lt-panel-grow")
        if state.clock == "own":
            tempo = ui.number("Tempo", value=state.tempo, min=20, max=400, step=1)
            tempo.props("dense outlined debounce=400").style("width: 90px")
            tempo.on_value_change(lambda e: module.clock("own", e.value or state.tempo))


def _ask_install(module: ModuleStore) -> None:
    with ui.dialog() as dialog, ui.card():
        ui.label(
            "Install Latentrack on this module? Its models and settings stay; a main.py of your "
            "own is kept as main_before_latentrack.py. The module restarts at the end."
        )
        choice = ui.select(
            [_AS_IT_IS, *boards()], value=_AS_IT_IS, label="What the Teensy sits on"
        ).props("dense outlined")

        def install() -> None:
            dialog.close()
            module.install(None if choice.value == _AS_IT_IS else choice.value)

        with ui.element("div").classes("lt-panel-line"):
            button("Install", install, main=True)
            button("Cancel", dialog.close)
    dialog.on("hide", dialog.delete)
    dialog.open()
