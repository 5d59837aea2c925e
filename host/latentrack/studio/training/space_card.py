"""The card "Latent space": the music's positions, live while a training runs."""

from __future__ import annotations

import numpy as np
from nicegui import ui

from latentrack.corpus.dataset import Dataset
from latentrack.studio.explore.latent_map import LatentMap, Legend
from latentrack.studio.explore.points import Groups, Points, groups_of, shown
from latentrack.studio.page_parts import heading, named
from latentrack.studio.training.positions import Positions
from latentrack.studio.workspace import Workspace
from latentrack.words import count

_COLOURS = {"style": "by style", "file": "by file", "third": "by latent 3"}
_SETTING = "training map"
_NOTHING = Points(
    np.zeros((0, 2), np.float16), np.zeros(0, np.intp), Groups([], [], np.zeros(0, np.uint8))
)


class SpaceCard:
    """The card; it is empty until `begin` and `show` are called."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._groups: dict[str, Groups] = {}
        self._dataset: Dataset | None = None
        self._name = ""
        self._positions: Positions | None = None
        self._ready = False
        self._listed: Groups | None = None
        with named(ui.element("section"), "Latent map").classes("lt-card lt-train-card"):
            with ui.element("div").classes("lt-train-bar"):
                heading("Latent space")
                colour = workspace.setting(_SETTING, "style")
                self._colour = ui.select(
                    _COLOURS, value=colour if colour in _COLOURS else "style"
                ).props('dense borderless options-dense aria-label="Colour of the dots"')
                self._sized = ui.checkbox("size by latent 3").props("dense")
            self.map = LatentMap(puck=False)
            self._legend = Legend(self.map)
            with ui.element("div").classes("lt-train-legend") as self._ramp:
                ui.label("latent 3:")
                ui.label("−1")
                ui.element("div").classes("lt-train-ramp")
                ui.label("+1")
        self.map.on("ready", self._begin)
        self._colour.on_value_change(self._recolour)
        self._sized.on_value_change(self._show)

    def clear(self) -> None:
        """Empty the map."""
        self._dataset = self._positions = None
        self.map.set_label("No map yet: nothing has been trained")
        self._show()

    def begin(self, dataset: Dataset, name: str) -> None:
        """Prepare for the positions of a dataset; name: of the training or the run."""
        self._dataset, self._name, self._groups, self._positions = dataset, name, {}, None
        self.map.set_label("No map yet")
        # Without styles all music would have one colour: colour it by file.
        colours = {
            by: words for by, words in _COLOURS.items() if by != "style" or any(dataset.styles)
        }
        chosen = self._colour.value if self._colour.value in colours else "file"
        if list(self._colour.options) != list(colours):
            wished = self._workspace.setting(_SETTING, "style")
            self._colour.set_options(colours, value=wished if wished in colours else chosen)
        self._show()

    def show(self, positions: Positions | None) -> None:
        """Show positions: knob values of -1 to 1, (n, latents), of the sequences `points.shown`.

        None leaves the map as `begin` left it.
        """
        if positions is not self._positions:
            self._positions = positions
            self._show()

    def _begin(self) -> None:
        self._ready = True
        self._show()

    def _show(self) -> None:
        third = self._colour.value == "third"
        points = self._points("file" if self._colour.value == "file" else "style")
        groups = points.groups
        self._ramp.set_visibility(third)
        self._legend.set_visibility(not third)
        if groups is not self._listed:
            self._listed = groups
            self._legend.show(groups)
        if self._dataset is not None and self._positions is not None:
            words = f"{count(len(self._positions), 'sequence')} of {self._name} in latent space"
            if not third:
                words += f", coloured by {self._colour.value}: {', '.join(groups.titles)}"
            self.map.set_label(words)
            self._sized.set_visibility(self._positions.shape[1] > 2)
        if self._ready:
            self.map.show_points(points, third=third, sized=bool(self._sized.value))

    def _points(self, by: str) -> Points:
        if self._dataset is None or self._positions is None:
            return _NOTHING
        if by not in self._groups:
            self._groups[by] = groups_of(self._dataset, by)
        return Points(self._positions, shown(len(self._dataset)), self._groups[by])

    def _recolour(self) -> None:
        if "style" in self._colour.options:
            self._workspace.remember(_SETTING, self._colour.value)
        self._show()
