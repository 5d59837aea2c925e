"""The map as an element of the page; `latent_map.js` draws it.

Events: "move" {place, first, number}, "look" {place, point}, "jump" (a sequence's index), "path"
(points), "undo", "redo". Each move and each look waits for its answer. A point is the index of the
sequence under the pointer, or -1.
"""

from __future__ import annotations

from collections.abc import Sequence

from nicegui.element import Element

from latentrack.studio.explore.points import Points
from latentrack.studio.explore.wire import packed
from latentrack.studio.pattern import Pattern


class LatentMap(Element, component="latent_map.js", dependencies=["one_in_flight.js"]):
    """What is shown is told by these; nothing is kept here."""

    def show_points(self, points: Points) -> None:
        self.run_method(
            "setPoints",
            {
                "axes": points.axes,
                "places": packed(points.places),
                "groups": packed(points.groups),
                "which": points.which.tolist(),
                "titles": points.titles,
                "heat": packed(points.heat),
                "size": len(points.heat),
            },
        )

    def show_place(self, place: Sequence[float], number: int = 0) -> None:
        """number: of the move that this answers; 0: of none."""
        self.run_method("setPlace", [round(value, 5) for value in place], number)

    def show_path(self, points: Sequence[tuple[float, float]]) -> None:
        self.run_method("setPath", [list(point) for point in points])

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
                "hits": packed(pattern.hits),
                "steps": pattern.steps,
                "voices": pattern.voices,
                "up": pattern.kind == "notes",
            },
        )
