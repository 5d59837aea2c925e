"""Images of the flash's file system: made from a folder, and written back to it.

The geometry is that of stock MicroPython on the Teensy 4.1: littlefs 2 after the firmware.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from latentrack.errors import UserError
from latentrack.files import atomic_write

if TYPE_CHECKING:
    from littlefs import LittleFS

OFFSET = 0x100000  # in the flash
BLOCK_BYTES, BLOCKS = 4096, 1791
SIZE = BLOCK_BYTES * BLOCKS

# The prompt reads the UART only while it waits for a key. To let Ctrl-C interrupt running code,
# received bytes are passed to the prompt when the line falls idle, but only fewer than 64, as the
# prompt's buffer has 512 bytes.
BOOT = """\
import os, machine
_uart = machine.UART(6, 115200, rxbuf=4096)
os.dupterm(_uart)
try:
    _uart.irq(
        lambda uart, notify=os.dupterm_notify: uart.any() < 64 and notify(uart),
        machine.UART.IRQ_RXIDLE,
    )
except Exception:
    pass
"""
ADDED = {"boot.py": BOOT.encode(), "SKIPSD": b""}
"""Files added to each image: boot.py puts the prompt on UART(6), as the model has no USB; SKIPSD
keeps the firmware from mounting an SD card."""


def make_image(folder: Path) -> bytes:
    """Make an image of the folder's files; ADDED replaces files of the same names.

    Raises UserError if the files do not fit.
    """
    from littlefs import LittleFSError

    # All firmware reads version 2.0; newer firmware upgrades it when it writes.
    system = _file_system(disk_version=0x00020000)
    system.format()
    system.mount()
    try:
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            if path.is_dir():
                system.makedirs(name, exist_ok=True)
            elif path.is_file() and name not in ADDED:
                system.makedirs(path.relative_to(folder).parent.as_posix(), exist_ok=True)
                _put(system, name, path.read_bytes())
        for name, data in ADDED.items():
            _put(system, name, data)
    except LittleFSError as error:
        raise UserError(
            f"The files in {folder} do not fit into the Teensy's flash of {SIZE >> 10} KB "
            f"({error}); remove some."
        ) from error
    return bytes(system.context.buffer)


def read_image(image: bytes) -> dict[str, bytes | None]:
    """The files of an image, bytes by path, without those of ADDED; None for a folder.

    Raises ValueError if the image has no file system.
    """
    from littlefs import LittleFSError

    system = _file_system()
    system.context.buffer[:] = image[:SIZE]
    found: dict[str, bytes | None] = {}
    try:
        system.mount()
        for root, folders, names in system.walk("/"):
            prefix = root.strip("/") + "/" if root.strip("/") else ""
            for name in folders:
                found[prefix + name] = None
            for name in names:
                with system.open(prefix + name, "rb") as file:
                    found[prefix + name] = file.read()
    except LittleFSError as error:
        raise ValueError(f"there is no file system in the image: {error}") from error
    for name, data in ADDED.items():
        if found.get(name) == data:
            del found[name]
    return found


def write_back(image: bytes, folder: Path) -> None:
    """Make the folder's contents those of the image; unchanged files are not written."""
    wanted = read_image(image)
    for name, data in wanted.items():
        path = folder / name
        if data is None:
            path.mkdir(parents=True, exist_ok=True)
        elif not path.is_file() or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(path, "the module's file") as file:
                file.write(data)
    kept = {name for name in ADDED if (folder / name).exists() and name not in wanted}
    for path in sorted(folder.rglob("*"), reverse=True):
        name = path.relative_to(folder).as_posix()
        if name in wanted or name in kept:
            continue
        if path.is_dir():
            path.rmdir()
        else:
            path.unlink()


def _file_system(**options: Any) -> LittleFS:
    from littlefs import LittleFS

    return LittleFS(
        block_size=BLOCK_BYTES,
        block_count=BLOCKS,
        prog_size=256,
        read_size=32,
        cache_size=256,
        lookahead_size=32,
        name_max=255,
        mount=False,
        **options,
    )


def _put(system: LittleFS, name: str, data: bytes) -> None:
    with system.open(name, "wb") as file:
        file.write(data)
