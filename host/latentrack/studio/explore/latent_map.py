"""The map as an element of the page; `latent_map.js` draws it.

Events: "move" {position, first, number}, "look" {position, point}, "jump" (a sequence's index),
"path" (points), "arrow" (to where music is), "undo", "redo". Each move and each look waits for its
answer. A position has a knob value of -1 to 1 for each latent. A point is the index of the sequence
under the pointer, or -1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from nicegui import ui
from nicegui.element import Element

from latentrack.playing.pattern import Pattern
from latentrack.studio.explore.points import MOST_GROUPS, Groups, Points
from latentrack.studio.explore.wire import packed

_SHAPES = "●■▲"
_COLOURS = 7  # and grey, for all others


class LatentMap(Element, component="latent_map.js", dependencies=["one_in_flight.js"]):
    """What is shown is told by these after "ready"; nothing is kept here.

    puck: whether it has one, which takes the hand; without it the map is a picture.  meanings: what
    more of each latent brings, such as "busier"; "" where nothing is said.
    """

    def __init__(self, puck: bool = True, meanings: Sequence[str] = ()) -> None:
        super().__init__()
        self._props["puck"] = puck
        self._props["meanings"] = list(meanings)
        self._props["label"] = ""

    def set_label(self, label: str) -> None:
        """The picture in words."""
        if label != self._props["label"]:
            self._props["label"] = label
            self.update()

    def show_points(self, points: Points, *, third: bool = False, sized: bool = False) -> None:
        """third: the colour tells of the third latent, not of the group.  sized: so does the size.

        Points that were shown before, as many along the same axes, move to where they are now.
        """
        whole = np.rint(np.clip(points.positions.astype(np.float32), -1, 1) * 32767).astype("<i2")
        self.run_method(
            "setPoints",
            {
                "axes": points.axes,
                "latents": whole.shape[1],
                "positions": packed(np.ascontiguousarray(whole).view(np.uint8)),
                "groups": packed(points.groups.of_each[points.which]),
                "which": points.which.tolist(),
                "titles": points.groups.titles,
                "heat": None if points.heat is None else packed(points.heat),
                "size": 0 if points.heat is None else len(points.heat),
                "third": third,
                "sized": sized,
            },
        )

    def show_position(self, position: Sequence[float], number: int = 0) -> None:
        """number: of the move that this answers; 0: of none."""
        self.run_method("setPosition", [round(value, 5) for value in position], number)

    def show_path(self, points: Sequence[tuple[float, float]]) -> None:
        """Draw a path through points (x, y), knob values of -1 to 1."""
        self.run_method("setPath", [list(point) for point in points])

    def show_way(self, position: Sequence[float] | None) -> None:
        """An arrow from the puck to where there is music, which can be pressed; None: none."""
        self.run_method("setWay", None if position is None else list(position))

    def set_drawing(self, on: bool) -> None:
        """Whether the pointer draws a path, or moves the puck."""
        self.run_method("setDrawing", on)

    def highlight(self, group: int) -> None:
        """Shows the others faintly; -1: none."""
        self.run_method("highlight", group)

    def show_thumb(self, pattern: Pattern) -> None:
        """The answer to a look."""
        self.run_method(
            "setThumb",
            {
                "hits": packed(pattern.velocities),
                "steps": pattern.steps,
                "voices": pattern.voices,
                "up": pattern.kind == "notes",
            },
        )


class Legend(Element):
    """What the marks of a map mean; a group that is pressed is seen alone."""

    def __init__(self, shows: LatentMap) -> None:
        super().__init__("div")
        self.classes("lt-explore-legend")
        self.props('role=group aria-label="Groups: press one to see it alone"')
        self._map = shows

    def show(self, groups: Groups) -> None:
        """Replace the entries by one button for each group, with its title and count."""
        self.clear()
        buttons: list[ui.element] = []
        only = -1

        def choose(group: int) -> None:
            nonlocal only
            only = -1 if group == only else group
            self._map.highlight(only)
            for number, button in enumerate(buttons):
                button.props["aria-pressed"] = "true" if number == only else "false"

        with self:
            for group, (title, count) in enumerate(zip(groups.titles, groups.counts, strict=True)):
                shape = 0 if group >= MOST_GROUPS else group // _COLOURS
                colour = _COLOURS if group >= MOST_GROUPS else group % _COLOURS
                button = ui.element("button").classes("lt-explore-group")
                button.props('type=button aria-pressed="false"')
                button.on("click", lambda _, group=group: choose(group))
                with button:
                    mark = ui.element("span").classes(f"lt-explore-colour{colour}")
                    mark.props('aria-hidden="true"')
                    with mark:
                        ui.label(_SHAPES[shape])
                    ui.label(title)
                    ui.label(str(count)).classes("lt-muted")
                buttons.append(button)
