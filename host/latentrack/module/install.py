"""Install Latentrack on a module: the device code and the native module for its processor.

All files are written to a folder of their own, compared by their hash, and renamed into place at
the end. A cable pulled half-way leaves the module as it was; its next start removes the folder.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from latentrack import assets
from latentrack.errors import NoModule, UserError
from latentrack.module import FLASH, diagnosis
from latentrack.module.files import open_files, reason
from latentrack.module.link import Link, ModuleError, Progress
from latentrack.module.space import check_room, sizes_of

STAGE = f"{FLASH}/install.new"

_SLOWLY = (
    "Latentrack is not on the module at {}: the first install uses mpremote's copy, which is slower"
)

# The code below runs on the module, where FLASH and STAGE have been set.
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

_EMPTY_STAGE = (
    _REMOVE
    + """
_remove(STAGE)
del _remove, STAGE
"""
)

# A main.py of the user's own is kept under another name.
_PUT_IN_PLACE = (
    _REMOVE
    + """
def _swap(name):
    path = FLASH + "/" + name
    _remove(path + ".old")
    try:
        os.rename(path, path + ".old")
    except OSError:
        pass
    os.rename(STAGE + "/" + name, path)
    _remove(path + ".old")
def _keep_main():
    try:
        with open(FLASH + "/main.py") as file:
            if "latentrack" in file.read():
                return
    except OSError:
        return
    os.rename(FLASH + "/main.py", FLASH + "/main_before_latentrack.py")
    print("kept")
_keep_main()
for _name in ("latentcore.mpy", "latentrack", "board.txt", "SKIPSD", "main.py"):
    if _name in os.listdir(STAGE):
        _swap(_name)
# Examples that are there may have been changed by their owner.
_mine = FLASH + "/behaviours/"
if "behaviours" not in os.listdir(FLASH):
    os.mkdir(FLASH + "/behaviours")
for _name in os.listdir(STAGE + "/behaviours"):
    if _name not in os.listdir(_mine):
        os.rename(STAGE + "/behaviours/" + _name, _mine + _name)
# What safe.py puts back is what is installed now.
_remove(FLASH + "/installed")
_remove(STAGE)
del _remove, _swap, _keep_main, _name, _mine, FLASH, STAGE
"""
)


@dataclass(frozen=True)
class Installed:
    """The result of `install`.

    architecture: "armv7emdp" or "x64".  files: the number of files written.  kept_main: whether
    the user's own main.py was renamed to main_before_latentrack.py.
    """

    architecture: str
    files: int
    kept_main: bool


def boards() -> list[str]:
    """The names of the boards that `install` can set."""
    tables = (assets.DEVICE / "latentrack" / "boards").glob("*.py")
    return sorted({path.stem for path in tables} - {"__init__", "teensy41"})


def install(
    link: Link,
    progress: Progress | None = None,
    say: Callable[[str], None] = lambda _: None,
    *,
    board: str | None = None,
) -> Installed:
    """Install Latentrack and restart the module.

    progress(bytes sent, bytes in all) is called after each file. say: gets a sentence if the files
    are sent by mpremote's own copy. board: one of `boards()`; None keeps the module's board.

    Raises UserError; then nothing has changed, unless the message says otherwise.
    """
    if board is not None and board not in boards():
        raise UserError(f"There is no board {board}; name one of {', '.join(boards())}.")
    architecture = _architecture(link)
    contents = contents_for(architecture)
    if board is not None:
        contents["board.txt"] = board.encode()
    _empty_stage(link)
    try:
        _fill_stage(link, contents, progress, say)
    except ModuleError as error:
        _empty_stage(link)
        raise UserError(
            f"The module at {link.port} could not store Latentrack ({reason(error)}); what was "
            "sent is removed again, and nothing else was changed."
        ) from error
    except KeyboardInterrupt:
        with contextlib.suppress(UserError):
            _empty_stage(link)
        raise
    try:
        kept = "kept" in link.run(f"FLASH, STAGE = {FLASH!r}, {STAGE!r}\n{_PUT_IN_PLACE}")
    except ModuleError as error:
        raise UserError(
            f"The module at {link.port} has Latentrack's files, and could not put them in place "
            f"({reason(error)}); run `latentrack install {link.port}` again."
        ) from error
    link.restart()
    return Installed(architecture, len(contents), kept)


def _empty_stage(link: Link) -> None:
    """Remove the files that a failed install has left. Raises UserError."""
    try:
        link.run(f"STAGE = {STAGE!r}\n{_EMPTY_STAGE}")
    except ModuleError as error:
        raise UserError(
            f"The module at {link.port} could not remove {STAGE} ({error}), where an install "
            "keeps its files; its file system may be damaged."
        ) from error


def _fill_stage(
    link: Link, contents: dict[str, bytes], progress: Progress | None, say: Callable[[str], None]
) -> None:
    """Send the files to the folder STAGE, each compared by its hash."""
    total, sent = sum(map(len, contents.values())), 0
    staged = {f"{STAGE}/{name}": data for name, data in contents.items()}
    with open_files(link, lambda _: say(_SLOWLY.format(link.port))) as files:
        check_room(files, sizes_of(staged.items()), {}, "Latentrack's files")
        for path, data in staged.items():
            files.put(path, data)
            sent += len(data)
            if progress is not None:
                progress(sent, total)


def _architecture(link: Link) -> str:
    """The architecture whose native code the module's MicroPython loads.

    Raises UserError if MicroPython is too old or runs on another processor.
    """
    try:
        version, mpy = link.evaluate(
            "(lambda i: (tuple(i.version[:2]), getattr(i, '_mpy', 0)))"
            "(__import__('sys').implementation)"
        )
    except ModuleError as error:
        raise NoModule(f"The module at {link.port} is not a MicroPython board: {error}.") from error
    if tuple(version) < diagnosis.OLDEST:
        raise diagnosis.micropython_too_old(link.port, version)
    architecture = assets.ARCHITECTURES.get(mpy >> 10)
    if architecture is None or mpy & 0xFF != 6 or mpy >> 8 & 3 != 3:
        raise UserError(
            f"The MicroPython at {link.port} does not load native code for a Teensy 4.x or x64; "
            "Latentrack runs on a Teensy 4.1 with stock firmware."
        )
    return architecture


def contents_for(architecture: str) -> dict[str, bytes]:
    """The files of an installation: path under /flash -> bytes, in the order of writing."""
    sources = sorted(path for path in assets.DEVICE.rglob("*.py"))
    files = {str(path.relative_to(assets.DEVICE)): path.read_bytes() for path in sources}
    mpy = assets.latentcore_folder(architecture) / "latentcore.mpy"
    # Without SKIPSD a Teensy with a card in its slot starts from the card.
    return {"latentcore.mpy": mpy.read_bytes(), "SKIPSD": b"", **files}
