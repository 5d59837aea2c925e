"""Notes quantised into bars: from ticks and time signatures to cells of steps × voices.

Every note and every bar is accounted for: it is in a cell, or it is counted with the reason
why it is not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from latentrack.corpus.meter import ANY_METER
from latentrack.corpus.midi import TimeSignature
from latentrack.corpus.quantised import QuantisedBars, hits_table

STEPS_PER_BEAT = 4
BEATS = 4
STEPS = STEPS_PER_BEAT * BEATS  # of a bar of 4/4 in 16ths

LEFT_OUT = "in a bar that was left out"
SAME_STEP = "on a step where the same voice plays already"
CUT_SHORT = "cut short by a change of meter"
OFF_GRID = "off the grid"
HOLDS_OFF_GRID = "with a note off the grid"


@dataclass(frozen=True)
class Grid:
    """How music is cut and rounded.

    A beat is a quarter note. A note further than `max_offset` (of a step, 0 to 0.5) from its
    step is left out, or with the policy `discard` its whole sequence. `meter` is one such as
    "7/8", or "any".
    """

    meter: str = "4/4"
    steps_per_beat: int = STEPS_PER_BEAT
    bars: int = 1  # in a sequence
    policy: str = "nearest"
    max_offset: float = 0.5
    minimum: int = 2  # cells; a bar with one is a count-in or an ending, no pattern


@dataclass(frozen=True)
class Events:
    """The events to quantise, a column each, in any order."""

    ticks: npt.NDArray[np.int64]
    voices: npt.NDArray[np.int64]  # 0 to 255
    velocities: npt.NDArray[np.int64]  # 1 to 127


@dataclass(frozen=True)
class _Stretch:
    """A part of the music in one meter; its end is None if it lasts."""

    start: int
    end: int | None
    numerator: int
    denominator: int

    @property
    def meter(self) -> str:
        """The meter as text, such as "3/4"."""
        return f"{self.numerator}/{self.denominator}"

    def steps(self, steps_per_beat: int) -> int:
        """Steps in a bar, 0 if that is no whole number."""
        steps, rest = divmod(4 * steps_per_beat * self.numerator, self.denominator)
        return 0 if rest else steps

    def bars(self, ticks_per_beat: int) -> tuple[int, int]:
        """How many bars begin in it, and how many of these end in it; only if it ends."""
        assert self.end is not None
        ticks = (self.end - self.start) * self.denominator
        whole, rest = divmod(ticks, 4 * self.numerator * ticks_per_beat)
        return whole + (rest > 0), whole


def quantise_bars(
    events: Events,
    signatures: Sequence[TimeSignature],
    ticks_per_beat: int,
    grid: Grid,
    noun: str = "hits",
    length: int = 0,
) -> QuantisedBars:
    """Lay notes into sequences of whole bars, each note on the nearest step.

    Halfway counts as the later step, and what is nearest to the next bar's first step belongs
    to that bar. Time signatures are respected as they change (4/4 until the first); each
    begins a new bar, and a new sequence. Bars run from the beginning to the last note, or for
    `length` bars of the last meter if that is more. Of several notes in a cell the loudest stays.
    """
    discarded: Counter[tuple[str, str]] = Counter()
    stretches = _stretches(signatures)
    if not len(events.ticks):
        return QuantisedBars((), hits_table(0), discarded)
    at = _at(events.ticks, stretches, ticks_per_beat, grid.steps_per_beat)
    sequences_in = _count_bars(stretches, at, ticks_per_beat, grid, discarded, length)

    # A sequence's key tells its stretch and its number in it; the order of keys is that of time.
    number = at.bar // grid.bars
    key = at.stretch << 40 | number
    inside = number < sequences_in[at.stretch]
    steps = np.array([stretch.steps(grid.steps_per_beat) for stretch in stretches])[at.stretch]
    step = at.step - number * grid.bars * steps
    off = np.abs(at.offset) > grid.max_offset + 1e-9
    if grid.policy == "discard":
        rejected = np.unique(key[off & inside])
        discarded["bars", HOLDS_OFF_GRID] += len(rejected) * grid.bars
        inside &= ~np.isin(key, rejected)
    else:
        discarded[noun, OFF_GRID] += int(off.sum())
        inside &= ~off
        rejected = key[:0]

    taken = np.flatnonzero(inside)
    cell = (step[taken] << 8) | events.voices[taken]
    order = np.lexsort((-events.velocities[taken], cell, key[taken]))
    taken, cell = taken[order], cell[order]
    first = np.ones(len(taken), bool)
    first[1:] = (np.diff(cell) != 0) | (np.diff(key[taken]) != 0)
    sounding, cells = np.unique(key[taken[first]], return_counts=True)
    good = sounding[cells >= grid.minimum]
    kept = np.isin(key[taken], good)
    in_cells = taken[first & kept]

    few = f"with fewer than {grid.minimum} {noun}"
    whole = int(sequences_in.sum()) - len(rejected) - len(good)
    discarded["bars", few] += whole * grid.bars
    discarded[noun, SAME_STEP] += int(kept.sum()) - len(in_cells)
    lost = len(at.step) - (int(off.sum()) if grid.policy != "discard" else 0)
    discarded[noun, LEFT_OUT] += lost - int(kept.sum())

    hits = hits_table(len(in_cells))
    hits["sequence"] = np.searchsorted(good, key[in_cells])
    hits["step"] = step[in_cells]
    hits["voice"] = events.voices[in_cells]
    hits["velocity"] = events.velocities[in_cells]
    hits["offset"] = np.rint(np.clip(at.offset[in_cells], -0.5, 0.5) * 254)
    return QuantisedBars(tuple(stretches[index].meter for index in (good >> 40)), hits, +discarded)


@dataclass(frozen=True)
class _At:
    """Where each note is: columns."""

    stretch: npt.NDArray[np.int64]  # index of its stretch
    step: npt.NDArray[np.int64]  # counted from the start of the stretch
    bar: npt.NDArray[np.int64]  # the same
    offset: npt.NDArray[np.float64]  # in steps, later is above 0


def _at(
    ticks: npt.NDArray[np.int64], stretches: list[_Stretch], ticks_per_beat: int, per_beat: int
) -> _At:
    starts = np.array([stretch.start for stretch in stretches])
    never = np.iinfo(np.int64).max // (4 * per_beat)
    ends = np.array([never if s.end is None else s.end for s in stretches])
    # Before the beginning is what was played a little early for it.
    index = np.maximum(0, np.searchsorted(starts, ticks, "right") - 1)
    since = ticks - starts[index]
    # In whole numbers: a half must not fall now up, now down.
    step = (2 * per_beat * since + ticks_per_beat) // (2 * ticks_per_beat)
    over = step * ticks_per_beat >= (ends - starts)[index] * per_beat
    index, step = index + over, np.where(over, 0, step)
    offset = (ticks - starts[index]) * per_beat / ticks_per_beat - step
    numerators = np.array([stretch.numerator for stretch in stretches])
    denominators = np.array([stretch.denominator for stretch in stretches])
    bar = step * denominators[index] // (4 * per_beat * numerators[index])
    return _At(index, step, bar, offset)


def _count_bars(
    stretches: list[_Stretch],
    at: _At,
    ticks_per_beat: int,
    grid: Grid,
    discarded: Counter[tuple[str, str]],
    length: int,
) -> npt.NDArray[np.int64]:
    """How many whole sequences each stretch has; the other bars are counted with the reason."""
    sequences = np.zeros(len(stretches), np.int64)
    last_index = int(at.stretch.max())
    last_bar = max(length - 1, int(at.bar[at.stretch == last_index].max()))
    for index, stretch in enumerate(stretches[: last_index + 1]):
        begun, whole = (last_bar + 1,) * 2 if stretch.end is None else stretch.bars(ticks_per_beat)
        if index == last_index:
            begun, whole = min(begun, last_bar + 1), min(whole, last_bar + 1)
        if grid.meter not in (ANY_METER, stretch.meter):
            discarded["bars", f"in {stretch.meter}, not in {grid.meter}"] += begun
        elif not stretch.steps(grid.steps_per_beat):
            uneven = (
                f"in {stretch.meter}, not a whole number of steps at {grid.steps_per_beat} per beat"
            )
            discarded["bars", uneven] += begun
        else:
            discarded["bars", CUT_SHORT] += begun - whole
            sequences[index], over = divmod(whole, grid.bars)
            discarded["bars", f"left over, where a sequence has {grid.bars}"] += over
    return sequences


def _stretches(signatures: Sequence[TimeSignature]) -> list[_Stretch]:
    """The meters one after the other; a signature that changes nothing begins nothing."""
    changes = [TimeSignature(0, 4, 4)]
    for signature in signatures:
        if signature.tick == changes[-1].tick:
            changes.pop()
        if not changes or signature[1:] != changes[-1][1:]:
            changes.append(signature)
    ends: list[Any] = [change.tick for change in changes[1:]] + [None]
    return [
        _Stretch(change.tick, end, change.numerator, change.denominator)
        for change, end in zip(changes, ends, strict=True)
    ]
