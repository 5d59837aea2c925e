"""`latentrack backup`: Save everything on the module in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from latentrack.commands.ports import PortOption, files_of
from latentrack.words import agree, count


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE.zip", help="The file to write.")],
    port: PortOption = None,
) -> None:
    """Copy the whole flash of the module into a zip file: models, settings, behaviours, code."""
    from latentrack.commands.options import check_output_file
    from latentrack.commands.terminal import say, transfer
    from latentrack.module.backup import backup as make

    check_output_file(file, "the backup")
    with (
        files_of(port, "The module could not send its files") as (where, files),
        transfer("Fetching") as progress,
    ):
        fetched = make(files, file, progress)
    are = agree(fetched, "is", "are")
    say(f"{count(fetched, 'file')} of the module at {where} {are} in {file}.")
