"""The tempo of a sound file, and how many beats its loop has: what its name, its tags, the user and
its length say, held against each other.

Of three things (beats, tempo, length) two give the third, so each pair is a possible reading. The
reading wins on which most agree. What then is in doubt, the ear decides: onsets lie on the steps
of the right reading.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from latentrack.corpus.sound_tags import Said, bpm_in_words

NAME, ASKED, EAR = "the name", "what was asked", "ear"

LONGEST_LOOP = 60.0  # seconds; what is longer was recorded

_CARELESS = 0.1  # of a beat: how badly a loop may be cut
_ALIKE = 0.02  # of a tempo: what rounding does to it
_FEWEST_BPM, _MOST_BPM = 30.0, 300.0
# How much a source counts, and what each other thing does. What a person wrote counts most.
_WEIGHTS = {ASKED: 4.0, NAME: 3.0}
_OF_OTHERS = 2.0
_OF_TAGS = 1.5  # written by programs that tell songs apart
_OF_LENGTH = 2.0
_OF_EAR = 3.0
_OF_USUAL = 0.5
_REDUNDANT = 0.25  # of a source's second thing, where the first and the length imply it


@dataclass(frozen=True)
class Tempo:
    """What is told of a file's time: beats a minute, or the bars it lasts; None = unknown."""

    bpm: float | None = None
    bars: float | None = None


@dataclass(frozen=True)
class TempoReading:
    """How the time of a file is taken.

    beats: quarter notes of the loop, 0 if it is a recording of a known tempo. bpm: quarter notes
    a minute. whole: the loop is the whole file; else it begins with it, and what lies behind the
    loop is its tail. source: what says so. doubted: the things that say something else, such as
    "the tempo in the tags".
    """

    beats: float
    bpm: float
    whole: bool
    source: str
    doubted: tuple[str, ...] = ()


def told_by_name(stem: str) -> Tempo:
    """The tempo that a file's name says: `funk_97bpm`, `97.5 BPM`, `bpm120`, `break_2bar`."""
    bars = re.search(r"(?<![\d.])(\d{1,2})[-_ ]?bars?(?![a-z])", stem, re.I)
    return Tempo(bpm_in_words(stem), float(bars[1]) if bars and int(bars[1]) else None)


def unusual(bpm: float) -> float:
    """How far a tempo is from what loops mostly have: 0 at 105, 1 at 65 and 170."""
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
    """The reading on which most agree, None if nothing is said and nothing is heard.

    fit: how well the onsets lie on the steps of a loop of so many beats (0: of no loop) at so
    many beats a minute, 1 if exactly, about 0 if by chance. heard_beats: how many beats a loop
    has by ear, 0 if that cannot be told; asked only where no person has said anything.
    heard_bpm: the tempo of a loop of so many beats with a tail, by ear, 0 if it has none.
    heard_end: the beats after which a loop of that tempo has only its tail, by ear, 0 if none.
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
        # A tail may happen to end with a beat.
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
        # As good as whole is taken as such: then the seam is where the file's is.
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
