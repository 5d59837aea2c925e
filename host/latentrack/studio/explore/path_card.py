"""Paths: drawn on the map, played along bar by bar, kept by name, sent to the module."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from nicegui import ui

from latentrack.studio.explore.explorer import Explorer
from latentrack.studio.explore.map_card import MapCard, Tab
from latentrack.studio.explore.paths import (
    MOST_BARS,
    MOST_POINTS,
    WAYS,
    LatentPath,
    delete_path,
    load_path,
    save_path,
    saved_paths,
)
from latentrack.studio.listen.transport import Transport
from latentrack.studio.page_parts import errors_shown, listen, named, show_error, show_message
from latentrack.studio.panel.store import ModuleStore
from latentrack.studio.workspace import Workspace, safe_name


class PathCard:
    """The card "Path": draw, play, store, delete and send paths through the latent space."""

    def __init__(
        self,
        workspace: Workspace,
        explorer: Explorer,
        transport: Transport,
        module: ModuleStore,
        tab: Tab,
        map_card: MapCard,
    ) -> None:
        self._workspace, self._explorer, self._transport = workspace, explorer, transport
        self._module = module
        self._tab, self._map_card = tab, map_card
        # What it is called: as it was kept, opened or sent last.
        self._name = "path"
        self._drawing = False
        path = explorer.state.path
        if path is not None:
            tab.bars, tab.way = path.bars, path.way
        with (
            ui.element("section").classes("lt-card lt-explore-path").props('aria-label="Path"'),
            ui.element("div").classes("lt-explore-bar"),
        ):
            self._draw = ui.button("Draw a path", icon="gesture", on_click=self._turn_drawing)
            self._draw.props('outline dense no-caps aria-pressed="false"')
            self._play = ui.button("Play along", icon="route", on_click=self._turn_playing)
            self._play.props("outline dense no-caps")
            self._send = ui.button("Send to the module", icon="send", on_click=self._ask_to_send)
            self._send.props("outline dense no-caps")
            self._bars = ui.number(
                "Bars", value=tab.bars, min=2, max=MOST_BARS, step=1, format="%d"
            )
            self._bars.props("dense").classes("lt-explore-number")
            self._bars.tooltip("So many bars from one end to the other")
            self._way = ui.select(list(WAYS), value=tab.way, label="Way")
            self._way.props("dense options-dense").classes("lt-explore-way")
            with ui.button(icon="more_vert").props(
                'flat round dense aria-label="More about paths"'
            ):
                self._menu = ui.menu().props("auto-close")
                # Not when it opens: an entry must not change under the hand. Other tabs keep paths,
                # too.
                self._menu.on("hide", self._fill_menu)
            self._bars.on_value_change(self._set)
            self._way.on_value_change(self._set)
        self._filled: bool | None = None
        self._show()
        listen(explorer.path_changed, self._show)

    def _show(self) -> None:
        state = self._explorer.state
        there, playing = state.path is not None, state.path_playing
        words = "Stop there" if playing else "Play along"
        if self._play.text != words:
            self._play.set_text(words)
        for button in (self._play, self._send):
            if button.enabled != there:
                button.set_enabled(there)
        if there != self._filled:
            self._filled = there
            self._fill_menu()
        path = state.path
        if path is not None and (path.bars, path.way) != (self._tab.bars, self._tab.way):
            self._tab.bars, self._tab.way = path.bars, path.way
            self._bars.value, self._way.value = path.bars, path.way

    def _set(self) -> None:
        bars, way = self._bars.value, self._way.value
        if bars is None or not 2 <= bars <= MOST_BARS or way not in WAYS:
            return
        self._tab.bars, self._tab.way = int(bars), way
        path = self._explorer.state.path
        if path is not None and (path.bars, path.way) != (int(bars), way):
            self._explorer.set_path(replace(path, bars=int(bars), way=way))

    def _turn_drawing(self) -> None:
        self._drawing = not self._drawing
        self._map_card.map.set_drawing(self._drawing)
        self._draw.set_text("Move the puck" if self._drawing else "Draw a path")
        self._draw.props["aria-pressed"] = "true" if self._drawing else "false"

    def _turn_playing(self) -> None:
        explorer = self._explorer
        if explorer.state.path_playing:
            explorer.play_path(False)
            return
        explorer.remember()
        explorer.play_path(True)
        if self._drawing:
            self._turn_drawing()
        if not self._transport.playing:
            show_message("Press Play below to hear it.")

    def _fill_menu(self) -> None:
        path = self._explorer.state.path
        self._menu.clear()
        with self._menu:
            ui.menu_item("Add where the puck is", self._add_puck)
            if path is not None:
                ui.menu_item("Keep it by a name…", self._keep)
                ui.menu_item("Take it away", self._take_away)
            names = saved_paths(self._workspace)
            if names:
                ui.separator()
                for name in names:
                    with ui.menu_item(on_click=lambda name=name: self._open(name)):
                        ui.label(name).classes("lt-explore-grow")
                        bin_ = named(ui.button(icon="delete"), f"Delete the path {name}")
                        bin_.props("flat round dense size=sm")
                        bin_.on("click.stop", lambda _, name=name: self._delete(name))

    def _add_puck(self) -> None:
        """The way to draw one without a pointer."""
        explorer = self._explorer
        axes, path = self._map_card.axes, explorer.state.path
        values = explorer.state.knob_values
        x, y = (values[axis] if axis < len(values) else 0.0 for axis in axes)
        explorer.remember()
        if path is None or path.axes != axes or len(path.points) >= MOST_POINTS:
            # A path has two points: the puck moves on, and then the second is another.
            explorer.set_path(LatentPath(((x, y), (x, y)), axes, self._tab.bars, self._tab.way))
            show_message("The path begins here. Move the puck, and add where it is.")
        else:
            alone = path.points[0] == path.points[1] and len(path.points) == 2
            points = path.points[:1] if alone else path.points
            explorer.set_path(replace(path, points=(*points, (x, y))))

    def _take_away(self) -> None:
        self._explorer.remember()
        self._explorer.set_path(None)

    def _keep(self) -> None:
        def keep(name: str, path: LatentPath) -> None:
            self._name = save_path(self._workspace, name, path)
            show_message(f"The path is kept as {self._name}.")
            self._fill_menu()

        self._ask_name("Name of the path", "Keep", "", keep)

    def _ask_to_send(self) -> None:
        if not self._module.state.connected:
            show_error("No module is connected: switch one on, or plug one in, on the page Module.")
            return

        def send(name: str, path: LatentPath) -> None:
            self._name = safe_name(name)
            self._module.send_path(path, self._name)

        self._ask_name("Name of the path on the module", "Send", self._name, send)

    def _ask_name(
        self, words: str, button: str, name: str, use: Callable[[str, LatentPath], None]
    ) -> None:
        """Ask for a name, and do something with it and with the path that is there then."""
        with self._map_card.map.parent_slot.parent, ui.dialog() as dialog, ui.card():  # type: ignore[union-attr]
            field = ui.input(words, value=name).props("autofocus")

            def done() -> None:
                path = self._explorer.state.path
                if path is None or not (field.value or "").strip():
                    return
                with errors_shown():
                    use(field.value, path)
                    dialog.close()

            field.on("keydown.enter", done)
            with ui.row():
                ui.button(button, on_click=done).props("no-caps")
                ui.button("Cancel", on_click=dialog.close).props("flat no-caps")
        dialog.on("hide", dialog.delete)
        dialog.open()

    def _open(self, name: str) -> None:
        with errors_shown():
            path = load_path(self._workspace, name)
            self._name = name
            self._explorer.remember()
            try:
                self._explorer.set_path(path)
            except ValueError:
                show_message("That path lies in latents that this model has not.")

    def _delete(self, name: str) -> None:
        kept: list[Any] = []
        with errors_shown():
            kept.append(load_path(self._workspace, name))
        delete_path(self._workspace, name)
        self._menu.close()
        if kept and self._explorer.state.path is None:
            # So that nothing is lost at once: it is on the map still, and can be kept again.
            self._open_again(kept[0])
        show_message(f"The path {name} is deleted.")

    def _open_again(self, path: LatentPath) -> None:
        try:
            self._explorer.set_path(path)
        except ValueError:
            return
