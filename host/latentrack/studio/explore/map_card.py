"""The map with its legend, and the choices of what it shows."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from nicegui import ui
from nicegui.events import GenericEventArguments

from latentrack.model.attributes import ATTRIBUTES
from latentrack.osc.controls import AXES
from latentrack.studio.explore.explorer import Explorer
from latentrack.studio.explore.latent_map import LatentMap, Legend
from latentrack.studio.explore.paths import MOST_POINTS, LatentPath, simplified
from latentrack.studio.explore.points import Points, density, groups_of, plane_of, shown
from latentrack.studio.explore.silence import silence_of
from latentrack.studio.listen.audition import audition, bar_of
from latentrack.studio.page_parts import in_background, listen


def axis_name(axis: int) -> str:
    """X, Y, Z and W as on the module; latents beyond have numbers."""
    return AXES[axis].upper() if axis < len(AXES) else f"Latent {axis + 1}"


def meanings(axes: Sequence[str]) -> list[str]:
    """What more of each latent brings, "" where it is not known; axes: as `Run.axes`."""
    return [ATTRIBUTES[name].more if name in ATTRIBUTES else "" for name in axes]


@dataclass
class Tab:
    """What the cards of one browser tab know of each other.

    number: of the tab's newest move of the puck, which map and grid answer.  bars, way: of the next
    path that is drawn.
    """

    number: int = 0
    bars: int = 8
    way: str = "back and forth"


class MapCard:
    """Its `map` is the element on which paths are drawn, too."""

    def __init__(self, explorer: Explorer, tab: Tab) -> None:
        self._explorer, self._tab = explorer, tab
        opened = explorer.state.open_run
        assert opened is not None
        self._opened = opened
        run = opened.run
        latents = run.model.latents
        self._axes = (0, min(1, latents - 1))
        self._by = "style" if len(set(run.dataset.styles)) > 1 else "file"
        self._ready = False
        self._answered = 0
        self._shown_position: tuple[float, ...] | None = None
        self._shown_path: object = None
        self._shown_way: object = None
        with ui.element("section").classes("lt-card lt-explore-mapcard").props('aria-label="Map"'):
            with ui.element("div").classes("lt-explore-bar"):
                if latents > 2:
                    options = {axis: axis_name(axis) for axis in range(latents)}
                    self._choices = [
                        ui.select(options, value=self._axes[at], label=words)
                        .on_value_change(lambda _, at=at: self._turn(at))
                        .props("dense options-dense borderless")
                        .classes("lt-explore-choice")
                        for at, words in enumerate(("Across →", "Up ↑"))
                    ]
                ui.select(
                    {"style": "by style", "file": "by file"}, value=self._by, label="Colours"
                ).on_value_change(lambda event: self._colour(event.value)).props(
                    "dense options-dense borderless"
                ).classes("lt-explore-choice")
                self._hears = ui.switch("Hear what is pointed at")
            self.map = LatentMap(meanings=meanings(run.axes))
            self._legend = Legend(self.map)
        self.map.on("ready", self.begin)
        self.map.on("move", self._move)
        self.map.on("look", self._look)
        self.map.on("jump", self._jump)
        self.map.on("path", self._drawn)
        self.map.on("arrow", self._to_music)
        self.map.on("undo", self._explorer.undo)
        self.map.on("redo", self._explorer.redo)
        listen(explorer.pattern_changed, self._show)
        listen(explorer.path_changed, self._show)

    # -- what is shown ----------------------------------------------------------------------------

    async def begin(self) -> None:
        """Show everything: the element in the browser is ready, for the first time or once more."""
        self._ready = True
        self._answered, self._shown_position, self._shown_path = 0, None, None
        self._shown_way = None
        # First the puck: it cannot be dragged without a position, and the points take long.
        self._show()
        await self._show_points()

    def _show(self) -> None:
        state = self._explorer.state
        if not self._ready or state.open_run is not self._opened:
            return
        position, number = state.knob_values, self._tab.number
        if position != self._shown_position or number != self._answered:
            self.map.show_position(position, number if number != self._answered else 0)
            self._shown_position, self._answered = position, number
        if state.path is not self._shown_path:
            self._shown_path = state.path
            self.map.show_path(self._line(state.path))
        silence = silence_of(state)
        way = silence.latents if silence is not None else None
        if way != self._shown_way:
            self._shown_way = way
            self.map.show_way(None if way is None else [value / state.scale for value in way])

    def _line(self, path: LatentPath | None) -> list[tuple[float, float]]:
        """The path in the plane of the map; nothing if it lies in another."""
        if path is None or set(path.axes) != set(self.axes):
            return []
        if path.axes == self.axes:
            return list(path.points)
        return [(y, x) for x, y in path.points]

    async def _show_points(self) -> None:
        points = await in_background(self._points, self._axes, self._by)
        self.map.show_points(points)
        self._legend.show(points.groups)

    def _points(self, axes: tuple[int, int], by: str) -> Points:
        run = self._opened.run
        positions = self._opened.positions / run.model.info.latent_scale
        which = shown(len(positions))
        heat = density(plane_of(positions, axes))
        return Points(positions[which], which, groups_of(run.dataset, by), axes, heat)

    # -- what is asked for ------------------------------------------------------------------------

    def _move(self, event: GenericEventArguments) -> None:
        if event.args["first"]:
            self._explorer.remember()
        self._tab.number = int(event.args["number"])
        with suppress(ValueError):  # another model has been opened meanwhile
            self._explorer.set_knob_values(event.args["position"])

    def _look(self, event: GenericEventArguments) -> None:
        state, point = self._explorer.state, int(event.args["point"])
        with suppress(ValueError, IndexError):
            # A click on a point leads to all of its latents, not only to those of the plane.
            place = event.args["position"]
            if point >= 0:
                place = self._opened.positions[point] / state.scale
            pattern = state.pattern_at(place)
            if pattern is not None:
                self.map.show_thumb(pattern)
            if self._hears.value and point >= 0:
                audition(bar_of(self._opened.run.dataset, point))
            elif self._hears.value and pattern is not None:
                audition(pattern)

    def _jump(self, event: GenericEventArguments) -> None:
        self._explorer.remember()
        with suppress(ValueError, IndexError):
            self._explorer.move([float(v) for v in self._opened.positions[int(event.args)]])

    def _to_music(self) -> None:
        self._explorer.remember()
        self._explorer.end_silence()

    def _drawn(self, event: GenericEventArguments) -> None:
        points = simplified([(float(x), float(y)) for x, y in event.args])[:MOST_POINTS]
        self._explorer.remember()
        self._explorer.set_path(LatentPath(points, self.axes, self._tab.bars, self._tab.way))

    @property
    def axes(self) -> tuple[int, int]:
        """Which latents lie along the map's edges; of one latent it is the first edge's."""
        return self._axes if self._opened.run.model.latents > 1 else (0, 1)

    async def _turn(self, which: int) -> None:
        """Another axis was chosen: if it is the other one, they are swapped."""
        chosen = int(self._choices[which].value)
        axes, old = list(self._axes), self._axes[which]
        if chosen == old:
            return
        axes[which] = chosen
        if axes[0] == axes[1]:
            axes[1 - which] = old
        self._axes = (axes[0], axes[1])
        self._choices[1 - which].value = axes[1 - which]
        self._shown_path = None
        await self._show_points()
        self.map.show_path(self._line(self._explorer.state.path))

    async def _colour(self, by: str) -> None:
        self._by = by
        await self._show_points()
