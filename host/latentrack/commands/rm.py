"""`latentrack rm`: Remove models from the module's library."""

from __future__ import annotations

from typing import Annotated

import typer

from latentrack.commands.ports import PortOption, files_of


def rm(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Which models.")],
    port: PortOption = None,
) -> None:
    """Remove models from the module's library; one that plays goes on until another does."""
    from latentrack.commands.terminal import say
    from latentrack.module import library

    with files_of(port, "The module could not remove models") as (_, files):
        there = files.listing(library.MODELS)
        files.remove(library.find(there, names, library.titles(files)))
    say(f"Removed: {', '.join(names)}.")
