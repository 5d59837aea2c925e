"""`latentrack devices`: which modules there are."""

from __future__ import annotations

from typing import Annotated, Any

import typer


def devices(
    name: Annotated[
        tuple[str, str] | None,
        typer.Option(
            "--name",
            metavar="PORT NAME",
            help="Give the module at a port a name, which other commands take for --port.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Show the modules that are plugged in or virtual: firmware, free space, what plays."""
    from rich.console import Console
    from rich.table import Table

    from latentrack.commands.ports import find_port
    from latentrack.module.files import refusals
    from latentrack.module.link import Link
    from latentrack.module.ports import modules
    from latentrack.module.session import Session

    console = Console(highlight=False, soft_wrap=True)
    if name is not None:
        with Link(find_port(name[0])) as link, Session(link) as session:
            with refusals("the module did not take its name"):
                session.call("call_me", name[1])
        console.print(f"The module at {link.port} is called {name[1]}.")
        return
    found = modules()
    if not found:
        console.print(
            "No module is plugged in. A Teensy is seen when MicroPython is on it (`latentrack "
            "flash`); `latentrack virtual` starts a module without hardware."
        )
        return
    table = Table(header_style="bold", box=None, pad_edge=False)
    for heading in ("port", "name", "board", "MicroPython", "flash free", "models", "plays"):
        number = heading in ("flash free", "models")
        table.add_column(heading, justify="right" if number else "left")
    notes = []
    for module in found:
        about, note = _ask(module.port)
        table.add_row(
            module.port,
            about.get("name") or module.name,
            about.get("board", module.kind),
            about.get("micropython", "?"),
            f"{about['free'] / 1024:,.0f} KB" if about else "",
            str(about.get("models", "")),
            ", ".join(name or "nothing" for name in about.get("plays", [])),
        )
        if note:
            notes.append(f"{module.port}: {note}")
    console.print(table)
    for note in notes:
        console.print(note)


def _ask(port: str) -> tuple[dict[str, Any], str]:
    """What the module says of itself, and what is to be said about that."""
    from latentrack.errors import UserError
    from latentrack.module.diagnosis import look_inside, unusable_inside
    from latentrack.module.link import Link, ModuleError
    from latentrack.module.session import NoPackage, Session, needs_package

    try:
        with Link(port) as link, needs_package(link):
            with Session(link) as session:
                about = session.first
            inside = look_inside(link)
        if inside.runs and inside.moves:
            return about, ""
        return about, str(unusable_inside(port, inside))
    except (UserError, ModuleError, NoPackage) as error:
        return {}, str(error)
