"""Patterns as a standard MIDI file, which this program's corpus reads as it was."""

from __future__ import annotations

import io
from collections.abc import Sequence

from latentrack.playing.pattern import Pattern
from latentrack.playing.voices import DRUM_CHANNEL

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
    the first in each pattern anew, as the module does. A hit is as early or late as the pattern's
    timing says, but none begins before the file does. Nothing swings.
    """
    import mido

    if not patterns or not 1 <= repeats <= MOST_REPEATS:
        raise ValueError("a file has one pattern or more, 1 to 64 times over")
    first = patterns[0]
    beats, unit = (int(number) for number in meter.split("/"))
    channel = DRUM_CHANNEL if first.kind == "drums" else 0
    hits: list[tuple[int, int, int, int]] = []  # tick, pitch, velocity, its length at most
    start = 0
    for _ in range(repeats):
        for pattern in patterns:
            length = TICKS_PER_BEAT // pattern.steps_per_beat
            count = 0
            for step in range(pattern.steps):
                struck = pattern.struck(step, count)
                count += len(struck)
                for (_, pitch, velocity), late in zip(struck, pattern.offsets(step), strict=True):
                    tick = max(0, start + round((step + late) * length))
                    hits.append((tick, pitch, velocity, length))
            start += pattern.steps * length
    events = _on_and_off(hits)
    start = max([start, *(tick for tick, *_ in events)])
    track = mido.MidiTrack()
    track.append(mido.MetaMessage("track_name", name=_NAMES[first.kind]))
    track.append(mido.MetaMessage("set_tempo", tempo=round(60_000_000 / tempo)))
    track.append(mido.MetaMessage("time_signature", numerator=beats, denominator=unit))
    now = 0
    for tick, on, pitch, velocity in events:
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


def _on_and_off(hits: list[tuple[int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    """(tick, 0 off or 1 on, pitch, velocity), in order: what ends comes before what begins.

    A note ends where the next one of its pitch begins, which may be early.
    """
    events = []
    begins: dict[int, list[int]] = {}
    for tick, pitch, *_ in hits:
        begins.setdefault(pitch, []).append(tick)
    for tick, pitch, velocity, length in hits:
        later = [next_tick for next_tick in begins[pitch] if tick < next_tick < tick + length]
        events += [(tick, 1, pitch, velocity), (min([tick + length, *later]), 0, pitch, 0)]
    return sorted(events)


def meter_of(steps: int, steps_per_beat: int) -> str:
    """The time signature of so many steps, if notes of a power of two make it up; else 4/4."""
    unit = 4
    while steps * unit % (4 * steps_per_beat):
        unit *= 2
        if unit > 64:
            return "4/4"
    beats = steps * unit // (4 * steps_per_beat)
    return f"{beats}/{unit}" if beats <= 255 else "4/4"
