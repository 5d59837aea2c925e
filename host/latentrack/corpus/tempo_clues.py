"""Find the tempo of a sound file and the number of beats of its loop from several sources.

The sources are the file's name, its tags, the user, the file's length and its onsets. Two of beats,
tempo and length give the third, so each pair is a candidate (a reading). Each candidate gets a
score: the weights of the sources that agree with it, and how well the onsets lie on its steps. The
candidate with the highest score is chosen.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from latentrack.corpus.sound_tags import Said, bpm_in_words

NAME, ASKED, EAR = "the name", "what was asked", "ear"

LONGEST_LOOP = 60.0  # seconds; a longer file is a recording and not a loop

_CARELESS = 0.1  # beats by which a loop's length may be off
_ALIKE = 0.02  # relative difference of equal tempi, for rounding
_FEWEST_BPM, _MOST_BPM = 30.0, 300.0
# Weights in the score: of sources, largest for those that a person wrote, and of other terms.
_WEIGHTS = {ASKED: 4.0, NAME: 3.0}
_OF_OTHERS = 2.0
_OF_TAGS = 1.5  # less: tags are often written by programs that manage songs
_OF_LENGTH = 2.0
_OF_EAR = 3.0
_OF_USUAL = 0.5
_REDUNDANT = 0.25  # factor for a source's second value if the first and the length imply it


@dataclass(frozen=True)
class Tempo:
    """A stated tempo in quarter notes per minute, or length in bars; None if unknown."""

    bpm: float | None = None
    bars: float | None = None


@dataclass(frozen=True)
class TempoReading:
    """Tempo and length of a file's loop.

    beats: quarter notes of the loop; 0 for a recording with a known tempo.  bpm: quarter notes per
    minute.  whole: the loop is the whole file; else it is the file's beginning, and the rest is its
    tail.  source: the source with the largest weight.  doubted: contradicting values, such as "the
    tempo in the tags".
    """

    beats: float
    bpm: float
    whole: bool
    source: str
    doubted: tuple[str, ...] = ()


def told_by_name(stem: str) -> Tempo:
    """Return tempo and bars in a file's name: `funk_97bpm`, `97.5 BPM`, `bpm120`, `break_2bar`."""
    bars = re.search(r"(?<![\d.])(\d{1,2})[-_ ]?bars?(?![a-z])", stem, re.I)
    return Tempo(bpm_in_words(stem), float(bars[1]) if bars and int(bars[1]) else None)


def unusual(bpm: float) -> float:
    """Return how unusual a tempo is for loops: 0 at 105 quarter notes per minute, 1 at 65 and 170.

    The squared logarithmic distance.
    """
    return (math.log2(bpm / 105) / 0.7) ** 2


def take(
    said: Iterable[Said],
    seconds: float,
    beats_a_bar: float,
    fit: Callable[[float, float], float],
    heard_beats: Callable[[], float],
    heard_bpm: Callable[[float], float],
    heard_end: Callable[[float], float],
) -> TempoReading | None:
    """Return the reading with the highest score; None if there is no candidate.

    said: what the sources state.  seconds: the file's length.  beats_a_bar: quarter notes per bar.
    The functions analyse the onsets:

    fit(beats, bpm): how well they lie on the steps of a loop (beats 0: of a recording), 1 for
    exactly, about 0 for chance.  heard_beats(): beats of the loop, 0 if unknown; called only if
    neither name nor user states anything.  heard_bpm(beats): tempo of a loop with a tail, 0 if it
    has none.  heard_end(bpm): beats after which only the tail follows, 0 if there is none.
    """
    told = [
        Said(one.source, one.bpm, one.bars * beats_a_bar if one.bars else one.beats)
        for one in said
        if one.bpm or one.beats or one.bars
    ]
    tempi = {one.bpm for one in told if one.bpm}
    lengths = {one.beats for one in told if one.beats}
    readings = {(beats, bpm, False) for beats in lengths for bpm in tempi}
    readings |= {(beats, 60 * beats / seconds, True) for beats in lengths}
    if not tempi and seconds <= LONGEST_LOOP:
        by_ear = {beats: heard_bpm(beats) for beats in lengths}
        readings |= {(beats, bpm, False) for beats, bpm in by_ear.items() if bpm}
    for bpm in tempi:
        near = round(seconds * bpm / 60)
        whole = near > 0 and seconds <= LONGEST_LOOP and _fills(near, bpm, seconds)
        # A tail may end on a beat by chance.
        even = whole and near % beats_a_bar == 0
        end = heard_end(bpm) if seconds <= LONGEST_LOOP and not even else 0.0
        readings.add((float(near), 60 * near / seconds, True) if whole and not end
                     else (end, bpm, False))  # fmt: skip
    by_people = any(one.source in _WEIGHTS for one in told)
    heard = 0.0 if by_people or seconds > LONGEST_LOOP else heard_beats()
    if heard:
        readings.add((heard, 60 * heard / seconds, True))

    best: TempoReading | None = None
    best_score = -math.inf
    for beats, bpm, whole in sorted(readings):
        # A loop that almost fills the file is the whole file, with its end as the loop's end.
        if not whole and beats and _fills(beats, bpm, seconds):
            continue
        wanted = any(
            one.source in _WEIGHTS and (_alike(one.bpm, bpm) or (beats and one.beats == beats))
            for one in told
        )
        if not _FEWEST_BPM <= bpm <= _MOST_BPM and not wanted:
            continue
        score = _OF_EAR * fit(beats, bpm) + (_OF_LENGTH if whole else 0)
        score -= _OF_USUAL * unusual(bpm)
        agreeing: dict[str, float] = {}
        doubted = []
        for one in told:
            right = [_alike(one.bpm, bpm), bool(beats) and one.beats == beats]
            weight = _WEIGHTS.get(one.source, _OF_TAGS if "tags" in one.source else _OF_OTHERS)
            counted = weight * sum(right)
            if all(right) and whole:
                counted = weight * (1 + _REDUNDANT)
            if any(right):
                agreeing[one.source] = counted
            for value, good, what in zip(
                (one.bpm, one.beats), right, ("tempo", "length"), strict=True
            ):
                if value and not good:
                    doubted.append(f"the {what} in {one.source}")
        score += sum(agreeing.values())
        if score > best_score:
            best_score = score
            source = max(agreeing, key=lambda name: agreeing[name], default=EAR)
            best = TempoReading(beats, bpm, whole, source, tuple(doubted))
    return best


def _fills(beats: float, bpm: float, seconds: float) -> bool:
    return abs(seconds * bpm / 60 - beats) <= _CARELESS


def _alike(said: float | None, bpm: float) -> bool:
    return said is not None and abs(said / bpm - 1) <= _ALIKE
