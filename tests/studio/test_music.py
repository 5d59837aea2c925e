"""The corpus of the studio without a browser: files in, rules, what is read, what is taken out."""

from __future__ import annotations

import json
import os
import re
import struct
import threading
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import mido
import numpy as np
import pytest

from latentrack.corpus import Dataset, Rules, demo_dataset, read
from latentrack.corpus.dataset import COUNTED
from latentrack.corpus.reader import NO_MUSIC
from latentrack.errors import UserError
from latentrack.studio.music import music as music_module
from latentrack.studio.music import reading
from latentrack.studio.music.intake import safe_parts
from latentrack.studio.music.left_out import TITLES
from latentrack.studio.music.music import Music
from latentrack.studio.music.pictures import in_words, picture, top_down
from latentrack.studio.workspace import Workspace
from tests.host.corpus.odd_midi import odd, sixteenths
from tests.waiting import PATIENCE_S, until

STEP = 120  # ticks: a sixteenth at 480 a beat


def midi_bytes(notes: Sequence[tuple[int, int, int]], channel: int = 9) -> bytes:
    """A MIDI file of (step, pitch, velocity)."""
    import io

    midi = mido.MidiFile(type=0, ticks_per_beat=480)
    track = mido.MidiTrack()
    midi.tracks.append(track)
    events = [(step * STEP, 1, pitch, velocity) for step, pitch, velocity in notes]
    events += [(step * STEP + 60, 0, pitch, 0) for step, pitch, _ in notes]
    now = 0
    for tick, _, pitch, velocity in sorted(events):
        track.append(
            mido.Message("note_on", channel=channel, note=pitch, velocity=velocity, time=tick - now)
        )
        now = tick
    written = io.BytesIO()
    midi.save(file=written)
    return written.getvalue()


# Kick on the beat, snare on two and four: two bars, the second with a louder kick on its one.
BEAT = midi_bytes(
    [(0, 36, 90), (4, 38, 100), (8, 36, 90), (12, 38, 100)]
    + [(16, 36, 120), (20, 38, 100), (24, 36, 50), (28, 38, 100)]
)
OTHER = midi_bytes([(0, 36, 90), (2, 42, 80), (6, 42, 80), (10, 46, 80)])
TUNE = midi_bytes([(0, 60, 90), (4, 64, 90), (8, 67, 90)], channel=0)


def batch(*files: tuple[str, bytes | None] | tuple[str, bytes | None, int], last: bool = True):
    """A request's bytes; a file without content, or of another size than it says."""
    told, contents = [], b""
    for name, content, *size in files:
        whole = size[0] if size else len(content or b"")
        told.append({"name": name, "size": whole, "sent": content is not None})
        contents += content or b""
    listed = json.dumps({"files": told, "last": last}).encode()
    return struct.pack(">I", len(listed)) + listed + contents


def send(music: Music, data: bytes, piece: int = 1000) -> object:
    taken = music.intake.batch()
    try:
        for start in range(0, len(data), piece):
            taken.feed(data[start : start + piece])
        taken.end()
    finally:
        taken.close()
        music.received(taken.last)
    music.wait()
    return taken


