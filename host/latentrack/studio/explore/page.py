"""The page "Explore": the map, the pattern at the puck, and what makes it sound more or less."""

from __future__ import annotations

from pathlib import Path

from nicegui import ui

from latentrack.factory import library
from latentrack.studio.explore.controls import ExploreControls
from latentrack.studio.explore.explorer import Explorer
from latentrack.studio.explore.feel_card import FeelCard
from latentrack.studio.explore.map_card import MapCard, Tab
from latentrack.studio.explore.path_card import PathCard
from latentrack.studio.explore.pattern_card import PatternCard
from latentrack.studio.explore.slot_card import SlotCard
from latentrack.studio.explore.slot_rack import SlotRack
from latentrack.studio.explore.state import ExplorerState
from latentrack.studio.listen.transport import Transport
from latentrack.studio.music.music import Music
from latentrack.studio.page_parts import errors_shown, in_background, listen
from latentrack.studio.panel.notices import show_notices
from latentrack.studio.panel.store import ModuleStore
from latentrack.studio.workspace import Workspace


def build(
    workspace: Workspace,
    explorer: Explorer,
    transport: Transport,
    music: Music,
    module: ModuleStore,
    slots: SlotRack,
) -> None:
    """Fills the page; it is filled anew when another run is opened."""
    shown: list[object] = []

    @ui.refreshable
    def fill() -> None:
        shown[:] = _key(explorer.state)
        if explorer.state.open_run is None:
            _empty(workspace, explorer, music)
            return
        tab = Tab()
        with ui.element("div").classes("lt-explore"):
            ExploreControls(workspace, explorer, transport)
            with ui.element("div").classes("lt-explore-left"):
                map_card = MapCard(explorer, tab)
            with ui.element("div").classes("lt-explore-right"):
                PatternCard(explorer, transport, tab)
                SlotCard(explorer, transport, slots)
                if explorer.state.open_run.feel_latents:
                    FeelCard(explorer)
                PathCard(workspace, explorer, transport, module, tab, map_card)

    def heard() -> None:
        if shown != _key(explorer.state):
            fill.refresh()

    fill()
    listen(explorer.run_changed, heard)
    show_notices(module)


def _key(state: ExplorerState) -> list[object]:
    """What the page is built for."""
    return [state.open_run, state.busy if state.open_run is None else ""]


def _empty(workspace: Workspace, explorer: Explorer, music: Music) -> None:
    """No run is open: which there are, or how to come by one."""
    with ui.element("div").classes("lt-card lt-explore-empty"):
        busy = explorer.state.busy
        if busy:
            ui.label(f"{busy}…").classes("lt-title").props("role=status")
            return
        folders = workspace.run_folders()
        if folders:
            ui.label("No model is open").classes("lt-title")
            ui.label("Open one to explore its latent space.")
            _to_open(workspace, explorer, folders)
            return
        there = list(library.runs().values())
        ui.label("No model is open" if there else "No model yet").classes("lt-title")
        ui.label("Here you move through what a model has learnt, and hear it.")
        if there:
            ui.label("These come with Latentrack. Open one, or make one of your own music.")
            _to_open(workspace, explorer, there)
        else:
            ui.label("Train one first.")
        ui.link("Train a model →", "/train")
        if music.dataset is None:
            ui.label(
                "There is no music to train on yet. The Corpus page takes your MIDI files, "
                "or the demo corpus, which trains in about ten seconds."
            )
            ui.link("Choose music →", "/")


def _to_open(workspace: Workspace, explorer: Explorer, runs: list[Path]) -> None:
    """A button for each run; one from elsewhere is copied into the workspace first."""
    with ui.element("div").classes("lt-row"):
        for run in runs:

            async def open_it(run: Path = run) -> None:
                with errors_shown():
                    own = workspace.take_run(run)
                    await in_background(explorer.open, own)

            ui.button(run.stem, on_click=open_it).props("outline no-caps")
