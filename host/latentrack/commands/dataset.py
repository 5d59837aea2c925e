"""`latentrack dataset`: Build a dataset from music, or show what a dataset holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from latentrack.commands.declared_options import named_with, values_of, with_options_of
from latentrack.commands.options import (
    JsonOption,
    check_output_file,
    output_option,
    refuse_unused,
)
from latentrack.corpus.percussion import EXTENDED
from latentrack.corpus.rules import AUDIO, Rules
from latentrack.errors import UserError

if TYPE_CHECKING:
    from latentrack.corpus import Dataset

# What decides how music is read, other than the map, which demo drums have, too.
_READING = [*named_with(Rules, lambda rule: rule.name != "percussion"), "no_cache"]
_NOT_WITH_DEMO = [name for name in _READING if name != "kind"]


@with_options_of(Rules, defaults={"kind": None, "percussion": EXTENDED.name})
def dataset(
    context: typer.Context,
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SOURCE...",
            help="MIDI files or audio loops, folders of them with all that is in them, zip "
            "archives.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        output_option(
            "FILE.npz", "Where to write the dataset. Without it you see what would be in it."
        ),
    ] = None,
    demo: Annotated[
        bool,
        typer.Option(
            "--demo", help="Take the patterns that come with Latentrack: drums, or those of --kind."
        ),
    ] = False,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Read all files again, and keep nothing of them.")
    ] = False,
    *,
    as_json: JsonOption = False,
    **rules: Any,
) -> None:
    """Build a dataset to train on from your music.

    Each bar in 4/4 of your drum files becomes one sequence of 16 steps and 12 instruments,
    each hit on the nearest sixteenth. Drums are what plays on MIDI channel 10; a file without
    it counts as drums if its names say so or it plays like a kit. Whatever is left out is
    counted, with the reason. Reading the same files again takes no time.

    - `latentrack dataset my-beats -o beats.npz`: a folder becomes a dataset
    - `latentrack dataset choir --kind notes --merge -o choir.npz`: chords instead of drums
    - `latentrack dataset loops --kind rhythm -o loops.npz`: when it is struck in audio loops
    - `latentrack dataset --demo -o demo.npz`: the built-in drum patterns
    - `latentrack dataset --demo --kind notes -o lines.npz`: the built-in basslines and melodies
    - `latentrack dataset info beats.npz`: what a dataset holds, with a few sequences drawn
    """
    from rich.markup import escape

    from latentrack.commands import dataset_shown
    from latentrack.commands.terminal import console, print_json
    from latentrack.corpus import demo_dataset, percussion_map

    shown = console(wrap=True, chatter=output is not None)
    named = list(sources or [])
    # A folder that is really called "info" can be named "./info".
    if named[:1] == ["info"]:
        if len(named) != 2 or demo:
            raise UserError(
                "Name one dataset to look at, as in `latentrack dataset info FILE.npz`."
            )
        refuse_unused(context, (*_READING, "percussion", "output"), "on a dataset that is there")
        _info(Path(named[1]), as_json)
        return
    if demo == bool(named):
        raise UserError(
            "Name files or folders of music, or say --demo for the built-in patterns"
            f"{', not both' if demo else ''}."
        )
    if output:
        check_output_file(output, "the dataset")

    percussion = percussion_map(rules["percussion"])
    if demo:
        refuse_unused(context, _NOT_WITH_DEMO, "with --demo, whose patterns are in bars of 4/4")
        kind = Rules(kind=rules["kind"] or Rules.kind).kind
        _refuse_idle(context, kind)
        made = demo_dataset(percussion, kind=kind)
    else:
        kind = _kind(context, named, rules["kind"])
        chosen = values_of(Rules, rules | {"kind": kind, "percussion": percussion})
        made = _read(named, Rules(**chosen), cache=not no_cache)
    if output:
        made.save(output)
    if as_json:
        print_json(dataset_shown.as_json(made) | {"file": str(output) if output else None})
        return
    dataset_shown.show(shown, made)
    if "tempo" in made.recipe:
        shown.print(f"\nTempo: {made.recipe['tempo']}.")
    if output:
        shown.print(f"\nWritten to [bold]{escape(str(output))}[/bold].")
    else:
        shown.print("\nNothing is written yet: add [bold]-o FILE.npz[/bold] to keep it.")
    if few := dataset_shown.few_in_words(made):
        shown.print(f"[yellow]{few}[/yellow]")


def _kind(context: typer.Context, sources: list[str], kind: str | None) -> str:
    """The kind that is asked for, or goes with the sources; what it does not heed is refused."""
    from latentrack.corpus.reader import all_audio, any_audio

    if kind is None:
        kind = "rhythm" if all_audio(sources) else "drums"
    _refuse_idle(context, kind)
    if kind == "rhythm" and not any_audio(sources):
        of_audio = named_with(Rules, lambda rule: rule.group == AUDIO)
        refuse_unused(context, of_audio, "where no audio is among the files")
    return kind


def _refuse_idle(context: typer.Context, kind: str) -> None:
    idle = named_with(Rules, lambda rule: rule.only and kind not in rule.only)
    refuse_unused(context, idle, f"with --kind {kind}")


def _read(sources: list[str], rules: Rules, *, cache: bool) -> Dataset:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    from latentrack.commands.terminal import console, is_quiet
    from latentrack.corpus import read

    errors = console(stderr=True)
    with Progress(
        TextColumn("Reading"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("files"),
        TimeRemainingColumn(),
        console=errors,
        transient=True,
        disable=is_quiet() or not errors.is_terminal,
    ) as bar:
        task = bar.add_task("read", total=None)
        return read(
            sources,
            rules,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
            cache=cache,
        )


def _info(path: Path, as_json: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    from latentrack.commands import dataset_shown
    from latentrack.commands.terminal import console, print_json
    from latentrack.corpus import Dataset

    held = Dataset.load(path)
    if as_json:
        print_json(dataset_shown.as_json(held) | {"file": str(path)})
        return
    shown = console(wrap=True)
    dataset_shown.show(shown, held)
    made = Table.grid(padding=(0, 2))
    for key, value in [*held.recipe.items(), ("fingerprint", held.digest[:16])]:
        made.add_row(Text(key, "dim"), Text(value))
    shown.print(made)
