"""What one sees of a module's panel, whichever way it is known."""

from __future__ import annotations

from dataclasses import dataclass, field

from latentrack.playing.parameters import CV_INPUTS, KNOBS, TRIGGERS

ENCODERS = ("left", "right")
BUTTONS = (1, 2, 3, 4)
CV = CV_INPUTS
OUTPUTS = 8

__all__ = ["BUTTONS", "CV", "ENCODERS", "KNOBS", "OUTPUTS", "TRIGGERS", "Look"]


@dataclass(frozen=True)
class Look:
    """One moment of the panel.

    picture: the screen as a PNG file, b"" before there is one; `number` counts pictures.  lamps:
    of buttons 1 to 4.  lights: of outputs 1 to 8, lit from the edge at which their gate rises until
    the next; `edges` counts clock edges, modulo 2^16.  levels: volts at the outputs, None where it
    is not known.  step: the one played last, from 0.  knobs: 0 to 1; waiting: the knobs that
    change nothing until they pass the value.  cv: volts.  plays: the name of each track's model.
    """

    number: int = 0
    picture: bytes = b""
    lamps: tuple[bool, ...] = (False,) * len(BUTTONS)
    lights: tuple[bool, ...] = (False,) * OUTPUTS
    levels: tuple[float | None, ...] = (None,) * OUTPUTS
    edges: int = 0
    step: int = -1
    knobs: dict[str, float] = field(default_factory=lambda: dict.fromkeys(KNOBS, 0.5))
    waiting: tuple[str, ...] = ()
    cv: dict[str, float] = field(default_factory=lambda: dict.fromkeys(CV, 0.0))
    plays: tuple[str | None, ...] = ()
