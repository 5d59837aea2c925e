"""What the steps of a pattern put out at the module's jacks: triggers, accents and pitches.

The rules of firmware/lib/sequence/pattern.h in plain NumPy, written from the manual and not from
the C code: the demo and the tests hold the module against them. Outputs are counted as the module
routes them, from 0: the k-th trigger, the k-th accent or the k-th pitch. Which jack that is depends
on the board and on the track's parameter `jacks`.

All take the `scores` of a pattern, (steps, voices), which are probabilities or logits, and
`limits`, what a score must exceed to sound: one number, or one for each voice (cells.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from latentrack.playing.cells import cells_above

Scores = npt.NDArray[np.floating[Any]]
Limits = Scores | float


@dataclass(frozen=True)
class JackStep:
    """What one step puts out; outputs that are not in it stay as they are.

    triggers: which trigger.  accents: their levels, 0 (the softest) to 1.  pitches: MIDI note
    numbers; the k-th belongs to the k-th trigger.
    """

    triggers: frozenset[int]
    accents: dict[int, float] = field(default_factory=dict)
    pitches: dict[int, int] = field(default_factory=dict)


def drum_steps(scores: Scores, groups: Sequence[int], limits: Limits) -> list[JackStep]:
    """The steps of drums: one trigger for each group of voices, and an accent for some.

    groups: the sizes of the runs of voices that share a trigger; voices beyond them are not heard.

    A group of several voices has an accent, too: the position in the group (0 the first, 1 the
    last) of its most probable voice among those that sound, of equals the first.
    """
    starts = np.cumsum((0, *groups[:-1]))
    with_accent = [group for group, size in enumerate(groups) if size > 1]
    steps = []
    for row, likely in zip(cells_above(scores, limits), scores, strict=True):
        triggers, accents = set(), {}
        for group, (start, size) in enumerate(zip(starts, groups, strict=True)):
            sounding = row[start : start + size]
            if not sounding.any():
                continue
            triggers.add(group)
            if size > 1:
                best = np.where(sounding, likely[start : start + size], -np.inf).argmax()
                accents[with_accent.index(group)] = int(best) / (size - 1)
        steps.append(JackStep(frozenset(triggers), accents))
    return steps


def note_steps(
    scores: Scores,
    outputs: int,
    limits: Limits,
    pitch_of: Callable[[int], int],
    *,
    keep: bool = True,
) -> list[JackStep]:
    """The steps of notes: the most probable ones, from low to high, a trigger and a pitch each.

    outputs: how many pairs of trigger and pitch there are.  pitch_of: the MIDI note number of a
    voice.  keep: a note at which an output still stands since the first step stays there.
    """
    steps = []
    standing: dict[int, int] = {}
    for row in cells_above(scores, limits, outputs):
        at: dict[int, int] = {}
        free, moving = list(range(outputs)), []
        for pitch in sorted(pitch_of(int(voice)) for voice in np.flatnonzero(row)):
            stays = [output for output in free if keep and standing.get(output) == pitch]
            if stays:
                free.remove(stays[0])
                at[stays[0]] = pitch
            else:
                moving.append(pitch)
        at.update(zip(free, moving, strict=False))
        standing |= at
        steps.append(JackStep(frozenset(at), pitches=at))
    return steps


def rhythm_steps(
    scores: Scores, pitches: Sequence[int], limits: Limits, outputs: int = 1
) -> list[JackStep]:
    """The steps of a rhythm: each hit takes the next pitch, beginning with the first in step 0.

    pitches: MIDI note numbers, at least one.  outputs: how many voices are heard, the first ones;
    the others take their turns all the same.
    """
    hits, steps = 0, []
    for row in cells_above(scores, limits):
        at: dict[int, int] = {}
        for voice in np.flatnonzero(row):
            if voice < outputs:
                at[int(voice)] = pitches[hits % len(pitches)]
            hits += 1
        steps.append(JackStep(frozenset(at), pitches=at))
    return steps
