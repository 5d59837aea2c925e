"""Programs that stay at the port hand it to other commands in between, one after the other."""

from __future__ import annotations

import os
import pty
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from latentrack.module.diagnosis import is_locked
from latentrack.module.link import Link
from latentrack.module.turns import Turns
from latentrack.virtual import registry
from latentrack.virtual.module import VirtualModule
from tests.programs import latentrack
from tests.waiting import PATIENCE_S, until


class Terminal:
    """A command of ours in a terminal of its own."""

    def __init__(self, *arguments: str) -> None:
        self._master, slave = pty.openpty()
        self.program = subprocess.Popen(
            [
                # What a session opens first is its terminal: Ctrl-C there is a signal.
                *("/bin/sh", "-c", ': <>"$0"; exec "$@"', os.ttyname(slave)),
                *(sys.executable, "-m", "latentrack.cli", *arguments),
            ],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self.seen = b""

    def write(self, text: str) -> None:
        os.write(self._master, text.encode())

    def wait_for(self, text: str) -> str:
        """What was shown up to a text, since the last that was waited for."""
        end = time.monotonic() + PATIENCE_S
        while text.encode() not in self.seen:
            left = end - time.monotonic()
            assert left > 0, f"{text!r} did not come; this did: {self.seen!r}"
            if select.select([self._master], [], [], left)[0]:
                self.seen += os.read(self._master, 4096)
        shown, _, self.seen = self.seen.partition(text.encode())
        return shown.decode(errors="replace")

    def close(self) -> None:
        self.program.kill()
        self.program.wait()
        os.close(self._master)


@pytest.fixture
def terminal() -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def open_terminal(*arguments: str) -> Terminal:
        opened.append(Terminal(*arguments))
        return opened[-1]

    yield open_terminal
    for each in opened:
        each.close()


def done(*arguments: str) -> str:
    program = latentrack(*arguments)
    assert program.returncode == 0, program.stderr
    return program.stdout


def sockets(module: VirtualModule) -> list[Path]:
    name = module.port.strip("/").replace("/", "-")
    return list(registry.folder().glob(f"{name}.line*"))


def test_push_while_something_is_half_typed_at_the_prompt(start, models, terminal):
    module = start(models / "dub.tflite")
    repl = terminal("repl", "--port", module.port)
    repl.wait_for(">>> ")
    repl.write("track.name")
    repl.wait_for("track.name")
    assert "funk plays" in done("push", str(models / "funk.tflite"), "--port", module.port)
    assert "funk" in done("devices")
    with Link(module.port) as link:
        assert link.evaluate("track.model.name") == "funk"
    repl.write("\x7f" * len("name") + "model.name\r")
    repl.wait_for("'funk'")
    repl.wait_for(">>> ")
    repl.write("half\x15\x18")  # Ctrl-U, Ctrl-X
    repl.program.wait(PATIENCE_S)
    assert repl.program.returncode == 0
    assert sockets(module) == []


def test_the_prompt(start, models, terminal):
    """What runs there shows its output as it comes, and ends by Ctrl-C."""
    module = start(models / "dub.tflite")
    repl = terminal("repl", "--port", module.port)
    repl.wait_for(">>> ")
    repl.write("for i in range(2):\r    print('line', i)\r\r")
    repl.wait_for("line 0\r\nline 1\r\n>>> ")
    repl.write("import time\r")
    repl.wait_for(">>> ")
    repl.write("print('first'); time.sleep(1000)\r")
    repl.wait_for("first\r\n")
    repl.write("\x03")
    repl.wait_for("KeyboardInterrupt")
    repl.wait_for(">>> ")
    repl.write("track.thr\t = 0.25\r")
    repl.wait_for(">>> ")
    repl.write("nonsense\r")
    repl.wait_for("NameError")
    repl.write("instrument.message('from the rack')\r")
    repl.wait_for("from the rack")
    with Link(module.port) as link:
        assert link.evaluate("track.threshold") == pytest.approx(0.25, abs=0.01)


def test_push_and_live_at_once(start, models, terminal, tmp_path):
    module = start(models / "dub.tflite")
    folder = tmp_path / "behaviours"
    folder.mkdir()
    live = terminal("live", str(folder), "--port", module.port)
    live.wait_for("Watching")
    assert "funk plays" in done(
        "push", "--store", str(models / "funk.tflite"), "--port", module.port
    )
    (folder / "right.py").write_text("def frame(controls, track):\n    pass\n")
    live.wait_for("behaviours/right.py: plays")
    # As many as like, all at once: they come one after the other.
    programs = [
        subprocess.Popen(
            [sys.executable, "-m", "latentrack.cli", command, *more, "--port", module.port],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for command, *more in (
            ["push", str(models / "dub.tflite")],
            ["ls"],
            ["push", str(models / "funk.tflite"), "--track", "2"],
            ["logs"],
        )
    ]
    for program in programs:
        _, said = program.communicate(timeout=PATIENCE_S)
        assert program.returncode == 0, said
    with Link(module.port) as link:
        assert link.evaluate("[t.model.name for t in tracks]") == ["dub", "funk"]
    (folder / "right.py").unlink()
    live.wait_for("right.py is deleted here. On the module, too?")
    live.write("y\r")
    live.wait_for("removed")


def test_two_that_stay(start, models, terminal, tmp_path):
    """The second borrows the line for each conversation, and has it when the first is gone."""
    module = start(models / "dub.tflite")
    (tmp_path / "behaviours").mkdir()
    repl = terminal("repl", "--port", module.port)
    repl.wait_for(">>> ")
    live = terminal("live", str(tmp_path / "behaviours"), "--port", module.port)
    live.wait_for("Watching")
    (tmp_path / "behaviours" / "one.py").write_text("def frame(controls, track):\n    pass\n")
    live.wait_for("one.py: plays")
    repl.write("behaviours.is_on('one')\r")
    repl.wait_for("True")
    assert len(sockets(module)) == 1
    repl.program.kill()
    repl.program.wait()
    (tmp_path / "behaviours" / "two.py").write_text("def frame(controls, track):\n    pass\n")
    live.wait_for("two.py: plays")
    assert "funk plays" in done("push", str(models / "funk.tflite"), "--port", module.port)


def test_the_holder_dies_while_another_has_the_line(start, models, terminal):
    module = start(models / "dub.tflite")
    repl = terminal("repl", "--port", module.port)
    repl.wait_for(">>> ")
    with Link(module.port) as link:
        assert link.is_borrowed
        repl.program.kill()
        repl.program.wait()
        assert link.evaluate("track.model.name") == "dub"
    assert "funk plays" in done("push", str(models / "funk.tflite"), "--port", module.port)
    assert sockets(module) == []  # what the dead one has left is gone, too
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(registry.folder() / "dev-ttyDEAD.line"))
    dead.close()
    terminal("repl", "--port", module.port).wait_for(">>> ")
    assert [path.name for path in registry.folder().glob("*DEAD*")] == []


def test_a_borrower_dies_in_the_midst(start, models, terminal):
    module = start(models / "dub.tflite")
    repl = terminal("repl", "--port", module.port)
    repl.wait_for(">>> ")
    code = (
        "import sys\nfrom latentrack.module.link import Link\n"
        "link = Link(sys.argv[1])\nlink.start('import time; time.sleep(1000)')\n"
        "print('there', flush=True)\nsys.stdin.read()\n"
    )
    borrower = subprocess.Popen(
        [sys.executable, "-c", code, module.port], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert borrower.stdout is not None and borrower.stdout.readline() == b"there\n"
    borrower.kill()
    borrower.communicate()
    repl.write("track.model.name\r")
    repl.wait_for("'dub'")


WAIT_FOR_A_BUTTON = """
import time
def wait():
    while not instrument.controls.buttons[4].is_down(): time.sleep_ms(10)
"""


def test_code_that_runs_at_the_prompt_is_not_interrupted(start, models, terminal):
    module = start(models / "dub.tflite")
    with Link(module.port) as link:
        link.run(WAIT_FOR_A_BUTTON)
    repl = terminal("repl", "--port", module.port)
    repl.wait_for(">>> ")
    repl.write("print('goes', 'on'); wait(); print('still', 'on')\r")
    repl.wait_for("goes on")
    refused = latentrack("push", str(models / "funk.tflite"), "--port", module.port)
    assert refused.returncode != 0 and refused.stderr.count("\n") == 1
    assert f"latentrack repl (process {repl.program.pid}) has the module" in refused.stderr
    module.panel.press(4)
    repl.wait_for("still on")


def test_plain_mpremote_says_one_sentence(start, models, terminal):
    module = start(models / "dub.tflite")
    repl = terminal("repl", "--port", module.port)
    repl.wait_for(">>> ")
    assert "dub" in done("ls", "--port", module.port)
    until(lambda: is_locked(module.port))  # it takes the port again by itself
    plain = subprocess.run(
        [sys.executable, "-m", "mpremote", "connect", module.port, "resume", "exec", "pass"],
        capture_output=True,
        text=True,
    )
    assert plain.returncode == 1
    assert plain.stdout + plain.stderr == (
        f"mpremote: failed to access {module.port} (it may be in use by another program)\n"
    )


def test_turns_come_in_the_order_of_asking():
    turns, served = Turns(), []
    assert turns.take("first")

    def serve(name: str) -> None:
        assert turns.take(name)
        served.append((name, turns.whose))
        turns.give_back()

    threads = []
    for number in range(8):
        threads.append(threading.Thread(target=serve, args=(str(number),)))
        threads[-1].start()
        until(lambda count=number + 2: turns.waiting == count)
        if number == 3:
            assert not turns.take("impatient", 0.01)  # and takes nobody's place with it
    assert turns.whose == "first" and served == []
    turns.give_back()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert served == [(str(number), str(number)) for number in range(8)]
    assert turns.whose == ""
