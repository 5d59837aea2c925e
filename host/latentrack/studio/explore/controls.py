"""The row above: which model, undo and redo, and MIDI files to take away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from nicegui import ui

from latentrack.files import atomic_write
from latentrack.playing.midi_file import midi_file
from latentrack.playing.pattern import Pattern
from latentrack.studio.explore.explorer import Explorer
from latentrack.studio.explore.path_player import patterns
from latentrack.studio.listen.transport import Transport
from latentrack.studio.page_parts import (
    errors_shown,
    in_background,
    listen,
    named,
    show_message,
)
from latentrack.studio.workspace import Workspace

_REPEATS = {1: "once", 2: "2 times", 4: "4 times", 8: "8 times", 16: "16 times"}


class ExploreControls:
    """The line of controls above the map: model, undo, redo, export as a MIDI file."""

    def __init__(self, workspace: Workspace, explorer: Explorer, transport: Transport) -> None:
        self._workspace, self._explorer, self._transport = workspace, explorer, transport
        with ui.element("div").classes("lt-explore-controls"):
            self._model = (
                ui.select(self._runs(), value=self._name(), label="Model", on_change=self._open)
                .props("dense outlined options-dense")
                .classes("lt-explore-model")
            )
            # Runs come and go while the page is open.
            self._model.on("focus", self._list_runs)
            self._undo = self._button("undo", "Undo", self._explorer.undo)
            self._redo = self._button("redo", "Redo", self._explorer.redo)
            ui.element("div").classes("lt-explore-space")
            self._export = ui.button("MIDI file", icon="download").props("outline no-caps")
            with self._export, ui.menu().props("auto-close"):
                for times, words in _REPEATS.items():
                    ui.menu_item(f"The pattern, {words}", lambda n=times: self._save_pattern(n))
                ui.separator()
                self._path = ui.menu_item("The path, bar by bar", self._save_path)
        self._show()
        listen(explorer.undo_changed, self._show)
        listen(explorer.path_changed, self._show)

    @staticmethod
    def _button(icon: str, label: str, act: Callable[[], Any]) -> ui.button:
        button = ui.button(icon=icon, on_click=act)
        return named(button, label).props("flat round dense").tooltip(label)

    def _runs(self) -> dict[str, str]:
        folders = self._workspace.run_folders()
        named = {str(folder): folder.stem for folder in folders}
        return named | {self._name(): Path(self._name()).stem}

    def _name(self) -> str:
        run = self._explorer.state.run
        return "" if run is None else str(run.folder)

    def _list_runs(self) -> None:
        self._model.set_options(self._runs(), value=self._name())

    async def _open(self) -> None:
        chosen = self._model.value
        if not chosen or chosen == self._name():
            return
        with errors_shown():
            await in_background(self._explorer.open, Path(chosen))
            return
        self._list_runs()

    def _show(self) -> None:
        state = self._explorer.state
        for element, able in (
            (self._undo, state.can_undo),
            (self._redo, state.can_redo),
            (self._path, state.path is not None),
        ):
            if element.enabled != able:
                element.set_enabled(able)

    async def _save_pattern(self, repeats: int) -> None:
        pattern = self._explorer.state.pattern
        if pattern is not None:
            await self._save([pattern], repeats, "pattern")

    async def _save_path(self) -> None:
        await self._save(await in_background(patterns, self._explorer.state), 1, "path")

    async def _save(self, played: list[Pattern], repeats: int, what: str) -> None:
        state, transport = self._explorer.state, self._transport
        if not played or state.run is None:
            return
        name = f"{state.run.folder.stem} {what}"
        with errors_shown():
            file = await in_background(
                self._write,
                name,
                lambda: midi_file(played, transport.tempo, state.meter, repeats),
            )
            ui.download.file(file, file.name)
            show_message(f"Saved as {file.relative_to(self._workspace.folder)}.")

    def _write(self, name: str, make: Callable[[], bytes]) -> Path:
        file = self._workspace.free_midi(name)
        with atomic_write(file, "the MIDI file") as out:
            out.write(make())
        return file
