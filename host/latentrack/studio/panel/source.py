"""What can be patched into a CV input of the virtual module: a voltage, or one that moves."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

SHAPES = ("constant", "sine", "triangle", "square", "random")
MOST_VOLTS = 5.0


@dataclass(frozen=True)
class Source:
    """volts: of a constant, or the middle of what moves.  depth: how far it goes from there, in
    volts.  hertz: how often a second it comes round; "random" takes a new voltage as often."""

    shape: str = "constant"
    volts: float = 0.0
    depth: float = 0.0
    hertz: float = 0.5

    def __post_init__(self) -> None:
        if self.shape not in SHAPES:
            raise ValueError(f"a source is {', '.join(SHAPES)}, not {self.shape}")

    @property
    def moves(self) -> bool:
        """Whether the voltage changes with time."""
        return self.shape != "constant" and self.depth != 0

    def at(self, seconds: float) -> float:
        """The voltage then, within what an input takes: -MOST_VOLTS to MOST_VOLTS."""
        sway = self.depth * self._wave(seconds * self.hertz) if self.moves else 0.0
        return min(max(self.volts + sway, -MOST_VOLTS), MOST_VOLTS)

    def _wave(self, rounds: float) -> float:
        """-1 to 1. All but "random" begin in the middle and go up first."""
        part = rounds % 1
        if self.shape == "sine":
            return math.sin(2 * math.pi * part)
        if self.shape == "triangle":
            return 1 - abs(4 * ((part + 0.25) % 1) - 2)
        if self.shape == "square":
            return 1.0 if part < 0.5 else -1.0
        return random.Random(int(rounds // 1)).uniform(-1, 1)
