"""Files made to take memory, time or the terminal: each is refused in one sentence, and cheaply.

What a refusal costs is measured as the system counts it: the memory of the process beside that of
one that refuses a small file, and its processor time.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from latentrack.corpus.dataset import Dataset
from latentrack.files import atomic_write
from latentrack.limits import Arrays
from latentrack.model import pictures
from latentrack.model.autoencoder import new_autoencoder
from latentrack.model.run import load_run, save_run
from latentrack.model.settings import Settings
from latentrack.model.training import Epoch, Training, decoder_info
from latentrack.studio.music.music import Music
from latentrack.studio.training.runs import Runs
from latentrack.studio.workspace import Workspace
from tests.host.model.made_music import music

MORE_MEMORY = 200_000_000  # bytes that a refusal may take
MOST_ADDRESSES = 4 << 30  # bytes: what asks for more ends there, and not the tests' computer
PATIENCE_SECONDS = 120  # for what waits for a pipe that nothing comes from
CPU_SECONDS = 30  # after which the system ends a process; a refusal takes two or three
LARGE = 3_000_000_000  # bytes of a file with nothing in it, which takes no room on the disk


@dataclass(frozen=True)
class Done:
    """A command that has ended. memory: the most that it had, in bytes."""

    code: int
    out: str
    said: str
    memory: int


# A process's peak begins with that of the one it was forked from: of these tests, which have much.
MEASURED = f"""
import os, resource, signal, sys
resource.setrlimit(resource.RLIMIT_CPU, ({CPU_SECONDS}, {CPU_SECONDS} + 5))
resource.setrlimit(resource.RLIMIT_AS, ({MOST_ADDRESSES}, {MOST_ADDRESSES}))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
child = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGKILL))
signal.alarm({PATIENCE_SECONDS})
_, status, used = os.wait4(child, 0)
with open(sys.argv[1], "w") as file:
    print(os.waitstatus_to_exitcode(status), used.ru_maxrss * 1024, file=file)
"""


def run_command(*arguments: object, without: Path) -> Done:
    """`latentrack …` in a process of its own. without: a folder for a TensorFlow that no refusal
    may load."""
    (without / "tensorflow.py").write_text("raise SystemExit('TensorFlow was loaded')")
    command = [sys.executable, "-m", "latentrack.cli", *map(str, arguments)]
    path = os.pathsep.join([str(without), *sys.path])
    done = subprocess.run(
        [sys.executable, "-ISc", MEASURED, str(without / "used"), *command],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": path, "XDG_CACHE_HOME": str(without)},
        check=True,
    )
    code, memory = map(int, (without / "used").read_text().split())
    return Done(code, done.stdout, done.stderr, memory)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """What it takes each command to refuse a small file, in bytes."""
    folder = tmp_path_factory.mktemp("small")
    bad = folder / "bad.mid"
    bad.write_text("no music")
    taken = {}
    for command, arguments in {
        "dataset": (bad,),
        "train": (bad,),
        "report": (folder,),
        "export": (folder,),
        "push": (bad,),
    }.items():
        done = run_command(command, *arguments, without=folder)
        assert done.code == 2, done.said
        taken[command] = done.memory
    return taken


def refused(small: dict[str, int], tmp_path: Path, *arguments: object, says: str = "") -> None:
    """The command ends with one sentence, having taken next to nothing."""
    before = sorted(tmp_path.iterdir())
    without = tmp_path / "without"
    without.mkdir()
    done = run_command(*arguments, without=without)
    assert done.code == 2, (done.code, done.said[-2000:])
    lines = done.said.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("latentrack: "), done.said[-2000:]
    assert lines[0].endswith(".") and says in lines[0] and len(lines[0]) < 1000, lines[0]
    assert done.memory - small[str(arguments[0])] < MORE_MEMORY
    assert sorted(path for path in tmp_path.iterdir() if path != without) == before


# -- music ----------------------------------------------------------------------------------------


def midi(*events: bytes, beat: int = 480) -> bytes:
    """A MIDI file of one track with these events, each with its delta time."""
    track = b"".join(events) + b"\0\xff\x2f\0"
    head = struct.pack(">4sIHHH", b"MThd", 6, 0, 1, beat)
    return head + struct.pack(">4sI", b"MTrk", len(track)) + track


def tracks(count: int) -> bytes:
    """A MIDI file of so many tracks with nothing in them."""
    empty = b"\0\xff\x2f\0"
    one = struct.pack(">4sI", b"MTrk", len(empty)) + empty
    return struct.pack(">4sIHHH", b"MThd", 6, 1, min(count, 65535), 480) + one * count


def wav(
    channels: int, rate: int = 44_100, claimed: int = 4096, data: bytes = b"\1\2" * 2048
) -> bytes:
    """A RIFF file of 16 bits, which claims to have `claimed` bytes of sound."""
    align = 2 * channels
    form = struct.pack("<HHIIHH", 1, channels, rate, (rate * align) % 2**32, align % 2**16, 16)
    body = b"fmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", claimed) + data
    return b"RIFF" + struct.pack("<I", min(4 + len(body), 2**32 - 1)) + b"WAVE" + body


def flac(samples: int, rate: int = 44_100) -> bytes:
    """The head of a FLAC file that claims to have so many samples."""
    packed = (rate << 44) | (0 << 41) | (15 << 36) | samples
    info = struct.pack(">HH", 4096, 4096) + bytes(6) + packed.to_bytes(8, "big") + bytes(16)
    return b"fLaC" + bytes([0x80, 0, 0, len(info)]) + info


def sparse(path: Path, size: int = LARGE, begin: bytes = b"") -> Path:
    """A file with nothing behind its beginning, which takes no room on the disk."""
    with path.open("wb") as file:
        file.write(begin)
        file.truncate(size)
    return path


def packed(path: Path, *members: tuple[str, bytes, int | None]) -> Path:
    """A zip archive. Each member: its name, its bytes, and how many it says it has."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, data, claimed in members:
            archive.writestr(name, data)
            if claimed is not None:
                archive.getinfo(name).file_size = claimed
    return path


