"""A small picture of a pattern; `mini_pattern.js` draws it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from nicegui.element import Element

from latentrack.studio.explore.wire import packed


class MiniPattern(Element, component="mini_pattern.js", dependencies=["one_in_flight.js"]):
    """A rectangle for each hit, the brighter the louder."""

    def __init__(self) -> None:
        super().__init__()
        self.props.update(hits="", marks="", steps=1, voices=1, up=False, label="")

    def show(
        self,
        hits: npt.NDArray[np.uint8],
        label: str,
        up: bool = False,
        differs: npt.NDArray[np.bool_] | None = None,
    ) -> None:
        """hits: velocities, (steps, voices).  label: the picture in words.  up: the first voice is
        the lowest.  differs: cells to be marked, (steps, voices)."""
        steps, voices = hits.shape
        shown = {
            "hits": packed(hits),
            "marks": "" if differs is None else packed(differs),
            "steps": steps,
            "voices": voices,
            "up": up,
            "label": label,
        }
        if any(self.props[name] != value for name, value in shown.items()):
            self.props.update(shown)
