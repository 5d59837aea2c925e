"""`latentrack scales`: files of scales come to the module, are listed, and go."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from latentrack.module.link import Link
from latentrack.virtual.module import VirtualModule
from tests.device.scale_texts import JUST, WHITE_KEYS
from tests.programs import latentrack


@pytest.fixture
def module(start, drum_model: Path) -> VirtualModule:
    return start(drum_model)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "just.scl").write_bytes(JUST.encode("latin-1"))
    (tmp_path / "just.kbm").write_text(WHITE_KEYS)
    (tmp_path / "seven.txt").write_text("0 2 4 7\n")
    (tmp_path / "large.txt").write_text("0\n" * 20000)
    return tmp_path


def run(module: VirtualModule, *arguments: object, code: int = 0) -> str:
    done = latentrack("scales", *map(str, arguments), "--port", module.port)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stderr if code else done.stdout


def test_files_come_are_listed_chosen_and_go(module: VirtualModule, folder: Path) -> None:
    assert "brings one" in run(module)
    said = run(module, folder / "just.scl", folder / "just.kbm", folder / "seven.txt")
    assert "has just and seven: choose them with its parameter Tuning" in said
    listed = json.loads(run(module, "--json"))
    assert listed["names"] == ["just", "seven"] and listed["refused"] == {}
    assert sorted(listed["files"]) == ["just.kbm", "just.scl", "seven.txt"]
    with Link(module.port) as link:
        link.run("track.tuning = 'just'; tracks[1].tuning = 'seven'")
        assert link.evaluate("track.tuning") == "just"
    assert run(module, "--rm", "just") == "Removed: just.\n"
    assert json.loads(run(module, "--json"))["names"] == ["seven"]
    with Link(module.port) as link:
        assert link.evaluate("(track.tuning, tracks[1].tuning)") == ("off", "seven")


def test_a_damaged_file_is_refused_and_nothing_has_changed(
    module: VirtualModule, folder: Path
) -> None:
    run(module, folder / "seven.txt")
    before = (module.flash / "scales" / "seven.txt").read_bytes()
    (folder / "seven.txt").write_text("0 two\n")
    said = run(module, folder / "seven.txt", folder / "just.scl", code=2)
    assert said == (
        "latentrack: seven.txt is not a scale that can be played: expected a number, got two. "
        "The module's scales are as they were.\n"
    )
    assert (module.flash / "scales" / "seven.txt").read_bytes() == before
    assert json.loads(run(module, "--json"))["names"] == ["seven"]
    (folder / "just.kbm").write_text("12\n")
    assert "just.kbm is not a scale" in run(
        module, folder / "just.scl", folder / "just.kbm", code=2
    )
    assert sorted(path.name for path in (module.flash / "scales").iterdir()) == ["seven.txt"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["melody.mid"], "melody.mid is not a file of scales: expected one that ends with .scl,"),
        (["gone.scl"], "gone.scl is not there."),
        (["large.txt"], "large.txt is larger than 32 KB: the module reads no such file."),
        (["--rm", "gone"], "is called 'gone'; `latentrack scales` lists them."),
        (["seven.txt", "--rm", "just"], "leave out FILE or --rm"),
    ],
)
def test_what_cannot_be_done_is_said(
    module: VirtualModule, folder: Path, arguments: list[str], says: str
) -> None:
    given = [str(folder / each) if "." in each else each for each in arguments]
    assert says in run(module, *given, code=2)


def test_a_path_comes_is_listed_and_goes(module: VirtualModule, tmp_path: Path) -> None:
    rise, odd = tmp_path / "rise.txt", tmp_path / "odd.txt"
    rise.write_text("bars 4\n-1 -1\n1 1\n")
    odd.write_text("-1 -1\n1\n")

    def paths(*arguments: object, code: int = 0) -> str:
        done = latentrack("paths", *map(str, arguments), "--port", module.port)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stderr if code else done.stdout

    assert "No paths of your own are there" in paths()
    assert "has rise: choose them with its parameter Path" in paths(rise)
    with Link(module.port) as link:
        link.run("track.path = 'rise'; track.path_at = 0.75; track.refresh()")
        assert link.evaluate("track.decoded_value(0)") == 0.5
    assert paths(odd, code=2) == (
        "latentrack: odd.txt is not a path that can be played: a point has 2 numbers, not 1: 1. "
        "The module's paths are as they were.\n"
    )
    assert json.loads(paths("--json"))["files"] == {"rise.txt": rise.stat().st_size}
    assert paths("--rm", "rise") == "Removed: rise.\n"
    with Link(module.port) as link:
        assert link.evaluate("track.path") == "off"
