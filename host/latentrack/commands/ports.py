"""The --port option: which module a command talks to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from latentrack.commands.options import given
from latentrack.errors import UserError
from latentrack.module.ports import find_port as find_port
from latentrack.module.ports import modules

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
        raise UserError(f"The port is named twice, {argument} and {option}: leave one out.")
    return option if argument is None else argument


@contextmanager
def files_of(port: str | None, trouble: str) -> Iterator[tuple[str, Files]]:
    """The files of the module that is meant, and its port.

    `trouble` begins the sentence if it refuses something: "The module could not ...".
    """
    from latentrack.commands.terminal import say
    from latentrack.module.files import open_files, refusals
    from latentrack.module.link import Link

    with Link(find_port(port)) as link, open_files(link, say) as files, refusals(trouble):
        yield link.port, files
