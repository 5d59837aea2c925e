"""MIDI files in: a file becomes a Score, and a Score's drum part is found.

A Score is all that the corpus wants of a file, in ticks as written: nothing is rounded here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

DRUM_CHANNEL = 9  # musicians call it channel 10

SUFFIXES = (".mid", ".midi", ".smf")


class Unreadable(Exception):
    """A file that is no MIDI file we can read; the message is why, in a few words."""


class Note(NamedTuple):
    """The start of a note."""

    tick: int
    pitch: int
    velocity: int  # 1 to 127
    channel: int  # 0 to 15
    track: int


class TimeSignature(NamedTuple):
    """From this tick on, bars are of this length."""

    tick: int
    numerator: int
    denominator: int


@dataclass(frozen=True)
class Score:
    """One MIDI file: its notes in order of time, its meter, and the names of its tracks."""

    ticks_per_beat: int
    notes: tuple[Note, ...]
    signatures: tuple[TimeSignature, ...]
    track_names: tuple[str, ...]


def read_score(path: Path) -> Score:
    """Read one MIDI file. Raises Unreadable."""
    import mido

    try:
        with path.open("rb") as file:
            if file.read(4) != b"MThd":
                raise Unreadable("not a MIDI file")
            file.seek(0)
            # Data bytes beyond 127 come from sloppy writers, not from damage: clip them.
            midi = mido.MidiFile(file=file, clip=True)
    except OSError as error:
        # mido, too, raises OSError on damage, but then without a number of the system's.
        if error.errno is not None:
            raise Unreadable(f"unreadable: {error.strerror}") from error
        raise Unreadable("a damaged MIDI file") from error
    except EOFError as error:
        raise Unreadable("a MIDI file cut short") from error
    except Unreadable:
        raise
    except Exception as error:  # mido raises nearly anything on bytes that make no sense
        raise Unreadable("a damaged MIDI file") from error

    if midi.type not in (0, 1):
        raise Unreadable("a MIDI file of format 2, whose tracks have no common time")
    if midi.ticks_per_beat <= 0:
        raise Unreadable("timed in film frames, not in beats")

    notes: list[Note] = []
    signatures: list[TimeSignature] = []
    names: list[str] = []
    for index, track in enumerate(midi.tracks):
        tick = 0
        name: list[str] = []
        for message in track:
            tick += message.time
            if message.type == "note_on" and message.velocity > 0:
                notes.append(Note(tick, message.note, message.velocity, message.channel, index))
            elif message.type == "time_signature":
                if message.numerator < 1:
                    raise Unreadable("a damaged MIDI file")
                signatures.append(TimeSignature(tick, message.numerator, message.denominator))
            elif message.type in ("track_name", "instrument_name"):
                name.append(message.name)
        names.append(" ".join(name))
    notes.sort(key=lambda note: note.tick)
    signatures.sort(key=lambda signature: signature.tick)
    return Score(midi.ticks_per_beat, tuple(notes), tuple(signatures), tuple(names))


# Words by which people call a drum part ("Drums", "DRUMKIT 2", "808 kit", "perc_loop").
_DRUM_WORDS = re.compile(r"drum|percuss|\bperc|\bkit\b|\bbeats?\b", re.IGNORECASE)

# The pitches without which hardly any kit plays: kicks, snares, hats.
_KICKS, _SNARES, _HATS = {35, 36}, {37, 38, 39, 40}, {22, 26, 42, 44, 46}


def drum_notes(score: Score, name: str = "") -> list[Note]:
    """The notes of the drum part; none if the file seems to have none.

    What plays on channel 10 is drums. A file with nothing there may still be drums, for many
    programs export a drum clip on channel 1. It is taken for one if a track's name says so;
    or, all notes being on one channel, if the file's name says so or most of the notes are
    kicks, snares and hats of which some sound together (no bass line does that).
    """
    on_channel = [note for note in score.notes if note.channel == DRUM_CHANNEL]
    if on_channel:
        return on_channel
    named = {i for i, track in enumerate(score.track_names) if _says_drums(track)}
    if named:
        return [note for note in score.notes if note.track in named]
    if len({note.channel for note in score.notes}) != 1:
        return []
    if _says_drums(name) or _plays_like_a_kit(score.notes, score.ticks_per_beat):
        return list(score.notes)
    return []


def _says_drums(name: str) -> bool:
    return bool(_DRUM_WORDS.search(name.replace("_", " ").replace("-", " ")))


def _plays_like_a_kit(notes: Iterable[Note], ticks_per_beat: int) -> bool:
    pitches = [note.pitch for note in notes]
    core = _KICKS | _SNARES | _HATS
    if sum(pitch in core for pitch in pitches) * 5 < len(pitches) * 3:
        return False
    if not (set(pitches) & _KICKS and set(pitches) & (_SNARES | _HATS)):
        return False
    together: dict[int, set[int]] = {}
    for note in notes:
        together.setdefault(4 * note.tick // ticks_per_beat, set()).add(note.pitch)
    return any(len(sounding & core) > 1 for sounding in together.values())
