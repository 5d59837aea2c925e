"""What a drum pattern does at the module's jacks, by the book: plain numpy, no firmware.

The rules of the reference project's percussion groups: the voices of a group share one trigger; a
group of several voices also has an accent, the place in the group (0 the first, 1 the last) of its
most probable voice among those that sound. Triggers take the first channels, accents those behind.
The demo and the tests hold the module against this.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class JackStep:
    """One step: the channels that trigger, and the level (0..1) of each accent that changes."""

    triggers: frozenset[int]
    accents: dict[int, float]


def drum_steps(
    probabilities: npt.NDArray[np.floating[Any]], groups: tuple[int, ...], threshold: float
) -> list[JackStep]:
    """The steps of one pattern from its probabilities, shape (steps, voices).

    A voice sounds where its probability is above the threshold.
    """
    starts = np.cumsum((0, *groups[:-1]))
    with_choice = [group for group, size in enumerate(groups) if size > 1]
    steps = []
    for row in probabilities:
        triggers, accents = set(), {}
        for group, (start, size) in enumerate(zip(starts, groups, strict=True)):
            voices = row[start : start + size]
            if not (voices > np.float32(threshold)).any():
                continue
            triggers.add(group)
            if size > 1:
                channel = len(groups) + with_choice.index(group)
                accents[channel] = int(voices.argmax()) / (size - 1)
        steps.append(JackStep(frozenset(triggers), accents))
    return steps
