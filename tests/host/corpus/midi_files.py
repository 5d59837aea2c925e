"""Writes the small MIDI files that the corpus tests read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import mido

TICKS = 480
STEP = TICKS // 4


def write_parts(
    path: Path,
    *parts: tuple[str, int, int, Iterable[tuple[int, int, int]]],
    signatures: Iterable[tuple[int, int, int]] = (),
) -> Path:
    """Write parts of (name, program, channel, (tick, pitch, velocity) notes), a track each."""
    midi = mido.MidiFile(type=1, ticks_per_beat=TICKS)
    head = mido.MidiTrack()
    for tick, numerator, denominator in signatures:
        meter = mido.MetaMessage("time_signature", numerator=numerator, denominator=denominator)
        head.append(meter.copy(time=tick))
    midi.tracks.append(head)
    for name, program, channel, notes in parts:
        track = mido.MidiTrack([mido.MetaMessage("track_name", name=name)])
        track.append(mido.Message("program_change", program=program, channel=channel))
        events = []
        for tick, pitch, velocity in notes:
            on = mido.Message("note_on", note=pitch, velocity=velocity, channel=channel)
            events.append((tick, 1, on))
            off = mido.Message("note_off", note=pitch, channel=channel)
            events.append((tick + STEP // 2, 0, off))
        now = 0
        for tick, _, message in sorted(events, key=lambda event: event[:2]):
            track.append(message.copy(time=tick - now))
            now = tick
        midi.tracks.append(track)
    path.parent.mkdir(parents=True, exist_ok=True)
    midi.save(path)
    return path


def write_midi(
    path: Path,
    notes: Iterable[tuple[int, int]],
    *,
    signatures: Iterable[tuple[int, int, int]] = (),
    channel: int = 9,
    name: str = "",
    midi_type: int = 1,
    ticks_per_beat: int = TICKS,
) -> Path:
    """Write one track of (tick, pitch) notes and (tick, numerator, denominator) meters."""
    events: list[tuple[int, int, object]] = []
    for tick, numerator, denominator in signatures:
        meter = mido.MetaMessage("time_signature", numerator=numerator, denominator=denominator)
        events.append((tick, 0, meter))
    for tick, pitch in notes:
        on = mido.Message("note_on", note=pitch, velocity=90, channel=channel)
        # Half of all programs end a note with a note_on of velocity 0.
        off = mido.Message("note_on", note=pitch, velocity=0, channel=channel)
        events += [(tick, 2, on), (tick + 10, 1, off)]
    track = mido.MidiTrack()
    if name:
        track.append(mido.MetaMessage("track_name", name=name, time=0))
    now = 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        track.append(message.copy(time=tick - now))
        now = tick
    midi = mido.MidiFile(type=midi_type, ticks_per_beat=ticks_per_beat)
    midi.tracks.append(track)
    path.parent.mkdir(parents=True, exist_ok=True)
    midi.save(path)
    return path
