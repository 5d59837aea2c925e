"""The built-in demo corpus as MIDI files, so that all rules do to it what they do to one's own."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import BytesIO, StringIO
from pathlib import Path

from latentrack.corpus.bars import STEPS, STEPS_PER_BEAT
from latentrack.corpus.patterns import WrittenPattern
from latentrack.files import atomic_write
from latentrack.playing.voices import DRUM_CHANNEL

FOLDER = "demo"
_TICKS = 200  # a step: a multiple of 100, for hundredths of a step are whole ticks then
_GATE = 10  # ticks: shorter than from a late hit to an early one on the next step


def write_demo(music: Path) -> None:
    """A file for each style, its patterns one bar after the other. Raises UserError."""
    from latentrack.corpus.demo import demo_patterns

    table = StringIO(newline="")
    rows = csv.writer(table)
    rows.writerow(("midi_filename", "style"))
    for name, patterns in demo_patterns().items():
        path = music / FOLDER / f"{name.removesuffix('.txt')}.mid"
        with atomic_write(path, "the demo corpus") as file:
            file.write(_midi(patterns))
        rows.writerow((path.name, patterns[0].style))
    with atomic_write(music / FOLDER / "info.csv", "the demo corpus") as file:
        file.write(table.getvalue().encode())


def _midi(patterns: Sequence[WrittenPattern]) -> bytes:
    import mido

    midi = mido.MidiFile(type=0, ticks_per_beat=_TICKS * STEPS_PER_BEAT)
    track = mido.MidiTrack([mido.MetaMessage("track_name", name="drums")])
    midi.tracks.append(track)
    events = []
    for bar, pattern in enumerate(patterns):
        for hit in pattern.hits:
            # A file cannot begin before its beginning.
            tick = max(0, round((bar * STEPS + hit.step + hit.timing) * _TICKS))
            events.append((tick, 1, "note_on", hit.pitch, hit.velocity))
            events.append((tick + _GATE, 0, "note_off", hit.pitch, 0))
    now = 0
    for tick, _, kind, pitch, velocity in sorted(events):
        track.append(
            mido.Message(kind, channel=DRUM_CHANNEL, note=pitch, velocity=velocity, time=tick - now)
        )
        now = tick
    written = BytesIO()
    midi.save(file=written)
    return written.getvalue()
