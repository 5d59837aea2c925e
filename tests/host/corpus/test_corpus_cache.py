"""What was read once is known again by its content, and nothing else."""

import os
import sqlite3
import sys
from pathlib import Path

import pytest

from latentrack.corpus import SIMPLE, read, reader
from latentrack.corpus.bars import Events, Grid, quantise_bars
from latentrack.corpus.cache import Cache, cache_folder
from latentrack.corpus.quantised import from_bytes, to_bytes
from tests.host.corpus.midi_files import STEP, write_midi

BEAT = [(0, 36), (4 * STEP, 38)]


@pytest.fixture
def reads(monkeypatch):
    """The names of the files that were really read, as they are."""
    names = []
    real = reader.read_file

    def counting(file, rules):
        names.append(file.name)
        return real(file, rules)

    monkeypatch.setattr(reader, "read_file", counting)
    return names


def test_a_second_time_nothing_is_read(tmp_path, reads):
    music = tmp_path / "music"
    write_midi(music / "a.mid", [*BEAT, (STEP, 33), (20 * STEP, 36)])
    write_midi(music / "b.mid", BEAT, signatures=[(0, 3, 4)])
    (music / "c.mid").write_bytes(b"no MIDI")
    first = read([music])
    assert sorted(reads) == ["a.mid", "b.mid", "c.mid"]
    again = read([music])
    assert len(reads) == 3
    assert again.digest == first.digest
    for part in ("sources", "discarded", "recipe", "files", "meter"):
        assert getattr(again, part) == getattr(first, part)
    assert again.velocities.tolist() == first.velocities.tolist()
    assert again.offsets.tolist() == first.offsets.tolist()


def test_content_counts_not_name_or_time(tmp_path, reads):
    file = write_midi(tmp_path / "a.mid", BEAT)
    read([file])
    os.utime(file, (0, 0))
    file.rename(tmp_path / "b.mid")
    assert read([tmp_path / "b.mid"]).sources == ("b.mid",)
    assert reads == ["a.mid"]
    write_midi(tmp_path / "b.mid", [*BEAT, (STEP, 42)])
    assert read([tmp_path / "b.mid"]).hits == 3
    assert reads == ["a.mid", "b.mid"]


def test_a_name_counts_where_it_decides(tmp_path, reads):
    toms = [(0, 50), (STEP, 47)]
    write_midi(tmp_path / "my_drums.mid", toms, channel=0)
    write_midi(tmp_path / "song.mid", toms, channel=0)
    assert read([tmp_path]).sources == ("my_drums.mid",)
    assert read([tmp_path]).sources == ("my_drums.mid",)
    assert len(reads) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"steps_per_beat": 6},
        {"percussion": SIMPLE},
        {"bars": 2},
        {"meter": "any"},
        {"minimum_notes": 1},
        {"off_grid": "drop"},
        {"max_offset": 0.2},
        {"include": ["x*"]},
        {"exclude": ["x*"]},
        {"merge": False},
        {"kind": "rhythm"},
    ],
)
def test_other_rules_read_anew(tmp_path, reads, change):
    file = write_midi(tmp_path / "a.mid", [*BEAT, (16 * STEP, 36), (20 * STEP, 36)], name="xyz")
    read([file])
    fresh = None
    try:
        fresh = read([file], **change)
    except Exception as error:
        assert "exclude" in change, error
    assert len(reads) == 2
    if fresh:
        assert fresh.digest == read([file], cache=False, **change).digest


def test_other_rules_for_notes_read_anew(tmp_path):
    tune = [(step * STEP, 62 + up) for step, up in enumerate((0, 2, 4, 5, 7, 9, 11, 12, 7, 4, 0))]
    file = write_midi(tmp_path / "a.mid", tune, channel=0)
    assert read([file], kind="notes").lowest_pitch == 62
    assert read([file], kind="notes", common_key=True).lowest_pitch == 60


