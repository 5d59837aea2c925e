"""`latentrack dataset`: music in, one dataset file out, and a look at what is in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentrack.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console

    from latentrack.corpus import Dataset

_PICTURES = 4


def dataset(
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SOURCE...",
            help="MIDI files, or folders of them with all their sub-folders.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE.npz",
            help="Where to write the dataset. Without it you see what would be in it.",
            show_default=False,
        ),
    ] = None,
    demo: Annotated[
        bool,
        typer.Option("--demo", help="Take the drum patterns that come with Latentrack."),
    ] = False,
) -> None:
    """Make a dataset, the food of a model, from your drum music.

    Each bar in 4/4 becomes one sequence of 16 steps and 12 instruments, each hit on the
    nearest sixteenth. Drums are what plays on MIDI channel 10; a file without it counts as
    drums if its names say so or it plays like a kit. Whatever is left out is counted, with
    the reason.

    - `latentrack dataset my-beats -o beats.npz`: a folder becomes a dataset
    - `latentrack dataset --demo -o demo.npz`: the built-in patterns instead
    - `latentrack dataset info beats.npz`: what a dataset holds, with a few bars drawn
    """
    from rich.console import Console

    console = Console()
    named = list(sources or [])
    # A folder that is really called "info" can be named "./info".
    if named[:1] == ["info"]:
        if len(named) != 2 or output or demo:
            raise UserError(
                "Name one dataset to look at, as in `latentrack dataset info FILE.npz`."
            )
        _info(console, Path(named[1]))
        return
    if demo == bool(named):
        raise UserError(
            "Name MIDI files or folders of them, or say --demo for the built-in patterns"
            f"{', not both' if demo else ''}."
        )
    if output and output.is_dir():
        raise UserError(f"{output} is a folder: name a file in it, such as {output / 'drums.npz'}.")

    made = _demo() if demo else _read(console, named)
    _show(console, made)
    if output:
        made.save(output)
        console.print(f"\nWritten to [bold]{output}[/bold].", highlight=False)
    else:
        console.print("\nNothing is written yet: add [bold]-o FILE.npz[/bold] to keep it.")


def _demo() -> Dataset:
    from latentrack.corpus import demo_dataset

    return demo_dataset()


def _read(console: Console, sources: list[str]) -> Dataset:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    from latentrack.corpus import read

    with Progress(
        TextColumn("Reading"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("files"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task("read", total=None)
        return read(
            sources, progress=lambda done, total: bar.update(task, completed=done, total=total)
        )


def _info(console: Console, path: Path) -> None:
    from rich.table import Table
    from rich.text import Text

    from latentrack.corpus import Dataset

    held = Dataset.load(path)
    _show(console, held)
    made = Table.grid(padding=(0, 2))
    for key, value in [*held.recipe.items(), ("fingerprint", held.digest[:16])]:
        made.add_row(Text(key, "dim"), Text(value))
    console.print(made)


def _show(console: Console, what: Dataset) -> None:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    console.print(f"[bold]{escape(what.summary())}[/bold]", highlight=False)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    table.add_column("number", justify="right")
    table.add_column("")
    table.add_column("why" if what.discarded else "", overflow="fold")
    table.add_row("kept", f"{len(what):,}", "sequences", "")
    table.add_row("", f"{what.hits:,}", "hits", "", end_section=not what.discarded)
    for index, entry in enumerate(what.discarded):
        why = escape(entry.reason)
        if entry.what == "files" and entry.examples:
            more = ", …" if entry.count > len(entry.examples) else ""
            why += f" [dim]({escape(', '.join(entry.examples))}{more})[/dim]"
        table.add_row("" if index else "left out", f"{entry.count:,}", entry.what, why)
    console.print(table)
    _draw(console, what)


def _draw(console: Console, what: Dataset) -> None:
    from rich.columns import Columns
    from rich.console import Group
    from rich.text import Text

    from latentrack.corpus.picture import draw_bar

    count = min(_PICTURES, len(what))
    # Spread over the whole, for neighbours come from the same file.
    chosen = [(2 * k + 1) * len(what) // (2 * count) for k in range(count)]
    pictures = []
    for index in chosen:
        style = f" · {what.styles[index]}" if what.styles[index] else ""
        title = Text(f"{index + 1:,}{style}", "bold")
        source = Text(what.sources[index], "dim", no_wrap=True, overflow="ellipsis")
        cells = what.sequences[index]
        bar = draw_bar(
            cells,
            what.voice_names,
            steps_per_beat=what.steps_per_beat,
            silent=not cells.any(),
        )
        source.truncate(max(len(line) for line in bar.plain.splitlines()), overflow="ellipsis")
        pictures.append(Group(title, source, bar, ""))
    console.print(Columns(pictures, padding=(0, 3)))