def endless_list(path: Path, count: int) -> Path:
    """A zip archive that lists one member again and again."""
    plain = io.BytesIO()
    with zipfile.ZipFile(plain, "w") as archive:
        archive.writestr("a.mid", b"")
    data = plain.getvalue()
    at = data.index(b"PK\1\2")
    end = data.index(b"PK\5\6")
    one = data[at:end]
    tail = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 65535, 65535, len(one) * count, at, 0)
    path.write_bytes(data[:at] + one * count + tail)
    return path


def in_folder(make: Callable[[Path], object]) -> Callable[[Path], Path]:
    """A folder in which `make` leaves something."""

    def made(tmp_path: Path) -> Path:
        folder = tmp_path / "music"
        folder.mkdir()
        make(folder)
        return folder

    return made


def written(name: str, data: bytes) -> Callable[[Path], Path]:
    return in_folder(lambda folder: (folder / name).write_bytes(data))


def with_table(folder: Path) -> None:
    (folder / "a.mid").write_bytes(GOOD_MIDI)
    sparse(folder / "info.csv")


ZEROS = bytes(400_000_000)
NOTE_ON = b"\x90\x24\x40"
# Four beats on the drum channel, long enough to be a bar.
GOOD_MIDI = midi(b"\0\x99\x24\x40", *[b"\x83\x60\x24\x40"] * 4)
METER = b"\0\xff\x58\x04"

