"""What styles of basslines, arpeggios, melodies and chords are known for, as claims about bars.

What is claimed comes from musical knowledge. The figures (how many, of which share of the bars)
were set with the demo corpus at hand: they hold what is there, and leave room for a bar that is
unlike the others.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import fmean
from types import MappingProxyType
from typing import NamedTuple

from latentrack.corpus.patterns import ACCENT, SOFT
from tests.host.corpus.note_bars import (
    BEATS,
    EIGHTHS,
    OFF_SIXTEENTHS,
    OFFBEATS,
    Bar,
    accented_root_on_the_one,
    beat_intervals,
    chops,
    goes_by_chord_notes,
    has_no_semitone,
    has_seventh_or_ninth,
    is_alberti,
    is_minor,
    is_stack,
    low_notes_lead,
    octave_leaps_to_offbeats,
    only_triplets,
    share,
    sixteenths_swing,
    steps_alike_in_both_halves,
)


class Claim(NamedTuple):
    """words: the claim.  holds: tests one bar.  of: the share of bars for which it must hold."""

    words: str
    holds: Callable[[Bar], bool]
    of: float = 1.0


_SECOND_AND_FOURTH_OR_OFFBEATS = {4, 12, *OFFBEATS}

_BASSLINES = {
    "acid bass": [
        Claim("runs in sixteenths", lambda b: len(b.steps) >= 8 and b.on(OFF_SIXTEENTHS) >= 2),
        Claim("stays on its root", lambda b: share(d == 0 for d in b.degrees) >= 0.6),
        Claim("leaps octaves", lambda b: max(b.line) - min(b.line) >= 12, 0.9),
        Claim("has accents", lambda b: 2 <= len(b.loud(ACCENT)) <= len(b.steps) / 2),
    ],
    "dub bass": [
        Claim("rests more than it plays", lambda b: len(b.steps) <= 8),
        Claim("walks in eighths", lambda b: b.on(OFF_SIXTEENTHS) <= 2),
        Claim("leaves the one empty at times", lambda b: 0 not in b.steps, 0.3),
        Claim("sits behind the beat", lambda b: min(b.timing.values()) > 0),
        Claim("is deep", lambda b: fmean(b.line) < 41),
    ],
    "funk bass": [
        Claim("is on the one", accented_root_on_the_one),
        Claim("has dead notes", lambda b: len(b.loud(SOFT)) >= 1),
        Claim("has sixteenths beside the beat", lambda b: b.on(OFF_SIXTEENTHS) >= 2, 0.9),
        Claim("pops octaves at times", lambda b: 12 in b.intervals, 0.2),
        Claim("swings its sixteenths", sixteenths_swing),
    ],
    "house bass": [
        Claim("plays between the kicks", lambda b: b.beside_the_beat > b.on(BEATS)),
        Claim("plays offbeats", lambda b: b.on(OFFBEATS) >= 2),
        Claim("returns to its root", lambda b: b.degrees.count(0) >= len(b.steps) / 4, 0.8),
        Claim("leaves room", lambda b: len(b.steps) <= 8),
    ],
    "disco bass": [
        Claim("leaps octaves to the offbeats", lambda b: octave_leaps_to_offbeats(b) >= 3),
        Claim("has a note on each beat", lambda b: b.on(BEATS) == 4, 0.8),
    ],
    "techno rumble": [
        Claim("leaves the beats to the kick", lambda b: b.on(BEATS) == 0, 0.9),
        Claim("has one note or two, seldom three", lambda b: len(set(b.line)) <= 3),
        Claim("is low", lambda b: max(b.line) <= 40 and fmean(b.line) < 37),
        Claim("has soft notes", lambda b: len(b.loud(SOFT)) >= 1, 0.9),
    ],
    "walking bass": [
        Claim("has a note on each beat", lambda b: b.on(BEATS) == 4),
        Claim("moves at each beat", lambda b: min(beat_intervals(b), default=0) > 0),
        Claim(
            "moves by steps and thirds", lambda b: sum(i <= 4 for i in beat_intervals(b)) >= 2, 0.9
        ),
        Claim("skips on the third triplet", only_triplets),
        Claim("leans on two and four", lambda b: b.loud(ACCENT) == {4, 12}),
    ],
    "synthwave bass": [
        Claim("plays all eighths", lambda b: b.on(EIGHTHS) >= 7),
        Claim("repeats its note", lambda b: share(i % 12 == 0 for i in b.intervals) >= 0.5, 0.9),
        Claim("begins with an accent", lambda b: 0 in b.loud(ACCENT), 0.9),
    ],
    "drum and bass bass": [
        Claim("is on the one", lambda b: 0 in b.loud(ACCENT)),
        Claim("moves slower than the drums", lambda b: len(b.steps) <= 9),
        Claim("has long notes", lambda b: b.longest_gap >= 4, 0.7),
        Claim("ends beside the beat", lambda b: b.steps[-1] > 8 and b.steps[-1] % 4 != 0),
        Claim("is low", lambda b: fmean(b.line) < 42),
    ],
    "trap 808": [
        Claim("comes with the kick on the one", lambda b: 0 in b.loud(ACCENT)),
        Claim("has few notes", lambda b: len(b.steps) <= 6),
        Claim("lets them ring", lambda b: b.longest_gap >= 4),
        Claim("leaves the three to the snare", lambda b: 8 not in b.steps),
        Claim("is a bass drum", lambda b: fmean(b.line) <= 36),
        Claim("slides octaves at times", lambda b: 12 in b.intervals, 0.15),
    ],
}

_ARPEGGIOS = {
    "arpeggio up": [
        Claim("rises", lambda b: b.rising >= 0.65),
        Claim("goes by notes of a chord", goes_by_chord_notes, 0.9),
    ],
    "arpeggio down": [
        Claim("falls", lambda b: b.falling >= 0.65),
        Claim("goes by notes of a chord", goes_by_chord_notes, 0.9),
    ],
    "arpeggio up and down": [
        Claim("rises and falls", lambda b: min(b.rising, b.falling) >= 0.3),
        Claim("strikes no note twice", lambda b: 0 not in b.intervals),
        Claim("turns at its ends only", lambda b: b.turning <= 0.5),
        Claim("goes by notes of a chord", goes_by_chord_notes, 0.9),
    ],
    "alberti": [
        Claim("goes low, high, middle, high", is_alberti),
        Claim("leads with its low notes", low_notes_lead),
    ],
    "broken chords": [
        Claim("turns more than it runs", lambda b: b.turning >= 0.5),
        Claim("is a chord", lambda b: b.classes_of_a_half <= 4),
        Claim("has leaps", lambda b: b.widest_interval >= 7),
    ],
    "sequencer": [
        Claim("does not stop", lambda b: len(b.steps) >= 10),
        Claim("comes back to its root", lambda b: b.degrees.count(0) >= 4),
        Claim("has eight steps", lambda b: steps_alike_in_both_halves(b) >= 6, 0.9),
        Claim("changes after eight", lambda b: steps_alike_in_both_halves(b) < 8),
    ],
    "pentatonic arpeggio": [
        Claim("has no semitone", has_no_semitone),
        Claim("goes both ways", lambda b: min(b.rising, b.falling) >= 0.25, 0.7),
        Claim("is a figure, not a tune", lambda b: len(b.steps) >= 8, 0.9),
    ],
}

_LEADS = {
    "dorian lead": [
        Claim("has the bright sixth", lambda b: 9 in b.degrees, 0.7),
        Claim("is minor", lambda b: 4 not in b.degrees),
        Claim("breathes", lambda b: len(b.steps) <= 12),
    ],
    "phrygian lead": [
        Claim("falls a semitone to its root", lambda b: b.follow(0, 1), 0.9),
        Claim("is minor", lambda b: 4 not in b.degrees),
    ],
    "blues lead": [
        Claim("has the blue fifth", lambda b: 6 in b.degrees, 0.8),
        Claim("is a shuffle", only_triplets),
        Claim("breathes", lambda b: len(b.steps) <= 12),
    ],
    "pentatonic lead": [
        Claim("has no semitone", has_no_semitone),
        Claim("can be sung", lambda b: b.widest_interval <= 12 and len(b.steps) <= 13),
        Claim("is call and response", lambda b: 0 < b.on(range(8)) < len(b.steps)),
        Claim("is not in a hurry", lambda b: b.longest_gap >= 3, 0.7),
    ],
    "hijaz lead": [
        Claim("takes the wide step", lambda b: b.follow(1, 4), 0.9),
        Claim("has no plain second", lambda b: 2 not in b.degrees),
    ],
    "lydian lead": [
        Claim("has the raised fourth", lambda b: 6 in b.degrees, 0.9),
        Claim("is major", lambda b: 3 not in b.degrees),
        Claim("has long notes", lambda b: b.longest_gap >= 4, 0.6),
    ],
}

_CHORDS = {
    "stabs": [
        Claim("are triads", lambda b: set(map(len, b.chords)) == {3}),
        Claim("have a minor chord", lambda b: any(map(is_minor, b.chords)), 0.9),
        Claim("fall beside the beat", lambda b: b.beside_the_beat > b.on(BEATS)),
        Claim("are few", lambda b: len(b.steps) <= 6),
    ],
    "house chords": [
        Claim("have four voices", lambda b: min(map(len, b.chords)) >= 4),
        Claim("have sevenths and ninths", lambda b: all(map(has_seventh_or_ninth, b.chords))),
        Claim("come between the kicks", lambda b: b.beside_the_beat >= len(b.steps) / 2),
        Claim("are played more than twice", lambda b: len(b.steps) >= 3),
    ],
    "dub skanks": [
        Claim("are never on one or three", lambda b: b.on((0, 8)) == 0),
        Claim(
            "are chopped on two and four or the offbeats",
            lambda b: chops(b) <= _SECOND_AND_FOURTH_OR_OFFBEATS,
        ),
        Claim("sit behind the beat", lambda b: min(b.timing.values()) > 0),
    ],
    "pads": [
        Claim("are struck seldom", lambda b: len(b.steps) <= 3),
        Claim("begin with the bar", lambda b: b.steps[0] == 0),
        Claim("are wide", lambda b: all(len(c) >= 4 and c[-1] - c[0] >= 12 for c in b.chords)),
        Claim("have no accents", lambda b: not b.loud(ACCENT)),
    ],
    "quartal": [
        Claim("have three voices or four", lambda b: set(map(len, b.chords)) <= {3, 4}),
        Claim(
            "are fourths or seconds",
            lambda b: all(is_stack(c, 5, 6) or is_stack(c, 1, 2) for c in b.chords),
        ),
        Claim("are fourths for the most", lambda b: any(is_stack(c, 5, 6) for c in b.chords), 0.6),
        Claim("are clusters at times", lambda b: any(is_stack(c, 1, 2) for c in b.chords), 0.25),
    ],
}

BASSLINES, ARPEGGIOS, LEADS, CHORDS = map(frozenset, (_BASSLINES, _ARPEGGIOS, _LEADS, _CHORDS))

CLAIMS = MappingProxyType({**_BASSLINES, **_ARPEGGIOS, **_LEADS, **_CHORDS})
"""By style. A style is all of its claims: no other style of the corpus fulfils them."""

PLAYED_OFF_THE_GRID = frozenset(
    {"dub bass", "funk bass", "walking bass", "blues lead", "dub skanks"}
)
