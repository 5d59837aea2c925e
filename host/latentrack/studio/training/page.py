"""The page "Train": choose and begin, watch, and what came of it."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from latentrack.studio.page_parts import heading, listen, show_error
from latentrack.studio.studio import Studio
from latentrack.studio.training import actions
from latentrack.studio.training.form import Form
from latentrack.studio.training.progress import show_outcome, show_running
from latentrack.studio.training.run_table import RunTable
from latentrack.studio.training.watch import Watch


def build(studio: Studio) -> None:
    """Fills the page."""
    actions.offer_reports(studio)
    with ui.element("div").classes("lt-train-page"):
        with ui.element("section").classes("lt-card lt-train-work") as work:
            work.props('aria-label="Training"')
        with ui.element("div").classes("lt-train-right"):
            with ui.element("div").classes("lt-train-watch"):
                watch = Watch(studio)
            with ui.element("section").classes("lt-card").props('aria-label="Runs"'):
                RunTable(studio, lambda name: choose(name))
    state: object = "new"
    update: Callable[[], None] | None = None

    def refresh() -> None:
        """The column is built anew when something begins or ends, else only brought up to date."""
        nonlocal state, update
        training = studio.training
        job = training.job
        outcome = job.outcome if job is not None else None
        now = (job, outcome, training.found)
        if now != state:
            state = now
            fill()
        elif update is not None:
            update()
        watch.refresh()

    def fill(earlier: str = "") -> None:
        nonlocal update
        training, update = studio.training, None
        job = training.job
        work.clear()
        with work:
            if training.found:
                with ui.element("div").classes("lt-train-undo").props('role="status"'):
                    with ui.element("div"):
                        for words in training.found:
                            ui.label(words)
                    ui.button(icon="close", on_click=training.dismiss_found).props(
                        'flat dense round aria-label="Close this message"'
                    )
            if job is None:
                heading("New training")
                Form(studio, earlier)
            elif job.outcome is None:
                update = show_running(studio, job)
            else:
                show_outcome(studio, job, job.outcome, training.dismiss)

    def choose(name: str) -> None:
        nonlocal state
        training = studio.training
        if training.running:
            show_error("A training runs already: stop it first, or wait until it has ended.")
            return
        training.dismiss()
        state = (training.job, None, training.found)
        fill(name)
        watch.refresh()

    refresh()
    listen(studio.training.changed, refresh)
    listen(studio.training.runs.changed, refresh)
