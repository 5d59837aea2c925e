"""A Dataset says what it holds, and survives its file."""

import json

import numpy as np
import pytest

from latentrack.corpus import Dataset, Discard
from latentrack.errors import UserError

NAMES = ("kick", "snare", "hat")


def make(**changes) -> Dataset:
    sequences = np.zeros((3, 5, 3), np.uint8)
    sequences[0, 0, 0] = sequences[1, 4, 2] = sequences[2, 4, 2] = sequences[2, 1, 1] = 1
    parts = {
        "sequences": sequences,
        "kind": "drums",
        "voice_names": NAMES,
        "groups": (1, 2),
        "sources": ("a.mid", "b/ä.mid", "a.mid"),
        "styles": ("", "house", "house"),
        "files": 2,
        "discarded": (Discard("bars", "in 3/4", 7, ("c.mid",)),),
        "recipe": {"map": "own"},
        "velocities": [1, 127, 64, 90],
        "offsets": [0.25, -0.5, 0.5, 0],
        "lowest_pitch": 36,
        "meter": "5/8",
        "bars": 2,
    }
    return Dataset(**(parts | changes))


def test_a_file_brings_back_everything(tmp_path):
    first = make()
    first.save(tmp_path / "new folder" / "d.npz")
    again = Dataset.load(tmp_path / "new folder" / "d.npz")
    assert np.array_equal(first.sequences, again.sequences)
    assert again.sequences.dtype == np.uint8
    assert np.array_equal(again.velocities, [1, 127, 64, 90])
    assert again.offsets == pytest.approx([0.25, -0.5, 0.5, 0], abs=1 / 254)
    for part in (
        "kind voice_names groups sources styles steps_per_beat files discarded recipe digest "
        "lowest_pitch meter bars"
    ).split():
        assert getattr(first, part) == getattr(again, part), part
    assert [path.name for path in (tmp_path / "new folder").iterdir()] == ["d.npz"]


def test_an_empty_dataset_survives_too(tmp_path):
    nothing = {"sources": (), "styles": (), "velocities": (), "offsets": None}
    empty = make(sequences=np.zeros((0, 16, 3), np.uint8), **nothing)
    empty.save(tmp_path / "d")
    again = Dataset.load(tmp_path / "d")
    assert again.sequences.shape == (0, 16, 3)
    assert again.different == again.hits == 0
    assert again.density.shape == (16, 3)


def test_it_counts_what_it_holds():
    held = make()
    assert (len(held), held.steps, held.voices, held.hits) == (3, 5, 3, 4)
    assert held.different == 3
    assert held.density[4, 2] == pytest.approx(2 / 3)
    assert held.summary() == (
        "3 drum sequences (3 different) of 5 steps × 3 voices, 1.3 hits each, "
        "from 2 files in 1 style"
    )


def test_a_part_keeps_its_sources():
    part = make().take([2, 0])
    assert part.sources == ("a.mid", "a.mid")
    assert part.styles == ("house", "")
    assert part.files == 1
    assert part.sequences[0, 1, 1] == 1 and part.sequences[1, 0, 0] == 1
    assert part.lowest_pitch == 36 and part.meter == "5/8" and part.bars == 2


def test_velocities_and_offsets_stay_with_their_hits():
    held = make()
    # hits in the order of the cells: sequence 0 (step 0, voice 0), 1 (4, 2), 2 (1, 1), 2 (4, 2)
    cells = held.spread(held.velocities)
    assert (cells[0, 0, 0], cells[1, 4, 2], cells[2, 1, 1], cells[2, 4, 2]) == (1, 127, 64, 90)
    assert np.count_nonzero(cells) == 4
    part = held.take([2, 0, 2])
    assert part.velocities.tolist() == [64, 90, 1, 64, 90]
    assert part.offsets.tolist() == [0.5, 0, 0.25, 0.5, 0]
    assert make(velocities=None, offsets=None).take([1]).velocities is None


def test_a_file_of_the_first_version_still_loads(tmp_path):
    """Written here as version 1 wrote it: without velocities, offsets, meter, bars, pitch."""
    sequences = np.random.default_rng(0).integers(0, 2, (2, 16, 3), np.uint8)
    header = {
        "format": "latentrack dataset",
        "version": 1,
        "kind": "drums",
        "shape": [2, 16, 3],
        "voice_names": list(NAMES),
        "groups": [1, 2],
        "steps_per_beat": 4,
        "files": 1,
        "sources": ["a.mid"],
        "styles": ["", "funk"],
        "discarded": [["bars", "in 3/4; only 4/4 is read", 3, ["a.mid"]]],
        "recipe": {"from": "MIDI files"},
    }
    with (tmp_path / "old.npz").open("wb") as file:
        np.savez_compressed(
            file,
            header=np.frombuffer(json.dumps(header).encode(), np.uint8),
            sequences=np.packbits(sequences),
            source_index=np.array([0, 0], np.int32),
            style_index=np.array([1, 0], np.int32),
        )
    old = Dataset.load(tmp_path / "old.npz")
    assert np.array_equal(old.sequences, sequences)
    assert old.sources == ("a.mid", "a.mid") and old.styles == ("funk", "")
    assert old.discarded[0].count == 3
    assert old.velocities is None and old.offsets is None and old.lowest_pitch is None
    assert (old.meter, old.bars) == ("4/4", 1)
    old.save(tmp_path / "new.npz")
    assert Dataset.load(tmp_path / "new.npz").digest == old.digest


