"""`latentrack paths`: Put paths through the latent space on the module, list or remove them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from latentrack.commands.offered import offered_files
from latentrack.commands.options import JsonOption
from latentrack.commands.ports import PortOption


def paths(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILE]...",
            help="Texts (.txt) with a point in each line. Without one: list what is there.",
            show_default=False,
        ),
    ] = None,
    rm: Annotated[
        list[str] | None,
        typer.Option(
            "--rm",
            metavar="NAME",
            help="Remove this path; repeatable.",
            show_default=False,
        ),
    ] = None,
    port: PortOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put paths through the latent space on the module, where the parameter Path offers them.

    A file that the module cannot read is refused with what is wrong in it, and its paths stay as
    they were. The page "path" plays along one, or the prompt: `track.path = "rise"`.
    """
    from latentrack.module.paths import PATHS

    offered_files(PATHS, files, rm, port, as_json)
