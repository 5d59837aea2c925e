"""The feel of a pattern: how hard each hit is played, and how early or late."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

_VELOCITIES, _TIMINGS = 127, 254


@dataclass(frozen=True, eq=False)
class Feel:
    """Velocity and timing as a model decodes them; they count where a cell sounds.

    velocity: (steps, voices), 0 to 1.  timing: (steps, voices), in steps, -0.5 to 0.5, + is late.
    """

    velocity: npt.NDArray[np.floating[Any]]
    timing: npt.NDArray[np.floating[Any]]

    def as_kept(self) -> Feel:
        """Rounded as the module keeps it: velocity to 1/127, timing to 1/254 step."""
        return Feel(_rounded(self.velocity, _VELOCITIES), _rounded(self.timing, _TIMINGS))


def _rounded(values: npt.NDArray[np.floating[Any]], parts: int) -> npt.NDArray[np.float64]:
    """To the nearest of these parts of 1; what lies between two goes away from 0."""
    exact = np.asarray(values, np.float64) * parts
    return np.asarray(np.copysign(np.floor(np.abs(exact) + 0.5), exact) / parts, np.float64)