def test_the_digest_follows_the_music_and_nothing_else():
    other = make().sequences.copy()
    other[0, 0, 0], other[0, 0, 1] = 0, 1
    assert make().digest == make(sources=(), styles=(), discarded=()).digest
    assert make().digest != make(sequences=other).digest
    assert make().digest != make(groups=(3,)).digest


def test_nobody_changes_the_sequences_by_accident():
    given = np.zeros((1, 4, 3), np.uint8)
    loud = np.zeros(0, np.uint8)
    held = make(sequences=given, sources=(), styles=(), velocities=loud, offsets=None)
    given[:] = 1
    assert held.hits == 0
    with pytest.raises(ValueError, match="read-only"):
        held.sequences[0, 0, 0] = 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sequences": np.zeros((3, 15))}, "shape"),
        ({"sequences": np.full((3, 5, 3), 2)}, "0 and 1"),
        ({"sequences": np.full((3, 5, 3), 0.5)}, "0 and 1"),
        ({"kind": "noise"}, "noise"),
        ({"voice_names": ("one",)}, "1 names for 3 voices"),
        ({"groups": (1, 1)}, "add up"),
        ({"groups": (3, 0)}, "add up"),
        ({"sources": ("x",)}, "1 sources for 3"),
        ({"steps_per_beat": 0}, "steps_per_beat"),
        ({"bars": 0}, "bars"),
        ({"velocities": [1, 2, 3]}, "velocities of shape"),
        ({"velocities": [0, 1, 2, 3]}, "velocities must be"),
        ({"velocities": [1, 2, 3, 128]}, "velocities must be"),
        ({"offsets": [0, 0, 0, 0.6]}, "offsets must be"),
        ({"lowest_pitch": 126}, "lowest_pitch must be 0 to 125"),
    ],
)
def test_parts_that_do_not_fit_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        make(**change)


def test_other_files_are_refused(tmp_path):
    whole = tmp_path / "whole"
    make().save(whole)
    good = whole.read_bytes()
    bare = tmp_path / "bare.npy"
    np.save(bare, np.zeros(3))
    strange = tmp_path / "strange.npz"
    np.savez(strange, a=np.zeros(3))
    for index, content in enumerate(
        [b"", b"hello", b"PK\3\4", good[: len(good) // 2], bare.read_bytes(), strange.read_bytes()]
    ):
        path = tmp_path / f"other{index}"
        path.write_bytes(content)
        with pytest.raises(UserError, match=rf"other{index} is not a whole Latentrack dataset"):
            Dataset.load(path)
    with pytest.raises(UserError, match="There is no dataset"):
        Dataset.load(tmp_path / "none")
    with pytest.raises(UserError, match="Could not read"):
        Dataset.load(tmp_path)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("version", 99, "version 99"),
        ("format", "other", "not a whole"),
        ("shape", [9, 9, 9], "not a whole"),
        ("voice_names", ["one"], "not a whole"),
        ("sources", [], "not a whole"),
        ("lowest_pitch", 127, "not a whole"),
    ],
)
def test_a_file_whose_header_lies_is_refused(tmp_path, key, value, message):
    path = tmp_path / "d.npz"
    make().save(path)
    with np.load(path) as file:
        arrays = dict(file)
    header = json.loads(arrays["header"].tobytes())
    header[key] = value
    arrays["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    np.savez(path, **arrays)
    with pytest.raises(UserError, match=message):
        Dataset.load(path)


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "d.npz"
    make().save(path)
    before = path.read_bytes()

    def full(file, **arrays):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", full)
    with pytest.raises(UserError, match="d.npz .No space left"):
        make().save(path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["d.npz"]


def test_a_file_appears_at_one_stroke(tmp_path, monkeypatch):
    def pulled(source, target):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("os.replace", pulled)
    with pytest.raises(UserError, match="Could not write"):
        make().save(tmp_path / "d.npz")
    assert list(tmp_path.iterdir()) == []


def test_a_file_cannot_be_written_where_a_folder_is(tmp_path):
    with pytest.raises(UserError, match="Could not write"):
        make().save(tmp_path)
