"""`latentrack scales`: Put files of scales on the module, list or remove them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from latentrack.commands.offered import offered_files
from latentrack.commands.options import JsonOption
from latentrack.commands.ports import PortOption


def scales(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILE]...",
            help="Scala's .scl and .kbm, .txt with a step in each line, or the reference "
            "project's .yml. Without one: list what is there.",
            show_default=False,
        ),
    ] = None,
    rm: Annotated[
        list[str] | None,
        typer.Option(
            "--rm",
            metavar="NAME",
            help="Remove the files of this tuning, or one file; repeatable.",
            show_default=False,
        ),
    ] = None,
    port: PortOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put files of scales on the module, where the parameter Tuning offers them.

    A file that the module cannot read is refused with what is wrong in it, and its scales stay as
    they were. Scales and tunings are on the parameters page, or at the prompt:
    `track.tuning = "just"`.
    """
    from latentrack.module.scales import SCALES

    offered_files(SCALES, files, rm, port, as_json)
