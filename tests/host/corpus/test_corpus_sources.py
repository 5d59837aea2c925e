"""Zip archives, and what a file of MIDI becomes."""

import io
import zipfile

import mido
import numpy as np
import pytest

from latentrack.corpus import read
from latentrack.corpus.midi import read_score
from latentrack.errors import UserError
from tests.host.corpus.midi_files import STEP, write_midi, write_parts

BEAT = [(0, 36), (4 * STEP, 38)]


def packed(path, members, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.fixture
def beat(tmp_path):
    return write_midi(tmp_path / "beat.mid", BEAT).read_bytes()


def test_archives_are_read_like_folders(tmp_path, beat):
    table = "midi_filename,style\nb.mid,funk\n"
    members = {"b.mid": beat, "in/a.MID": beat, "notes.txt": b"x", "__MACOSX/._b.mid": b"x",
               "__MACOSX/c.mid": b"x",
               "in/._a.mid": b"x", "info.csv": table}  # fmt: skip
    made = read([packed(tmp_path / "beats.zip", members)])
    assert made.sources == ("b.mid", "in/a.MID")
    assert made.styles == ("funk", "")
    assert made.discarded == ()


def test_archives_in_folders_are_read_too(tmp_path, beat):
    packed(tmp_path / "m" / "x" / "pack.ZIP", {"a.mid": beat})
    (tmp_path / "m" / "b.mid").write_bytes(beat)
    assert read([tmp_path / "m"]).sources == ("b.mid", "x/pack.ZIP/a.mid")
    packed(tmp_path / "n.zip", {"a.mid": beat})
    assert read([tmp_path / "m", tmp_path / "n.zip"]).sources == (
        "m/b.mid",
        "m/x/pack.ZIP/a.mid",
        "n.zip/a.mid",
    )


def test_broken_archives_in_a_folder_are_counted(tmp_path, beat):
    folder = tmp_path / "m"
    folder.mkdir()
    (folder / "good.mid").write_bytes(beat)
    (folder / "text.zip").write_text("no archive")
    whole = packed(tmp_path / "whole.zip", {"a.mid": beat * 50}).read_bytes()
    damaged = bytearray(whole)
    damaged[60:70] = bytes(10)
    (folder / "damaged.zip").write_bytes(damaged)
    made = read([folder])
    assert {(d.reason, d.examples) for d in made.discarded} == {
        ("damaged in its archive", ("damaged.zip/a.mid",)),
        ("not a whole zip archive", ("text.zip",)),
    }


def test_an_archive_named_alone_that_is_no_good_is_an_error(tmp_path, beat):
    (tmp_path / "text.zip").write_text("no archive")
    with pytest.raises(UserError, match=r"text\.zip cannot be used .not a whole zip"):
        read([tmp_path / "text.zip"])
    with pytest.raises(UserError, match="empty.zip holds no MIDI files"):
        read([packed(tmp_path / "empty.zip", {"a.txt": b""})])
    locked = bytearray(packed(tmp_path / "locked.zip", {"a.mid": beat}).read_bytes())
    # The bit that says "encrypted", in the member's own header and in the directory's.
    for mark, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        locked[locked.index(mark) + at] |= 1
    (tmp_path / "locked.zip").write_bytes(locked)
    with pytest.raises(UserError, match=r"locked\.zip/a\.mid cannot be used .locked with a pass"):
        read([tmp_path / "locked.zip"])


def notes_of(score):
    return sorted(
        (part.drums, *note)
        for part in score.parts
        for note in zip(
            part.ticks.tolist(), part.pitches.tolist(), part.velocities.tolist(), strict=True
        )
    )


def written(*messages, ends=True):
    midi = mido.MidiFile(ticks_per_beat=480)
    midi.tracks.append(mido.MidiTrack(messages))
    file = io.BytesIO()
    midi.save(file=file)
    return file.getvalue()


def on(pitch, time=0, channel=9):
    return mido.Message("note_on", note=pitch, velocity=80, time=time, channel=channel)


def test_notes_that_never_end_are_read(tmp_path):
    # a hi-hat struck four times and a kick once, and not one note_off
    data = written(on(42), on(36), on(42, 120), on(42, 120), on(42, 120))
    assert notes_of(read_score(data)) == [
        (True, 0, 36, 80), (True, 0, 42, 80), (True, 120, 42, 80), (True, 240, 42, 80),
        (True, 360, 42, 80),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("stored", "read_as"), [(b"Tromm\xc3\xa9l", "Tromm\xe9l"), (b"Tromm\xe9l", "Tromm\xe9l")]
)
def test_names_in_every_alphabet(stored, read_as):
    off = mido.Message("note_off", note=36, time=10, channel=9)
    name = mido.MetaMessage("track_name", name=stored.decode("latin-1"))
    data = written(name, on(36), off)
    assert read_score(data).parts[0].name == read_as


def test_bytes_of_sloppy_writers_are_read_alike(tmp_path):
    data = bytearray(written(on(36), on(38, 120), mido.Message("note_off", note=36, channel=9)))
    at = data.index(bytes([36, 80]))
    data[at + 1] = 200
    loud = {(tick, pitch): velocity for _, tick, pitch, velocity in notes_of(read_score(data))}
    assert loud == {(0, 36): 127, (120, 38): 80}


def test_other_chunks_are_no_tracks():
    off = mido.Message("note_off", note=36, time=10, channel=9)
    data = written(on(36), off)
    other = b"XFIH" + data[18:]  # of the same form, but none of MIDI's
    assert notes_of(read_score(data[:14] + other + data[14:])) == notes_of(read_score(data))


def test_an_unended_track_is_read():
    data = written(on(36), on(38, 120), mido.Message("note_off", note=36, channel=9))
    cut = data[:18] + (len(data) - 22 - 4).to_bytes(4, "big") + data[22:-4]
    assert notes_of(read_score(cut)) == notes_of(read_score(data))


def test_channels_are_told(tmp_path):
    file = write_parts(tmp_path / "a.mid", ("a", 1, 4, [(0, 60, 80)]), ("b", 1, 9, [(0, 36, 80)]))
    data = file.read_bytes()
    assert [p.channel for p in read_score(data).parts] == [4, 9]
    assert [p.drums for p in read_score(data).parts] == [False, True]


def test_any_bytes_are_a_score_or_unreadable(tmp_path):
    from latentrack.corpus.unreadable import Unreadable

    good = write_parts(
        tmp_path / "a.mid",
        ("a", 1, 4, [(STEP * i, 60 + i, 80) for i in range(20)]),
        signatures=[(0, 4, 4)],
    ).read_bytes()
    chance = np.random.default_rng(2)
    outcomes = set()
    for _ in range(2000):
        content = bytearray(good)
        for _ in range(chance.integers(1, 4)):
            content[chance.integers(len(content))] = chance.integers(256)
        try:
            score = read_score(bytes(content[: chance.integers(14, len(content) + 99)]))
            outcomes.add("read")
            for part in score.parts:
                assert part.ticks.min() >= 0 and (np.diff(part.ticks) >= 0).all()
                assert 0 <= part.pitches.min() and part.pitches.max() <= 127
                assert 1 <= part.velocities.min() and part.velocities.max() <= 127
        except Unreadable:
            outcomes.add("refused")
    assert outcomes == {"read", "refused"}
