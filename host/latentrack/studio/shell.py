"""What all pages stand in: the head with its tabs, the bar at the foot, light and dark."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from nicegui import context, ui
from nicegui.elements.mixins.text_element import TextElement
from nicegui.elements.sub_pages import SubPages

from latentrack.studio.explore import page as explore
from latentrack.studio.listen import bar
from latentrack.studio.listen import page as listen
from latentrack.studio.music import page as music
from latentrack.studio.music import routes
from latentrack.studio.music.drop_zone import DropElsewhere
from latentrack.studio.page_parts import heading, named
from latentrack.studio.panel import page as panel
from latentrack.studio.studio import Studio
from latentrack.studio.training import page as training
from latentrack.studio.workspace import Workspace

# Path, name, icon.
PAGES = (
    ("/", "Corpus", "library_music"),
    ("/train", "Train", "model_training"),
    ("/explore", "Explore", "explore"),
    ("/listen", "Listen", "volume_up"),
    ("/module", "Module", "developer_board"),
)
NOT_FOUND = "Page not found"
# What the switch goes through: as the computer has it, light, dark.
_LOOKS = {
    None: ("brightness_auto", "Light or dark as the computer has it: switch to light"),
    False: ("light_mode", "Light: switch to dark"),
    True: ("dark_mode", "Dark: switch to what the computer has"),
}


def add_styles() -> None:
    """The style sheets of all pages, before the first is made."""
    for sheet in sorted(Path(__file__).parent.rglob("*.css")):
        ui.add_css(sheet, shared=True)


def build(studio: Studio) -> None:
    """The whole page of one browser tab."""
    ui.colors(primary="#0b7a75", secondary="#5b6770", accent="#c2410c")
    tabs: dict[str, ui.link] = {}
    with ui.header().classes("lt-head"):
        ui.label("latentrack").classes("lt-brand")
        title = TextElement(tag="h1", text="").classes("lt-unseen")
        with ui.element("nav").classes("lt-tabs").props('aria-label="The way of the music"'):
            for path, name, icon in PAGES:
                tabs[path] = ui.link(target=path).classes("lt-tab")
                with tabs[path]:
                    ui.icon(icon).props('aria-hidden="true"')
                    ui.label(name)
        _look_switch(studio.workspace)
    _Pages(_pages(studio)).classes("lt-page")
    with ui.footer().classes("lt-foot"):
        bar.build(studio.transport, studio.explorer)

    routes.serve(studio.music)
    elsewhere = DropElsewhere()

    def mark(path: str) -> None:
        elsewhere.switch(path.split("?")[0] != "/")
        name = next((name for each, name, _ in PAGES if each == path.split("?")[0]), NOT_FOUND)
        title.text = name
        ui.page_title(f"{name} · Latentrack studio")
        for each, tab in tabs.items():
            here = each == path.split("?")[0]
            tab.props('aria-current="page"' if here else "", remove="" if here else "aria-current")

    router = context.client.sub_pages_router
    router.on_path_changed(mark)
    mark(router.current_path)


def _pages(studio: Studio) -> dict[str, Callable[[], None]]:
    """What fills each page, by its path: every page gets the stores that it shows."""
    workspace, explorer, transport = studio.workspace, studio.explorer, studio.transport
    return {
        "/": partial(music.build, studio.music),
        "/train": partial(
            training.build, workspace, studio.training, studio.run_files, explorer, studio.music
        ),
        "/explore": partial(
            explore.build,
            workspace,
            explorer,
            transport,
            studio.music,
            studio.module,
            studio.slots,
        ),
        "/listen": partial(listen.build, transport, explorer),
        "/module": partial(panel.build, studio.module, explorer),
    }


class _Pages(SubPages):
    """The pages by their paths; another path says so, and leads on."""

    def _render_404(self) -> None:
        with ui.element("section").classes("lt-card lt-column lt-nowhere"):
            heading(NOT_FOUND)
            TextElement(
                tag="p",
                text=f"The studio has no page {context.client.sub_pages_router.current_path}.",
            )
            ui.link("Go to Corpus", "/")


def _look_switch(workspace: Workspace) -> None:
    left = workspace.setting("dark", None)
    dark = ui.dark_mode(left if isinstance(left, bool) else None)
    button = ui.button().props("flat round dense").classes("lt-look")

    def show() -> None:
        icon, words = _LOOKS[dark.value]
        named(button, words).props["icon"] = icon

    def turn() -> None:
        looks = list(_LOOKS)
        dark.value = looks[(looks.index(dark.value) + 1) % len(looks)]
        workspace.remember("dark", dark.value)
        show()

    button.on_click(turn)
    show()
