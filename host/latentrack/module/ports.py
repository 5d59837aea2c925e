"""Which modules there are: Teensies on USB, and virtual modules that are switched on."""

from __future__ import annotations

from dataclasses import dataclass

# MicroPython on a Teensy 4.x.
TEENSY = (0xF055, 0x9802)


@dataclass(frozen=True)
class Found:
    """A module that is there: its port, what it is, and its name if that is known already."""

    port: str
    kind: str
    name: str = ""


def modules() -> list[Found]:
    """Teensies with MicroPython on USB, and virtual modules that are switched on."""
    from serial.tools.list_ports import comports

    from latentrack.virtual import registry

    teensies = sorted(port.device for port in comports() if (port.vid, port.pid) == TEENSY)
    return [Found(str(port), "Teensy") for port in teensies] + [
        Found(entry.port, "virtual", entry.name) for entry in registry.running()
    ]
