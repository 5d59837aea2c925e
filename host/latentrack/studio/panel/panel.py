"""The module's panel on the page: shows its snapshots, and passes on what is done to it."""

from __future__ import annotations

import base64
import math
from dataclasses import asdict
from typing import Any

from nicegui.element import Element
from nicegui.events import GenericEventArguments

from latentrack.studio.panel.look import BUTTONS, CV, ENCODERS, KNOBS, TRIGGERS, Look
from latentrack.studio.panel.source import SHAPES, Source
from latentrack.studio.panel.store import ModuleStore

_MOST_CLICKS = 100
_HERTZ = (0.02, 10.0)


class Panel(Element, component="panel.js"):
    """What comes from a browser is checked: only what a panel has can be turned."""

    def __init__(self, module: ModuleStore) -> None:
        super().__init__()
        self._module = module
        self._sent: Look | None = None
        self.on("poll", self._answer)
        self.on("turn", self._turn)
        self.on("encode", self._encode)
        self.on("press", lambda event: self._switch(event, module.press))
        self.on("release", lambda event: self._switch(event, module.release))
        self.on("pulse", self._pulse)
        self.on("patch", self._patch)
        self.show()

    def show(self) -> None:
        """Brings up to date what changes seldom."""
        state = self._module.state
        shown = {
            "hosted": state.kind == "hosted",
            "connected": state.connected,
            "sources": {jack: asdict(source) for jack, source in self._module.sources.items()},
        }
        if any(self.props.get(name) != value for name, value in shown.items()):
            self.props.update(shown)

    def _answer(self, event: GenericEventArguments) -> None:
        look = self._module.snapshot()
        if look == self._sent and event.args == look.number:
            self.run_method("shown", None)
            return
        self._sent = look
        told: dict[str, Any] = asdict(look)
        told.pop("picture")
        if event.args != look.number:
            told["picture"] = base64.b64encode(look.picture).decode()
        self.run_method("shown", told)

    def _turn(self, event: GenericEventArguments) -> None:
        if isinstance(event.args, dict):
            for knob, position in event.args.items():
                if knob in KNOBS and _is_number(position):
                    self._module.turn(knob, position)

    def _encode(self, event: GenericEventArguments) -> None:
        side, clicks = event.args["side"], event.args["clicks"]
        if side in ENCODERS and isinstance(clicks, int):
            self._module.turn_encoder(side, min(max(clicks, -_MOST_CLICKS), _MOST_CLICKS))

    def _switch(self, event: GenericEventArguments, act: Any) -> None:
        if event.args in (*BUTTONS, *ENCODERS):
            act(event.args)

    def _pulse(self, event: GenericEventArguments) -> None:
        if event.args in TRIGGERS:
            self._module.pulse(event.args)

    def _patch(self, event: GenericEventArguments) -> None:
        told = event.args
        numbers = [told["volts"], told["depth"], told["hertz"]]
        if told["jack"] in CV and told["shape"] in SHAPES and all(map(_is_number, numbers)):
            volts, depth, hertz = numbers
            hertz = min(max(hertz, _HERTZ[0]), _HERTZ[1])
            self._module.patch(told["jack"], Source(told["shape"], volts, depth, hertz))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)
