"""TeensyModule and its command, on a program that talks like MicroPython's prompt."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading

import pytest

from latentrack.errors import UserError
from latentrack.module.link import Link, ModuleError
from latentrack.teensy import image
from latentrack.teensy.module import SLOWNESS, TeensyModule
from tests.teensy.programs import BARE, build, to_hex
from tests.waiting import PATIENCE_S


@pytest.fixture(scope="module")
def prompt(tmp_path_factory):
    """The program prompt.c as a .hex file."""
    return to_hex(build(tmp_path_factory.mktemp("bare"), BARE / "prompt.c"))


def said_bytes(printed):
    return int(re.search(r"bytes ([0-9a-f]{8})", printed)[1], 16)


def test_a_link_talks_to_it_through_its_port(prompt):
    with TeensyModule(prompt) as module, Link(module.port) as link:
        module.wait_for_prompt()
        short = said_bytes(link.run("1"))
        assert said_bytes(link.run("1" * 3000)) == short + 2999, "every byte has arrived"
    assert module.failure is None


def test_a_long_piece_comes_no_faster_than_the_prompt_takes_it(prompt):
    with TeensyModule(prompt) as module, Link(module.port) as link:
        link.start("")
        short = said_bytes(link.serial.read_until(b"\x04\x04>").decode())
        link.start("1" * 3000)
        long = said_bytes(link.serial.read_until(b"\x04\x04>").decode())
        assert long == short + 3000


def test_mpremote_talks_to_it(prompt):
    with TeensyModule(prompt) as module:
        done = subprocess.run(
            [sys.executable, "-m", "mpremote", "connect", module.port, "resume", "exec", "12345"],
            capture_output=True, text=True, timeout=PATIENCE_S, check=True,
        )  # fmt: skip
        assert said_bytes(done.stdout) == 5


def test_ctrl_c_interrupts_what_runs(prompt):
    with TeensyModule(prompt) as module, Link(module.port) as link:
        link.start("forever")
        link.serial.write(b"\x03")
        assert link.serial.read_until(b"\x04>").endswith(b"KeyboardInterrupt: \r\n\x04>")
        with pytest.raises(ModuleError, match="KeyboardInterrupt"):
            threading.Timer(0.5, lambda: link.serial.write(b"\x03")).start()
            link.run("forever")


def test_its_flash_is_the_folder(prompt, tmp_path):
    flash = tmp_path / "flash"
    (flash / "models").mkdir(parents=True)
    (flash / "models" / "a.tflite").write_bytes(b"model")
    (flash / "gone.txt").write_text("old")
    with TeensyModule(prompt, flash, board="bare") as module:
        there = image.read_image(module.machine.image())
        assert there["models/a.tflite"] == b"model"
        assert there["board.txt"] == b"bare\n"
        other = tmp_path / "other"
        other.mkdir()
        (other / "settings.json").write_text("{}")
        written = image.make_image(other)
        module.at(0, lambda: module.machine.flash.replace(image.OFFSET, written))
        with Link(module.port) as link:
            link.run("1")
    assert [path.name for path in flash.iterdir()] == ["settings.json"]


def test_pins_go_in_and_out(tmp_path):
    program = build(tmp_path, BARE / "exceptions.c")
    changes, seen = [], threading.Event()

    def note(time_us, pin, level):
        changes.append((time_us, pin, level))
        if len(changes) > 2:
            seen.set()

    with TeensyModule(program) as module:
        module.on_pin(note)
        module.at(60_000, lambda: module.machine.set_pin("D36", True))
        assert seen.wait(PATIENCE_S)
    # D2 becomes an output, then the interrupt of D36 sets and clears it.
    assert [change[1:] for change in changes[-2:]] == [("D2", 1), ("D2", 0)]
    assert 60_000 <= changes[-2][0] < 60_100


def test_bad_input_is_refused_in_a_sentence(prompt, tmp_path):
    with pytest.raises(UserError, match="a board called 'eurorack'; name one of xen, bare"):
        TeensyModule(prompt, board="eurorack")
    (tmp_path / "notes.hex").write_text("no firmware")
    for options, sentence in ((["--firmware", tmp_path / "notes.hex"], "notes.hex is neither"),):
        command = [sys.executable, "-m", "latentrack.cli", "virtual", *options]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
        assert done.returncode == 2
        assert sentence in " ".join(done.stderr.split())


@pytest.mark.parametrize("package", ["unicorn", "littlefs"])
def test_missing_packages_are_named(prompt, package, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(sys.modules, "latentrack.teensy.teensy", raising=False)
    monkeypatch.delitem(sys.modules, "latentrack.teensy.cpu", raising=False)
    with pytest.raises(UserError, match=r"pip install 'latentrack\[teensy\]'"):
        TeensyModule(prompt)


def test_the_command_says_where_it_is_and_how_slow(prompt, tmp_path):
    command = [sys.executable, "-m", "latentrack.cli", "virtual", "--firmware", str(prompt)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    )
    try:
        port = process.stdout.readline().strip()
        with Link(port) as link:
            assert said_bytes(link.run("1")) > 0
    finally:
        process.send_signal(signal.SIGINT)
        out, error = process.stdout.read(), process.stderr.read()
        process.wait(timeout=PATIENCE_S)
    assert SLOWNESS in " ".join(out.split()), error
    assert process.returncode == 0, error
