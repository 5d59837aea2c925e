"""A MicroPython that is too old is refused, on the computer and on the module's own screen."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from latentrack.module.install import contents_for
from latentrack.module.link import Link
from latentrack.virtual.module import VirtualModule
from tests.device.glass import TALL, Glass
from tests.programs import latentrack


def test_install_refuses_it_with_one_sentence(tmp_path):
    with VirtualModule(tmp_path / "flash", version="1.26.1") as module:
        done = latentrack("install", module.port)
        assert done.returncode == 2
        assert "has MicroPython 1.26; put 1.27 or newer on it first" in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
        assert not (tmp_path / "flash" / "main.py").exists()


def test_main_says_it_on_the_screen_and_at_the_prompt(installed_flash, tmp_path):
    """As after flashing an older firmware onto a module that has Latentrack."""
    flash = Path(shutil.copytree(installed_flash, tmp_path / "flash"))
    with VirtualModule(flash, version="1.26.1") as module:
        with Link(module.port) as link:
            assert not link.evaluate("'instrument' in globals()")
            glass = Glass(module, link)
        image = module.panel.screen()
        text = " ".join(glass.line(image, TALL * row) for row in range(5)).strip()
        assert text == "MicroPython 1.26 is too old: put 1.27 or newer on the Teensy"
        # The jacks are at 0 V all the same.
        assert module.panel.volts() == pytest.approx([0.0] * 8, abs=4e-4)
        assert module.panel.faults == []


def test_install_keeps_a_card_in_the_slot_from_taking_over():
    """Stock firmware starts from the card unless this file is there."""
    assert contents_for("armv7emdp")["SKIPSD"] == b""


def test_install_brings_it(start):
    module = start()
    assert (module.flash / "SKIPSD").read_bytes() == b""
