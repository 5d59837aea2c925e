"""`latentrack pull`: Copy models from the module to this computer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from latentrack.commands.ports import PortOption, files_of
from latentrack.words import agree, count


def pull(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the models go.")],
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Which ones; without names: all."),
    ] = None,
    port: PortOption = None,
) -> None:
    """Fetch models from the module into a folder; a file that is the same already stays.

    Each gets the name that its file had, also where the module has another for it.
    """
    from latentrack.commands.options import check_output_folder
    from latentrack.commands.terminal import say, transfer
    from latentrack.module import library
    from latentrack.module.backup import fetch_to

    check_output_folder(folder, "the models")
    with (
        files_of(port, "The module could not send its models") as (_, files),
        transfer("Fetching") as progress,
    ):
        there = library.library_of(files.listing(library.MODELS))
        title_at = library.titles(files)
        chosen = library.find(there, names, title_at) if names else list(there)
        targets = {
            folder / name: (path, there[path])
            for path, name in library.files_for(chosen, title_at).items()
        }
        fetched = fetch_to(files, targets, progress)
    there_before = len(targets) - fetched
    were = agree(there_before, "was", "were")
    say(f"{count(fetched, 'model')} fetched into {folder}, {there_before} {were} there.")
