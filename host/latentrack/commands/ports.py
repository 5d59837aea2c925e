"""Which module a command means: by its port, by its name, or the only one there is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from latentrack.commands.options import given
from latentrack.errors import NoModule, UserError
from latentrack.module.ports import Found, modules

if TYPE_CHECKING:
    from latentrack.module.files import Files


def _complete_port(incomplete: str) -> list[tuple[str, str]]:
    """The ports and names of the modules that there are, without asking any of them."""
    found = []
    for module in modules():
        found.append((module.port, module.name or module.kind))
        if module.name:
            found.append((module.name, module.port))
    return [(word, about) for word, about in found if word.startswith(incomplete)]


PortOption = Annotated[
    str | None,
    typer.Option(
        "--port",
        metavar="PORT",
        envvar="LATENTRACK_PORT",
        autocompletion=_complete_port,
        help="The module's port or name. Without it: the only module there is.",
        show_default=False,
    ),
]


# For the two commands that have always taken the port without a word before it, too.
PortArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="[PORT]",
        autocompletion=_complete_port,
        help="The same as --port.",
        show_default=False,
    ),
]


def either_port(context: typer.Context, argument: str | None, option: str | None) -> str | None:
    """The port that was named as an argument or as --port. Raises UserError if both were typed.

    An argument comes before what the environment or the user's defaults say.
    """
    if argument is not None and given(context, "port"):
        raise UserError(f"the port is named twice, {argument} and {option}: leave one out")
    return option if argument is None else argument


def find_port(named: str | None) -> str:
    """The port that was named, or of the module that was; else of the only one there is.

    A Teensy comes before virtual modules, which may be left running somewhere.
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
            raise UserError(f"there are several modules; say which with --port: {names}")
    raise NoModule(
        "no module is plugged in; connect one by USB, or start `latentrack virtual` in another "
        "terminal"
    )


@contextmanager
def files_of(port: str | None, trouble: str) -> Iterator[tuple[str, Files]]:
    """The files of the module that is meant, and its port.

    `trouble` begins the sentence if it refuses something: "the module could not ...".
    """
    from latentrack.commands.terminal import say
    from latentrack.module.files import open_files, refusals
    from latentrack.module.link import Link

    with Link(find_port(port)) as link, open_files(link, say) as files, refusals(trouble):
        yield link.port, files


def _called(name: str, found: list[Found]) -> str:
    """The port of the module with this name; Teensies are asked for theirs."""
    names = []
    for module in found:
        given = _asked(module.port)
        names.append(f"{given or module.name or '(no name)'} at {module.port}")
        if name in (module.name, given):
            return module.port
    raise NoModule(
        f"no module is called {name!r}; "
        + (f"there are: {', '.join(names)}" if names else "none is plugged in")
    )


def _asked(port: str) -> str:
    from latentrack.module.link import Link, ModuleError
    from latentrack.module.session import NoPackage, Session

    try:
        with Link(port) as link, Session(link) as session:
            return str(session.first["name"])
    except (UserError, ModuleError, NoPackage):
        return ""
