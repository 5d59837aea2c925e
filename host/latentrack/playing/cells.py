"""Which cells of a decoded pattern sound: thresholds, densities, and how many notes at once.

A voice sounds where its probability is above its threshold. Densities move the thresholds of
voices: of drums by their groups, of notes by quarters from low to high, of a rhythm one for each
voice. The rules are those of firmware/lib/sequence/ and device/latentrack/track.py.

Logits are the decoder's outputs before its sigmoid: logit > cut-off is the same as
probability > threshold.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from latentrack.playing.kinds import Kind
from latentrack.playing.parameters import DENSITIES, PITCHES, TRACK

MOST_NOTES = int(TRACK["notes"].most)
"""Notes at once that the module has jacks for."""
MOST_PITCHES = len(PITCHES)
"""Notes that a rhythm steps through at most."""
FIRST_PITCHES = tuple(int(p.default) for p in PITCHES[: int(TRACK["pitches"].default)])
"""The MIDI notes that a rhythm steps through at first."""
NEUTRAL = DENSITIES[0].default
"""The density that leaves the threshold alone."""
_QUARTERS = 4
_DENSITY_STEPS = 200


def density_of_voices(kind: str, voices: int, groups: Sequence[int] = ()) -> tuple[int, ...]:
    """For each voice the density that moves its threshold, counted from 0.

    groups: of drums, the sizes of the runs of voices that share a density; voices beyond them have
    one each. What is beyond the last density shares that.
    """
    if kind == Kind.NOTES:
        return tuple(voice * _QUARTERS // voices for voice in range(voices))
    sizes = list(groups) if kind == Kind.DRUMS else []
    sizes += [1] * (voices - sum(sizes))
    last = len(DENSITIES) - 1
    return tuple(min(at, last) for at, size in enumerate(sizes) for _ in range(size))


def thresholds(
    threshold: float, densities: Sequence[float], density_of: Sequence[int]
) -> npt.NDArray[np.float64]:
    """For each voice the probability above which it sounds, shape (voices,).

    A density of 0.5 leaves the threshold alone; from there it goes to 1 (never) at density 0 and
    to 0 (always) at density 1. Densities are rounded to 1/200, as the module keeps them.
    """
    density = np.floor(np.asarray(densities) * _DENSITY_STEPS + 0.5) / _DENSITY_STEPS
    density = density[list(density_of)]
    return np.where(
        density > NEUTRAL,
        threshold * (2 - 2 * density),
        threshold + (1 - threshold) * (1 - 2 * density),
    )


def cut_offs(limits: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """The logits of these probabilities; minus and plus infinity for 0 and 1."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(limits) - np.log1p(-limits), np.float32)


def cells_above(
    scores: npt.NDArray[np.floating[Any]],
    limits: npt.NDArray[np.floating[Any]] | float,
    most: int = 0,
) -> npt.NDArray[np.bool_]:
    """The cells that sound, (steps, voices).

    scores: logits or probabilities, (steps, voices).  limits: what a score must exceed, in the same
    unit; one for each voice, or one for all.  most: so many at a step at the most, the most
    probable, of equals the lower voice; 0: all.
    """
    found: npt.NDArray[np.bool_] = scores > np.asarray(limits, np.float32)
    if most and found.shape[1] > most:
        order = np.argsort(np.where(found, -scores, np.inf), axis=1, kind="stable")
        chosen = np.zeros_like(found)
        np.put_along_axis(chosen, order[:, :most], True, axis=1)
        found = found & chosen
    return found