def test_what_is_done_to_the_whole_needs_no_reading(tmp_path, reads):
    file = write_midi(tmp_path / "a.mid", BEAT)
    for change in ({}, {"unique": True}, {"include": ["file:a*"]}, {"exclude": ["file:b*"]}):
        read([file], **change)
    assert len(reads) == 1


def test_the_cache_can_be_left_alone(tmp_path, own_cache, reads):
    file = write_midi(tmp_path / "a.mid", BEAT)
    read([file], cache=False)
    assert list(own_cache.iterdir()) == []
    read([file], cache=False)
    assert len(reads) == 2


@pytest.mark.parametrize("content", [b"no database" * 100, b""])
def test_a_spoilt_cache_is_made_anew(tmp_path, own_cache, reads, content):
    file = write_midi(tmp_path / "a.mid", BEAT)
    first = read([file])
    (stored,) = (own_cache / "latentrack").glob("*.sqlite")
    stored.write_bytes(content)
    assert read([file]).digest == first.digest
    assert read([file]).digest == first.digest
    assert len(reads) == 2


def test_spoilt_entries_are_read_anew(tmp_path, own_cache, reads):
    file = write_midi(tmp_path / "a.mid", BEAT)
    first = read([file])
    (stored,) = (own_cache / "latentrack").glob("*.sqlite")
    for rubbish in (b"", b"{", b"[1]\n", b"[[], []]\nx", b"null\n"):
        with sqlite3.connect(stored) as database:
            database.execute("UPDATE entries SET value = ?", [rubbish])
        database.close()
        assert read([file]).digest == first.digest
    assert len(reads) == 6


def test_without_a_place_for_a_cache_everything_works(tmp_path, monkeypatch):
    file = write_midi(tmp_path / "a.mid", BEAT)
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert len(read([file])) == 1


def test_it_lies_where_the_platform_wants_it(monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert cache_folder() == Path("/somewhere/latentrack")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # which the standard says to ignore
    monkeypatch.setattr(Path, "home", lambda: Path("/home/x"))
    monkeypatch.setattr(sys, "platform", "linux")
    assert cache_folder() == Path("/home/x/.cache/latentrack")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cache_folder() == Path("/home/x/Library/Caches/latentrack")
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", "/local")
    assert cache_folder() == Path("/local/latentrack")


def test_it_forgets_what_was_not_used_for_longest(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("latentrack.corpus.cache.time.time", lambda: now[0])
    cache = Cache(tmp_path, most_bytes=250)
    for number in range(3):
        now[0] += 1
        cache.put({b"%d" % number: b"x" * 80})
    now[0] += 1
    assert set(cache.get([b"0", b"1", b"2", b"3"])) == {b"0", b"1", b"2"}
    now[0] += 1
    cache.get([b"0", b"2"])
    now[0] += 1
    cache.put({b"3": b"y" * 80})
    assert set(cache.get([b"0", b"1", b"2", b"3"])) == {b"0", b"2", b"3"}
    cache.close()


def test_many_keys_are_asked_for(tmp_path):
    cache = Cache(tmp_path)
    entries = {b"%d" % number: b"v%d" % number for number in range(1300)}
    cache.put(entries)
    assert cache.get([*entries, b"none"]) == entries
    cache.close()


def test_a_result_survives_as_bytes():
    import numpy as np

    from latentrack.corpus.midi import TimeSignature

    events = Events(np.array([0, 130, 2100]), np.array([3, 200, 0]), np.array([1, 127, 64]))
    meters = [TimeSignature(0, 4, 4), TimeSignature(1920, 3, 4)]
    bars = quantise_bars(events, meters, 480, Grid("any", minimum=1))
    again = from_bytes(to_bytes(bars))
    assert again.meters == bars.meters == ("4/4", "3/4")
    assert (again.hits == bars.hits).all() and len(again.hits) == 3
    assert again.discarded == bars.discarded
    assert from_bytes(to_bytes("no good")) == "no good"
