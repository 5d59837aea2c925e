"""One bar of notes, and what can be asked of it: where it is struck, how its line moves."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from types import MappingProxyType

from latentrack.corpus.patterns import ACCENT, SOFT, WrittenPattern

NATURALS = MappingProxyType({"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11})
SCALES = MappingProxyType(
    {
        "major": {0, 2, 4, 5, 7, 9, 11},
        "minor": {0, 2, 3, 5, 7, 8, 10},
        "dorian": {0, 2, 3, 5, 7, 9, 10},
        "phrygian": {0, 1, 3, 5, 7, 8, 10},
        "lydian": {0, 2, 4, 6, 7, 9, 11},
        "mixolydian": {0, 2, 4, 5, 7, 9, 10},
        "minor pentatonic": {0, 3, 5, 7, 10},
        "major pentatonic": {0, 2, 4, 7, 9},
        "blues": {0, 3, 5, 6, 7, 10},
        "hijaz": {0, 1, 4, 5, 7, 8, 10},
    }
)
"""Semitones above the tonic."""

BEATS = (0, 4, 8, 12)
OFFBEATS = (2, 6, 10, 14)
EIGHTHS = range(0, 16, 2)
OFF_SIXTEENTHS = range(1, 16, 2)


class Bar:
    """One pattern of notes.

    steps: those on which something is struck, in order.  chords: the pitches of each, upwards.
    line: the lowest of each.  intervals: from note to note of the line, in semitones.  velocity,
    timing: by step, of its loudest hit.
    """

    def __init__(self, pattern: WrittenPattern) -> None:
        self.name = pattern.name
        self.hits = pattern.hits
        self.steps = sorted({hit.step for hit in pattern.hits})
        self.chords = [
            sorted(hit.pitch for hit in pattern.hits if hit.step == step) for step in self.steps
        ]
        self.line = [chord[0] for chord in self.chords]
        self.intervals = [after - before for before, after in pairwise(self.line)]
        upwards = sorted(pattern.hits, key=lambda hit: hit.velocity)
        self.velocity = {hit.step: hit.velocity for hit in upwards}
        self.timing = {hit.step: hit.timing for hit in upwards}
        tonic, self.scale = pattern.key.split(" ", 1)
        self.tonic = NATURALS[tonic]
        self.degrees = [(pitch - self.tonic) % 12 for pitch in self.line]

    @property
    def cells(self) -> frozenset[tuple[int, int]]:
        """Steps and pitches that are struck, as a model without velocity sees the bar."""
        return frozenset((hit.step, hit.pitch) for hit in self.hits)

    @property
    def out_of_key(self) -> int:
        """How many hits do not belong to the scale."""
        return sum((hit.pitch - self.tonic) % 12 not in SCALES[self.scale] for hit in self.hits)

    def on(self, steps: Iterable[int]) -> int:
        """On how many of these steps something is struck."""
        return len(set(steps) & set(self.steps))

    @property
    def beside_the_beat(self) -> int:
        return len(self.steps) - self.on(BEATS)

    def pitch(self, step: int) -> int | None:
        return self.line[self.steps.index(step)] if step in self.steps else None

    def loud(self, velocity: int) -> set[int]:
        """The steps of this velocity."""
        return {step for step in self.steps if self.velocity[step] == velocity}

    @property
    def longest_gap(self) -> int:
        """Steps from an onset to the next, the most of the bar, which goes round."""
        return max(after - before for before, after in pairwise([*self.steps, self.steps[0] + 16]))

    def follow(self, one: int, other: int) -> bool:
        """Whether these two degrees are neighbours in the line, in either order."""
        return any({one, other} == set(pair) for pair in pairwise(self.degrees))

    @property
    def widest_interval(self) -> int:
        """Semitones, up or down; 0 if there is one note."""
        return max(map(abs, self.intervals), default=0)

    @property
    def rising(self) -> float:
        """The share of the line's intervals that go up."""
        return share(interval > 0 for interval in self.intervals)

    @property
    def falling(self) -> float:
        return share(interval < 0 for interval in self.intervals)

    @property
    def turning(self) -> float:
        """The share of the line's inner notes where it changes its direction."""
        return share(before * after < 0 for before, after in pairwise(self.intervals))

    @property
    def classes_of_a_half(self) -> int:
        """How many pitch classes sound in a half of the bar, in the one that has more."""
        halves = [{hit.pitch % 12 for hit in self.hits if hit.step // 8 == half} for half in (0, 1)]
        return max(map(len, halves))


def share(numbers: Iterable[bool]) -> float:
    """How many are true, 0 to 1."""
    counted = list(numbers)
    return sum(counted) / max(1, len(counted))


def is_minor(chord: list[int]) -> bool:
    """Whether it is a minor triad, whichever note is the lowest."""
    classes = {pitch % 12 for pitch in chord}
    return any({root, (root + 3) % 12, (root + 7) % 12} == classes for root in classes)


def is_stack(chord: list[int], *semitones: int) -> bool:
    """Whether each note lies one of these intervals above the note below it."""
    return all(upper - lower in semitones for lower, upper in pairwise(chord))


def accented_root_on_the_one(bar: Bar) -> bool:
    return bar.steps[0] == 0 and bar.degrees[0] == 0 and 0 in bar.loud(ACCENT)


def sixteenths_swing(bar: Bar) -> bool:
    return all((late > 0) == (step in OFF_SIXTEENTHS) for step, late in bar.timing.items())


def octave_leaps_to_offbeats(bar: Bar) -> int:
    leaps = zip(bar.steps[1:], bar.intervals, strict=True)
    return sum(step in OFFBEATS and interval == 12 for step, interval in leaps)


def beat_intervals(bar: Bar) -> list[int]:
    """How far the line goes from beat to beat, in semitones; [] if a beat is empty."""
    if bar.on(BEATS) < len(BEATS):
        return []
    on_beats = [bar.line[bar.steps.index(beat)] for beat in BEATS]
    return [abs(after - before) for before, after in pairwise(on_beats)]


def only_triplets(bar: Bar) -> bool:
    """Every hit lies on a third of a beat, which no sixteenth but the beat itself does."""
    thirds = [(step % 4 + late) * 3 / 4 for step, late in bar.timing.items()]
    return all(abs(third - round(third)) < 0.01 for third in thirds)


def goes_by_chord_notes(bar: Bar) -> bool:
    """Thirds and wider, where a scale has seconds."""
    return share(abs(interval) >= 3 for interval in bar.intervals) >= 0.7


def is_alberti(bar: Bar) -> bool:
    """All fours of notes go low, high, middle, high."""
    fours = [bar.line[at : at + 4] for at in range(0, len(bar.line), 4)]
    return all(
        len(four) == 4 and four[0] < four[2] < four[1] and four[1] == four[3] for four in fours
    )


def low_notes_lead(bar: Bar) -> bool:
    loud = [bar.velocity[step] for step in bar.steps]
    return all(loud[at] > max(loud[at + 1 : at + 4], default=0) for at in range(0, len(loud), 4))


def steps_alike_in_both_halves(bar: Bar) -> int:
    return sum(bar.pitch(step) == bar.pitch(step + 8) for step in range(8))


def has_no_semitone(bar: Bar) -> bool:
    classes = {hit.pitch % 12 for hit in bar.hits}
    return not any((pitch + 1) % 12 in classes for pitch in classes)


def has_seventh_or_ninth(chord: list[int]) -> bool:
    return any((pitch - chord[0]) % 12 in (2, 10, 11) for pitch in chord)


def chops(bar: Bar) -> set[int]:
    """All that is not echo."""
    return set(bar.steps) - bar.loud(SOFT)
