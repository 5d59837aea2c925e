"""What the steps of a pattern put out at the module's jacks: triggers, accents and pitches.

The rules of firmware/lib/sequence/pattern.h in plain NumPy, written from the manual and not from
the C code: the demo and the tests hold the module against them. Outputs are counted as the module
routes them, from 0: the k-th trigger, the k-th accent or the k-th pitch. Which jack that is depends
on the board and on the track's parameter `jacks`.

All take the `scores` of a pattern, (steps, voices), which are probabilities or logits, and
`limits`, what a score must exceed to sound: one number, or one for each voice (cells.py). With the
`feel` of a model each trigger has a timing and a velocity, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from latentrack.playing.cells import cells_above
from latentrack.playing.feel import Feel
from latentrack.playing.velocity import with_dynamics

Scores = npt.NDArray[np.floating[Any]]
Limits = Scores | float


@dataclass(frozen=True)
class JackStep:
    """What one step puts out; outputs that are not in it stay as they are.

    triggers: which trigger.  accents: their levels, 0 (the softest) to 1.  pitches: MIDI note
    numbers; the k-th belongs to the k-th trigger.  timing, velocity: of each trigger, if the model
    has a feel: in steps, -0.5 to 0.5, + is late, as learned; and 0 to 1, with the dynamics.
    """

    triggers: frozenset[int]
    accents: dict[int, float] = field(default_factory=dict)
    pitches: dict[int, int] = field(default_factory=dict)
    timing: dict[int, float] = field(default_factory=dict)
    velocity: dict[int, float] = field(default_factory=dict)


def drum_steps(
    scores: Scores,
    groups: Sequence[int],
    limits: Limits,
    *,
    feel: Feel | None = None,
    dynamics: float = 1.0,
    accent: str = "velocity",
) -> list[JackStep]:
    """The steps of drums: one trigger for each group of voices, and an accent for some.

    groups: the sizes of the runs of voices that share a trigger; voices beyond them are not heard.

    A group of several voices has an accent, too, of its most probable voice among those that sound,
    of equals the first: with a feel its velocity, moved by `dynamics` (0 to 2); without, or where
    `accent` is "drum", its position in the group (0 the first, 1 the last). The trigger has the
    timing and the velocity of the same voice.
    """
    starts = np.cumsum((0, *groups[:-1]))
    with_accent = [group for group, size in enumerate(groups) if size > 1]
    by_velocity = feel if accent == "velocity" else None
    steps = []
    for step, row in enumerate(cells_above(scores, limits)):
        accents, cells = {}, {}
        for group, (start, size) in enumerate(zip(starts, groups, strict=True)):
            sounding = row[start : start + size]
            if not sounding.any():
                continue
            likely = scores[step, start : start + size]
            best = int(np.where(sounding, likely, -np.inf).argmax())
            cells[group] = int(start) + best
            if size > 1:
                accents[with_accent.index(group)] = (
                    _velocity(by_velocity, step, cells[group], dynamics)
                    if by_velocity
                    else best / (size - 1)
                )
        moved = _timing_and_velocity(step, cells, feel, dynamics)
        steps.append(JackStep(frozenset(cells), accents, {}, *moved))
    return steps


def note_steps(
    scores: Scores,
    outputs: int,
    limits: Limits,
    pitch_of: Callable[[int], int],
    *,
    keep: bool = True,
    feel: Feel | None = None,
    dynamics: float = 1.0,
) -> list[JackStep]:
    """The steps of notes: the most probable ones, from low to high, a trigger and a pitch each.

    outputs: how many pairs of trigger and pitch there are.  pitch_of: the MIDI note number of a
    voice.  keep: a note at which an output still stands since the first step stays there.
    """
    steps = []
    standing: dict[int, int] = {}
    for step, row in enumerate(cells_above(scores, limits, outputs)):
        cells: dict[int, int] = {}
        free, moving = list(range(outputs)), []
        pitches = {int(voice): pitch_of(int(voice)) for voice in np.flatnonzero(row)}
        for voice in sorted(pitches, key=lambda voice: (pitches[voice], voice)):
            stays = [output for output in free if keep and standing.get(output) == pitches[voice]]
            if stays:
                free.remove(stays[0])
                cells[stays[0]] = voice
            else:
                moving.append(voice)
        cells.update(zip(free, moving, strict=False))
        at = {output: pitches[voice] for output, voice in cells.items()}
        standing |= at
        moved = _timing_and_velocity(step, cells, feel, dynamics)
        steps.append(JackStep(frozenset(at), {}, at, *moved))
    return steps


def rhythm_steps(
    scores: Scores,
    pitches: Sequence[int],
    limits: Limits,
    outputs: int = 1,
    *,
    feel: Feel | None = None,
    dynamics: float = 1.0,
) -> list[JackStep]:
    """The steps of a rhythm: each hit takes the next pitch, beginning with the first in step 0.

    pitches: MIDI note numbers, at least one.  outputs: how many voices are heard, the first ones;
    the others take their turns all the same.
    """
    hits, steps = 0, []
    for step, row in enumerate(cells_above(scores, limits)):
        at: dict[int, int] = {}
        for voice in np.flatnonzero(row):
            if voice < outputs:
                at[int(voice)] = pitches[hits % len(pitches)]
            hits += 1
        moved = _timing_and_velocity(step, {voice: voice for voice in at}, feel, dynamics)
        steps.append(JackStep(frozenset(at), {}, at, *moved))
    return steps


def _velocity(feel: Feel, step: int, voice: int, dynamics: float) -> float:
    return float(with_dynamics(feel.velocity[step, voice], dynamics))


def _timing_and_velocity(
    step: int, cells: dict[int, int], feel: Feel | None, dynamics: float
) -> tuple[dict[int, float], dict[int, float]]:
    """Of each trigger of a step; cells: the voice behind each."""
    if feel is None:
        return {}, {}
    kept = feel.as_kept()
    timing = {trigger: float(kept.timing[step, voice]) for trigger, voice in cells.items()}
    return timing, {t: _velocity(kept, step, voice, dynamics) for t, voice in cells.items()}
