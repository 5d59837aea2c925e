"""The page "Module": its panel on the left, and beside it which one it is and what it gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from nicegui import ui
from nicegui.events import ValueChangeEventArguments

from latentrack.decoder.precision import PRECISIONS
from latentrack.module.install import boards
from latentrack.playing.parameters import PRESETS
from latentrack.studio.page_parts import heading, listen, named, show_error, show_message
from latentrack.studio.panel.bench import Bench
from latentrack.studio.panel.panel import Panel
from latentrack.studio.panel.state import State, Stored
from latentrack.studio.studio import Studio

_CLOCKS = {
    "studio": "what plays here",
    "own": "its own tempo",
    "off": "None (click the clock jack)",
}
_NUMBERS = {
    "float32": "as trained",
    "float16": "half the size",
    "dynamic": "a quarter, weights only",
    "int8": "a quarter, all of it",
}
_AS_IT_IS = "as it is"


@dataclass
class _Choices:
    """What is chosen in this tab."""

    track: int = 0
    precision: str = next(iter(PRECISIONS))
    preset: int = 1

    def take(self, name: str) -> Callable[[ValueChangeEventArguments[Any]], None]:
        """What an element calls when it has another value."""
        return lambda event: setattr(self, name, event.value)


def build(studio: Studio) -> None:
    """Fills the page."""
    bench, choices = studio.bench, _Choices()
    with ui.element("div").classes("lt-panel-page"):
        panel = Panel(bench)
        with ui.element("div").classes("lt-panel-side"):
            parts = [
                _Part("The module", bench, _which_key, partial(_which, bench)),
                _Part(
                    "Models", bench, partial(_models_key, studio), partial(_models, studio, choices)
                ),
                _Part(
                    "The puck", bench, partial(_puck_key, studio), partial(_puck, studio, choices)
                ),
            ]
    told = bench.state.notice.number

    def refresh() -> None:
        nonlocal told
        panel.show()
        for part in parts:
            part.refresh()
        notice = bench.state.notice
        if notice.number > told:
            told = notice.number
            (show_message if notice.good else show_error)(notice.text)

    listen(bench.changed, refresh)
    listen(studio.explorer.changed, refresh)


class _Part:
    """A card that is filled anew when what it shows is different."""

    def __init__(
        self, title: str, bench: Bench, key: Callable[[State], Any], fill: Callable[[State], None]
    ) -> None:
        self._bench, self._key, self._fill = bench, key, fill
        self._shown: Any = None
        with named(ui.element("section"), title).classes("lt-card"):
            heading(title)
            self._box = ui.element("div").classes("lt-column")
        self.refresh()

    def refresh(self) -> None:
        state = self._bench.state
        key = self._key(state)
        if key != self._shown:
            self._shown = key
            self._box.clear()
            with self._box:
                self._fill(state)


def _button(text: str, act: Callable[[], object], main: bool = False, label: str = "") -> ui.button:
    button = ui.button(text, on_click=lambda: act())
    button.props(
        "unelevated no-caps dense padding='4px 12px'"
        if main
        else "outline no-caps dense padding='3px 10px'"
    )
    if label:
        named(button, label)
    return button


# -- which module ---------------------------------------------------------------------------------


def _which_key(state: State) -> Any:
    # A click on a button that is made anew at that moment is lost: only what is shown counts.
    here = () if state.kind else state.here
    return (
        state.kind, state.port, state.title, state.connected, state.trouble, state.bare, state.busy,
        state.part, state.board, state.clock, state.tempo, here,
    )  # fmt: skip


def _which(bench: Bench, state: State) -> None:
    if state.kind:
        with ui.element("div").classes("lt-panel-line"):
            ui.label(f"{state.title}").classes("lt-panel-grow")
            if state.kind == "own":
                _button("Switch off", bench.leave)
            else:
                _button("Let go", bench.leave)
        where = f"At {state.port}" + (f", board {state.board}" if state.board else "")
        ui.label(where + ("." if state.connected else "")).classes("lt-muted")
    elif not state.busy:
        ui.label(
            "No module is on the bench. Plug one in by USB, or switch on a virtual one: real "
            "MicroPython and the real code of the module, without hardware."
        ).classes("lt-muted")
        with ui.element("div").classes("lt-panel-line"):
            _button("Switch on a virtual module", bench.switch_on, main=True)
            _button("Look again", bench.refresh)
        for found in state.here:
            with ui.element("div").classes("lt-panel-line"):
                name = f"{found.kind} {found.name}".strip()
                ui.label(f"{name} at {found.port}").classes("lt-panel-grow")
                _button("Connect", partial(bench.connect, found.port), label=f"Connect {name}")
    if state.busy:
        ui.label(f"{state.busy} …").props('role="status"')
        bar = named(ui.linear_progress(state.part or 0, show_value=False), "How far it is")
        bar.props.set_bool("indeterminate", state.part is None)
    if state.trouble:
        with ui.element("div").classes("lt-panel-line"):
            ui.label(state.trouble).classes("lt-panel-grow lt-panel-trouble").props('role="alert"')
            _button("Try again", partial(bench.connect, state.port))
    if state.bare:
        ui.label("MicroPython answers, and Latentrack is not on this module yet.")
        _button("Install Latentrack", partial(_ask_install, bench), main=True)
    if state.kind == "own" and state.connected:
        _clock(bench, state)
    elif state.kind == "usb" and state.connected:
        ui.label(
            "While this page is open, its port is in use here. Leave the page, or let go, for a "
            "command in a terminal."
        ).classes("lt-muted")


def _clock(bench: Bench, state: State) -> None:
    with ui.element("div").classes("lt-panel-line"):
        select = ui.select(
            _CLOCKS, value=state.clock, label="Clocked by", on_change=lambda e: bench.clock(e.value)
        )
        select.props("dense outlined options-dense").classes("lt-panel-grow")
        if state.clock == "own":
            tempo = ui.number("Tempo", value=state.tempo, min=20, max=400, step=1)
            tempo.props("dense outlined debounce=400").style("width: 90px")
            tempo.on_value_change(lambda e: bench.clock("own", e.value or state.tempo))


def _ask_install(bench: Bench) -> None:
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
            bench.install(None if choice.value == _AS_IT_IS else choice.value)

        with ui.element("div").classes("lt-panel-line"):
            _button("Install", install, main=True)
            _button("Cancel", dialog.close)
    dialog.on("hide", dialog.delete)
    dialog.open()


# -- models ---------------------------------------------------------------------------------------


def _open_name(studio: Studio) -> str:
    run = studio.explorer.run
    return "" if run is None else run.folder.name.removesuffix(".run")


def _models_key(studio: Studio, state: State) -> Any:
    return (
        state.connected,
        bool(state.busy),
        state.plays,
        state.models,
        state.free,
        _open_name(studio),
    )


def _models(studio: Studio, choices: _Choices, state: State) -> None:
    bench, name = studio.bench, _open_name(studio)
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
                _NUMBERS,
                value=choices.precision,
                label="Precision",
                on_change=choices.take("precision"),
            )
            select.props("dense outlined options-dense").style("min-width: 130px")
            for words, store in (("Hear it", False), ("Store it", True)):
                button = _button(
                    words,
                    partial(_audition, bench, choices, store),
                    main=not store,
                    label=f"{words} on the module: {name}",
                )
                button.set_enabled(not state.busy)
    else:
        with ui.element("div").classes("lt-panel-line"):
            ui.label("No model is open here.").classes("lt-muted")
            ui.link("Open one on the page Explore", "/explore")
    if not state.models:
        ui.label("Its library is empty.").classes("lt-muted")
        return
    ui.label(f"Its library, {state.free / 1024:,.0f} KB free").classes("lt-muted")
    with ui.element("div").classes("lt-panel-list").props('role="list"'):
        for model in state.models:
            with ui.element("div").classes("lt-panel-model").props('role="listitem"'):
                ui.label(model.shown).classes("lt-panel-grow")
                ui.label(f"{model.size / 1024:,.0f} KB").classes("lt-muted")
                _button(
                    "Play",
                    partial(_play, bench, choices, model),
                    label=f"Play {model.shown}",
                )
                _button("Remove", partial(_ask_remove, bench, model), label=f"Remove {model.shown}")


def _audition(bench: Bench, choices: _Choices, store: bool) -> None:
    bench.audition(choices.precision, choices.track, store)


def _play(bench: Bench, choices: _Choices, model: Stored) -> None:
    bench.play(model.name, choices.track)


def _ask_remove(bench: Bench, model: Stored) -> None:
    with ui.dialog() as dialog, ui.card():
        ui.label(f"Remove {model.shown} from the module's library? It is gone there for good.")

        def remove() -> None:
            dialog.close()
            bench.remove(model)

        with ui.element("div").classes("lt-panel-line"):
            _button("Remove", remove, main=True)
            _button("Keep", dialog.close)
    dialog.on("hide", dialog.delete)
    dialog.open()


# -- the puck -------------------------------------------------------------------------------------


def _puck_key(studio: Studio, state: State) -> Any:
    return state.connected, state.follows, bool(_open_name(studio))


def _puck(studio: Studio, choices: _Choices, state: State) -> None:
    bench = studio.bench
    if not state.connected or not _open_name(studio):
        ui.label(
            "With a module on the bench and a model open, the module goes where the puck is."
        ).classes("lt-muted")
        return

    def switch(follows: bool) -> None:
        bench.follow(choices.track if follows else None)

    with ui.element("div").classes("lt-panel-line"):
        ui.switch(
            "The module follows the puck",
            value=state.follows is not None,
            on_change=lambda event: switch(event.value),
        ).classes("lt-panel-grow")
        _button("Send its place", lambda: bench.send_place(choices.track))
    with ui.element("div").classes("lt-panel-line"):
        numbers = {number: f"Preset {number}" for number in range(1, PRESETS + 1)}
        select = ui.select(
            numbers, value=choices.preset, label="As preset", on_change=choices.take("preset")
        )
        select.props("dense outlined options-dense").classes("lt-panel-grow")
        _button(
            "Store the preset",
            lambda: bench.send_preset(choices.preset, choices.track),
            main=True,
        )
