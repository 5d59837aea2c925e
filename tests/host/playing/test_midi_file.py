"""MIDI files carry velocity and timing, and the corpus reads them as they were."""

import io
from pathlib import Path

import mido
import numpy as np
import pytest

from latentrack.corpus import read
from latentrack.playing.midi_file import midi_file
from latentrack.playing.pattern import Pattern


def pattern(velocities: np.ndarray, timing: np.ndarray | None = None) -> Pattern:
    return Pattern(velocities, "drums", ("kick", "snare"), (36, 38), 4, timing)


def notes(file: bytes) -> list[tuple[int, int, int]]:
    """Tick, pitch and velocity of each note_on and note_off, the latter with velocity 0."""
    found, now = [], 0
    for message in mido.MidiFile(file=io.BytesIO(file)).tracks[0]:
        now += message.time
        if message.type in ("note_on", "note_off"):
            found.append((now, message.note, message.velocity if message.type == "note_on" else 0))
    return found


def test_hits_are_as_early_and_late_as_the_pattern_says(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    velocities = np.where(rng.random((16, 2)) < 0.5, rng.integers(1, 128, (16, 2)), 0)
    timing = rng.uniform(-0.45, 0.45, (16, 2))
    velocities[0] = 0  # what is early there would begin before the file
    file = tmp_path / "a.mid"
    file.write_bytes(midi_file([pattern(velocities.astype(np.uint8), timing)], 120))
    again = read([file])
    assert again.velocities is not None and again.offsets is not None
    kick, snare = 0, 1
    assert np.array_equal(again.sequences[0][:, [kick, snare]] > 0, velocities > 0)
    assert np.array_equal(again.spread(again.velocities)[0][:, :2], velocities)
    wanted = np.where(velocities > 0, timing, 0)
    # A tick is 1/120 of a step.
    np.testing.assert_allclose(again.spread(again.offsets)[0][:, :2], wanted, atol=1 / 120)


def test_a_note_ends_where_the_next_of_its_pitch_begins() -> None:
    velocities = np.array([[0, 0], [90, 0], [80, 0], [0, 0]], np.uint8)
    timing = np.array([[0, 0], [0.25, 0], [-0.25, 0], [0, 0]])
    assert notes(midi_file([pattern(velocities, timing)], 120)) == [
        (150, 36, 90),
        (210, 36, 0),
        (210, 36, 80),
        (330, 36, 0),
    ]


def test_nothing_begins_before_the_file_and_the_end_is_never_cut() -> None:
    velocities = np.array([[90, 0], [0, 70]], np.uint8)
    timing = np.array([[-0.5, 0], [0, 0.5]])
    assert notes(midi_file([pattern(velocities, timing)], 120)) == [
        (0, 36, 90),
        (120, 36, 0),
        (180, 38, 70),
        (300, 38, 0),
    ]


@pytest.mark.parametrize("repeats", [0, 65])
def test_a_file_has_a_pattern_and_not_too_many(repeats: int) -> None:
    with pytest.raises(ValueError, match="1 to 64"):
        midi_file([pattern(np.ones((4, 2), np.uint8))], 120, repeats=repeats)
