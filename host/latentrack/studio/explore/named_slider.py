"""A slider with its name and its number, which sends one value at a time."""

from __future__ import annotations

from collections.abc import Callable

from nicegui.element import Element
from nicegui.events import GenericEventArguments


class NamedSlider(Element, component="named_slider.js", dependencies=["one_in_flight.js"]):
    """`act` is told each value that a hand sets; `look` tells the one that holds. unit: behind the
    number."""

    def __init__(
        self,
        name: str,
        low: float,
        high: float,
        step: float,
        act: Callable[[float], None],
        look: Callable[[], float],
        about: str,
        unit: str = "",
    ) -> None:
        super().__init__()
        self._act, self._look = act, look
        self._shown = look()
        self._props.update(name=name, low=low, high=high, step=step, about=about, unit=unit)
        self._props.update(start=self._shown)
        self.on("turn", self._turned)
        self.on("ready", lambda: self._send(False))

    def show(self) -> None:
        """Something may have changed."""
        if self._look() != self._shown:
            self._send(False)

    def _turned(self, event: GenericEventArguments) -> None:
        self._act(float(event.args))
        self._send(True)

    def _send(self, answer: bool) -> None:
        self._shown = self._look()
        self.run_method("setValue", self._shown, answer)
