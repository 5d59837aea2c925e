"""The curves and the map, live while a training runs; else of the newest run."""

from __future__ import annotations

from nicegui import ui

from latentrack.corpus.dataset import Dataset
from latentrack.errors import UserError
from latentrack.model.run import load_run
from latentrack.model.training import Epoch
from latentrack.studio.page_parts import heading, in_background, named
from latentrack.studio.studio import Studio
from latentrack.studio.training.drawings import Curves, PlacesMap, both_losses
from latentrack.studio.training.places import Names, Places, names_of, places_of, shown
from latentrack.words import count

_COLOURS = {"style": "by style", "file": "by file", "third": "by latent 3"}


class Watch:
    """Two cards."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._of: object = None
        self._names: dict[str, Names] = {}
        self._dataset: Dataset | None = None
        self._places: Places | None = None
        self._name = ""
        with _card("Curves") as card:
            card.classes("lt-train-card")
            with ui.element("div").classes("lt-train-bar"):
                heading("Loss")
                self._caption = ui.label().classes("lt-muted lt-train-help")
            self._curves = Curves()
        with _card("Latent map") as card:
            card.classes("lt-train-card")
            with ui.element("div").classes("lt-train-bar"):
                heading("Latent space")
                colour = studio.workspace.setting("training map", "style")
                self._colour = ui.select(
                    _COLOURS, value=colour if colour in _COLOURS else "style"
                ).props('dense borderless options-dense aria-label="Colour of the dots"')
                self._sized = ui.checkbox("size by latent 3").props("dense")
            self._map = PlacesMap()
        self._colour.on_value_change(self._recolour)
        self._sized.on_value_change(self._look)
        self._look()

    def refresh(self) -> None:
        """Shows the training that there is, or the newest run."""
        job = self._studio.training.job
        if job is not None:
            if self._of is not job:
                self._of = job
                self._begin(job.dataset, job.name)
            self._show_curves(job.epochs)
            if job.places is not self._places:
                self._places = job.places
                self._show_places()
            return
        newest = next(iter(self._studio.workspace.run_folders()), None)
        if newest is None:
            self._of = None
            self._caption.set_text("Here you see how it learns.")
            self._curves.show([], "No curves yet: nothing has been trained")
            self._map.show(None, Names(), "No map yet: nothing has been trained")
        elif self._of != newest:
            self._of = newest
            ui.timer(0, self._load, once=True)

    async def _load(self) -> None:
        folder = self._of

        def look() -> tuple[Dataset, Places, tuple[Epoch, ...]]:
            run = load_run(folder)  # type: ignore[arg-type]
            chosen = run.dataset.sequences[shown(len(run.dataset))]
            return run.dataset, places_of(run.model, chosen), run.history

        try:
            dataset, places, history = await in_background(look)
        except UserError:
            return
        if self._of is not folder or self._map.is_deleted:
            return
        self._begin(dataset, folder.stem)  # type: ignore[attr-defined]
        self._show_curves(history)
        self._places = places
        self._show_places()

    def _begin(self, dataset: Dataset, name: str) -> None:
        self._dataset, self._name, self._names, self._places = dataset, name, {}, None
        self._caption.set_text(f"of {name}")
        self._map.show(None, Names(), "No map yet")
        # Music that tells no style is all of one: its files say more.
        colours = {
            by: words for by, words in _COLOURS.items() if by != "style" or any(dataset.styles)
        }
        chosen = self._colour.value if self._colour.value in colours else "file"
        if list(self._colour.options) != list(colours):
            wished = self._studio.workspace.setting("training map", "style")
            self._colour.set_options(colours, value=wished if wished in colours else chosen)

    def _show_curves(self, epochs: tuple[Epoch, ...] | list[Epoch]) -> None:
        best = next((epoch.number for epoch in reversed(epochs) if epoch.best), None)
        words = "No epoch has ended yet"
        if epochs:
            words = f"Loss over {count(epochs[-1].number, 'epoch')}, now {epochs[-1].loss:.2f}"
            if epochs[-1].validation_loss is not None:
                words += f"; validation {epochs[-1].validation_loss:.4f}; best at epoch {best:,}"
        self._curves.show(both_losses(epochs), words, best)

    def _show_places(self) -> None:
        if self._dataset is None or self._places is None:
            return
        by = "file" if self._colour.value == "file" else "style"
        if by not in self._names:
            self._names[by] = names_of(self._dataset, by)
        names = self._names[by]
        words = f"{count(len(self._places), 'sequence')} of {self._name} in latent space"
        if names.names and self._colour.value != "third":
            words += f", coloured by {by}: {', '.join(names.names)}"
        self._map.show(self._places, names, words)
        self._sized.set_visibility(self._places.shape[1] > 2)

    def _recolour(self) -> None:
        if "style" in self._colour.options:
            self._studio.workspace.remember("training map", self._colour.value)
        self._look()
        self._show_places()

    def _look(self) -> None:
        self._map.look(self._colour.value == "third", bool(self._sized.value))


def _card(name: str) -> ui.element:
    return named(ui.element("section"), name).classes("lt-card")