def below(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


@pytest.fixture
def music(tmp_path: Path):
    made = Music(Workspace(tmp_path / "studio"))
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "studio"


@pytest.mark.parametrize("piece", [1, 7, 100_000])
def test_a_batch_in_pieces_of_any_length_arrives_whole(music, folder, piece):
    files = [("a.mid", BEAT), ("deep/er/b.mid", OTHER), ("empty.mid", b"")]
    taken = send(music, batch(*files), piece)
    assert (taken.taken, taken.same, taken.refused) == (3, 0, 0)
    assert below(folder / "music") == ["a.mid", "deep/er/b.mid", "empty.mid"]
    for name, content in files:
        assert (folder / "music" / name).read_bytes() == content
    assert below(folder / "incoming") == []


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"bars": 2},
        {"steps_per_beat": 3},
        {"meter": "any", "minimum_notes": 4},
        {"kind": "notes"},
        {"kind": "rhythm"},
        {"exclude": ("file:*other*",)},
        {"off_grid": "drop", "unique": True},
    ],
)
def test_the_rules_give_what_the_reader_gives(music, folder, changes):
    send(music, batch(("beat.mid", BEAT), ("x/other.mid", OTHER), ("tune.mid", TUNE)))
    music.change_rules(**changes)
    music.wait()
    assert music.error == ""
    expected = read([folder / "music"], Rules(**changes), cache=False)
    kept = Dataset.load(folder / "dataset.npz")
    for made in (music.dataset, kept):
        assert made.digest == expected.digest
        assert made.sources == expected.sources
        assert made.recipe == expected.recipe
        assert (made.velocities == expected.velocities).all()
    told = {(d.what, d.reason): d.count for d in music.state.discarded}
    assert {key: count for key, count in told.items()} == {
        (d.what, d.reason): d.count for d in expected.discarded
    }


def test_a_files_bars_are_the_notes_in_it(music):
    send(music, batch(("beat.mid", BEAT)))
    assert [(file.name, file.count, file.why) for file in music.reading.files] == [
        ("beat.mid", 2, "")
    ]
    names = music.dataset.voice_names
    first, second = (
        sorted(tuple(bar[i : i + 3]) for i in range(0, len(bar), 3))
        for bar in music.reading.bars("beat.mid")
    )
    kick, snare = names.index("kick"), names.index("snare")
    assert first == [(0, kick, 90), (4, snare, 100), (8, kick, 90), (12, snare, 100)]
    assert second == [(0, kick, 120), (4, snare, 100), (8, kick, 50), (12, snare, 100)]
    assert music.reading.bars("beat.mid", 1, 1) == [music.reading.bars("beat.mid")[1]]
    assert music.reading.bars("none.mid") == []


def test_files_that_give_nothing_say_why(music):
    waltz = midi_bytes([(0, 36, 90)])
    send(music, batch(("beat.mid", BEAT), ("bad.mid", b"no"), ("t.mid", TUNE), ("one.mid", waltz)))
    why = {file.name: file.why for file in music.reading.files}
    assert why == {
        "beat.mid": "",
        "bad.mid": "not a MIDI file",
        "t.mid": "no drum part: nothing on channel 10, and nothing that looks like a kit",
        "one.mid": "1 bar with fewer than 2 hits",
    }


def test_all_that_the_reader_counts_is_told(music):
    """A meter that is none, a track that breaks off, and a kit two octaves too high."""
    high = sixteenths([(step, 60) for step in (0, 8)] + [(step, 66) for step in range(16)])
    beat = sixteenths([(0, 36), (4, 38), (8, 36), (12, 38)])
    sent = batch(
        ("meter.mid", odd(beat)["a meter of no beats"]),
        ("cut.mid", odd(beat)["as it should be"][:-9]),
        ("high.mid", odd(high)["as it should be"]),
    )
    send(music, sent)
    assert [(one.what, one.reason, one.examples) for one in music.state.discarded] == [
        ("tracks", "cut short: what there is of them is read", ("cut.mid",)),
        ("meters", "that make no sense, such as 0/4", ("meter.mid",)),
        (
            "hints",
            "with a kit 24 semitones too high: say --transpose -24",
            ("high.mid",),
        ),
    ]
    assert set(COUNTED) <= set(TITLES)
    assert reading.in_page_words(music.state.discarded[-1].reason) == (
        "with a kit 24 semitones too high: under More, transpose by -24"
    )


