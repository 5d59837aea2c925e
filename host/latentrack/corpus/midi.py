"""MIDI files in: a file's bytes become a Score.

A Score is all that the corpus wants of a file, in ticks as written: nothing is rounded here.

Two readers share the work. symusic is quick, but it drops notes that never end without a word,
does not tell channels apart, and refuses files of sloppy writers. Where any of this matters
mido reads instead, a hundred times slower.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

DRUM_CHANNEL = 9  # musicians call it channel 10

SUFFIXES = (".mid", ".midi", ".smf")

_END_OF_TRACK = b"\xff\x2f\x00"
_AGES = 1 << 27  # ticks no music lasts: 77 hours at 480 a beat and 120 beats a minute


_METER = b"\xff\x58"
# Each track and each meter takes memory many times its size, until its notes are laid.
_TRACKS = 1_000
_METERS = 10_000
_SLOWLY_READ = 1_000_000  # bytes: mido takes seconds and hundreds of bytes an event


class Unreadable(Exception):
    """A file that cannot be read as what its name says; the message is why, in a few words."""


class TimeSignature(NamedTuple):
    """From this tick on, bars are of this length."""

    tick: int
    numerator: int
    denominator: int


@dataclass(frozen=True, eq=False)
class Part:
    """What one track plays with one instrument: the starts of its notes, in order of time."""

    name: str
    program: int  # 0 to 127
    channel: int | None  # 0 to 15; None if it was not asked for
    drums: bool  # on MIDI's drum channel
    ticks: npt.NDArray[np.int64]
    pitches: npt.NDArray[np.int64]
    velocities: npt.NDArray[np.int64]  # 1 to 127


@dataclass(frozen=True)
class Score:
    """One MIDI file: its parts that play at all, and its meter."""

    ticks_per_beat: int
    parts: tuple[Part, ...]
    signatures: tuple[TimeSignature, ...]

    @property
    def notes(self) -> int:
        return sum(len(part.ticks) for part in self.parts)


def read_score(data: bytes, *, channels: bool = False) -> Score:
    """Read the bytes of one MIDI file. Raises Unreadable.

    With `channels` every part says its channel, which takes the slow reader.
    """
    if data[:4] != b"MThd":
        raise Unreadable("not a MIDI file")
    if len(data) >= 14:
        form, division = data[8:10], int.from_bytes(data[12:14], "big")
        if form not in (b"\0\0", b"\0\1"):
            raise Unreadable("a MIDI file of format 2, whose tracks have no common time")
        if not 0 < division < 0x8000:
            raise Unreadable("timed in film frames, not in beats")
        data = _tracks_only(data)
        if data.count(b"MTrk") > _TRACKS:
            raise Unreadable(f"a MIDI file of more than {_TRACKS:,} tracks")
        if data.count(_METER) > _METERS:
            raise Unreadable(f"a MIDI file of more than {_METERS:,} changes of meter")
    score = None if channels else _read_fast(data)
    return score or _read_tolerantly(data)


def _every_note_off() -> bytes:
    """After ages a note_off for all there is, then the end of a track; begins behind a delta."""
    events = bytearray(b"\xb0\x40\x00")  # says nothing, for the delta before it is the track's
    delta = b"\xc0\x80\x80\x00"  # _AGES, as MIDI writes it
    for channel in range(16):
        for pitch in range(128):
            status = bytes([0x80 | channel]) if pitch == 0 else b""
            events += delta + status + bytes([pitch, 0])
            delta = b"\0"
    return bytes(events) + b"\0" + _END_OF_TRACK


_LAST_WORDS = _every_note_off()


def _read_fast(data: bytes) -> Score | None:
    """By symusic; None if it cannot, or if it would lose a note."""
    import symusic

    closed = _with_last_words(data)
    if closed is None:
        return None
    parts = []
    try:
        # Its own way of mending bytes that make no sense hides that it has lost the thread.
        read: Any = symusic.Score.from_midi(closed, sanitize_data=False)
        for track in read.tracks:
            notes = track.notes.numpy()
            if not len(notes["time"]):
                continue
            # A note that only our own ending closed may hide others of its pitch behind it.
            # A time below 0 was more than symusic can count.
            if int(notes["duration"].max()) >= _AGES or int(notes["time"].min()) < 0:
                return None
            what = (track.name, track.program, None, bool(track.is_drum))
            parts.append(_part(what, notes["time"], notes["pitch"], notes["velocity"]))
    except (RuntimeError, UnicodeDecodeError):  # all that symusic raises on damage
        return None
    signatures = [TimeSignature(s.time, s.numerator, s.denominator) for s in read.time_signatures]
    return _score(read.ticks_per_quarter, parts, signatures)


def _with_last_words(data: bytes) -> bytes | None:
    """The file with _LAST_WORDS at the end of every track; None if it is not cleanly built."""
    if data[4:8] != b"\0\0\0\6":
        return None
    pieces = [data[:14]]
    for track in _chunks(data):
        if not track.endswith(_END_OF_TRACK):
            return None
        longer = len(track) - 8 - len(_END_OF_TRACK) + len(_LAST_WORDS)
        pieces += [b"MTrk", longer.to_bytes(4, "big"), track[8:-3], _LAST_WORDS]
    return b"".join(pieces)


def _chunks(data: bytes) -> list[bytes]:
    """What follows the header, chunk by chunk; a last one that is cut short is there as it is."""
    chunks, at = [], 8 + int.from_bytes(data[4:8], "big")
    while at < len(data):
        end = at + 8 + int.from_bytes(data[at + 4 : at + 8], "big")
        chunks.append(data[at:end] if end <= len(data) else data[at:])
        at = end
    return chunks


def _tracks_only(data: bytes) -> bytes:
    """The file without chunks of other kinds, which the standard says to pass over."""
    chunks = _chunks(data)
    if all(chunk[:4] == b"MTrk" for chunk in chunks):
        return data
    header = data[: 8 + int.from_bytes(data[4:8], "big")]
    return header + b"".join(chunk for chunk in chunks if chunk[:4] == b"MTrk")


def _read_tolerantly(data: bytes) -> Score:
    """By mido, which takes much that is not as it should be."""
    import mido

    if len(data) > _SLOWLY_READ:
        raise Unreadable("a damaged MIDI file, and too large to be mended")
    try:
        # Data bytes beyond 127 come from sloppy writers, not from damage: clip them.
        midi = mido.MidiFile(file=io.BytesIO(data), clip=True)
    except EOFError as error:
        raise Unreadable("a MIDI file cut short") from error
    except Exception as error:  # mido raises nearly anything on bytes that make no sense
        raise Unreadable("a damaged MIDI file") from error

    parts: list[Part] = []
    signatures: list[TimeSignature] = []
    for track in midi.tracks:
        tick = 0
        names: list[str] = []
        programs = [0] * 16
        notes: dict[tuple[int, int], list[tuple[int, int, int]]] = {}
        for message in track:
            tick += message.time
            if message.type == "note_on" and message.velocity > 0:
                key = (message.channel, programs[message.channel])
                notes.setdefault(key, []).append((tick, message.note, message.velocity))
            elif message.type == "program_change":
                programs[message.channel] = message.program
            elif message.type == "time_signature":
                signatures.append(TimeSignature(tick, message.numerator, message.denominator))
            elif message.type == "track_name":
                # As symusic reads it: today's writers mean UTF-8, whatever the standard says.
                names.append(message.name.encode("latin-1").decode("utf-8", "replace"))
        for (channel, program), played in notes.items():
            what = (" ".join(names), program, channel, channel == DRUM_CHANNEL)
            parts.append(_part(what, *np.array(played, np.int64).T))
    return _score(midi.ticks_per_beat, parts, signatures)


def _part(what: tuple[str, int, int | None, bool], *notes: npt.ArrayLike) -> Part:
    ticks, pitches, velocities = (np.asarray(column, np.int64) for column in notes)
    order = np.argsort(ticks, kind="stable")
    columns = (ticks[order], pitches[order], velocities[order])
    name, program, channel, drums = what
    return Part(name, program, channel, drums, *columns)


def _score(ticks_per_beat: int, parts: list[Part], signatures: list[TimeSignature]) -> Score:
    if any(signature.numerator < 1 or signature.denominator < 1 for signature in signatures):
        raise Unreadable("a damaged MIDI file")
    signatures.sort(key=lambda signature: signature.tick)
    return Score(ticks_per_beat, tuple(parts), tuple(signatures))
