"""Which module a command means, when the user does not say."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from latentrack.errors import UserError

# MicroPython on a Teensy 4.x.
TEENSY = (0xF055, 0x9802)

PortOption = Annotated[
    str | None,
    typer.Option(
        "--port",
        metavar="PORT",
        envvar="LATENTRACK_PORT",
        help="The module's port. Without it: the one Teensy that is plugged in.",
        show_default=False,
    ),
]


def find_port(named: str | None) -> str:
    """The port that was named, else the one of the only Teensy with MicroPython on USB."""
    if named:
        return named
    from serial.tools.list_ports import comports

    found = sorted(port.device for port in comports() if (port.vid, port.pid) == TEENSY)
    if len(found) == 1:
        return str(found[0])
    if found:
        raise UserError(f"several modules are plugged in; say which with --port: {', '.join(found)}")
    raise UserError(
        "no module is plugged in; connect one by USB, or start `latentrack virtual` and name its "
        f"port with --port{'' if os.name == 'posix' else ' (COM…)'}"
    )
