"""What a virtual module leaves behind when it is ended from outside: nothing, or not for long."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from latentrack.errors import UserError
from latentrack.virtual.module import VirtualModule
from tests.programs import latentrack
from tests.waiting import PATIENCE_S


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Folders of the test's own for temporary files and for the modules that are on."""
    made = {"tmp": tmp_path / "tmp", "runtime": tmp_path / "runtime"}
    for folder in made.values():
        folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(made["tmp"]))
    monkeypatch.setenv("LATENTRACK_RUNTIME", str(made["runtime"]))
    monkeypatch.setattr("tempfile.tempdir", None)
    return made


@pytest.fixture
def switch_on(places: dict[str, Path]) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts `latentrack virtual`; returns when it has said its port."""
    started: list[subprocess.Popen[str]] = []

    def switch_on(*arguments: str, ignoring: str = "") -> subprocess.Popen[str]:
        # Whatever the tests were started with.
        heed = ["env", "--default-signal=HUP,INT", "sh", "-c", f'{ignoring}; exec "$@"', "sh"]
        program = subprocess.Popen(
            [*(heed if ignoring else heed[:2]), sys.executable, "-m", "latentrack.cli", "virtual"]
            + list(arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(program)
        assert program.stdout is not None
        assert program.stdout.readline().startswith("/dev/")
        return program

    yield switch_on
    for program in started:
        program.kill()
        program.communicate()


def left(places: dict[str, Path]) -> list[str]:
    return [path.name for folder in places.values() for path in folder.iterdir()]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_leaves_nothing(switch_on, places, number):
    program = switch_on()
    assert len(left(places)) == 2  # or the test would see nothing
    program.send_signal(number)
    program.wait(PATIENCE_S)
    assert left(places) == []


@pytest.mark.parametrize("who", ["looks", "starts"])
def test_what_a_killed_one_leaves_goes_with_the_next(switch_on, places, who):
    program = switch_on()
    program.kill()
    program.wait()
    assert len(left(places)) == 2
    if who == "looks":
        assert "No module is plugged in" in latentrack("devices").stdout
        assert left(places) == []
    else:
        switch_on()
        assert len(left(places)) == 2


@pytest.mark.parametrize("ignoring", ["true", "trap '' HUP INT"])
def test_no_process_of_a_killed_one_goes_on(switch_on, places, ignoring):
    """MicroPython notices that its terminal has gone, under nohup as well."""
    program = switch_on(ignoring=ignoring)
    (folder,) = places["tmp"].iterdir()
    inside = {
        process.name
        for process in Path("/proc").glob("[0-9]*")
        if _works_in(process, folder) and process.name != str(program.pid)
    }
    assert len(inside) == 1
    (process,) = inside
    gone = os.pidfd_open(int(process))
    program.kill()
    assert select.select([gone], [], [], PATIENCE_S)[0], "MicroPython goes on"
    os.close(gone)


def _works_in(process: Path, folder: Path) -> bool:
    try:
        # It begins there, and goes on to its flash, a folder in that one.
        return Path(os.readlink(process / "cwd")).is_relative_to(folder)
    except OSError:
        return False


def test_what_is_in_use_stays(switch_on, places):
    switch_on()
    before = left(places)
    assert latentrack("devices").returncode == 0
    assert left(places) == before


def test_a_flash_folder_has_one_module(switch_on, places, tmp_path):
    first = switch_on("--flash", str(tmp_path / "mine"))
    before = left(places)
    second = latentrack("virtual", "--flash", str(tmp_path / "mine"))
    assert second.returncode == 2 and second.stdout == ""
    assert "is the flash of the virtual module at /dev/pts/" in second.stderr
    assert f"(process {first.pid})" in second.stderr and second.stderr.count("\n") == 1
    assert left(places) == before
    with pytest.raises(UserError, match="mine is the flash of the virtual module at"):
        VirtualModule(tmp_path / "mine")
    first.kill()
    first.wait()
    with VirtualModule(tmp_path / "mine"):
        pass
