"""Notes laid into bars: from ticks and time signatures to cells of steps × voices.

Every note and every bar is accounted for: it is in a cell, or it is counted with the reason
why it is not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from latentrack.corpus.midi import Note, TimeSignature
from latentrack.corpus.percussion import INSTRUMENTS, PercussionMap

STEPS_PER_BEAT = 4
BEATS = 4
STEPS = STEPS_PER_BEAT * BEATS  # of the one meter that is kept: 4/4
MINIMUM_HITS = 2  # a bar with less is a count-in or an ending, no pattern

LEFT_OUT = "in a bar that was left out"
SAME_STEP = "on a step where the same voice plays already"
CUT_SHORT = "cut short by a change of meter"


@dataclass(frozen=True)
class Bars:
    """The bars of one file that were kept, and what was not, by (what, reason)."""

    cells: npt.NDArray[np.uint8]  # shape (bars, STEPS, voices), 0 or 1
    discarded: Counter[tuple[str, str]]


@dataclass(frozen=True)
class _Stretch:
    """A part of the music in one meter; its end is None if it lasts."""

    start: int
    end: int | None
    numerator: int
    denominator: int

    @property
    def kept(self) -> bool:
        return (self.numerator, self.denominator) == (4, 4)

    def bar(self, step: int) -> int:
        """The bar in which the given 16th (counted from the start) lies."""
        return step * self.denominator // (16 * self.numerator)

    def bars(self, ticks_per_beat: int) -> tuple[int, int]:
        """How many bars begin in it, and how many of these end in it; only if it ends."""
        assert self.end is not None
        ticks = (self.end - self.start) * self.denominator
        whole, rest = divmod(ticks, 4 * self.numerator * ticks_per_beat)
        return whole + (rest > 0), whole


@dataclass
class _Bar:
    """A bar in which something sounds."""

    cells: set[tuple[int, int]]  # (step, voice)
    notes: int = 0


def lay_bars(
    notes: Sequence[Note],
    signatures: Sequence[TimeSignature],
    ticks_per_beat: int,
    percussion: PercussionMap,
    minimum_hits: int = MINIMUM_HITS,
) -> Bars:
    """Lay drum notes into bars of 16 steps, each note on the nearest 16th.

    Halfway counts as the later step, and what is nearest to the next bar's first step belongs
    to that bar. Time signatures are respected as they change (4/4 until the first); each
    begins a new bar. Bars run from the beginning to the last note. Only whole bars in 4/4
    with at least `minimum_hits` cells are kept.
    """
    discarded: Counter[tuple[str, str]] = Counter()
    stretches = _stretches(signatures)
    sounding = _sounding(notes, stretches, ticks_per_beat, percussion, discarded)
    kept: list[_Bar] = []
    last_place, last_bar = max(sounding, default=(-1, -1))
    for place, stretch in enumerate(stretches[: last_place + 1]):
        begun, whole = (last_bar + 1,) * 2 if stretch.end is None else stretch.bars(ticks_per_beat)
        if place == last_place:
            begun, whole = min(begun, last_bar + 1), min(whole, last_bar + 1)
        if not stretch.kept:
            reason = f"in {stretch.numerator}/{stretch.denominator}; only 4/4 is read"
            discarded["bars", reason] += begun
            continue
        discarded["bars", CUT_SHORT] += begun - whole
        good = [
            bar
            for (where, number), bar in sorted(sounding.items())
            if where == place and number < whole and len(bar.cells) >= minimum_hits
        ]
        discarded["bars", f"with fewer than {minimum_hits} hits"] += whole - len(good)
        kept += good

    sounded = sum(bar.notes for bar in sounding.values())
    discarded["hits", LEFT_OUT] += sounded - sum(bar.notes for bar in kept)
    discarded["hits", SAME_STEP] += sum(bar.notes - len(bar.cells) for bar in kept)
    sequences = np.zeros((len(kept), STEPS, len(percussion.voices)), np.uint8)
    for sequence, bar in zip(sequences, kept, strict=True):
        for step, voice in bar.cells:
            sequence[step, voice] = 1
    return Bars(sequences, +discarded)


def _sounding(
    notes: Sequence[Note],
    stretches: Sequence[_Stretch],
    ticks_per_beat: int,
    percussion: PercussionMap,
    discarded: Counter[tuple[str, str]],
) -> dict[tuple[int, int], _Bar]:
    """The bars in which something sounds, by (index of the stretch, number of the bar)."""
    sounding: dict[tuple[int, int], _Bar] = {}
    index = 0
    for note in sorted(notes, key=lambda note: note.tick):
        voice = percussion.voice_of.get(note.pitch)
        if voice is None:
            name = INSTRUMENTS.get(note.pitch, "no percussion instrument")
            reason = f"on pitch {note.pitch} ({name}), which the map does not hold"
            discarded["hits", reason] += 1
            continue
        while (end := stretches[index].end) is not None and end <= note.tick:
            index += 1
        start = stretches[index].start
        place, step = index, _nearest_step(note.tick - start, ticks_per_beat)
        if end is not None and step * ticks_per_beat >= (end - start) * STEPS_PER_BEAT:
            place, step = index + 1, 0
        number = stretches[place].bar(step)
        bar = sounding.setdefault((place, number), _Bar(set()))
        bar.cells.add((step - number * STEPS, voice))
        bar.notes += 1
    return sounding


def _nearest_step(ticks: int, ticks_per_beat: int) -> int:
    # In whole numbers: a half must not fall now up, now down.
    return (2 * STEPS_PER_BEAT * ticks + ticks_per_beat) // (2 * ticks_per_beat)


def _stretches(signatures: Sequence[TimeSignature]) -> list[_Stretch]:
    """The meters one after the other; a signature that changes nothing begins nothing."""
    changes = [TimeSignature(0, 4, 4)]
    for signature in signatures:
        if signature.tick == changes[-1].tick:
            changes.pop()
        if not changes or signature[1:] != changes[-1][1:]:
            changes.append(signature)
    ends = [change.tick for change in changes[1:]] + [None]
    return [
        _Stretch(change.tick, end, change.numerator, change.denominator)
        for change, end in zip(changes, ends, strict=True)
    ]
