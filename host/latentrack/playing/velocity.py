"""How loud the cells of a pattern are.

A model with a feel has learned it. Of another the module's accents tell which voice of a group of
drums is the most probable (jacks.py); what plays on this computer then has velocities so made that
the loudest voice of a group is the one that the module's accent tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from latentrack.playing.voices import ACCENT_FROM, Voice

SOFTEST, LOUDEST = 40, 127
DYNAMICS_PIVOT = 0.6
"""The velocity, 0 to 1, that dynamics leave as it is."""
SOFT_BELOW, LOUD_FROM = 64, 96
"""In pictures: a soft hit is below the first, a loud one at or above the second, from where on
drummers mean an accent."""


def with_dynamics(
    velocity: npt.NDArray[np.floating[Any]], dynamics: float
) -> npt.NDArray[np.float64]:
    """Learned velocities with more or less contrast, as the module's parameter Dynamics has it.

    velocity: 0 to 1, any shape.  dynamics: 0 (all alike) to 2; 1 leaves them as they are. They move
    away from DYNAMICS_PIVOT or towards it, and stay within 0 to 1.
    """
    moved = DYNAMICS_PIVOT + dynamics * (np.asarray(velocity, np.float64) - DYNAMICS_PIVOT)
    return np.clip(moved, 0, 1)


def learned_velocities(
    velocity: npt.NDArray[np.floating[Any]],
    cells: npt.NDArray[np.bool_],
    voices: Sequence[Voice],
    dynamics: float = 1.0,
) -> npt.NDArray[np.uint8]:
    """The velocity of each cell of a model with a feel, (steps, voices): 1 to 127, 0 where none
    sounds.

    velocity: as decoded, 0 to 1; cells: which sound; both (steps, voices).  dynamics: 0 to 2. A
    voice of accents, or of hits beside one, stays within its `velocity_limits`.
    """
    low, high = velocity_limits(voices)
    midi = np.rint(LOUDEST * with_dynamics(velocity, dynamics))
    return np.where(cells, np.clip(midi, low, high), 0).astype(np.uint8)


def velocities(
    logits: npt.NDArray[np.float32],
    cells: npt.NDArray[np.bool_],
    limits: npt.NDArray[np.float64],
    voices: Sequence[Voice],
) -> npt.NDArray[np.uint8]:
    """The velocity of each cell, (steps, voices): 1 to 127, and 0 where none sounds.

    logits, cells: (steps, voices).  limits: for each voice the probability above which it sounds.
    A hit that just exceeds its limit has SOFTEST, a certain one LOUDEST. Voices that accents have
    for themselves are never below ACCENT_FROM, those of the other hits never at or above it: so an
    exported file is read as it was.
    """
    probabilities = 0.5 + 0.5 * np.tanh(0.5 * logits.astype(np.float64))
    share = (probabilities - limits) / np.maximum(1 - limits, 1e-9)
    made: npt.NDArray[Any] = np.rint(SOFTEST + (LOUDEST - SOFTEST) * np.clip(share, 0, 1))
    low, high = velocity_limits(voices)
    return np.where(cells, np.clip(made, low, high), 0).astype(np.uint8)


def velocity_limits(voices: Sequence[Voice]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The lowest and the highest velocity of each voice."""
    low = [ACCENT_FROM if voice.accent is True else 1 for voice in voices]
    high = [ACCENT_FROM - 1 if voice.accent is False else LOUDEST for voice in voices]
    return np.array(low, np.int64), np.array(high, np.int64)
