"""Which modules there are, Teensies on USB and virtual ones, and which of them is meant."""

from __future__ import annotations

import re
from dataclasses import dataclass

from latentrack.errors import NoModule, UserError

# MicroPython on a Teensy 4.x.
TEENSY = (0xF055, 0x9802)


@dataclass(frozen=True)
class FoundModule:
    """A module that is there: its port, what it is, and its name if that is known already."""

    port: str
    kind: str
    name: str = ""


def modules() -> list[FoundModule]:
    """Teensies with MicroPython on USB, and virtual modules that are switched on."""
    from serial.tools.list_ports import comports

    from latentrack.virtual import registry

    teensies = sorted(port.device for port in comports() if (port.vid, port.pid) == TEENSY)
    return [FoundModule(str(port), "Teensy") for port in teensies] + [
        FoundModule(entry.port, "virtual", entry.name) for entry in registry.running()
    ]


def find_port(named: str | None) -> str:
    """The port that was named, or of the module that was; else of the only one there is.

    A Teensy comes before virtual modules, which may be left running somewhere. Raises NoModule if
    there is none, or none of that name, and UserError if there are several.
    """
    if named and (re.search(r"[/\\]", named) or re.fullmatch(r"(?i)com\d+", named)):
        return named
    found = modules()
    if named:
        return _called(named, found)
    for kind in ("Teensy", "virtual"):
        candidates = [module for module in found if module.kind == kind]
        if len(candidates) == 1:
            return candidates[0].port
        if candidates:
            names = ", ".join(f"{m.port} {m.name}".strip() for m in candidates)
            raise UserError(f"There are several modules; say which with --port: {names}.")
    raise NoModule(
        "No module is plugged in; connect one by USB, or start `latentrack virtual` in another "
        "terminal."
    )


def _called(name: str, found: list[FoundModule]) -> str:
    """The port of the module with this name; Teensies are asked for theirs."""
    names = []
    for module in found:
        given = _asked(module.port)
        names.append(f"{given or module.name or '(no name)'} at {module.port}")
        if name in (module.name, given):
            return module.port
    raise NoModule(
        f"No module is called {name!r}; "
        + (f"there are: {', '.join(names)}." if names else "none is plugged in.")
    )


def _asked(port: str) -> str:
    from latentrack.module.link import Link, ModuleError
    from latentrack.module.session import NoPackage, Session

    try:
        with Link(port) as link, Session(link) as session:
            return str(session.first["name"])
    except (UserError, ModuleError, NoPackage):
        return ""
