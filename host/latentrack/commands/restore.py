"""`latentrack restore`: Put a backup back on a module."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from latentrack.commands.ports import PortOption
from latentrack.words import count


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE.zip", help="What `backup` has written.")],
    port: PortOption = None,
    delete: Annotated[
        bool, typer.Option("--delete", help="Remove files that are not in the backup.")
    ] = False,
) -> None:
    """Make the module's flash what it was, and restart it; only what differs is sent."""
    from latentrack.commands.ports import find_port
    from latentrack.commands.terminal import say, transfer
    from latentrack.module.backup import read_backup
    from latentrack.module.backup import restore as put_back
    from latentrack.module.files import open_files, refusals
    from latentrack.module.link import Link

    contents = read_backup(file)
    with Link(find_port(port)) as link:
        with (
            open_files(link, say) as files,
            transfer("Sending") as progress,
            refusals("The module could not store the backup"),
        ):
            sent, removed = put_back(files, contents, delete=delete, progress=progress)
        link.restart()
    say(
        f"{count(len(contents), 'file')} as in {file}: {sent} sent, {removed} removed. "
        "The module restarted."
    )
