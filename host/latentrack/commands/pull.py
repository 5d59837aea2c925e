"""`latentrack pull`: models from the module to this computer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from latentrack.commands.ports import PortOption


def pull(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the models go.")],
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Which ones; without names: all."),
    ] = None,
    port: PortOption = None,
) -> None:
    """Fetch models from the module into a folder; a file that is the same already stays."""
    from pathlib import PurePosixPath

    from rich.console import Console

    from latentrack.commands.ports import find_port
    from latentrack.commands.progress import transfer
    from latentrack.module import library
    from latentrack.module.backup import fetch_to
    from latentrack.module.files import open_files, refusals
    from latentrack.module.link import Link

    console = Console(highlight=False, soft_wrap=True)
    with (
        Link(find_port(port)) as link,
        open_files(link, console.print) as files,
        transfer("Fetching") as progress,
        refusals("the module could not send its models"),
    ):
        there = library.library_of(files.listing(library.MODELS))
        chosen = library.find(there, names) if names else list(there)
        targets = {
            folder / PurePosixPath(path).relative_to(library.MODELS): (path, there[path])
            for path in chosen
        }
        fetched = fetch_to(files, targets, progress)
    console.print(f"{fetched} models fetched into {folder}, {len(targets) - fetched} were there.")
