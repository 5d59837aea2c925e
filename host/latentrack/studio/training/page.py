"""The page "Train": set up a training, watch it, and see its outcome and all runs."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from latentrack.studio.explore.explorer import Explorer
from latentrack.studio.music.music import Music
from latentrack.studio.page_parts import heading, listen, show_error
from latentrack.studio.training import actions
from latentrack.studio.training.form import Form
from latentrack.studio.training.progress import show_outcome, show_running
from latentrack.studio.training.run_files import RunFiles
from latentrack.studio.training.run_table import RunTable
from latentrack.studio.training.training import Trainer
from latentrack.studio.training.watch import Watch
from latentrack.studio.workspace import Workspace


def build(
    workspace: Workspace, training: Trainer, files: RunFiles, explorer: Explorer, music: Music
) -> None:
    """Build the page."""
    actions.offer_reports(workspace)
    with ui.element("div").classes("lt-train-page"):
        with ui.element("section").classes("lt-card lt-train-work") as work:
            work.props('aria-label="Training"')
        with ui.element("div").classes("lt-train-right"):
            with ui.element("div").classes("lt-train-watch"):
                watch = Watch(workspace, training)
            with ui.element("section").classes("lt-card").props('aria-label="Runs"'):
                RunTable(training.runs, files, explorer, lambda name: choose(name))
    update: Callable[[], None] = _nothing
    chosen = ""

    def fill(earlier: str = "") -> None:
        """Build the left column anew; earlier: the name of the run to continue."""
        nonlocal update
        update = _nothing
        state = training.state
        work.clear()
        with work:
            if state.found:
                _found(state.found, training.dismiss_found)
            if state.task is None:
                heading("New training")
                Form(workspace, training, music, earlier)
            elif state.outcome is None:
                update = show_running(training, state.task)
            else:
                show_outcome(state.task, state.outcome, files, explorer, training.dismiss)
        watch.refresh()

    def go_on() -> None:
        update()
        watch.refresh()

    def choose(name: str) -> None:
        nonlocal chosen
        if training.state.running:
            show_error("A training runs already: stop it first, or wait until it has ended.")
            return
        chosen = name
        if training.state.task is None:
            begin()
        else:
            training.dismiss()

    def begin() -> None:
        nonlocal chosen
        name, chosen = chosen, ""
        fill(name)

    fill()
    listen(training.task_changed, begin)
    listen(training.progress_changed, go_on)
    listen(training.runs.runs_changed, watch.refresh)


def _found(words: tuple[str, ...], dismiss: Callable[[], None]) -> None:
    """Show the messages about an earlier studio's trainings."""
    with ui.element("div").classes("lt-train-undo").props('role="status"'):
        with ui.element("div"):
            for sentence in words:
                ui.label(sentence)
        ui.button(icon="close", on_click=dismiss).props(
            'flat dense round aria-label="Close this message"'
        )


def _nothing() -> None:
    """No training runs: nothing to update."""
