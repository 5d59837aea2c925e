"""What several processes need is made once, and the lists of files are true."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from tests.waiting import PATIENCE_S
from tests.workers import EACH_ALONE, LONGEST, made_in

HERE = Path(__file__).resolve().parent


def test_every_file_that_is_named_is_there() -> None:
    assert (HERE.parent / EACH_ALONE).is_file()
    assert [name for name in LONGEST if not (HERE / name).is_file()] == []
    assert len(set(LONGEST)) == len(LONGEST)


def _make(folder: Path) -> None:
    """Leaves word of each time it is called, where all can see it."""
    with (folder.parent / "calls.txt").open("a") as calls:
        calls.write("made\n")
    for number in range(200):
        (folder / f"{number}").write_text("whole")


def _ask(folder: Path, found: multiprocessing.Queue[int]) -> None:
    found.put(len(list(made_in(folder, "thing", _make).iterdir())))


def test_processes_that_ask_at_the_same_time_find_one_whole_folder(tmp_path: Path) -> None:
    forks = multiprocessing.get_context("fork")
    found: multiprocessing.Queue[int] = forks.Queue()
    asking = [forks.Process(target=_ask, args=(tmp_path, found)) for _ in range(4)]
    for process in asking:
        process.start()
    assert [found.get(timeout=PATIENCE_S) for _ in asking] == [200] * 4
    for process in asking:
        process.join()
    assert (tmp_path / "calls.txt").read_text() == "made\n"


def test_what_was_begun_and_not_ended_is_made_again(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").write_text("")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        made_in(tmp_path, "thing", fail)
    made = made_in(tmp_path, "thing", lambda folder: (folder / "whole").write_text(""))
    assert [path.name for path in made.iterdir()] == ["whole"]
