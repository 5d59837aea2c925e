"""Notes: which parts are taken, and what is done to their pitches."""

import mido
import numpy as np
import pytest

from latentrack.corpus import read
from latentrack.corpus.harmony import transposition
from latentrack.errors import UserError
from tests.host.corpus.midi_files import STEP, write_midi, write_parts

BAR = 16 * STEP


def melody(*pitches, at=0, velocity=80):
    return [(at + index * STEP, pitch, velocity) for index, pitch in enumerate(pitches)]


def notes_of(made):
    """Per sequence the (step, pitch) pairs."""
    lowest = made.lowest_pitch
    return [{(int(s), int(v) + lowest) for s, v in np.argwhere(bar)} for bar in made.sequences]


@pytest.fixture
def band(tmp_path):
    return write_parts(
        tmp_path / "band.mid",
        ("Lead Voice", 52, 0, melody(72, 74)),
        ("Slap Bass", 36, 1, melody(40, 43, 45)),
        ("Organ", 19, 4, melody(60, 64)),
        ("Drums", 0, 9, melody(36, 38, 42)),
    )


def test_each_part_gives_its_own_sequences(band):
    made = read([band], kind="notes")
    assert notes_of(made) == [{(0, 72), (1, 74)}, {(0, 40), (1, 43), (2, 45)}, {(0, 60), (1, 64)}]
    assert made.kind == "notes" and made.groups == ()
    assert made.lowest_pitch == 40 and made.voices == 35
    assert (made.voice_names[0], made.voice_names[20], made.voice_names[-1]) == ("E2", "C4", "D5")
    assert [(d.what, d.reason, d.count) for d in made.discarded] == [("notes", "of drum parts", 3)]


def test_parts_together_are_one_sequence(band):
    made = read([band], kind="notes", merge=True)
    assert notes_of(made) == [
        {(0, 72), (1, 74), (0, 40), (1, 43), (2, 45), (0, 60), (1, 64)},
    ]


def test_all_pitches_can_be_voices(band):
    made = read([band], kind="notes", trim=False)
    assert made.voices == 128 and made.lowest_pitch == 0
    assert notes_of(made)[0] == {(0, 72), (1, 74)}


@pytest.mark.parametrize(
    ("include", "exclude", "lowest"),
    [
        (["bass"], [], {40}),
        (["NAME:*bass"], [], {40}),
        (["name:bass*"], [], None),
        (["bass", "voice"], [], {40, 72}),
        ([], ["bass"], {60, 72}),
        (["program:37"], [], {40}),
        (["program:20-53"], [], {40, 60, 72}),
        (["program:20-53"], ["program:37-37"], {60, 72}),
        (["program:*organ*"], [], {60}),
        (["program:choir"], [], {72}),
        (["program:voice*"], [], None),
        (["program:choir", "program:rock*"], [], {72}),
        (["channel:2"], [], {40}),
        (["channel:1-2"], ["voice"], {40}),
        (["channel:2", "name:voice"], [], None),
        (["channel:6-16"], [], None),
        (["file:BAND*"], [], {40, 60, 72}),
        (["file:*choir*"], [], None),
        ([], ["file:band"], None),
    ],
)
def test_patterns_choose_parts(band, include, exclude, lowest):
    rules = {"kind": "notes", "include": include, "exclude": exclude}
    if lowest is None:
        with pytest.raises(UserError, match="the filters|no part but drums"):
            read([band], **rules)
    else:
        made = read([band], **rules)
        assert {min(pitch for _, pitch in bar) for bar in notes_of(made)} == lowest


@pytest.mark.parametrize("pattern", ["", "pitch:3", "channel:0", "channel:bass", "program:0-5",
                                     "program:129", "program:9-3", "name:"])  # fmt: skip
def test_patterns_that_mean_nothing_are_refused(band, pattern):
    with pytest.raises(UserError, match="pattern"):
        read([band], kind="notes", include=[pattern])


def test_octaves_are_made_alike(tmp_path):
    low, middle = melody(31, 38), melody(60, 67, 74)
    high = [(tick + BAR, pitch, 80) for tick, pitch, _ in melody(62, 65)]
    top = [(tick + 2 * BAR, pitch, 80) for tick, pitch, _ in melody(95, 97)]
    file = write_parts(tmp_path / "a.mid", ("one", 0, 0, low), ("two", 0, 1, middle + high + top))
    made = read([file], kind="notes", octaves=True)
    # most have their lowest note in the octave from 60
    assert notes_of(made) == [
        {(0, 67), (1, 74)},
        {(0, 60), (1, 67), (2, 74)},
        {(0, 62), (1, 65)},
        {(0, 71), (1, 73)},
    ]


