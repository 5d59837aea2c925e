"""The table of runs with their actions, and the comparison of ticked runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from nicegui import ui

from latentrack.model.run_summary import RunSummary
from latentrack.model.sizes import in_words
from latentrack.studio.explore.explorer import Explorer
from latentrack.studio.page_parts import heading, in_background, listen, named
from latentrack.studio.training import actions
from latentrack.studio.training.drawings import Curve, Curves, loss_of, validation_losses
from latentrack.studio.training.run_files import RunFiles
from latentrack.studio.training.runs import Runs, differing

_HEADS = (
    "Compare",
    "Name",
    "When",
    "Bars",
    "Latents",
    "Size",
    "Epochs",
    "Loss",
    "Validation",
    "Actions",
)


class RunTable:
    """The table; train_on: called with the name of a run whose training is to be continued."""

    def __init__(
        self, runs: Runs, files: RunFiles, explorer: Explorer, train_on: Callable[[str], None]
    ) -> None:
        self._runs, self._files, self._explorer = runs, files, explorer
        self._train_on = train_on
        self._chosen: set[Path] = set()
        self._measure = "validation"
        heading("Runs")
        self._bin = ui.element("div").classes("lt-train-undo").props('role="status"')
        self._bin.set_visibility(False)
        self._box = ui.element("div").classes("lt-train-scroll")
        self._beside = ui.element("div").classes("lt-train-beside")
        self._show()
        listen(runs.runs_changed, self._show)
        # Runs come from elsewhere, too.
        ui.timer(0, self._refresh, once=True)

    async def _refresh(self) -> None:
        await in_background(self._runs.refresh)

    def _show(self) -> None:
        runs = self._runs.state.runs
        if runs is None:
            return
        self._chosen &= {run.folder for run in runs}
        self._box.clear()
        with self._box:
            if not runs:
                ui.label(
                    "None yet. Every training leaves one: here they are compared, and from here "
                    "they go to the module."
                ).classes("lt-muted")
            else:
                self._table(runs)
        self._compare()

    def _table(self, runs: Sequence[RunSummary]) -> None:
        several = len(runs) > 1
        if several:
            ui.label("Tick some to compare them.").classes("lt-muted lt-train-help")
        with ui.element("table").classes("lt-train-table lt-train-runs"):
            with ui.element("thead"), ui.element("tr"):
                for head in _HEADS:
                    with ui.element("th").props('scope="col"'):
                        label = ui.label(head)
                        if head in ("Compare", "Actions"):
                            label.classes("lt-unseen")
            with ui.element("tbody"):
                for run in runs:
                    with ui.element("tr"):
                        self._row(run, several)

    def _row(self, run: RunSummary, several: bool) -> None:
        with ui.element("td"):
            if several:
                box = ui.checkbox(value=run.folder in self._chosen)
                named(box, f"Compare {run.name}").props("dense")
                box.on_value_change(lambda event: self._choose(run.folder, bool(event.value)))
        with ui.element("th").props('scope="row"'):
            ui.label(run.name)
            if run.feel_latents:
                ui.label("with a feel").classes("lt-muted lt-train-help")
            if run.interrupted:
                ui.label("ended early").classes("lt-muted lt-train-help")
        held = "–" if run.validation_loss is None else f"{run.validation_loss:.4f}"
        for text in (
            f"{run.when:%d %b %H:%M}",
            f"{run.sequences:,}",
            _latents(run),
            in_words(run.size),
            f"{run.epochs:,}",
            f"{run.loss:.2f}",
            held,
        ):
            with ui.element("td"):
                ui.label(text)
        with ui.element("td").classes("lt-train-doing"):
            folder = run.folder
            explore = ui.button(
                "Explore →", on_click=lambda: actions.explore(self._explorer, folder)
            )
            named(explore, f"Explore {run.name}").props("flat dense no-caps")
            report = ui.button("Report", on_click=lambda: actions.report(self._files, folder))
            named(report, f"Report of {run.name}").props("flat dense no-caps")
            more = named(ui.button(icon="more_vert"), f"More for {run.name}")
            more.props("flat dense round")
            with more, ui.menu():
                _menu_item("Model file …", lambda: actions.export(self._files, folder))
                _menu_item("Continue training", lambda: self._train_on(run.name))
                _menu_item("Rename …", lambda: actions.rename(self._runs, folder))
                _menu_item("Delete", lambda: actions.remove(self._runs, folder, self._show_undo))

    def _show_undo(self, gone: Path, name: str) -> None:
        async def undo() -> None:
            self._bin.set_visibility(False)
            await actions.restore(self._runs, gone, name)

        self._bin.clear()
        with self._bin:
            ui.label(f"{name} is in the studio's trash now.")
            ui.button("Undo", on_click=undo).props("flat dense no-caps")
        self._bin.set_visibility(True)

    def _choose(self, folder: Path, on: bool) -> None:
        (self._chosen.add if on else self._chosen.discard)(folder)
        self._compare()

    def _compare(self) -> None:
        """Compare the ticked runs: their curves in one diagram, and their differing settings."""
        self._beside.clear()
        runs = [run for run in self._runs.state.runs or () if run.folder in self._chosen]
        if len(runs) < 2:
            return
        with self._beside:
            with ui.element("div").classes("lt-train-half"):
                self._curves(runs)
            with ui.element("div").classes("lt-train-half lt-train-scroll"):
                _differences(runs)

    def _curves(self, runs: list[RunSummary]) -> None:
        measures: dict[str, Callable[..., Any]] = {"loss": loss_of}
        if any(validation_losses(run.history) for run in runs):
            measures = {"validation": validation_losses, "loss": loss_of}
        value = self._measure if self._measure in measures else "loss"
        if len(measures) > 1:
            choice = ui.radio(list(measures), value=value).props("inline dense")
            choice.props('aria-label="What to compare"')
        curves = Curves().classes("lt-train-low")

        def show(what: str) -> None:
            drawn = [Curve(run.name, measures[what](run.history)) for run in runs]
            names = ", ".join(curve.name for curve in drawn if curve.points)
            curves.show([c for c in drawn if c.points], f"{what} of {names}, epoch by epoch")

        def turn(what: str) -> None:
            self._measure = what
            show(what)

        if len(measures) > 1:
            choice.on_value_change(lambda event: turn(str(event.value)))
        show(value)


def _latents(run: RunSummary) -> str:
    """As "3", or "3 + 2" with those of the feel; which model they are of, if it is not a vae."""
    feel = f" + {run.feel_latents}" if run.feel_latents else ""
    return f"{run.latents}{feel}{' stacked' if run.kind == 'stacked' else ''}"


def _menu_item(name: str, act: Callable[[], Any]) -> None:
    ui.menu_item(name, act).props("role=menuitem")


def _differences(runs: list[RunSummary]) -> None:
    names = differing(runs)
    if not names:
        ui.label("All their settings are the same.").classes("lt-muted")
        return
    with ui.element("table").classes("lt-train-table"):
        with ui.element("thead"), ui.element("tr"):
            for head in ("Setting", *(run.name for run in runs)):
                with ui.element("th").props('scope="col"'):
                    ui.label(head)
        with ui.element("tbody"):
            for name in names:
                with ui.element("tr"):
                    with ui.element("th").props('scope="row"'):
                        ui.label(name.replace("_", " "))
                    for run in runs:
                        with ui.element("td"):
                            ui.label(_plain(run.settings.get(name)))


def _plain(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, list):
        return "-".join(map(str, value))
    return str(value)
