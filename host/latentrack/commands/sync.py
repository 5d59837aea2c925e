"""`latentrack sync`: Mirror a folder to the module's library."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from latentrack.commands.options import JsonOption
from latentrack.commands.ports import PortOption
from latentrack.words import count

if TYPE_CHECKING:
    from rich.table import Table

    from latentrack.module.library import SyncPlan


def sync(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder with your models.")],
    port: PortOption = None,
    delete: Annotated[
        bool, typer.Option("--delete", help="Remove what is not in the folder without asking.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be done, and do nothing.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Mirror a folder to the module's library; only what changed is sent.

    What is on the module and not in the folder is removed when you say so. After an interruption
    the same command goes on where it was.
    """
    import sys

    from latentrack.commands import terminal
    from latentrack.commands.ports import find_port
    from latentrack.commands.terminal import transfer
    from latentrack.module import library
    from latentrack.module.files import Files, FramedFiles, as_listing, open_files
    from latentrack.module.link import Link
    from latentrack.module.session import NoPackage, Session

    console = terminal.console(chatter=as_json or not dry_run)
    models, refused = library.models_in(folder)
    for sentence in refused:
        console.print(f"[yellow]left out:[/] {sentence}")
    with Link(find_port(port)) as link:

        def carry_out(files: Files, made: library.SyncPlan, delete: bool) -> None:
            if not made.to_send and not (delete and made.gone):
                return
            with transfer("Sending") as progress:
                library.sync(files, made, delete=delete, progress=progress)

        def decide(made: library.SyncPlan) -> bool:
            if made.to_send or made.gone:
                console.print(_table(made, delete or dry_run))
            if not made.gone or delete or dry_run:
                return delete
            if as_json or not sys.stdin.isatty():
                console.print("What is only on the module stays; --delete removes it.")
                return False
            return typer.confirm(f"Remove {count(len(made.gone), 'model')} from the module?")

        try:
            # One question and one answer, when nothing has changed.
            with Session(link, "files", library.MODELS) as session:
                title_at = library.titles(FramedFiles(session, {}))
                made = library.plan(models, as_listing(session.first), title_at)
            delete = decide(made)
            if not dry_run and (made.to_send or (delete and made.gone)):
                with Session(link) as session:
                    session.call("tidy", library.MODELS)
                    carry_out(FramedFiles(session, session.first), made, delete)
        except NoPackage:
            with open_files(link, console.print) as files:
                there = files.listing(library.MODELS)
                made = library.plan(models, there, library.titles(files))
                delete = decide(made)
                if not dry_run:
                    carry_out(files, made, delete)
    if as_json:
        terminal.print_json(_as_json(made, delete) | {"done": not dry_run})
        return
    gone = len(made.gone) if delete else 0
    console.print(
        f"{len(made.same)} unchanged, {len(made.new)} new, {len(made.changed)} changed, "
        f"{gone} removed" + (" (nothing was done: --dry-run)." if dry_run else ".")
    )


def _as_json(made: SyncPlan, delete: bool) -> dict[str, Any]:
    """The plan for other programs: paths on the module."""
    return {
        "unchanged": sorted(made.same),
        "new": sorted(made.new),
        "changed": sorted(made.changed),
        "removed": sorted(made.gone) if delete else [],
        "only_on_the_module": [] if delete else sorted(made.gone),
    }


def _table(made: SyncPlan, delete: bool) -> Table:
    from rich.table import Table

    from latentrack.module.library import MODELS

    table = Table(header_style="bold", box=None, pad_edge=False)
    table.add_column("model")
    table.add_column("bytes", justify="right")
    table.add_column("")
    rows = [(path, len(model.data), "new") for path, model in made.new.items()]
    rows += [(path, len(model.data), "changed") for path, model in made.changed.items()]
    word = "to be removed" if delete else "only on the module"
    rows += [(path, entry.size, word) for path, entry in made.gone.items()]
    for path, size, what in sorted(rows):
        table.add_row(path.removeprefix(f"{MODELS}/"), f"{size:,}", what)
    return table