SCALE = (0, 2, 4, 5, 7, 9, 11, 12, 7, 4, 0)
MINOR = (0, 2, 3, 5, 7, 8, 7, 3, 12, 7, 3, 0)


@pytest.mark.parametrize("up", range(12))
def test_keys_are_made_common(tmp_path, up):
    for name, degrees, home in (("major", SCALE, 0), ("minor", MINOR, 9)):
        tonic = 60 + (home + up) % 12
        tune = melody(*(tonic + degree for degree in degrees))
        made = read([write_parts(tmp_path / f"{name}.mid", ("x", 0, 0, tune))], kind="notes",
                    common_key=True)  # fmt: skip
        first = next(pitch for step, pitch in notes_of(made)[0] if step == 0)
        assert first % 12 == home
        assert abs(first - tonic) <= 6


def test_a_transposed_pitch_stays_a_pitch():
    major = np.array([0, 2, 4, 5, 7, 9, 11, 0, 4, 7, 12, 0])
    assert transposition(major + 62) == -2
    # D major from pitch 1 on would come to -1, A flat major up to 127 to 131
    assert transposition(np.concatenate([major + 14, [1]])) == 10
    assert transposition(major + 104) == 4
    assert transposition(np.concatenate([major + 104, [124]])) == -8


def test_velocities_stay_with_their_pitches(tmp_path):
    parts = ("a", 0, 0, melody(60, 64, velocity=30)), ("b", 0, 1, melody(67, 60, velocity=90))
    made = read([write_parts(tmp_path / "a.mid", *parts)], kind="notes", merge=True)
    loud = made.spread(made.velocities)[0]
    low = made.lowest_pitch
    assert (loud[0, 60 - low], loud[0, 67 - low], loud[1, 64 - low], loud[1, 60 - low]) == (
        30, 90, 30, 90,
    )  # fmt: skip


def test_drums_alone_are_no_notes(tmp_path):
    with pytest.raises(UserError, match="no part but drums"):
        read([write_midi(tmp_path / "a.mid", [(0, 36), (STEP, 38)])], kind="notes")


def test_drums_have_no_program_of_their_own(band):
    # The drum channel's program is a kit; 1 is the piano of all others.
    assert read([band], include=["program:drums"]).hits == 3
    with pytest.raises(UserError, match="matches the filters"):
        read([band], include=["program:*piano*"])


def test_drum_parts_can_stay_apart(tmp_path):
    kick, snare = melody(36, 36), [(t, p, v) for t, p, v in melody(38, 38)]
    parts = ("kick", 0, 9, kick), ("snare", 0, 9, snare)
    file = write_parts(tmp_path / "a.mid", *parts)
    assert read([file]).sequences.sum(axis=1).tolist()[0][:2] == [2, 2]
    assert read([file], merge=False).sequences.sum(axis=1)[:, :2].tolist() == [[2, 0], [0, 2]]


@pytest.mark.parametrize("merge", [True, False])
def test_the_chorales_read_wholly(shared_data, merge):
    """One voice, and four merged, against a count that knows only mido."""
    folder = shared_data / "chorales"
    include = () if merge else ("soprano",)
    made = read([folder], kind="notes", merge=merge, include=include)
    want, lowest, highest = [], 127, 0
    for file in sorted(folder.rglob("*.mid"), key=lambda path: path.relative_to(folder).parts):
        midi = mido.MidiFile(file)
        bars = {}
        for track in midi.tracks:
            if not merge and track.name != "Soprano":
                continue
            tick = 0
            for message in track:
                tick += message.time
                if message.type == "note_on" and message.velocity:
                    step, rest = divmod(tick * 4, midi.ticks_per_beat)
                    assert rest == 0
                    bars.setdefault(step // 16, set()).add((step % 16, message.note))
        for _, bar in sorted(bars.items()):
            if len(bar) >= 2:
                want.append(bar)
                pitches = [pitch for _, pitch in bar]
                lowest, highest = min(lowest, *pitches), max(highest, *pitches)
    assert notes_of(made) == want
    assert (made.lowest_pitch, made.voices) == (lowest, highest - lowest + 1)
    assert made.files == 305
    assert set(made.offsets.tolist()) == {0.0}