def test_what_is_no_music_is_noted_with_the_readers_reason(music, folder):
    send(
        music,
        batch(
            ("beat.mid", BEAT),
            ("letter.txt", b"dear all"),
            ("film.mov", None, 4_000_000_000),
            ("tune", BEAT),  # MIDI, whose name does not say so
            (".DS_Store", b"\0"),
            ("__MACOSX/._beat.mid", b"\0"),
            ("list.csv", b"a,b"),
            ("lost.mid", None, 100),
        ),
    )
    assert below(folder / "music") == ["beat.mid", "tune.mid"]
    assert music.state.noted == {
        "letter.txt": NO_MUSIC,
        "film.mov": NO_MUSIC,
        "list.csv": "no music; of tables only info.csv is read, for the styles in it",
        "lost.mid": "which the browser could not read",
    }
    # The reader, asked for the file itself, says the same.
    letter = folder / "letter.txt"
    letter.write_text("dear all")
    with pytest.raises(UserError) as said:
        read([letter])
    assert NO_MUSIC in str(said.value)
    told = [(d.count, d.examples) for d in music.state.discarded if d.reason == NO_MUSIC]
    assert told == [(2, ("letter.txt", "film.mov"))]


def test_styles_come_with_info_csv(music):
    table = b"midi_filename,style\nbeat.mid,rock\n"
    send(music, batch(("x/beat.mid", BEAT), ("x/info.csv", table)))
    assert set(music.dataset.styles) == {"rock"}


HOSTILE = [
    "../../escape.mid",
    "/etc/absolute.mid",
    "C:\\windows\\drive.mid",
    "..\\..\\back.mid",
    "a/../../b.mid",
    "nul\0byte.mid",
    "line\nbreak.mid",
    "con.mid",
    "....//....//dots.mid",
    "x" * 500 + ".mid",
    "/".join(["deep"] * 100) + "/end.mid",
    "é" * 200 + ".mid",
    "\ud800lone.mid",
    " . /  .mid",
    "",
    "folder/..",
]


def test_hostile_names_stay_below_the_folder_of_music(music, folder):
    send(music, batch(*((name, midi_bytes([(i, 36, 90)])) for i, name in enumerate(HOSTILE))))
    inside = below(folder / "music")
    assert len(inside) == len(HOSTILE)
    everything = {p.resolve() for p in folder.parent.rglob("*.mid")}
    assert everything == {(folder / "music" / name).resolve() for name in inside}
    for name in inside:
        assert all(len(part.encode()) < 200 for part in name.split("/"))
        assert name.endswith(".mid")


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("a/b.mid", ("a", "b.mid")),
        ("../a.mid", ("a.mid",)),
        ("C:/a.mid", ("C_", "a.mid")),
        ("CON.mid", ("_CON.mid",)),
        ("a:b?.mid", ("a_b_.mid",)),
        ("Drums & Bass #1 (é).mid", ("Drums & Bass #1 (é).mid",)),
        ("..", ("unnamed",)),
    ],
)
def test_names_are_kept_as_far_as_they_can_be(name, parts):
    assert safe_parts(name) == parts


def test_no_file_takes_anothers_place(music, folder):
    send(music, batch(("a.mid", BEAT)))
    again = send(music, batch(("a.mid", BEAT)))
    assert (again.taken, again.same) == (0, 1)
    send(music, batch(("a.mid", OTHER), ("a.mid/b.mid", TUNE)))
    assert below(folder / "music") == ["a-2.mid", "a.mid", "a.mid_/b.mid"]
    assert (folder / "music" / "a.mid").read_bytes() == BEAT
    assert (folder / "music" / "a-2.mid").read_bytes() == OTHER


