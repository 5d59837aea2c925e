"""A main.py of the player's own that never returns: Ctrl-C interrupts it, as it does on a board."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import serial

from latentrack.errors import UserError
from latentrack.module.link import Link
from latentrack.virtual.module import VirtualModule
from tests.programs import latentrack, mpremote
from tests.waiting import until

LOOPS = {
    "computes": "while True:\n    pass\n",
    "prints": "n = 0\nwhile True:\n    n += 1\n    print('step', n)\n",
    "sleeps": "import time\nwhile True:\n    time.sleep(1000)\n",
    "blinks": "import time\nwhile True:\n    time.sleep_ms(50)\n    print('blink')\n",
    "waits to be typed at": "input('name? ')\n",
    "catches errors": (
        "while True:\n    try:\n        1 / 0\n"
        "    except Exception as error:\n        print(error)\n"
    ),
    "catches Ctrl-C once": (
        "try:\n    while True:\n        pass\nexcept KeyboardInterrupt:\n    pass\n"
        "while True:\n    pass\n"
    ),
    "catches Ctrl-C once in its sleep": (
        "import time\n"
        "try:\n    time.sleep(1000)\nexcept KeyboardInterrupt:\n    pass\n"
        "time.sleep(1000)\n"
    ),
    "is saved with a byte order mark": "\ufeffwhile True:\n    pass\n",
}


@pytest.fixture
def start(tmp_path: Path):
    """Starts a module that has a main.py and nothing else, and waits until that runs."""
    modules = []

    def start(source: str) -> VirtualModule:
        flash = tmp_path / f"flash{len(modules)}"
        flash.mkdir()
        began = "open('/flash/began', 'w').close()\n"
        mark = "\ufeff" if source.startswith("\ufeff") else ""
        (flash / "main.py").write_text(mark + began + source.removeprefix("\ufeff"))
        modules.append(VirtualModule(flash))
        if not mark:
            until(lambda: (flash / "began").exists(), "main.py did not begin")
        return modules[-1]

    yield start
    for module in modules:
        module.stop()


@pytest.mark.parametrize("name", LOOPS)
def test_a_command_reaches_the_module(start, name):
    module = start(LOOPS[name])
    with Link(module.port) as link:
        assert link.evaluate("6 * 7") == 42


@pytest.mark.parametrize("name", [name for name in LOOPS if "once" not in name])
def test_mpremote_reaches_the_module(start, name):
    """It types Ctrl-C once; who catches that keeps it out of a board, too."""
    module = start(LOOPS[name])
    assert mpremote(module, "exec", "print(6 * 7)").strip().endswith("42")


def test_what_main_py_says_is_heard_while_it_runs(start):
    module = start("import time\nwhile True:\n    print('tuning')\n    time.sleep_ms(50)\n")
    with serial.Serial(module.port, timeout=0.1) as port:
        heard = b""

        def said(wanted: bytes) -> bool:
            nonlocal heard
            heard += port.read(1000)
            return wanted in heard

        until(lambda: said(b"tuning\r\n"), lambda: heard)
        port.write(b"\x03")
        until(lambda: said(b">>> "), lambda: heard)
    assert b"KeyboardInterrupt" in heard and b"\0" not in heard


def test_install_keeps_it_and_starts_latentrack(start):
    source = LOOPS["prints"]
    module = start(source)
    done = latentrack("install", module.port)
    assert done.returncode == 0, done.stdout + done.stderr
    kept = (module.flash / "main_before_latentrack.py").read_text()
    assert kept.endswith(source)
    with Link(module.port) as link:
        assert link.evaluate("'instrument' in globals()")
    assert latentrack("ls", "--port", module.port).returncode == 0


def test_a_loop_behind_latentrack_s_start_is_interrupted(installed_flash, tmp_path):
    flash = shutil.copytree(installed_flash, tmp_path / "flash")
    with (flash / "main.py").open("a") as file:
        file.write("open('/flash/began', 'w').close()\nwhile True:\n    pass\n")
    with VirtualModule(flash) as module:
        until((flash / "began").exists, "main.py did not come to its loop")

        def reached() -> bool:
            try:
                with Link(module.port) as link:
                    return bool(link.evaluate("'instrument' in globals()"))
            except UserError:
                return False  # the start is not over yet, as far as anyone can tell

        until(reached, "the loop goes on")


def test_a_command_that_comes_at_once_does_not_interrupt_latentrack_s_start(
    installed_flash, tmp_path
):
    """A board's USB is there a moment before main.py; a virtual module's is there at once."""
    flash = shutil.copytree(installed_flash, tmp_path / "flash")
    for _ in range(3):
        with VirtualModule(flash) as module, Link(module.port) as link:
            assert link.evaluate("'instrument' in globals()")


def test_a_reset_to_a_main_py_that_never_returns_says_so(start):
    module = start(LOOPS["prints"])
    done = latentrack("reset", "--port", module.port)
    assert done.returncode == 3
    assert "main.py" in done.stderr and "does not return" in done.stderr
    assert f"`latentrack install {module.port}`" in done.stderr and done.stderr.count("\n") == 1
