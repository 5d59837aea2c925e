"""`latentrack scales`: Put files of scales on the module, list or remove them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentrack.commands.options import JsonOption
from latentrack.commands.ports import PortOption, files_of
from latentrack.errors import UserError
from latentrack.words import listed

if TYPE_CHECKING:
    from latentrack.module.scales import Scales


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
    from latentrack.commands.terminal import say
    from latentrack.module import scales as on_module

    if files and rm:
        raise UserError("Files are put there or removed: leave out FILE or --rm.")
    read = on_module.read_files(files or ())
    with files_of(port, "The module could not do that") as (where, flash):
        if rm:
            on_module.remove_files(flash, rm)
            say(f"Removed: {', '.join(rm)}.")
        elif read:
            on_module.put_files(flash, read)
            names = sorted({scale.stem for scale in read})
            say(
                f"The module at {where} has {listed(names)}: choose them with its parameter Tuning."
            )
        else:
            _show(on_module.scales_of(flash), as_json)


def _show(found: Scales, as_json: bool) -> None:
    from rich.markup import escape
    from rich.table import Table

    from latentrack.commands.terminal import console, print_json

    if as_json:
        print_json(
            {"files": found.files, "names": list(found.names), "refused": dict(found.refused)}
        )
        return
    shown = console()
    if not found.files:
        shown.print("No scales of your own are there; `latentrack scales FILE` brings one.")
        return
    table = Table(header_style="bold", box=None, pad_edge=False)
    table.add_column("file")
    table.add_column("bytes", justify="right")
    table.add_column("")
    for name, size in sorted(found.files.items()):
        table.add_row(escape(name), f"{size:,}", escape(found.refused.get(name, "")))
    shown.print(table)
    if found.names:
        shown.print(f"Tunings: {', '.join(found.names)}", markup=False)