def test_a_link_leads_no_file_away(music, folder, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (folder / "music").mkdir(parents=True)
    (folder / "music" / "link").symlink_to(elsewhere)
    send(music, batch(("link/a.mid", BEAT)))
    assert below(elsewhere) == []
    assert (folder / "music" / "link_" / "a.mid").read_bytes() == BEAT


@pytest.mark.parametrize(
    "data",
    [
        batch(("a.mid", BEAT), ("b.mid", OTHER))[:-10],
        batch(("a.mid", BEAT)) + b"more",
        b"\xff\xff\xff\xff" + b"x" * 100,
        struct.pack(">I", 4) + b"nope",
        struct.pack(">I", 2) + b"[]",
        struct.pack(">I", 9) + b'{"files":',
        b"\0\0",
    ],
)
def test_a_batch_that_breaks_off_leaves_no_part_of_a_file(music, folder, data):
    with pytest.raises(ValueError):
        send(music, data)
    for name in below(folder / "music"):
        assert name == "a.mid"
        assert (folder / "music" / name).read_bytes() == BEAT
    assert below(folder / "incoming") == []


def test_what_a_killed_studio_left_half_is_gone_at_the_next_start(music, folder):
    taken = music.intake.batch()
    taken.feed(batch(("a.mid", BEAT))[:-10])
    assert below(folder / "incoming") and not below(folder / "music")
    Music(Workspace(folder)).close()
    assert below(folder / "incoming") == []


def test_too_large_a_file_is_refused_before_it_comes(music, folder):
    size = 200_000_000
    taken = music.intake.batch()
    head = batch(("big.mid", b"", size), ("a.mid", BEAT))
    taken.feed(head[: -len(BEAT)])
    for _ in range(199):
        taken.feed(bytes(1_000_000))
        assert below(folder / "incoming") == []
    taken.feed(bytes(1_000_000))
    taken.feed(BEAT)
    taken.end()
    assert (taken.taken, taken.refused) == (1, 1)
    music.received(last=True)
    assert music.state.noted["big.mid"] == (
        "too large to be dropped: use its folder where it is (200 MB, not 16 MB)"
    )
    assert below(folder / "music") == ["a.mid"]


def test_a_full_disk_is_said_and_not_filled(music, monkeypatch):
    few = SimpleNamespace(total=10**12, used=10**12 - 250_000_000, free=250_000_000)
    monkeypatch.setattr("shutil.disk_usage", lambda path: few)
    send(music, batch(("a.wav", None, 100_000_000), ("a.mid", BEAT)))
    assert music.state.noted == {"a.wav": "for which the disk has no room"}


def test_a_file_taken_out_comes_back(music, folder):
    send(music, batch(("a.mid", BEAT), ("x/b.mid", OTHER)))
    whole = music.dataset.digest
    assert music.remove(["x/b.mid"]) == 1
    music.wait()
    assert set(music.dataset.sources) == {"a.mid"}
    assert below(folder / "music") == ["a.mid"]
    assert music.state.taken_out == "b.mid"
    assert music.undo() == "b.mid"
    music.wait()
    assert music.dataset.digest == whole
    assert below(folder / "music") == ["a.mid", "x/b.mid"]
    assert music.undo() == ""
    assert music.remove(["no such file"]) == 0


def test_files_of_ones_own_folder_stay_there_when_they_are_taken_out(music, folder, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    for name in ("a.mid", "aa.mid", "[a].mid"):
        (mine / name).write_bytes(BEAT)
    music.add_folder(str(mine))
    music.wait()
    assert len(music.dataset) == 6
    music.remove(["a.mid", "[a].mid"])
    music.wait()
    assert set(music.dataset.sources) == {"aa.mid"}
    assert [file.name for file in music.reading.files] == ["aa.mid"]
    assert music.state.discarded == ()
    # Another source puts the folder's name before the files' names.
    send(music, batch(("b.mid", OTHER)))
    assert set(music.dataset.sources) == {"mine/aa.mid", "music/b.mid"}
    assert sorted(os.listdir(mine)) == ["[a].mid", "a.mid", "aa.mid"]
    again = Music(Workspace(folder))
    again.wait()
    assert set(again.dataset.sources) == {"mine/aa.mid", "music/b.mid"}
    again.close()
    music.undo()
    music.wait()
    assert music.dataset.files == 4


def test_all_is_cleared_and_comes_back(music, folder, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "m.mid").write_bytes(BEAT)
    music.add_folder(str(mine))
    send(music, batch(("a.mid", OTHER), ("no.txt", b"")))
    whole = music.dataset.digest
    music.clear()
    music.wait()
    assert music.dataset is None and music.reading.files == () and music.state.noted == {}
    assert not (folder / "dataset.npz").exists()
    assert below(mine) == ["m.mid"]
    music.undo()
    music.wait()
    assert music.dataset.digest == whole
    assert music.state.folders == (mine,)
    assert list(music.state.noted) == ["no.txt"]


def test_a_restart_finds_all_as_it_was(music, folder, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "m.mid").write_bytes(BEAT)
    music.add_folder(str(mine))
    send(music, batch(("a.mid", OTHER), ("no.txt", b"")))
    music.change_rules(bars=2, minimum_notes=3, map_name="simple", exclude=("bass",))
    music.wait()
    again = Music(Workspace(folder))
    assert again.dataset.digest == music.dataset.digest  # before a file is read
    again.wait()
    assert again.rules == music.rules and again.map_name == "simple"
    assert again.dataset.digest == music.dataset.digest
    assert again.reading.files == music.reading.files
    assert again.state.noted == music.state.noted
    again.close()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"bars": 9}', '{"map": "gone.toml"}', '{"x":1}'])
def test_damaged_rules_are_the_default_ones(folder, text):
    folder.mkdir()
    (folder / "rules.json").write_text(text)
    made = Music(Workspace(folder))
    assert (made.rules, made.map_name) == (Rules(), "extended")


def test_a_dataset_without_its_music_is_shown_and_stays(folder):
    folder.mkdir()
    demo = demo_dataset()
    demo.save(folder / "dataset.npz")
    made = Music(Workspace(folder))
    made.wait()
    assert made.dataset.digest == demo.digest
    assert sum(file.count for file in made.reading.files) == len(demo)
    made.change_rules(bars=2)
    made.wait()
    assert made.dataset.digest == demo.digest
    assert (folder / "dataset.npz").exists()
    made.clear()
    made.wait()
    assert made.dataset is None and not (folder / "dataset.npz").exists()
    made.undo()
    made.wait()
    assert made.dataset.digest == demo.digest
    assert (folder / "dataset.npz").exists()


def test_rules_that_leave_nothing_say_so_and_the_dataset_stays(music, folder):
    send(music, batch(("a.mid", BEAT)))
    before = music.dataset.digest
    music.change_rules(meter="7/8")
    music.wait()
    assert "7/8" in music.error
    assert music.dataset.digest == Dataset.load(folder / "dataset.npz").digest == before
    music.change_rules(meter="4/4")
    music.wait()
    assert music.error == "" and music.dataset.digest == before


def test_rules_that_make_no_sense_change_nothing(music):
    rules = music.rules
    for changes in ({"meter": "x"}, {"bars": 5}, {"minimum_notes": 0}, {"map_name": "no.toml"}):
        with pytest.raises(UserError):
            music.change_rules(**changes)
    assert music.rules == rules


def test_the_counts_before_are_there_to_compare(music):
    send(music, batch(("a.mid", BEAT), ("b.mid", OTHER)))
    assert music.state.before is None
    music.change_rules(bars=2)
    music.wait()
    assert (music.state.before.sequences, music.state.before.files) == (3, 2)
    assert len(music.dataset) == 1
    music.reset_rules()
    music.wait()
    assert music.rules == Rules() and len(music.dataset) == 3


def test_of_changes_in_a_row_only_the_last_is_read(music, monkeypatch):
    send(music, batch(("a.mid", BEAT)))
    begun = []
    real = reading.read_all

    def told(sources, rules, *more):
        begun.append(rules.minimum_notes)
        return real(sources, rules, *more)

    monkeypatch.setattr(reading, "read_all", told)
    monkeypatch.setattr(music_module, "REST_S", 1.0)
    for number in (3, 4, 2, 1):
        music.change_rules(minimum_notes=number)
    music.wait()
    assert begun == [1]
    assert music.dataset.recipe["minimum hits"] == "1"


def test_a_reading_that_is_out_of_date_is_given_up(music, monkeypatch):
    send(music, batch(("a.mid", BEAT)))
    begun, go_on = threading.Event(), threading.Event()
    ended = []
    real = reading.read_all

    def slow(sources, rules, removed, progress):
        if rules.minimum_notes == 3:
            begun.set()
            assert go_on.wait(PATIENCE_S)
        made = real(sources, rules, removed, progress)
        ended.append(rules.minimum_notes)
        return made

    monkeypatch.setattr(reading, "read_all", slow)
    music.change_rules(minimum_notes=3)
    assert begun.wait(PATIENCE_S)
    assert music.busy
    music.change_rules(minimum_notes=4)
    go_on.set()
    music.wait()
    assert ended == [4] and music.busy == ""


MAP = b"""
[[group]]
low = [36]
[[group]]
high = [38, 42, 46]
"""


def test_a_map_of_ones_own_is_dropped_kept_and_used(music, folder):
    send(music, batch(("a.mid", BEAT), ("my kit.toml", MAP)))
    assert music.map_name == "my kit.toml"
    assert music.dataset.voice_names == ("low", "high")
    assert music.map_names == ["simple", "extended", "accented", "my kit.toml"]
    again = Music(Workspace(folder))
    again.wait()
    assert again.rules.percussion.name == "my kit"
    assert again.dataset.voice_names == ("low", "high")
    again.close()
    send(music, batch(("bad.toml", b"[[group]]\nx = 3\n")))
    assert (
        "bad.toml" in music.state.noted["bad.toml"]
        and "incoming" not in music.state.noted["bad.toml"]
    )
    assert music.map_name == "my kit.toml"
    assert "bad.toml" not in music.map_names


def test_the_demo_corpus_is_the_built_in_one(music):
    music.add_demo()
    music.wait()
    demo = demo_dataset()
    assert music.dataset.digest == demo.digest
    assert music.dataset.styles == demo.styles
    assert (music.dataset.velocities == demo.velocities).all()


def test_archives_are_read_as_they_are(music, folder, tmp_path):
    with zipfile.ZipFile(tmp_path / "beats.zip", "w") as archive:
        archive.writestr("in/a.mid", BEAT)
        archive.writestr("in/b.mid", OTHER)
    send(music, batch(("beats.zip", (tmp_path / "beats.zip").read_bytes()), ("bad.zip", b"PK")))
    why = {file.name: (file.count, file.why) for file in music.reading.files}
    assert why == {
        "beats.zip/in/a.mid": (2, ""),
        "beats.zip/in/b.mid": (1, ""),
        "bad.zip": (0, "not a whole zip archive"),
    }
    music.remove(["beats.zip/in/a.mid"])
    music.wait()
    assert set(music.dataset.sources) == {"beats.zip/in/b.mid"}


def clicks() -> bytes:
    """Two bars of 120 BPM, a click on each beat, as 16-bit WAV."""
    rate = 22050
    samples = np.zeros(4 * rate, np.float32)
    for beat in range(8):
        start = beat * rate // 2
        fade = np.exp(-np.arange(2000) / 200)
        samples[start : start + 2000] = np.random.default_rng(1).standard_normal(2000) * fade
    data = (np.clip(samples, -1, 1) * 32000).astype("<i2").tobytes()
    head = struct.pack("<4sI4s4sIHHIIHH", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, 1,
                       rate, rate * 2, 2, 16)  # fmt: skip
    return head + struct.pack("<4sI", b"data", len(data)) + data


def test_audio_alone_is_read_as_a_rhythm_and_beside_midi_it_says_what_to_do(music):
    send(music, batch(("click_120bpm.wav", clicks())))
    assert music.rules == replace(Rules(), kind="rhythm")
    assert len(music.dataset) == 1
    assert np.flatnonzero(music.dataset.sequences[0, :, 0]).tolist() == list(range(0, 32, 4))
    music.change_rules(kind="drums")
    music.wait()
    assert music.error == (
        "All that is here is audio, of which only a rhythm can be made: choose the kind Rhythm, "
        "or drop MIDI files."
    )
    send(music, batch(("a.mid", BEAT)))
    why = {file.name: file.why for file in music.reading.files}
    assert why["click_120bpm.wav"] == (
        "audio, of which only a rhythm can be made: choose the kind Rhythm"
    )


def test_a_clue_that_disagrees_is_among_what_was_left_out(music):
    """An acid chunk of three beats at 99 BPM, in a loop of eight at 120."""
    chunk = struct.pack("<4sIIHHfIHHf", b"acid", 24, 0, 0, 0, 0, 3, 4, 4, 99)
    send(music, batch(("click_120bpm.wav", clicks() + chunk)))
    assert [(one.what, one.count, one.examples) for one in music.state.discarded] == [
        ("clues", 1, ("click_120bpm.wav",))
    ] * 2


def test_a_folder_that_is_gone_does_not_take_the_rest_along(music, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "m.mid").write_bytes(BEAT)
    music.add_folder(f' "{mine}" ')
    send(music, batch(("a.mid", OTHER)))
    mine.rename(tmp_path / "away")
    music.change_rules(minimum_notes=1)
    music.wait()
    assert set(music.dataset.sources) == {"a.mid"}
    assert "There is no file or folder" in music.reading.missing[str(mine)]
    music.remove_folder(mine)
    music.wait()
    assert music.state.folders == () and music.reading.missing == {}


def test_folders_that_are_none_are_refused(music, folder, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    for told in (
        "",
        "no/such",
        str(tmp_path / "gone"),
        str(empty),
        str(folder),
        str(folder.parent),
    ):
        with pytest.raises(UserError):
            music.add_folder(told)
    assert music.state.folders == ()


def test_a_bar_is_drawn_and_told_where_its_hits_are():
    hits = [0, 0, 50, 4, 2, 90, 15, 1, 96]
    names = ("kick", "snare", "hat")
    assert top_down(names, "drums") == [0, 1, 2]
    assert top_down(names, "notes") == [2, 1, 0]
    drawn = picture(hits, top_down(names, "drums"))
    corner = re.compile(r"M([\d.]+) ([\d.]+)")
    at = {
        loud: [(int(float(x)), int(float(y))) for x, y in corner.findall(path)]
        for loud, path in drawn.items()
    }
    assert at == {"soft": [(0, 0)], "medium": [(4, 2)], "loud": [(15, 1)]}
    assert in_words(hits, names) == "kick 1; snare 16; hat 5"
    assert in_words([], names) == ""


def test_settings_that_threads_remember_at_once_are_all_kept(folder):
    workspace = Workspace(folder)
    names = [f"setting {number}" for number in range(40)]
    threads = [threading.Thread(target=workspace.remember, args=(name, name)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [workspace.setting(name, None) for name in names] == names


def test_each_signal_tells_of_its_own_concern(music, tmp_path):
    heard = []
    for name in ("dataset_changed", "rules_changed", "sources_changed", "progress_changed"):
        getattr(music, name).connect(lambda name=name: heard.append(name))

    def told():
        music.wait()
        until(lambda: music.busy == "")
        found = set(heard)
        heard.clear()
        return found - {"progress_changed"}

    send(music, batch(("a.mid", BEAT), ("no.txt", b"x")))
    assert told() == {"dataset_changed", "sources_changed"}
    before = music.state
    music.change_rules(minimum_notes=3)
    assert told() == {"dataset_changed", "rules_changed"}
    assert before.rules == Rules() and before.reading is not music.state.reading
    music.change_rules(meter="7/8")
    assert told() == {"rules_changed"} and music.error
    music.forget_noted()
    assert told() == {"sources_changed"}
