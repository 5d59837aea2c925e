"""The left column of the page "Train" while a training runs, and after its end."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from nicegui import ui

from latentrack.model.plan import span
from latentrack.studio.explore.explorer import Explorer
from latentrack.studio.page_parts import heading
from latentrack.studio.training import actions
from latentrack.studio.training.choices import in_short
from latentrack.studio.training.run_files import RunFiles
from latentrack.studio.training.state import Outcome, Task
from latentrack.studio.training.training import Trainer

# The command-line option that a message names in brackets; the page leaves it out.
_OPTION = re.compile(r" \(--[a-z-]+\)")
_TITLES = {
    "finished": "{} is ready",
    "stopped": "{} is ready",
    "nothing": "{} was stopped",
    "killed": "{} was cut short",
    "failed": "{} could not be trained",
}


def show_running(training: Trainer, task: Task) -> Callable[[], None]:
    """Build the column for a running training; return the function that updates it."""
    heading(f"Training {task.name}")
    ui.label(in_short(task.dataset) + ".").classes("lt-muted lt-train-help")
    where = ui.label().classes("lt-train-state").props('role="status"')
    bar = ui.linear_progress(0, show_value=False, size="8px").props(
        'aria-label="Progress of the training" rounded'
    )
    left = ui.label().classes("lt-muted")
    figures = ui.element("dl").classes("lt-train-figures")
    with figures:
        loss = _figure("Loss")
        held = _figure("Validation")
        best = _figure("Best epoch")
        kept = _figure("Safe on disk")
    restarts = ui.column().classes("lt-train-warnings")
    told = 0
    with ui.row().classes("lt-train-actions"):
        stop = ui.button("Stop and keep the best", icon="stop", on_click=training.stop)
        stop.props("outline no-caps")
    ui.label("It goes on when this page is closed.").classes("lt-muted lt-train-help")

    def refresh() -> None:
        nonlocal told
        state, progress = training.state, training.state.progress
        epochs = progress.epochs
        if epochs and progress.phase == "Training":
            where.set_text(f"Epoch {epochs[-1].number:,} of {epochs[-1].of:,}")
            bar.set_value(epochs[-1].number / epochs[-1].of)
        elif progress.part is not None:
            where.set_text(f"{progress.phase}: {round(100 * progress.part)} %")
            bar.set_value(progress.part)
        else:
            where.set_text(f"{progress.phase} …")
        seconds = progress.seconds_left
        if state.stopping:
            left.set_text("Stopping, and keeping the best so far …")
        elif seconds is not None:
            left.set_text(f"{span(seconds).capitalize()} left")
        else:
            left.set_text("How long it takes will be known in a moment.")
        stop.set_enabled(not state.stopping)
        if epochs:
            loss(f"{epochs[-1].loss:.2f} nats a sequence")
            value = epochs[-1].validation_loss
            held("None (corpus too small)" if value is None else f"{value:.4f} nats a cell")
            found = progress.best
            best("" if found is None else f"{found.number:,}")
        kept("nothing yet" if progress.kept is None else f"epoch {progress.kept:,}")
        for words in progress.restarts[told:]:
            with restarts:
                ui.label(words)
        told = len(progress.restarts)

    refresh()
    return refresh


def show_outcome(
    task: Task, outcome: Outcome, files: RunFiles, explorer: Explorer, dismiss: Callable[[], None]
) -> None:
    """Show how a training ended, with buttons to explore the run, report on it, or train anew."""
    heading(_TITLES[outcome.kind].format(outcome.run.stem if outcome.run else task.name))
    with ui.column().classes("lt-train-words").props('role="status"'):
        for words in outcome.words:
            ui.label(_OPTION.sub("", words))
    run: Path | None = outcome.run
    with ui.row().classes("lt-train-actions"):
        if run is not None:
            there = run
            ui.button("Explore it →", on_click=lambda: actions.explore(explorer, there)).props(
                "unelevated no-caps"
            )
            ui.button("Report", on_click=lambda: actions.report(files, there)).props(
                "outline no-caps"
            )
        ui.button("Train another", on_click=dismiss).props("flat no-caps")


def _figure(name: str) -> Callable[[str], None]:
    with ui.element("dt"):
        ui.label(name)
    with ui.element("dd"):
        label = ui.label("")

    def show(text: str) -> None:
        label.set_text(text)

    return show
