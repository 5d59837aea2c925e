"""Plain mpremote takes the virtual module for a board: no `resume`, nothing special."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from latentrack.virtual.banners import FRIENDLY_BANNER, RAW_BANNER, Banners
from latentrack.virtual.module import VirtualModule
from tests.programs import mpremote
from tests.waiting import PATIENCE_S


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> VirtualModule:
    """A module fresh from the shop: stock MicroPython, nothing on its flash."""
    with VirtualModule(tmp_path_factory.mktemp("bare")) as module:
        yield module


def test_exec(bare):
    assert mpremote(bare, "exec", "print(6 * 7)") == "42\n"


def test_ls_shows_names_and_sizes(bare):
    (bare.flash / "notes.txt").write_bytes(b"x" * 1234)
    assert "1234 notes.txt" in mpremote(bare, "ls")


def test_the_flash_is_all_a_program_sees(bare):
    seen = mpremote(bare, "exec", "import os; print(os.getcwd(), os.listdir('/'))")
    assert seen == "/flash ['flash']\n"


def test_cp_there_and_back_is_byte_for_byte(bare, tmp_path):
    every_byte = bytes(range(256)) * 40
    (tmp_path / "there").write_bytes(every_byte)
    mpremote(bare, "cp", str(tmp_path / "there"), ":copy.bin")
    assert (bare.flash / "copy.bin").read_bytes() == every_byte
    mpremote(bare, "cp", ":copy.bin", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == every_byte


def test_mount_runs_code_from_this_computer(bare, tmp_path):
    every_byte = bytes(range(256)) * 8
    (tmp_path / "data.bin").write_bytes(every_byte)
    (tmp_path / "lesson.py").write_text("def total(p):\n    return sum(open(p, 'rb').read())\n")
    code = (
        "import lesson; print(lesson.total('data.bin')); open('made', 'wb').write(b'\\n\\x03\\r')"
    )
    assert str(sum(every_byte)) in mpremote(bare, "mount", str(tmp_path), "exec", code)
    assert (tmp_path / "made").read_bytes() == b"\n\x03\r"


def test_rename_works_as_on_a_board(bare):
    (bare.flash / "old.txt").write_text("kept")
    mpremote(bare, "exec", "import os; os.rename('old.txt', '/flash/new.txt')")
    assert (bare.flash / "new.txt").read_text() == "kept"


def test_each_connection_resets_unless_told_to_resume(bare):
    mpremote(bare, "exec", "kept = 5")
    assert mpremote(bare, "resume", "exec", "print(kept)") == "5\n"
    assert mpremote(bare, "exec", "print('kept' in globals())") == "False\n"


def test_soft_reset_at_the_prompt_runs_main(bare):
    (bare.flash / "main.py").write_text("print('main has run')\nstarted = 1\n")
    try:
        mpremote(bare, "soft-reset")  # into the raw prompt: no main.py, as on a board
        assert mpremote(bare, "resume", "exec", "print('started' in globals())") == "False\n"
        with _terminal(bare) as terminal:
            terminal.read_until(b">>> ")
            terminal.write(b"\x04")
            shown = terminal.read_until(b"main has run", b">>> ")
            assert b"MPY: soft reboot" in shown
    finally:
        (bare.flash / "main.py").unlink()


def test_repl(bare):
    with _terminal(bare) as terminal:
        terminal.read_until(b">>> ")
        terminal.write(b"print('a\\nb')\r")
        # Lines end as a terminal wants them.
        terminal.read_until(b"\r\na\r\nb\r\n>>> ")
        terminal.write(b"exec(\"print('o' + 'n')\\nwhile True: pass\")\r")
        terminal.read_until(b"\r\non\r\n")
        terminal.write(b"\x03")
        terminal.read_until(b"KeyboardInterrupt", b">>> ")


class _Terminal:
    """mpremote's repl in a terminal of its own."""

    def __init__(self, module: VirtualModule) -> None:
        self._master, slave = pty.openpty()
        self._program = subprocess.Popen(
            [sys.executable, "-m", "mpremote", "connect", module.port, "resume", "repl"],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)

    def __enter__(self) -> _Terminal:
        # mpremote shows what the module says next; a return makes it say something.
        self.read_until(b"Ctrl-x to exit")
        self.write(b"\r")
        return self

    def __exit__(self, *_: object) -> None:
        self.write(b"\x1d")
        self._program.wait(PATIENCE_S)
        os.close(self._master)

    def write(self, data: bytes) -> None:
        os.write(self._master, data)

    def read_until(self, *wanted: bytes, timeout_s: float = PATIENCE_S) -> bytes:
        """Reads until all the texts have come, in this order."""
        seen, at, end = b"", 0, time.monotonic() + timeout_s
        for text in wanted:
            while (found := seen.find(text, at)) < 0:
                left = end - time.monotonic()
                assert left > 0, f"{text!r} did not come; this did: {seen!r}"
                if select.select([self._master], [], [], left)[0]:
                    seen += os.read(self._master, 4096)
            at = found + len(text)
        return seen


def _terminal(module: VirtualModule) -> _Terminal:
    return _Terminal(module)


def test_files_are_those_of_the_folder(bare, tmp_path: Path):
    mpremote(bare, "mkdir", "models")
    assert (bare.flash / "models").is_dir()
    mpremote(bare, "rmdir", "models")
    assert not (bare.flash / "models").exists()


def test_frames_that_speak_while_the_module_starts(tmp_path):
    """What a timer prints right behind the first prompt does not keep the cable from working."""
    (tmp_path / "main.py").write_text(
        "import machine\n"
        "timer = machine.Timer(-1, period=1, callback=lambda _: print('tick'))\n"
        "import time\ntime.sleep_ms(30)\n"
    )
    with VirtualModule(tmp_path) as module:
        assert mpremote(module, "exec", "print('here')") == "here\n"


def test_a_banner_that_comes_in_pieces():
    """The bridge knows the raw prompt however the terminal cuts it up."""
    for cut in range(1, len(RAW_BANNER)):
        prompt = Banners()
        prompt.hear(RAW_BANNER[:cut])
        assert not prompt.raw
        prompt.hear(RAW_BANNER[cut:])
        assert prompt.raw, f"cut after {cut} bytes"
        prompt.hear(FRIENDLY_BANNER[:cut])
        prompt.hear(FRIENDLY_BANNER[cut:] + b">>> ")
        assert not prompt.raw
