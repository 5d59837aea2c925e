"""What is at the other end of the port: each case is said in one sentence by whichever command."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from latentrack.module.link import Link
from latentrack.virtual.module import VirtualModule
from tests.programs import latentrack, mpremote
from tests.waiting import PATIENCE_S


@pytest.fixture
def commands(drum_model: Path, tmp_path: Path) -> dict[str, list[str]]:
    """What talks to a module: its arguments but for the port."""
    folder = tmp_path / "folder"
    folder.mkdir()
    shutil.copy(drum_model, folder / "drums.tflite")
    return {
        "push": ["push", str(drum_model)],
        "play": ["play", "drums"],
        "live": ["live", str(folder)],
        "logs": ["logs"],
        "repl": ["repl"],
        "pull": ["pull", str(tmp_path / "pulled")],
        "rename": ["rename", "drums", "dub"],
        "rm": ["rm", "drums"],
        "ls": ["ls"],
        "scales": ["scales"],
        "paths": ["paths"],
        "sync": ["sync", str(folder)],
        "backup": ["backup", str(tmp_path / "b.zip")],
        "reset": ["reset"],
        "selftest": ["selftest", "--report", str(tmp_path / "report.md")],
    }


def at(port: str, arguments: list[str]) -> list[str]:
    """The arguments with the port where the command wants it."""
    return [*arguments, port] if arguments[0] == "selftest" else [*arguments, "--port", port]


def said_by(arguments: list[str], port: str) -> str:
    """The one sentence with which a command ends."""
    done = latentrack(*at(port, arguments))
    assert done.returncode != 0, done.stdout
    assert "Traceback" not in done.stderr and done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def all_say(commands: dict[str, list[str]], port: str) -> str:
    """The sentence in which all commands agree."""
    said = {name: said_by(arguments, port) for name, arguments in commands.items()}
    assert len(set(said.values())) == 1, said
    return said.popitem()[1]


def test_a_port_that_is_not_there(commands):
    said = all_say(commands, "/dev/ttyNOWHERE")
    assert "There is no port /dev/ttyNOWHERE" in said and "latentrack devices" in said


@pytest.fixture
def holder(start) -> Iterator[tuple[VirtualModule, subprocess.Popen[bytes]]]:
    """A module whose port mpremote has."""
    module = start()
    master, slave = pty.openpty()
    program = subprocess.Popen(
        [sys.executable, "-m", "mpremote", "connect", module.port, "resume", "repl"],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    shown = b""
    while b"Ctrl-x to exit" not in shown:
        shown += os.read(master, 1000)
    yield module, program
    program.kill()
    program.wait()
    os.close(master)
    os.close(slave)


def test_another_program_has_the_port(holder, commands):
    module, program = holder
    said = all_say(commands, module.port)
    assert f"mpremote (process {program.pid}) has the port {module.port} open" in said
    assert f"mpremote (process {program.pid})" in latentrack("devices").stdout


def test_another_program_takes_what_the_module_says(start, drum_model):
    """A terminal program that locks nothing gets the answers; it is named."""
    module = start()
    module.freeze()
    thief = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"], stdin=open(module.port)
    )
    try:
        said = said_by(["push", str(drum_model)], module.port)
    finally:
        module.thaw()
        thief.kill()
        thief.wait()
    assert "does not answer here" in said and f"(process {thief.pid}) has the port open" in said


def test_what_hangs_is_told_from_what_is_no_module(start, drum_model):
    module = start()
    module.freeze()
    try:
        said = said_by(["push", str(drum_model)], module.port)
    finally:
        module.thaw()
    assert "hangs" in said and "switch it off and on" in said
    # Opened in a process of its own, which is then the one that has it.
    master, slave = pty.openpty()
    tty.setraw(slave)
    port = os.ttyname(slave)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("latentrack.module.diagnosis.programs_at", lambda port: [])
            patch.setattr("latentrack.module.link.ANSWER_S", 0.5)
            from latentrack.errors import UserError

            with pytest.raises(UserError, match="does not answer as MicroPython; .*flash"):
                Link(port)
    finally:
        os.close(master)
        os.close(slave)


def test_a_module_without_latentrack(commands, tmp_path):
    """What can be done without it is done (files); all else says how it comes there."""
    needs = ("push", "play", "live", "logs", "selftest")
    with VirtualModule(tmp_path / "bare") as module:
        said = all_say({name: commands[name] for name in needs}, module.port)
        assert "without Latentrack; `latentrack install" in said
        for name in ("pull", "ls", "sync", "backup"):
            done = latentrack(*commands[name], "--port", module.port)
            assert done.returncode == 0, done.stderr
            assert said.removeprefix("latentrack: ").strip() in done.stdout, name
        assert said.removeprefix("latentrack: ").strip() in latentrack("devices").stdout
        done = latentrack("reset", "--port", module.port)
        assert done.returncode == 0 and "without Latentrack" in done.stdout


def plays(module: VirtualModule) -> None:
    """Sixteen edges are sixteen steps."""
    module.panel.settle()
    module.panel.clock(16)
    assert len(module.panel.steps()) == 16


@pytest.mark.parametrize("name", ["push", "play", "live"])
def test_what_mpremotes_reset_has_left_unstarted_is_started(start, drum_model, commands, name):
    module = start(drum_model)
    shutil.copy(drum_model, module.flash / "models" / "perc" / "drums.tflite")
    mpremote(module, "exec", "pass")
    with Link(module.port) as link:
        assert not link.evaluate("'instrument' in globals()")
    said = latentrack("devices").stdout
    assert "is not started" in said and f"latentrack reset --port {module.port}" in said
    if name == "live":
        done = run_live(commands[name], module.port)
    else:
        done = latentrack(*commands[name], "--port", module.port).stdout
    assert done.count("was not started (mpremote does that): it is now.") == 1, done
    plays(module)
    with Link(module.port) as link:
        assert link.evaluate("'track' in globals() and instrument.plays() != []")


def run_live(arguments: list[str], port: str) -> str:
    """What `live` prints until it watches."""
    program = subprocess.Popen(
        [sys.executable, "-m", "latentrack.cli", *arguments, "--port", port],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    said = ""
    while "Watching" not in said:
        line = program.stdout.readline()
        assert line, said
        said += line
    program.send_signal(2)
    program.communicate(timeout=PATIENCE_S)
    return said


def test_a_main_that_fails_is_said_with_its_exception(start, drum_model):
    module = start(drum_model)
    (module.flash / "main.py").write_text("import latentrack\n1 / 0\n")
    mpremote(module, "exec", "pass")
    said = said_by(["push", str(drum_model)], module.port)
    assert "fails (ZeroDivisionError" in said and "latentrack install" in said
    (module.flash / "main.py").write_text("print('a program of mine')\n")
    said = said_by(["push", str(drum_model)], module.port)
    assert "does not start Latentrack; `latentrack install" in said


def test_a_micropython_that_is_too_old(installed_flash, tmp_path, drum_model):
    flash = Path(shutil.copytree(installed_flash, tmp_path / "flash"))
    with VirtualModule(flash, version="1.26.1") as module:
        said = said_by(["push", str(drum_model)], module.port)
        assert "has MicroPython 1.26; put 1.27 or newer on it first" in said


def test_a_latentrack_that_is_too_old(start, drum_model):
    """The one there lacks a request that the one here makes."""
    module = start(drum_model)
    file = module.flash / "latentrack" / "requests.py"
    file.write_text(file.read_text().replace("def audition(", "def listen_to("))
    with Link(module.port) as link:
        link.restart()
    said = said_by(["push", str(drum_model)], module.port)
    assert "is older than the one here" in said and "latentrack install" in said


def test_frames_that_have_stopped_are_noticed(start, drum_model):
    module = start(drum_model)
    with Link(module.port) as link:
        link.run("instrument.stop()")
    said = said_by(["push", str(drum_model)], module.port)
    assert "hangs: its frames have stopped; `latentrack reset" in said
    assert "its frames have stopped" in latentrack("devices").stdout