MUSIC: dict[str, tuple[Callable[[Path], Path], str]] = {
    "a table of styles of 3 GB": (in_folder(with_table), "info.csv"),
    "a table of styles that unpacks to 400 MB": (
        lambda t: packed(t / "a.zip", ("info.csv", ZEROS, None), ("a.mid", GOOD_MIDI, None)),
        "info.csv",
    ),
    "a table of styles that unpacks to more than it says": (
        lambda t: packed(t / "a.zip", ("info.csv", ZEROS, 100), ("a.mid", b"", None)),
        "a.zip",
    ),
    "music that unpacks to more than it says": (
        lambda t: packed(t / "a.zip", ("a.mid", ZEROS, 100)),
        "damaged",
    ),
    "music that says it is 3 GB": (
        lambda t: packed(t / "a.zip", ("a.mid", b"MThd", LARGE)),
        "too large",
    ),
    "sound that says it is 3 GB": (
        lambda t: packed(t / "a.zip", ("a.wav", b"RIFF", LARGE)),
        "a.zip",
    ),
    "an archive with a list of 400,000 files": (
        lambda t: endless_list(t / "a.zip", 400_000),
        "lists more",
    ),
    "an archive with a list of 4,000,000 files": (
        lambda t: endless_list(t / "a.zip", 4_000_000),
        "lists more",
    ),
    "MIDI of 3 GB": (in_folder(lambda f: sparse(f / "a.mid", begin=b"MThd")), "larger than 16 MB"),
    "MIDI of 3 GB, named": (lambda t: sparse(t / "a.mid", begin=b"MThd"), "larger than 16 MB"),
    "sound of 3 GB": (
        in_folder(lambda f: sparse(f / "a.wav", begin=wav(1, claimed=2**32 - 1))),
        "9 h 27 min long",
    ),
    "a pipe": (in_folder(lambda f: os.mkfifo(f / "a.mid")), "not a file"),
    "a pipe of sound": (in_folder(lambda f: os.mkfifo(f / "a.wav")), "not a file"),
    "a device": (in_folder(lambda f: (f / "a.mid").symlink_to("/dev/zero")), "not a file"),
    "a device of sound": (in_folder(lambda f: (f / "a.wav").symlink_to("/dev/zero")), "not a file"),
    "a link to itself": (in_folder(lambda f: (f / "a.mid").symlink_to("a.mid")), "unreadable"),
    "a folder that leads to itself": (
        in_folder(lambda f: (f / "self").symlink_to(f, target_is_directory=True)),
        "holds no",
    ),
    "a name that is no text": (
        in_folder(lambda f: Path(os.fsdecode(os.fsencode(f) + b"/\xff.mid")).write_text("x")),
        "not a MIDI file",
    ),
    "a note after ages": (
        written("a.mid", midi(*[b"\xff\xff\xff\x7f" + NOTE_ON] * 40)),
        "",
    ),
    "16 million notes that never end": (
        written("a.mid", midi(b"\0" + NOTE_ON, *[b"\0\x24\x40"] * 5_000_000)),
        "notes",
    ),
    "a meter of 255 over an endless number": (
        written("a.mid", midi(METER + b"\xff\xff\x18\x08", b"\0" + NOTE_ON, b"\x60" + NOTE_ON)),
        "",
    ),
    "a meter of nothing": (
        written("a.mid", midi(METER + b"\0\0\0\0", b"\0" + NOTE_ON, b"\x60" + NOTE_ON)),
        "no drum part",
    ),
    "a beat of one tick and notes apart": (
        written("a.mid", midi(*[b"\xff\x7f" + NOTE_ON] * 500_000, beat=1)),
        "",
    ),
    "a million tracks": (written("a.mid", tracks(1_000_000)), "tracks"),
    "two million meters": (
        written("a.mid", midi(*[METER + b"\4\2\x18\x08", METER + b"\3\2\x18\x08"] * 900_000)),
        "meter",
    ),
    "sound without channels": (written("a.wav", wav(0)), "WAV"),
    "sound with 1,000 channels": (
        written("a.wav", wav(1000, claimed=10**8, data=ZEROS[: 10**8])),
        "",
    ),
    "sound with 60,000 channels": (written("a.wav", wav(60_000)), "WAV"),
    "sound with 4,000,000,000 samples a second": (written("a.wav", wav(1, rate=2**32 - 1)), ""),
    "sound without samples a second": (written("a.wav", wav(1, rate=0)), ""),
    "sound that says it is 4 GB": (
        written("a.wav", wav(1, claimed=2**32 - 1, data=b"\0\0")),
        "",
    ),
    "FLAC that says it is 18 days long": (written("a.flac", flac(2**36 - 1)), "long"),
    "FLAC that says it is 19 minutes long": (written("a.flac", flac(19 * 60 * 44_100)), ""),
    "an hour of silence": (written("a.wav", wav(1, 8000, 57_600_000, ZEROS[:57_600_000])), "long"),
    "19 minutes of silence": (
        written("a.wav", wav(1, claimed=100_000_000, data=bytes(100_000_000))),
        "silence",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", MUSIC)
def test_hostile_music_is_refused(what: str, small: dict[str, int], tmp_path: Path) -> None:
    make, says = MUSIC[what]
    source = make(tmp_path)
    refused(small, tmp_path, "dataset", source, "-o", tmp_path / "out.npz", says=says)


def test_music_whose_name_is_no_text_is_read(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.mid")).write_bytes(GOOD_MIDI)
    out = tmp_path / "out.npz"
    without = tmp_path / "without"
    without.mkdir()
    done = run_command("dataset", tmp_path, "-o", out, without=without)
    assert done.code == 0, done.said
    assert Dataset.load(out).sources == ("\ufffd.mid",)
    assert run_command("dataset", "info", out, without=without).code == 0


MAPS = {
    "deep": "a = " + "[" * 100_000,
    "deep tables": "a = " + "{a=" * 100_000,
    "deep names": "[" + ".".join(["a"] * 100_000) + "]",
    "deep keys": ".".join(["a"] * 100_000) + " = 1",
    "many lists": "a = [" + "[]," * 1_200_000 + "]",
}


@pytest.mark.parametrize("what", MAPS)
def test_hostile_maps_are_refused(what: str, small: dict[str, int], tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(GOOD_MIDI)
    (tmp_path / "map.toml").write_text(MAPS[what])
    refused(
        small,
        tmp_path,
        "dataset",
        tmp_path / "a.mid",
        "--map",
        tmp_path / "map.toml",
        says="map.toml",
    )


@pytest.mark.parametrize("kind", ["pipe", "3 GB"])
def test_maps_that_are_no_files_are_refused(
    kind: str, small: dict[str, int], tmp_path: Path
) -> None:
    (tmp_path / "a.mid").write_bytes(GOOD_MIDI)
    path = tmp_path / "map.toml"
    os.mkfifo(path) if kind == "pipe" else sparse(path)
    refused(small, tmp_path, "dataset", tmp_path / "a.mid", "--map", path, says="map.toml")


LONG = "n" * 300


@pytest.mark.parametrize(
    "arguments",
    [
        ("dataset", LONG),
        ("dataset", LONG + ".mid"),
        ("dataset", "{}/a.mid", "-o", LONG + ".npz"),
        ("dataset", "{}/a.mid", "--map", LONG),
        ("train", LONG),
        ("train", "{}/a.mid", "-o", LONG + ".tflite"),
        ("report", LONG),
        ("export", LONG),
        ("push", LONG),
    ],
)
def test_a_name_of_300_characters_is_refused(
    arguments: tuple[str, ...], small: dict[str, int], tmp_path: Path
) -> None:
    (tmp_path / "a.mid").write_bytes(GOOD_MIDI)
    refused(small, tmp_path, *(each.format(tmp_path) for each in arguments))


# -- datasets -------------------------------------------------------------------------------------


def array_file(shape: tuple[int, ...], data: bytes = b"", kind: str = "|u1") -> bytes:
    """A .npy that says it has this shape and type."""
    text = repr({"descr": kind, "fortran_order": False, "shape": shape}).encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text + data


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


HEADER = {
    "format": "latentrack dataset", "version": 2, "kind": "drums", "shape": [2, 16, 1],
    "voice_names": ["kick"], "groups": [1], "steps_per_beat": 4, "files": 1, "sources": ["a"],
    "styles": [""], "discarded": [], "recipe": {}, "lowest_pitch": None, "meter": "4/4", "bars": 1,
}  # fmt: skip


def dataset(path: Path, header: object = HEADER, **members: bytes) -> Path:
    """A dataset of two bars, with other members in it."""
    told = header if isinstance(header, bytes) else json.dumps(header).encode()
    parts = {
        "header": npy(np.frombuffer(told, np.uint8)),
        "sequences": npy(np.packbits(np.ones((2, 16, 1), np.uint8))),
        "source_index": npy(np.zeros(2, np.int32)),
        "style_index": npy(np.zeros(2, np.int32)),
        **members,
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, data in parts.items():
            archive.writestr(f"{name}.npy", data)
    return path


def test_the_dataset_that_the_others_are_made_of_is_right(tmp_path: Path) -> None:
    assert len(Dataset.load(dataset(tmp_path / "a.npz"))) == 2


@pytest.mark.parametrize("kind", ["O", "U3", "S3", "c8", "M8[s]", "V4", [("a", "f4")]])
def test_arrays_of_other_things_than_numbers_are_refused(kind: object, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", a=np.zeros(3, kind))
    with Arrays(tmp_path / "a.npz") as arrays, pytest.raises(ValueError, match="numbers"):
        arrays.read("a", 1000)


def shaped(*shape: float) -> dict[str, object]:
    return {**HEADER, "shape": list(shape)}


NESTED = json.dumps(HEADER).replace("[]", "[" * 50_000 + "]" * 50_000).encode()
DATASETS: dict[str, Callable[[Path], Path]] = {
    "an array that says it has 2**40 numbers": lambda p: dataset(p, sequences=array_file((2**40,))),
    "an array that says it has less than none": lambda p: dataset(p, sequences=array_file((-4,))),
    "a header of 400 MB": lambda p: dataset(p, header=ZEROS),
    "an index of 400 MB": lambda p: dataset(p, source_index=npy(np.zeros(50_000_000, np.int64))),
    "velocities of 400 MB": lambda p: dataset(p, velocities=npy(np.zeros(400_000_000, "u1"))),
    "a pickle": lambda p: dataset(p, source_index=npy(np.array([print, print]))),
    "words for numbers": lambda p: dataset(p, source_index=npy(np.array(["a" * 9_000_000, "b"]))),
    "cells without end": lambda p: dataset(p, shaped(10**6, 10**6, 10**6)),
    "less than no cells": lambda p: dataset(p, shaped(-2, -16, 1)),
    "half a cell": lambda p: dataset(p, shaped(0.5, 64, 1)),
    "many sequences of nothing": lambda p: dataset(p, shaped(10**12, 0, 1)),
    "nested JSON": lambda p: dataset(p, NESTED),
    "very many tables": lambda p: dataset(p, b"[" + b'{"":0},' * 2_200_000 + b"0]"),
    "a thousand million cells": lambda p: dataset(
        p,
        shaped(1 << 20, 32, 32),
        sequences=array_file((1 << 27,)),
        source_index=array_file((1 << 20,), kind="<i4"),
        style_index=array_file((1 << 20,), kind="<i4"),
        velocities=npy(np.zeros(400_000_000, np.uint8)),
    ),
    "no number": lambda p: dataset(p, {**HEADER, "files": float("nan")}),
    "an infinite number": lambda p: dataset(p, {**HEADER, "bars": float("inf")}),
    "a recipe that is a list": lambda p: dataset(p, {**HEADER, "recipe": [[1]]}),
    "names that are numbers": lambda p: dataset(p, {**HEADER, "voice_names": [1]}),
    "a member that unpacks to more than it says": lambda p: packed(p, ("header.npy", ZEROS, 100)),
    "a thousand million members": lambda p: endless_list(p, 4_000_000),
    "nothing at all, of 3 GB": lambda p: sparse(p),
    "a pipe": lambda p: (os.mkfifo(p), p)[1],
    "a device": lambda p: (p.symlink_to("/dev/zero"), p)[1],
}  # fmt: skip


@pytest.mark.parametrize("what", DATASETS)
def test_hostile_datasets_are_refused(what: str, small: dict[str, int], tmp_path: Path) -> None:
    path = DATASETS[what](tmp_path / "a.npz")
    refused(small, tmp_path, "train", path, "-o", tmp_path / "a.tflite", says="a.npz")


def test_halves_of_characters_in_a_dataset_do_not_reach_the_terminal(tmp_path: Path) -> None:
    header = {
        **HEADER,
        "voice_names": ["\ud800"],
        "recipe": {"\udcff": "\ud800"},
        "meter": "\ud801",
    }
    path = dataset(tmp_path / "a.npz", header)
    told = Dataset.load(path)
    assert (told.voice_names, told.recipe, told.meter) == (("?",), {"?": "?"}, "?")
    without = tmp_path / "without"
    without.mkdir()
    done = run_command("dataset", "info", path, without=without)
    assert done.code == 0, done.said


def test_layers_beyond_all_memory_are_refused(small: dict[str, int], tmp_path: Path) -> None:
    # 255 × 255 cells taper to 21,676 and 43,350.
    cells = np.ones((30, 255, 255), np.uint8)
    whole = Dataset(cells, "rhythm", tuple(f"v{i}" for i in range(255)))
    whole.save(tmp_path / "a.npz")
    wide = ("--taper", "linear", "-o", tmp_path / "a.tflite")
    refused(small, tmp_path, "train", tmp_path / "a.npz", *wide, says="layers")


# -- runs -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a model that has learnt nothing."""
    made = music(60, sources=6)
    settings = Settings(epochs=2, encoder_layers=(8,), decoder_layers=(8,))
    rng = np.random.default_rng(0)
    model = new_autoencoder(decoder_info(made, 3), (8,), 3, (8,), rng)
    history = (Epoch(1, 2, 3.0, 0.5, False), Epoch(2, 2, 2.0, 0.4, True))
    training = Training(model, history, np.arange(50), np.arange(50, 60), False, settings, ())
    folder: Path = tmp_path_factory.mktemp("whole") / "a.run"
    save_run(folder, training, made, music="made.npz")
    return folder


def replaced(name: str, old: str, new: str) -> Callable[[Path], object]:
    def change(run: Path) -> None:
        text = (run / name).read_text()
        assert old in text
        (run / name).write_text(text.replace(old, new))

    return change


def with_weights(**members: bytes) -> Callable[[Path], object]:
    def change(run: Path) -> None:
        with np.load(run / "weights.npz") as arrays:
            parts = {name: npy(arrays[name]) for name in arrays.files}
        with zipfile.ZipFile(run / "weights.npz", "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in {**parts, **members}.items():
                archive.writestr(f"{name}.npy", data)

    return change


def both(*changes: Callable[[Path], object]) -> Callable[[Path], object]:
    return lambda run: [change(run) for change in changes]


def is_pipe(name: str) -> Callable[[Path], object]:
    return lambda run: ((run / name).unlink(), os.mkfifo(run / name))


NO_NUMBERS = np.full((24, 8), np.nan, np.float32)
WIDE = "decoder = [20000, 60000]"
RUNS: dict[str, Callable[[Path], object]] = {
    "layers of 20,000 and 60,000": replaced("run.toml", "decoder = [8]", WIDE),
    "layers of 20,000 and 60,000 with weights that say so": both(
        replaced("run.toml", "decoder = [8]", WIDE),
        with_weights(
            w006=array_file((3, 20000), kind="<f4"),
            w007=array_file((20000,), kind="<f4"),
            w008=array_file((20000, 60000), kind="<f4"),
            w009=array_file((60000,), kind="<f4"),
            w010=array_file((60000, 24), kind="<f4"),
            w011=array_file((24,), kind="<f4"),
        ),
    ),
    "layers of 10,000 and 10,000 with their weights": both(
        replaced("run.toml", "decoder = [8]", "decoder = [10000, 10000]"),
        with_weights(
            w006=array_file((3, 10000), ZEROS[:120_000], "<f4"),
            w007=array_file((10000,), ZEROS[:40_000], "<f4"),
            w008=array_file((10000, 10000), ZEROS, "<f4"),
            w009=array_file((10000,), ZEROS[:40_000], "<f4"),
            w010=array_file((10000, 24), ZEROS[:960_000], "<f4"),
            w011=array_file((24,), ZEROS[:96], "<f4"),
        ),
    ),
    "weights that lie the other way": with_weights(w000=npy(np.zeros((8, 24), np.float32))),
    "layers of less than nothing": replaced("run.toml", "decoder = [8]", "decoder = [-8]"),
    "layers of words": replaced("run.toml", "decoder = [8]", 'decoder = ["8"]'),
    "a million layers": replaced("run.toml", "decoder = [8]", f"decoder = {[1] * 1_000_000}"),
    "latents without end": replaced("run.toml", "latents = 3", f"latents = {10**18}"),
    "an endless number of latents": replaced("run.toml", "latents = 3", "latents = inf"),
    "a setting that is no number": replaced("run.toml", "prior_std = 1.45", "prior_std = nan"),
    "half a step of the space": replaced("run.toml", "latent_scale = 3", "latent_scale = 2.5"),
    "a threshold that is no number": replaced("run.toml", "threshold = ", "threshold = nan # "),
    "deep TOML": replaced("run.toml", "decoder = [8]", "decoder = " + "[" * 100_000),
    "a header of 3 GB": lambda run: sparse(run / "run.toml"),
    "a header that is a pipe": is_pipe("run.toml"),
    "a loss that is no number": replaced("history.csv", "3.0", "nan"),
    "an endless loss": replaced("history.csv", "3.0", "inf"),
    "a validation loss that is not a number": replaced("history.csv", "0.5", "nan"),
    "an epoch of an endless number": replaced("history.csv", "2,2,2.0", f"{'9' * 4000},2,2.0"),
    "a history of one line": replaced("history.csv", "3.0", "3" * 10_000_000),
    "a history of 3 GB": lambda run: sparse(run / "history.csv"),
    "no history": replaced("history.csv", "\n", " "),
    "a history that is a pipe": is_pipe("history.csv"),
    "weights that are no numbers": with_weights(w000=npy(NO_NUMBERS)),
    "weights that are a pickle": with_weights(w000=npy(np.full((24, 8), print))),
    "weights of 400 MB": with_weights(w000=npy(np.zeros((10_000, 10_000), np.float32))),
    "a sequence that is not there": with_weights(validated_on=npy(np.array([60]))),
    "sequences of 400 MB": with_weights(validated_on=npy(np.zeros(50_000_000, np.int64))),
    "weights that are a pipe": is_pipe("weights.npz"),
    "music that is a pipe": is_pipe("dataset.npz"),
}


def test_the_run_that_the_others_are_made_of_is_right(whole_run: Path) -> None:
    assert load_run(whole_run).model.sizes == (3, 8, 24)


@pytest.mark.parametrize("what", RUNS)
def test_hostile_runs_are_refused(
    what: str, whole_run: Path, small: dict[str, int], tmp_path: Path
) -> None:
    run = tmp_path / "a.run"
    shutil.copytree(whole_run, run)
    RUNS[what](run)
    refused(small, tmp_path, "export", run, "-o", tmp_path / "a.tflite", says="a.run")


def test_the_studio_shows_the_good_runs_among_hostile_ones(whole_run: Path, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    for number, change in enumerate(RUNS.values()):
        run = tmp_path / "runs" / f"{number}.run"
        shutil.copytree(whole_run, run)
        change(run)
    (tmp_path / "runs" / "no.run").mkdir()
    (tmp_path / "runs" / "no.run" / "run.toml").symlink_to("run.toml")
    shutil.copytree(whole_run, tmp_path / "runs" / "good.run")
    runs = Runs(workspace)
    runs.refresh()
    shown = {summary.name: summary for summary in runs.state.runs or ()}
    assert shown["good"].sequences == 60 and shown["good"].epochs == 2
    for name, summary in shown.items():
        assert np.isfinite(summary.loss), name


HOSTILE_SETTINGS = ['{"music_folders": 1}', '{"music_folders": [1, null, {}]}',
                    '{"music_left_out": [1, [], ["a"], [[], {}], null]}', '{"music_refused": [1]}',
                    '{"music_refused": {"a": [1]}}', '{"run": [1]}', "[" * 100_000,
                    '{"run": Infinity}', "\x00", '"a"']  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE_SETTINGS)
def test_settings_that_are_none_are_as_at_first(text: str, tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text(text)
    (tmp_path / "rules.json").write_text(text)
    workspace = Workspace(tmp_path)
    kept = Music(workspace)
    assert kept.state.folders == () and kept.dataset is None and not kept.busy
    assert workspace.setting("run", "") == ""
    kept.close()


@pytest.mark.parametrize("name", ["鼓" * 100, "é" * 200, "n" * 500, "..", "/", "", "\ud800"])
def test_a_name_from_the_page_becomes_one_that_a_disk_takes(name: str, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    for path in (workspace.free_run(name), workspace.free_midi(name)):
        assert path.parent.parent == tmp_path.resolve()
        with atomic_write(path, "a file") as file:
            file.write(b"x")
        assert path.read_bytes() == b"x"


@pytest.mark.parametrize("style", ["$\\frac$", "$" * 3, "\\", "n" * 300, "a\0b", "_"])
def test_a_style_is_drawn_as_it_is_written(style: str, whole_run: Path) -> None:
    run = load_run(whole_run)
    styles = tuple((style, "b")[i % 2] for i in range(len(run.dataset)))
    named = replace(run.dataset, styles=styles, voice_names=(style, "b", "c"))
    for draw in (pictures.latents, pictures.pairs):
        assert draw(replace(run, dataset=named)).png().startswith(b"\x89PNG")


# -- models ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["pipe", "3 GB", "device"])
def test_models_that_are_no_files_are_refused(
    kind: str, small: dict[str, int], tmp_path: Path
) -> None:
    path = tmp_path / "a.tflite"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        sparse(path, begin=b"\x1c\0\0\0TFL3")
    refused(small, tmp_path, "push", path, says="a.tflite")
