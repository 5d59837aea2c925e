"""`latentrack rm`: models out of the module's library."""

from __future__ import annotations

from typing import Annotated

import typer

from latentrack.commands.ports import PortOption


def rm(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Which models.")],
    port: PortOption = None,
) -> None:
    """Remove models from the module's library; one that plays goes on until another does."""
    from rich.console import Console

    from latentrack.commands.ports import find_port
    from latentrack.module import library
    from latentrack.module.files import open_files, refusals
    from latentrack.module.link import Link

    console = Console(highlight=False, soft_wrap=True)
    with (
        Link(find_port(port)) as link,
        open_files(link, console.print) as files,
        refusals("the module could not remove models"),
    ):
        paths = library.find(files.listing(library.MODELS), names)
        files.remove(paths)
    console.print(f"Removed: {', '.join(names)}.")
