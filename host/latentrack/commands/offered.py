"""What `latentrack scales` and `latentrack paths` have in common."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from latentrack.commands.ports import files_of
from latentrack.errors import UserError
from latentrack.words import listed

if TYPE_CHECKING:
    from latentrack.module.offered import Kind, Offered


def offered_files(
    kind: Kind, files: list[Path] | None, rm: list[str] | None, port: str | None, as_json: bool
) -> None:
    """Put files of a kind on the module, remove or list them. Raises UserError."""
    from latentrack.commands.terminal import say
    from latentrack.module import offered

    if files and rm:
        raise UserError("Files are put there or removed: leave out FILE or --rm.")
    read = offered.read_files(kind, files or ())
    with files_of(port, "The module could not do that") as (where, flash):
        if rm:
            offered.remove_files(kind, flash, rm)
            say(f"Removed: {', '.join(rm)}.")
        elif read:
            offered.put_files(kind, flash, read)
            names = listed(sorted({file.stem for file in read}))
            say(
                f"The module at {where} has {names}: choose them with its parameter "
                f"{kind.parameter}."
            )
        else:
            _show(kind, offered.offered(kind, flash), as_json)


def _show(kind: Kind, found: Offered, as_json: bool) -> None:
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
        shown.print(
            f"No {kind.name} of your own are there; `latentrack {kind.name} FILE` brings one."
        )
        return
    table = Table(header_style="bold", box=None, pad_edge=False)
    table.add_column("file")
    table.add_column("bytes", justify="right")
    table.add_column("")
    for name, size in sorted(found.files.items()):
        table.add_row(escape(name), f"{size:,}", escape(found.refused.get(name, "")))
    shown.print(table)
    if found.names:
        shown.print(f"{kind.parameter}: {', '.join(found.names)}", markup=False)
