"""Patterns as a standard MIDI file, which this program's corpus reads as it was."""

from __future__ import annotations

import io
from collections.abc import Sequence

from latentrack.corpus.midi import DRUM_CHANNEL
from latentrack.playing.pattern import Pattern

TICKS_PER_BEAT = 480
MOST_REPEATS = 64
# By these names programs, ours too, know a part for what it is.
_NAMES = {"drums": "Drums", "notes": "Notes", "rhythm": "Percussion"}


def midi_file(
    patterns: Sequence[Pattern],
    tempo: float,
    meter: str = "4/4",
    repeats: int = 1,
) -> bytes:
    """The bytes of a file in which these patterns are played one after the other.

    tempo: quarter notes a minute.  repeats: so many times over.  Drums are on channel 10, notes and
    rhythms on channel 1. A note is as long as a step. A rhythm takes its pitches in turn, and with
    the first in each pattern anew, as the module does. Nothing swings: steps lie on the grid.
    """
    import mido

    if not patterns or not 1 <= repeats <= MOST_REPEATS:
        raise ValueError("a file has one pattern or more, 1 to 64 times over")
    first = patterns[0]
    beats, unit = (int(number) for number in meter.split("/"))
    channel = DRUM_CHANNEL if first.kind == "drums" else 0
    # (tick, 0 off or 1 on, pitch, velocity): what ends comes before what begins.
    events: list[tuple[int, int, int, int]] = []
    start = 0
    for _ in range(repeats):
        for pattern in patterns:
            length = TICKS_PER_BEAT // pattern.steps_per_beat
            count = 0
            for step in range(pattern.steps):
                struck = pattern.struck(step, count)
                count += len(struck)
                for _, pitch, velocity in struck:
                    tick = start + step * length
                    events.append((tick, 1, pitch, velocity))
                    events.append((tick + length, 0, pitch, 0))
            start += pattern.steps * length
    track = mido.MidiTrack()
    track.append(mido.MetaMessage("track_name", name=_NAMES[first.kind]))
    track.append(mido.MetaMessage("set_tempo", tempo=round(60_000_000 / tempo)))
    track.append(mido.MetaMessage("time_signature", numerator=beats, denominator=unit))
    now = 0
    for tick, on, pitch, velocity in sorted(events):
        kind = "note_on" if on else "note_off"
        track.append(
            mido.Message(kind, channel=channel, note=pitch, velocity=velocity, time=tick - now)
        )
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=start - now))
    whole = mido.MidiFile(type=0, ticks_per_beat=TICKS_PER_BEAT, tracks=[track])
    written = io.BytesIO()
    whole.save(file=written)
    return written.getvalue()


def meter_of(steps: int, steps_per_beat: int) -> str:
    """The time signature of so many steps, if notes of a power of two make it up; else 4/4."""
    unit = 4
    while steps * unit % (4 * steps_per_beat):
        unit *= 2
        if unit > 64:
            return "4/4"
    beats = steps * unit // (4 * steps_per_beat)
    return f"{beats}/{unit}" if beats <= 255 else "4/4"
