"""Dynamics of a dataset: how hard its hits are played, and how early or late.

A corpus that a machine wrote often has neither: each hit has the same velocity and lies on the
grid. Then there is no feel to learn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

LEAST_VELOCITY_SPREAD = 2.0
"""Standard deviation, of MIDI's 127, from which on velocities are dynamics: below it lies what
rounding makes of one velocity."""
LEAST_TIMING_SPREAD = 0.01
"""Standard deviation, in steps, from which on timing is played: 1.25 ms at 120 BPM."""


@dataclass(frozen=True)
class Dynamics:
    """Velocity (1 to 127) and timing (in steps, + is late) of all hits: mean and spread.

    The spread is the standard deviation. None: not known of these hits.
    """

    velocity: float | None
    velocity_spread: float
    timing: float | None
    timing_spread: float

    @property
    def has_velocity(self) -> bool:
        """Whether some hits are louder than others."""
        return self.velocity_spread >= LEAST_VELOCITY_SPREAD

    @property
    def has_timing(self) -> bool:
        """Whether hits are played off the grid."""
        return self.timing_spread >= LEAST_TIMING_SPREAD

    def __str__(self) -> str:
        if not (self.has_velocity or self.has_timing):
            return "no dynamics in this corpus"
        said = []
        if self.velocity is not None:
            spread = f" ± {self.velocity_spread:.0f}" if self.has_velocity else ", always"
            said.append(f"velocity {self.velocity:.0f}{spread}")
        if self.timing is not None:
            spread = f"{self.timing:+.2f} ± {self.timing_spread:.2f} step"
            said.append(f"timing {spread}" if self.has_timing else "on the grid")
        return ", ".join(said)


def dynamics(velocities: npt.NDArray[Any] | None, offsets: npt.NDArray[Any] | None) -> Dynamics:
    """The dynamics of hits: velocities (hits,), 1 to 127, and offsets (hits,), in steps."""
    velocity, velocity_spread = _mean_and_spread(velocities)
    timing, timing_spread = _mean_and_spread(offsets)
    return Dynamics(velocity, velocity_spread, timing, timing_spread)


def _mean_and_spread(values: npt.NDArray[Any] | None) -> tuple[float | None, float]:
    if values is None or not len(values):
        return None, 0.0
    return float(np.mean(values, dtype=np.float64)), float(np.std(values, dtype=np.float64))
