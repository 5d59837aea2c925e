"""The curves and the map of the running training, or else of the newest run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nicegui import ui

from latentrack.corpus.dataset import Dataset
from latentrack.errors import UserError
from latentrack.model.run import load_run
from latentrack.model.training import Epoch
from latentrack.studio.explore.points import shown
from latentrack.studio.page_parts import heading, in_background, named
from latentrack.studio.training.drawings import Curves, both_losses
from latentrack.studio.training.positions import Positions, positions_of
from latentrack.studio.training.space_card import SpaceCard
from latentrack.studio.training.training import Trainer
from latentrack.studio.workspace import Workspace
from latentrack.words import count


class Watch:
    """The cards "Loss" and "Latent space"."""

    def __init__(self, workspace: Workspace, training: Trainer) -> None:
        self._workspace, self._training = workspace, training
        self._of: object = None
        with named(ui.element("section"), "Curves").classes("lt-card lt-train-card"):
            with ui.element("div").classes("lt-train-bar"):
                heading("Loss")
                self._caption = ui.label().classes("lt-muted lt-train-help")
            self._curves = Curves()
        self._space = SpaceCard(workspace)

    def refresh(self) -> None:
        """Show the training of the state, or else the newest run."""
        state = self._training.state
        task = state.task
        if task is not None:
            if self._of is not task:
                self._of = task
                self._begin(task.dataset, task.name)
            self._show_curves(state.progress.epochs)
            self._space.show(state.progress.positions)
            return
        newest = next(iter(self._workspace.run_folders()), None)
        if newest is None:
            self._of = None
            self._caption.set_text("Here you see how it learns.")
            self._curves.show([], "No curves yet: nothing has been trained")
            self._space.clear()
        elif self._of != newest:
            self._of = newest
            ui.timer(0, lambda: self._load(newest), once=True)

    async def _load(self, folder: Path) -> None:
        def read() -> tuple[Dataset, Positions, tuple[Epoch, ...]]:
            run = load_run(folder)
            chosen = run.dataset.sequences[shown(len(run.dataset))]
            return run.dataset, positions_of(run.model, chosen), run.history

        try:
            dataset, positions, history = await in_background(read)
        except UserError:
            return
        if self._of is not folder or self._space.map.is_deleted:
            return
        self._begin(dataset, folder.stem)
        self._show_curves(history)
        self._space.show(positions)

    def _begin(self, dataset: Dataset, name: str) -> None:
        self._caption.set_text(f"of {name}")
        self._space.begin(dataset, name)

    def _show_curves(self, epochs: Sequence[Epoch]) -> None:
        best = next((epoch.number for epoch in reversed(epochs) if epoch.best), None)
        words = "No epoch has ended yet"
        if epochs:
            words = f"Loss over {count(epochs[-1].number, 'epoch')}, now {epochs[-1].loss:.2f}"
            if epochs[-1].validation_loss is not None:
                words += f"; validation {epochs[-1].validation_loss:.4f}; best at epoch {best:,}"
        self._curves.show(both_losses(epochs), words, best)
