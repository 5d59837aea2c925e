"""What sounds of a decoded pattern: the module's rules, in NumPy.

A voice sounds where its probability is above its threshold. Densities move the threshold of
single voices: of a drum by its group, of notes by quarters from low to high, of a rhythm one for
each voice. Of notes no more sound at once than the module has jacks for, the most probable ones.
The rules are those of firmware/lib/sequence/ and device/latentrack/track.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from latentrack.decoder.metadata import DecoderInfo

KNOBS = 8
"""A track of the module has so many densities."""
NOTE_KNOBS = 4
MOST_NOTES = 4
"""So many notes at once at the most, as the module has it at first."""
NEUTRAL = 0.5
_DENSITY_STEPS = 200
_SOFTEST, _LOUDEST = 40, 127
ACCENTED = " accent"
"""The end of the name of a voice that only loud hits belong to."""
ACCENT_FROM = 96


def density_knobs(info: DecoderInfo, kind: str) -> tuple[int, ...]:
    """For each voice the density that it hangs on, counted from 0."""
    if kind == "notes":
        return tuple(voice * NOTE_KNOBS // info.voices for voice in range(info.voices))
    groups = list(info.groups) if kind == "drums" else []
    groups += [1] * (info.voices - sum(groups))
    return tuple(min(at, KNOBS - 1) for at, size in enumerate(groups) for _ in range(size))


def thresholds(
    threshold: float, densities: Sequence[float], knobs: Sequence[int]
) -> npt.NDArray[np.float64]:
    """For each voice the probability above which it sounds.

    A density of 0.5 leaves the threshold alone; from there it goes to 1 (never) at density 0 and
    to 0 (always) at density 1, in 200 steps.
    """
    density = np.floor(np.asarray(densities) * _DENSITY_STEPS + 0.5) / _DENSITY_STEPS
    density = density[list(knobs)]
    return np.where(
        density > NEUTRAL,
        threshold * (2 - 2 * density),
        threshold + (1 - threshold) * (1 - 2 * density),
    )


def cut_offs(limits: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """The logits that belong to these probabilities; minus and plus infinity for 0 and 1."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(limits) - np.log1p(-limits), np.float32)


def cells(
    logits: npt.NDArray[np.float32], cut: npt.NDArray[np.float32], most: int = 0
) -> npt.NDArray[np.bool_]:
    """What sounds, (steps, voices); at most `most` at a step (0: all), of equals the lower."""
    sounding = logits > cut
    if most and sounding.shape[1] > most:
        order = np.argsort(np.where(sounding, -logits, np.inf), axis=1, kind="stable")
        chosen = np.zeros_like(sounding)
        np.put_along_axis(chosen, order[:, :most], True, axis=1)
        sounding = sounding & chosen
    return sounding


def velocities(
    logits: npt.NDArray[np.float32],
    sounding: npt.NDArray[np.bool_],
    limits: npt.NDArray[np.float64],
    names: Sequence[str],
) -> npt.NDArray[np.uint8]:
    """How hard each voice is struck, 0 where it does not sound, (steps, voices).

    The module knows no velocities. Here it is 40 for a hit that just comes above its voice's
    threshold, and 127 for a certain one. So the loudest of a group of drums is the one that the
    module's accent tells. Voices for loud hits only are never below 96, their softer sisters
    never above 95: so an exported file is read as it was.
    """
    probabilities = 0.5 + 0.5 * np.tanh(0.5 * logits.astype(np.float64))
    share = (probabilities - limits) / np.maximum(1 - limits, 1e-9)
    made: npt.NDArray[Any] = np.rint(_SOFTEST + (_LOUDEST - _SOFTEST) * np.clip(share, 0, 1))
    low, high = velocity_limits(names)
    return np.where(sounding, np.clip(made, low, high), 0).astype(np.uint8)


def velocity_limits(names: Sequence[str]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The lowest and the highest velocity of each voice."""
    loud = np.array([name.endswith(ACCENTED) for name in names], bool)
    soft = np.array([name + ACCENTED in names for name in names], bool)
    return np.where(loud, ACCENT_FROM, 1), np.where(soft, ACCENT_FROM - 1, _LOUDEST)
