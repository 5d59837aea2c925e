"""`latentrack devices`: List the modules that can be reached."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from latentrack.commands.options import JsonOption, refuse_unused


def devices(
    context: typer.Context,
    name: Annotated[
        tuple[str, str] | None,
        typer.Option(
            "--name",
            metavar="PORT NAME",
            help="Give the module at a port a name, which other commands take for --port.",
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show the modules that are plugged in or virtual: firmware, free space, what plays."""
    from rich.table import Table

    from latentrack.commands.ports import find_port
    from latentrack.commands.terminal import console, print_json, say
    from latentrack.module.files import refusals
    from latentrack.module.link import Link
    from latentrack.module.ports import modules
    from latentrack.module.session import Session

    if name is not None:
        refuse_unused(context, ["as_json"], "with --name")
        with Link(find_port(name[0])) as link, Session(link) as session:
            with refusals("The module did not take its name"):
                session.call("set_name", name[1])
        say(f"The module at {link.port} is called {name[1]}.")
        return
    found = modules()
    if as_json:
        print_json([_as_json(module.port, module.kind, *_ask(module.port)) for module in found])
        return
    shown = console()
    if not found:
        shown.print(
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
    shown.print(table)
    for note in notes:
        shown.print(note, markup=False)


def _as_json(port: str, kind: str, about: dict[str, Any], note: str) -> dict[str, Any]:
    """A module for other programs; null is what it did not say."""
    return {
        "port": port,
        "kind": kind,
        "name": about.get("name") or None,
        "board": about.get("board"),
        "micropython": about.get("micropython"),
        "free_bytes": about.get("free"),
        "size_bytes": about.get("size"),
        "models": about.get("models"),
        "plays": about.get("plays"),
        "runs": about.get("runs", False),
        "note": note or None,
    }


def _ask(port: str) -> tuple[dict[str, Any], str]:
    """What the module says of itself, and what is to be said about that."""
    from latentrack.errors import UserError
    from latentrack.module.diagnosis import inspect_inside, unusable_inside
    from latentrack.module.link import Link, ModuleError
    from latentrack.module.session import NoPackage, Session, needs_package

    try:
        with Link(port) as link, needs_package(link):
            with Session(link) as session:
                about = session.first
            inside = inspect_inside(link)
        if inside.runs and inside.moves:
            return about, ""
        return about, str(unusable_inside(port, inside))
    except (UserError, ModuleError, NoPackage) as error:
        return {}, str(error)
