"""`latentrack flash`: MicroPython onto a Teensy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

LOADER = "teensy_loader_cli"
_DOWNLOADS = "https://micropython.org/download/TEENSY41/"


def flash(
    firmware: Annotated[
        Path | None,
        typer.Argument(
            metavar="FIRMWARE.hex",
            help="MicroPython for the Teensy 4.1, 1.27 or newer.",
            show_default=False,
        ),
    ] = None,
    board: Annotated[str, typer.Option(help="The loader's name for your board.")] = "TEENSY41",
) -> None:
    """Put MicroPython on a Teensy, with PJRC's teensy_loader_cli. Once per Teensy.

    Without a file it says where one is to be had. What is on the Teensy's flash stays; afterwards
    `latentrack install` puts Latentrack there.
    """
    import shutil
    import subprocess

    from latentrack.commands.terminal import say
    from latentrack.errors import UserError

    if firmware is None:
        raise UserError(
            f"Name a firmware file: the .hex for the Teensy 4.1 is at {_DOWNLOADS} (1.27 or newer)."
        )
    try:
        beginning = firmware.read_bytes()[:1]
    except OSError as error:
        raise UserError(
            f"{firmware} cannot be read ({error.strerror}); download it again ({_DOWNLOADS})."
        ) from None
    if beginning != b":":
        raise UserError(f"{firmware} is not a .hex file: download the Teensy's ({_DOWNLOADS}).")
    loader = shutil.which(LOADER)
    if loader is None:
        raise UserError(
            f"{LOADER} is not installed: on Debian `apt install teensy-loader-cli`, elsewhere see "
            "https://www.pjrc.com/teensy/loader_cli.html ."
        )
    _to_bootloader()
    say("If nothing happens, press the button on the Teensy.")
    done = subprocess.run([loader, f"--mcu={board}", "-w", "-v", str(firmware)], check=False)
    if done.returncode:
        raise UserError(
            f"{LOADER} failed; press the Teensy's button to start its loader and try again."
        )
    say("MicroPython is on the Teensy. Next: `latentrack install`.")


def _to_bootloader() -> None:
    """A Teensy that runs MicroPython already starts its loader by itself."""
    import contextlib

    from latentrack.errors import UserError
    from latentrack.module.link import Link
    from latentrack.module.ports import modules

    teensies = [module for module in modules() if module.kind == "Teensy"]
    if len(teensies) == 1:
        with contextlib.suppress(UserError), Link(teensies[0].port) as link:
            link.start("import machine; machine.bootloader()")
