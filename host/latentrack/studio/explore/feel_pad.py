"""The feel pad as an element of the page; `feel_pad.js` draws it.

Events: "move" {values, first}, which waits for its answer. values: a knob value of -1 to 1 for each
latent of the feel. first: of a gesture.
"""

from __future__ import annotations

from collections.abc import Sequence

from nicegui.element import Element


class FeelPad(Element, component="feel_pad.js", dependencies=["one_in_flight.js"]):
    """A puck for the latents of a feel: to the right is louder, upwards is later."""

    def __init__(self, latents: int) -> None:
        super().__init__()
        self._props["latents"] = latents

    def show_values(self, values: Sequence[float], answer: bool) -> None:
        """Move the puck. answer: this answers a move."""
        self.run_method("setValues", [round(value, 5) for value in values], answer)
