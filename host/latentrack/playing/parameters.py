"""The module's parameters, as device/latentrack/parameters.py declares them.

The table is the device's own file, run here as it lies in a checkout or in the wheel: the host has
no copy. So a name, a range, a default or a text that is changed there is changed here.
"""

from __future__ import annotations

import math
import runpy
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from latentrack.assets import DEVICE


@dataclass(frozen=True)
class Parameter:
    """One line of the table.

    name: in Python and in presets.  title: on the screen.  least, most: its range, both included,
    in `unit`.  default: at first.  about: what it does, in a line.  unit: what stands behind its
    number ("ms"), or "".  whole: whether it is a whole number.  choices: names for 0, 1, 2, ...,
    or ().
    """

    name: str
    title: str
    least: float
    most: float
    default: float
    about: str
    unit: str = ""
    whole: bool = False
    choices: tuple[str, ...] = ()

    @property
    def ends(self) -> tuple[float, float]:
        """Its least and its most."""
        return self.least, self.most

    @property
    def range(self) -> str:
        """Its range in words: "0 to 1"."""
        return f"{self.least:g} to {self.most:g}"

    def clamped(self, value: float) -> float:
        """The value, or the end of the range that it lies beyond; whole where the parameter is,
        as int() makes it. ValueError: not a number."""
        number = float(value)
        if math.isnan(number):
            raise ValueError("not a number")
        number = float(min(max(number, self.least), self.most))
        return int(number) if self.whole else number


def _read(lines: Iterable[Any]) -> dict[str, Parameter]:
    return {
        line.name: Parameter(
            line.name,
            line.title,
            line.least,
            line.most,
            line.default,
            line.about,
            line.unit,
            line.whole,
            tuple(line.choices or ()),
        )
        for line in lines
    }


# Run, not imported: an import would leave compiled files in the folder that is installed.
_DEVICE = runpy.run_path(str(DEVICE / "latentrack" / "parameters.py"))

TRACK = _read(_DEVICE["TRACK"])
"""What each track has, by name."""
PATCH = _read(_DEVICE["PATCH"])
"""What all tracks share, by name."""
KNOBS: tuple[str, ...] = _DEVICE["KNOBS"]
"""The knobs of the panel, named after what they turn at first."""
CV_INPUTS: tuple[str, ...] = _DEVICE["CV_INPUTS"]
PRESETS: int = _DEVICE["PRESETS"]
"""Presets are numbered from 1 to this."""
TRIGGERS = ("clock", "reset", *(name for name in PATCH if name.startswith("trigger_")))
"""The trigger inputs: the clock, the reset, and those that the patch assigns."""


def numbered(name: str) -> tuple[Parameter, ...]:
    """The parameters of a track called name1, name2, ... in this order."""
    found = [TRACK[key] for key in TRACK if key.removeprefix(name).isdecimal()]
    return tuple(found)


DENSITIES = numbered("density")
PITCHES = numbered("pitch")
"""The notes that a rhythm steps through; `TRACK["pitches"]` says how many of them."""
