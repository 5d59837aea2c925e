"""Code edited while it plays: what is heard, what a mistake shows, and what stays."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import BinaryIO

import pytest

from latentrack.assets import DEVICE
from latentrack.module.link import Link
from latentrack.module.live import Live
from tests.waiting import PATIENCE_S, frames_pass, until

TO_THE_RIGHT = "def frame(controls, track):\n    track.modulate('x', 0.25)\n"


@pytest.fixture
def module(start, drum_model):
    return start(drum_model)


@pytest.fixture
def behaviours(tmp_path: Path) -> Path:
    folder = tmp_path / "behaviours"
    folder.mkdir()
    return folder


def save(file: Path, text: str) -> None:
    before = file.stat().st_mtime_ns if file.exists() else 0
    file.write_text(text)
    while file.stat().st_mtime_ns == before:
        file.write_text(text)


def test_a_behaviour_takes_part_as_soon_as_it_is_saved(module, behaviours):
    with Link(module.port) as link:
        live = Live(link, behaviours)
        assert live.start() == []
        plain = link.evaluate("track.cells")
        save(behaviours / "right.py", TO_THE_RIGHT)
        (change,) = live.poll()
        assert (change.path, change.what, change.trace) == ("behaviours/right.py", "plays", "")
        assert live.poll() == []
        assert link.evaluate("instrument.behaviours.is_on('right')")
        frames_pass(link)
        module.panel.clock(17)
        module.panel.settle()
        assert link.evaluate("track.cells") != plain


def test_a_folder_may_lie_in_a_hidden_one_and_hold_hidden_files(module, tmp_path):
    """Such as a checkout below ~/.local; an editor's own file is none of the module's."""
    folder = tmp_path / ".local" / "behaviours"
    folder.mkdir(parents=True)
    with Link(module.port) as link:
        live = Live(link, folder)
        live.start()
        save(folder / ".right.py.swp.py", TO_THE_RIGHT)
        save(folder / "right.py", TO_THE_RIGHT)
        assert [change.path for change in live.poll()] == ["behaviours/right.py"]


def test_a_mistake_shows_where_it_is_and_the_old_code_plays_on(module, behaviours):
    file = behaviours / "walk.py"
    with Link(module.port) as link:
        live = Live(link, behaviours)
        live.start()
        save(file, TO_THE_RIGHT)
        live.poll()
        for wrong, where in (
            ("def frame(controls, track)\n    pass\n", 'File "behaviours/walk.py", line 1'),
            ("def frame(controls, track):\n\n    tracks.modulate('x', 1)\n", "line 3, in frame"),
            ("1 / 0\n", "line 1, in <module>"),
        ):
            save(file, wrong)
            (change,) = live.poll()
            assert where in change.trace and "receive.py" not in change.trace
            assert link.evaluate("instrument.behaviours.is_on('walk')")
        frames_pass(link, 10)
        module.panel.clock(16)
        assert len(module.panel.steps()) == 16
        live.finish()
    assert (module.flash / "behaviours" / "walk.py").read_text() == TO_THE_RIGHT


def test_a_behaviour_that_was_there_before_can_be_taken_away(module, behaviours):
    """Nothing has been edited before it in this session, nor since the module started."""
    stored = module.flash / "behaviours" / "right.py"
    stored.parent.mkdir(exist_ok=True)
    stored.write_text(TO_THE_RIGHT)
    with Link(module.port) as link:
        link.restart()
        assert link.evaluate("instrument.behaviours.is_on('right')")
        change = Live(link, behaviours).remove("behaviours/right.py")
        assert (change.what, change.trace) == ("removed", "")
        assert "right" not in link.evaluate("behaviours.names()")
    assert not stored.exists()


def test_code_without_end_is_interrupted(module, behaviours):
    with Link(module.port) as link:
        live = Live(link, behaviours)
        live.start()
        save(behaviours / "loop.py", "def frame(controls, track):\n    while True:\n        pass\n")
        (change,) = live.poll()
        assert "timed out" in change.trace
        frames_pass(link)
        assert not link.evaluate("'loop' in instrument.behaviours.names()")


@pytest.fixture
def code(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DEVICE, tmp_path / "device"))


def edit(live: Live, file: Path, old: str, new: str):
    text = file.read_text()
    assert old in text
    save(file, text.replace(old, new, 1))
    (change,) = live.poll()
    return change


def test_device_code_is_swapped_under_the_objects_that_are_there(module, code):
    instrument = code / "latentrack" / "instrument.py"
    with Link(module.port) as link:
        live = Live(link, code)
        assert live.start() == []
        link.run("track.threshold = 0.25; kept = track")
        change = edit(
            live,
            instrument,
            "    def _refresh(self):\n",
            "    def _refresh(self):\n        self.heard = getattr(self, 'heard', 0) + 1\n",
        )
        assert change.what == "plays" and not change.trace
        frames_pass(link, 10)
        # The frame's parts are the new ones, and the objects are the old ones.
        assert link.evaluate("instrument.heard") >= 5
        assert link.evaluate("track.threshold") == pytest.approx(0.25)
        assert link.evaluate("kept is instrument.track")
        change = edit(
            live,
            code / "latentrack" / "track.py",
            "    def __init__",
            "    def greet(self):\n        return 'hello'\n\n    def __init__",
        )
        assert link.evaluate("track.greet()") == "hello"

        change = edit(live, instrument, "self.heard = ", "nowhere.heard = ")
        assert "instrument.py" in change.trace and "nowhere" in change.trace
        heard = link.evaluate("instrument.heard")
        frames_pass(link, 10)
        assert link.evaluate("instrument.heard") >= heard + 5
        assert link.evaluate("instrument.failed_parts") == {}


def test_the_clock_does_not_notice(start, drum_model, code):
    """Every module of the device code is swapped while edges come; every edge plays its step."""
    import threading

    module = start(drum_model)
    # A computer that is busy may make pauses between the edges, and let code wait for long.
    for name, limit in (
        ("instrument", "\nQUIET_MS = 2000\n"),
        ("guard", "\nSTOP_MS = 1000\n"),
        ("guard", "\nRESET_MS = 4000\n"),
        ("scheduler", "\n_PATIENCE_MS = 2000\n"),
    ):
        file = code / "latentrack" / f"{name}.py"
        assert limit in file.read_text(), limit
        save(file, file.read_text().replace(limit, f"{limit.partition('=')[0]}= 1 << 28\n"))
        shutil.copy(file, module.flash / "latentrack")
    edges, done = 0, threading.Event()

    def clock() -> None:
        nonlocal edges
        while not done.is_set():
            module.panel.clock(100, spacing_us=1000)
            edges += 100

    clocking = threading.Thread(target=clock)
    with Link(module.port) as link:
        live = Live(link, code)
        link.restart()
        module.panel.settle()
        assert live.start() == []
        clocking.start()
        try:
            until(lambda: edges > 0)
            for file in sorted(code.rglob("*.py")):
                save(file, file.read_text() + "\n# edited\n")
            changes = live.poll()
            played_on = edges + 200
            until(lambda: edges > played_on)
            frames_pass(link, 20)
        finally:
            done.set()
            clocking.join()
        assert [change for change in changes if change.trace] == []
        assert len(changes) == len(list(code.rglob("*.py")))
        # While the clock runs nothing is written.
        mine = code / "latentrack" / "track.py"
        there = module.flash / "latentrack" / "track.py"
        assert there.read_bytes() != mine.read_bytes()
        live.finish()
        assert there.read_bytes() == mine.read_bytes()
    played = [r.value for r in module.panel.settle() if r.kind == "step" and r.jack == 0]
    assert played == [edge % 16 for edge in range(edges)]
    assert module.panel.faults == []


def test_ctrl_c_stores_what_was_sent_before_all_is_shown(module, behaviours):
    """The first changes are shown after it has said what Ctrl-C does."""
    for name in ("one", "two"):
        save(behaviours / f"{name}.py", TO_THE_RIGHT)
    watching = f"Watching {behaviours} for the module at {module.port}. Ctrl-C ends it.\n"
    reader, writer = os.pipe()
    # Room for that sentence and no more: the next line waits for us to read.
    full = fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    os.write(writer, b"." * (full - len(watching) - 10))
    command = subprocess.Popen(
        [sys.executable, "-m", "latentrack.cli", "live", str(behaviours), "--port", module.port],
        stdout=writer, stderr=subprocess.PIPE,
    )  # fmt: skip
    os.close(writer)
    with open(reader, "rb") as output, command:
        until(lambda: _waiting(output) >= full - 10)
        command.send_signal(signal.SIGINT)
        said = output.read()
        assert command.wait(PATIENCE_S) == 0, command.stderr.read()
    assert watching.encode() in said
    for file in behaviours.iterdir():
        assert (module.flash / "behaviours" / file.name).read_bytes() == file.read_bytes()


def _waiting(pipe: BinaryIO) -> int:
    """How many bytes wait in a pipe to be read."""
    return struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))[0]


def test_the_command_with_its_prompt(module, behaviours):
    command = [sys.executable, "-m", "latentrack.cli", "live", str(behaviours)]
    program = subprocess.Popen(
        [*command, "--port", module.port, "--repl"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert program.stdin is not None and program.stdout is not None
    seen = ""

    def wait_for(text: str) -> None:
        nonlocal seen
        while text not in seen:
            letter = program.stdout.read(1)
            assert letter, seen
            seen += letter

    wait_for("Watching")
    program.stdin.write("track.threshold = 0.3\ntrack.threshold\n1/0\n")
    program.stdin.flush()
    wait_for("0.3")
    wait_for("ZeroDivisionError")
    save(behaviours / "right.py", TO_THE_RIGHT)
    wait_for("behaviours/right.py: plays")
    save(behaviours / "right.py", "def frame(controls, track):\n    nonsense\n")
    wait_for("NameError")
    program.stdin.close()
    rest = program.stdout.read()
    assert program.wait(PATIENCE_S) == 0, seen + rest
    assert (module.flash / "behaviours" / "right.py").read_text() == TO_THE_RIGHT


@pytest.mark.parametrize("wish", ["--delete", ""])
def test_a_behaviour_that_is_deleted_goes_when_told(module, behaviours, wish):
    save(behaviours / "right.py", TO_THE_RIGHT)
    save(behaviours / "left.py", TO_THE_RIGHT)
    command = [sys.executable, "-m", "latentrack.cli", "live", str(behaviours)]
    program = subprocess.Popen(
        [*command, "--port", module.port, *([wish] if wish else [])],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None

    def wait_for(text: str) -> str:
        while text not in (line := program.stdout.readline()):
            assert line, f"{text!r} did not come"
        return line

    wait_for("right.py: plays")
    (behaviours / "right.py").unlink()
    line = wait_for("right.py")
    assert "removed" in line if wish else "stays on the module; --delete removes it" in line
    program.send_signal(2)
    program.communicate(timeout=PATIENCE_S)
    there = {path.name for path in (module.flash / "behaviours").iterdir()}
    assert ("right.py" in there) == (not wish) and "left.py" in there
    with Link(module.port) as link:
        names = link.evaluate("instrument.behaviours.names()")
        assert ("right" in names) == (not wish) and "left" in names
        frames_pass(link)


def test_a_file_that_an_editor_takes_away_for_a_moment_is_not_deleted(module, behaviours):
    with Link(module.port) as link:
        live = Live(link, behaviours)
        live.start()
        save(behaviours / "right.py", TO_THE_RIGHT)
        live.poll()
        (behaviours / "right.py").unlink()
        live.poll()
        assert live.gone() == []
        save(behaviours / "right.py", TO_THE_RIGHT)
        for _ in range(20):
            live.poll()
        assert live.gone() == []


def test_what_a_restart_has_lost_is_sent_again(module, behaviours, monkeypatch):
    """As by a power cut before the file was stored."""
    monkeypatch.setattr("latentrack.module.live.CHECK_EVERY_S", 0.0)
    with Link(module.port) as link:
        live = Live(link, behaviours)
        live.start()
        save(behaviours / "right.py", TO_THE_RIGHT)
        assert [change.what for change in live.poll()] == ["plays"]
        live.finish()
        assert live.poll() == []
        (module.flash / "behaviours" / "right.py").unlink()
        link.restart()
        assert not link.evaluate("'right' in instrument.behaviours.names()")
        changes = live.poll()
        assert [(change.path, change.what) for change in changes] == [
            ("behaviours/right.py", "plays")
        ]
        assert live.poll() == []
