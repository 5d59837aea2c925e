"""`latentrack backup`: everything on the module in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from latentrack.commands.ports import PortOption


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE.zip", help="The file to write.")],
    port: PortOption = None,
) -> None:
    """Copy the whole flash of the module into a zip file: models, settings, behaviours, code."""
    from rich.console import Console

    from latentrack.commands.ports import find_port
    from latentrack.commands.progress import transfer
    from latentrack.module.backup import backup as make
    from latentrack.module.files import open_files, refusals
    from latentrack.module.link import Link

    console = Console(highlight=False, soft_wrap=True)
    with (
        Link(find_port(port)) as link,
        open_files(link, console.print) as files,
        transfer("Fetching") as progress,
        refusals("the module could not send its files"),
    ):
        count = make(files, file, progress)
    console.print(f"{count} files of the module at {link.port} are in {file}.")
