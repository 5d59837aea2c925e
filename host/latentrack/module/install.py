"""Puts Latentrack on a module: the device code and the native module for its processor.

Everything is written beside what is there, checked by its hash, and put in place by renaming at the
end: a cable pulled half-way leaves the module as it was.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from latentrack import assets
from latentrack.errors import UserError
from latentrack.module.link import Link, ModuleError, Progress

STAGE = "/flash/install.new"
OLDEST = (1, 23)

# What follows runs on the module, after STAGE and FOLDERS have been given to it.
_REMOVE = """
import os
def _remove(path):
    try:
        mode = os.stat(path)[0]
    except OSError:
        return
    if mode & 0x4000:
        for name in os.listdir(path):
            _remove(path + "/" + name)
        os.rmdir(path)
    else:
        os.remove(path)
"""

_MAKE_STAGE = (
    _REMOVE
    + """
_remove(STAGE)
for _folder in FOLDERS:
    os.mkdir(_folder)
del _remove, _folder, STAGE, FOLDERS
"""
)

# A main.py that is not ours is somebody's: it gets another name.
_PUT_IN_PLACE = (
    _REMOVE
    + """
def _swap(name):
    path = "/flash/" + name
    _remove(path + ".old")
    try:
        os.rename(path, path + ".old")
    except OSError:
        pass
    os.rename(STAGE + "/" + name, path)
    _remove(path + ".old")
def _keep_main():
    try:
        with open("/flash/main.py") as file:
            if "latentrack" in file.read():
                return
    except OSError:
        return
    os.rename("/flash/main.py", "/flash/main_before_latentrack.py")
    print("kept")
_keep_main()
for _name in ("latentcore.mpy", "latentrack", "main.py"):
    _swap(_name)
_remove(STAGE)
del _remove, _swap, _keep_main, _name, STAGE
"""
)


@dataclass(frozen=True)
class Installed:
    """What `install` did: for which processor, how many files, and whether a main.py was kept."""

    architecture: str
    files: int
    kept_main: bool


def install(link: Link, progress: Progress | None = None) -> Installed:
    """Installs Latentrack and restarts the module. Raises UserError; then nothing has changed."""
    architecture = _architecture(link)
    files = _files(architecture)
    try:
        folders = sorted({str(Path(STAGE, name).parent) for name in files} | {STAGE})
        link.run(f"STAGE = {STAGE!r}\nFOLDERS = {folders!r}\n{_MAKE_STAGE}")
        total, sent = sum(map(len, files.values())), 0
        for name, data in files.items():
            path = f"{STAGE}/{name}"
            link.write(path, data)
            if link.sha256(path) != hashlib.sha256(data).digest():
                raise UserError(
                    f"{name} arrived damaged at {link.port}; nothing was changed, try again"
                )
            sent += len(data)
            if progress is not None:
                progress(sent, total)
        kept = "kept" in link.run(f"STAGE = {STAGE!r}\n{_PUT_IN_PLACE}")
    except ModuleError as error:
        raise UserError(
            f"the module at {link.port} could not store Latentrack ({error}); "
            "make room on its flash and try again"
        ) from error
    link.restart()
    return Installed(architecture, len(files), kept)


def _architecture(link: Link) -> str:
    """What the module's MicroPython can load; refuses what is too old or another processor."""
    try:
        version, mpy = link.evaluate(
            "(lambda i: (tuple(i.version[:2]), getattr(i, '_mpy', 0)))"
            "(__import__('sys').implementation)"
        )
    except ModuleError as error:
        raise UserError(f"the module at {link.port} is no MicroPython board: {error}") from error
    if tuple(version) < OLDEST:
        raise UserError(
            f"the module at {link.port} has MicroPython {version[0]}.{version[1]}; "
            "put 1.23 or newer on it first"
        )
    architecture = assets.ARCHITECTURES.get(mpy >> 10)
    if architecture is None or mpy & 0xFF != 6 or mpy >> 8 & 3 != 3:
        raise UserError(
            f"the MicroPython at {link.port} does not load native code for a Teensy 4.x or x64; "
            "Latentrack runs on a Teensy 4.1 with stock firmware"
        )
    return architecture


def _files(architecture: str) -> dict[str, bytes]:
    """Name under /flash -> content, in the order of writing."""
    sources = sorted(path for path in assets.DEVICE.rglob("*.py"))
    files = {str(path.relative_to(assets.DEVICE)): path.read_bytes() for path in sources}
    mpy = assets.latentcore_folder(architecture) / "latentcore.mpy"
    return {"latentcore.mpy": mpy.read_bytes(), **files}
