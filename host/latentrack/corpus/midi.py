"""Read a MIDI file's bytes as a Score: parts of notes, and meters.

A Score is all that the corpus wants of a file, in ticks as written: nothing is rounded here. Each
note-on is a note of it, whatever ends that note, and what is passed over is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from latentrack.corpus import smf
from latentrack.corpus.unreadable import Unreadable
from latentrack.playing.voices import DRUM_CHANNEL

SUFFIXES = (".mid", ".midi", ".smf", ".kar", ".rmi")

NO_METER = "that make no sense, such as 0/4"
CUT_SHORT = "cut short: what there is of them is read"

# Each track and each meter takes memory many times its size, until its notes are quantised.
_TRACKS = 1_000
_METERS = 10_000
_LONGEST = 1 << 36  # ticks no music lasts: four years at 480 a beat and 120 beats a minute
_SHORTEST_BEAT = 6  # the power of 2 of a meter's lower number: 64


class TimeSignature(NamedTuple):
    """From this tick on, bars are of this length."""

    tick: int
    numerator: int
    denominator: int


@dataclass(frozen=True, eq=False)
class Part:
    """What one track plays on one channel with one instrument: the starts of its notes, in order
    of time."""

    name: str
    program: int  # 0 to 127
    channel: int  # 0 to 15
    drums: bool  # on MIDI's drum channel
    ticks: npt.NDArray[np.int64]
    pitches: npt.NDArray[np.int64]
    velocities: npt.NDArray[np.int64]  # 1 to 127


@dataclass(frozen=True)
class Score:
    """One MIDI file: its parts that play at all, and its meter.

    `passed_over` counts what the file has beside them, by (what, reason).
    """

    ticks_per_beat: int
    parts: tuple[Part, ...]
    signatures: tuple[TimeSignature, ...]
    passed_over: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def notes(self) -> int:
        """Notes of all parts."""
        return sum(len(part.ticks) for part in self.parts)


def read_score(data: bytes) -> Score:
    """Read the bytes of one MIDI file. Raises Unreadable.

    The tracks of format 2, each of which has a time of its own, come one after the other, each
    from a new bar on.
    """
    header = smf.read_header(data)
    parts: list[Part] = []
    signatures: list[TimeSignature] = []
    passed_over: Counter[tuple[str, str]] = Counter()
    begin = 0
    for number, track in enumerate(smf.read_tracks(data, header.begin)):
        if number == _TRACKS:
            raise Unreadable(f"a MIDI file of more than {_TRACKS:,} tracks")
        if track.end + begin > _LONGEST:
            raise Unreadable("a MIDI file that lasts for years")
        if begin:
            signatures.append(TimeSignature(begin, 4, 4))
        meters = [meter for meter in track.metas if meter[1] == smf.METER]
        own = list(_signatures(meters, begin))
        passed_over["meters", NO_METER] += len(meters) - len(own)
        passed_over["tracks", CUT_SHORT] += track.cut
        signatures += own
        if len(signatures) > _METERS:
            raise Unreadable(f"a MIDI file of more than {_METERS:,} changes of meter")
        parts += _parts(track, begin)
        if header.form == 2:
            last = own[-1] if own else TimeSignature(begin, 4, 4)
            begin = _next_bar(begin + track.end, last, header.ticks_per_beat)
    if not parts and passed_over["tracks", CUT_SHORT]:
        raise Unreadable("a MIDI file cut short")
    signatures.sort(key=lambda signature: signature.tick)
    return Score(header.ticks_per_beat, tuple(parts), tuple(signatures), +passed_over)


def _signatures(metas: list[tuple[int, int, bytes]], begin: int) -> Iterator[TimeSignature]:
    """Those that are meters."""
    for tick, _, content in metas:
        if len(content) >= 2 and content[0] and content[1] <= _SHORTEST_BEAT:
            yield TimeSignature(begin + tick, content[0], 1 << content[1])


def _next_bar(tick: int, signature: TimeSignature, ticks_per_beat: int) -> int:
    """Where the first bar begins that does not begin before that tick."""
    bar = 4 * ticks_per_beat * signature.numerator
    bars = -(-(tick - signature.tick) * signature.denominator // bar)
    return signature.tick - (-bars * bar // signature.denominator)


def _parts(track: smf.TrackChunk, begin: int) -> Iterator[Part]:
    kinds, channels = track.statuses & 0xF0, track.statuses & 0x0F
    notes = np.flatnonzero(kinds == smf.NOTE_ON)
    if not len(notes):
        return
    name = " ".join(_text(content) for _, kind, content in track.metas if kind == smf.NAME)
    programs = np.zeros(len(notes), np.int32)
    changes = np.flatnonzero(kinds == smf.PROGRAM)
    for channel in np.unique(channels[changes]):
        own = changes[channels[changes] == channel]
        which = np.searchsorted(own, notes) - 1
        there = (channels[notes] == channel) & (which >= 0)
        programs[there] = track.first[own[which[there]]]
    keys = channels[notes].astype(np.int32) << 7 | programs
    found, first = np.unique(keys, return_index=True)
    for key in found[np.argsort(first)].tolist():
        some = notes[keys == key]
        yield Part(
            name=name,
            program=key & 0x7F,
            channel=key >> 7,
            drums=key >> 7 == DRUM_CHANNEL,
            ticks=track.ticks[some] + begin,
            pitches=track.first[some].astype(np.int64),
            velocities=track.second[some].astype(np.int64),
        )


def _text(content: bytes) -> str:
    """Today's writers mean UTF-8, whatever the standard says; those before meant Latin-1."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")
