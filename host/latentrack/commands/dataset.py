"""`latentrack dataset`: music in, one dataset file out, and a look at what is in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from latentrack.commands.options import (
    JsonOption,
    check_output_file,
    one_of,
    output_option,
    refuse_unused,
)
from latentrack.errors import UserError
from latentrack.words import agree, count

if TYPE_CHECKING:
    from rich.console import Console

    from latentrack.corpus import Dataset, Discard

_PICTURES = 4
_FEWEST = 20  # sequences that a model is trained on

_WHICH = "Which music"
_CUT = "How it is cut"
_DRUMS = "Drums"
_NOTES = "Notes"
_AUDIO = "Audio loops"
# What decides how music is read, and what of it only some kinds of dataset heed.
_READING = (
    "kind", "include", "exclude", "minimum_notes", "unique", "meter", "bars", "steps_per_beat",
    "off_grid", "max_offset", "transpose", "merge", "common_key", "octaves", "trim", "bpm",
    "loop_bars", "no_cache",
)  # fmt: skip
_OF_NOTES = ("common_key", "octaves", "trim")
_OF_AUDIO = ("bpm", "loop_bars")
_OF_DRUMS = ("percussion", "transpose")
_WITHOUT_EFFECT = {
    "drums": (*_OF_NOTES, *_OF_AUDIO),
    "notes": (*_OF_DRUMS, *_OF_AUDIO),
    "rhythm": (*_OF_DRUMS, *_OF_NOTES),
}


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
    kind: Annotated[
        str | None,
        typer.Option(
            "--kind",
            metavar="drums|notes|rhythm",
            autocompletion=one_of("drums", "notes", "rhythm"),
            help="What to make of it: drums, notes (a voice for each pitch), or rhythm (one "
            "voice, also from audio). Drums, or rhythm if all is audio.",
            show_default=False,
        ),
    ] = None,
    demo: Annotated[
        bool,
        typer.Option("--demo", help="Take the drum patterns that come with Latentrack."),
    ] = False,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Read all anew, and keep nothing of it.")
    ] = False,
    include: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN",
            help="Take only these parts or files: `bass` or `name:*bass*`, `program:33-40`, "
            "`program:*organ*`, `channel:10`, `file:*beat_4-4*`. Repeatable.",
            show_default=False,
            rich_help_panel=_WHICH,
        ),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN",
            help="Leave these out, in the same way.",
            show_default=False,
            rich_help_panel=_WHICH,
        ),
    ] = None,
    minimum_notes: Annotated[
        int,
        typer.Option(
            metavar="N",
            help="Leave out sequences with fewer notes.",
            rich_help_panel=_WHICH,
        ),
    ] = 2,
    unique: Annotated[
        bool,
        typer.Option("--unique", help="Skip duplicate sequences.", rich_help_panel=_WHICH),
    ] = False,
    meter: Annotated[
        str,
        typer.Option(
            metavar="4/4",
            help="Take bars in this meter, such as 3/4 or 7/8; `any`: in the most frequent one.",
            rich_help_panel=_CUT,
        ),
    ] = "4/4",
    bars: Annotated[
        int | None,
        typer.Option(
            metavar="1-4",
            help="Bars a sequence: 1, for rhythm 2.",
            show_default=False,
            rich_help_panel=_CUT,
        ),
    ] = None,
    steps_per_beat: Annotated[
        int,
        typer.Option(
            metavar="3|4|6|12",
            help="Steps per beat (a quarter note): 4 are 16ths, 3 and 6 are triplets.",
            rich_help_panel=_CUT,
        ),
    ] = 4,
    off_grid: Annotated[
        str,
        typer.Option(
            metavar="nearest|drop|discard",
            autocompletion=one_of("nearest", "drop", "discard"),
            help="Notes off the grid: move them to the nearest step, drop them, or discard the "
            "sequences that have any.",
            rich_help_panel=_CUT,
        ),
    ] = "nearest",
    max_offset: Annotated[
        float | None,
        typer.Option(
            metavar="0-0.5",
            help="How far from its step a note may be, in steps: 0.5, or 0.05 to drop and discard.",
            show_default=False,
            rich_help_panel=_CUT,
        ),
    ] = None,
    percussion: Annotated[
        str,
        typer.Option(
            "--map",
            metavar="NAME|FILE",
            help="The voices: extended (12), simple (6), accented (8, soft and loud apart), or a "
            "TOML file of your own.",
            rich_help_panel=_DRUMS,
        ),
    ] = "extended",
    transpose: Annotated[
        int,
        typer.Option(
            metavar="SEMITONES",
            help="Move all pitches by so many semitones: -24 for what FL Studio's FPC exports.",
            rich_help_panel=_DRUMS,
        ),
    ] = 0,
    merge: Annotated[
        bool | None,
        typer.Option(
            "--merge/--apart",
            help="All parts of a file together in a sequence, or each for itself. Drums are "
            "together, notes apart, by default.",
            show_default=False,
            rich_help_panel=_NOTES,
        ),
    ] = None,
    common_key: Annotated[
        bool,
        typer.Option(
            "--common-key",
            help="Transpose each file to C major or A minor.",
            rich_help_panel=_NOTES,
        ),
    ] = False,
    octaves: Annotated[
        bool,
        typer.Option(
            "--octaves",
            help="Move sequences by octaves, so that all begin in the same one.",
            rich_help_panel=_NOTES,
        ),
    ] = False,
    trim: Annotated[
        bool,
        typer.Option(
            "--trim/--all-pitches",
            help="Voices only for the range that is played, or for all 128 pitches.",
            rich_help_panel=_NOTES,
        ),
    ] = True,
    bpm: Annotated[
        float | None,
        typer.Option(
            metavar="BPM",
            help="The tempo of audio whose name does not tell it (as `break_97bpm.wav` does). "
            "Without it the file's tags tell it, or Latentrack listens.",
            show_default=False,
            rich_help_panel=_AUDIO,
        ),
    ] = None,
    loop_bars: Annotated[
        float | None,
        typer.Option(
            metavar="N",
            help="How many bars each loop lasts, if its name does not tell (`break_2bar.wav`).",
            show_default=False,
            rich_help_panel=_AUDIO,
        ),
    ] = None,
    as_json: JsonOption = False,
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
    - `latentrack dataset info beats.npz`: what a dataset holds, with a few sequences drawn
    """
    from rich.markup import escape

    from latentrack.commands.terminal import console, print_json

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

    if demo:
        refuse_unused(context, _READING, "with --demo, whose patterns are drums in bars of 4/4")
        made = _demo(percussion)
    else:
        kind = _kind(context, named, kind)
        changes: dict[str, Any] = {
            "include": tuple(include or ()),
            "exclude": tuple(exclude or ()),
            "minimum_notes": minimum_notes,
            "unique": unique,
            "meter": meter,
            "bars": bars,
            "steps_per_beat": steps_per_beat,
            "off_grid": off_grid,
            "max_offset": max_offset,
            "transpose": transpose,
            "merge": merge,
            "common_key": common_key,
            "octaves": octaves,
            "trim": trim,
            "bpm": bpm,
            "loop_bars": loop_bars,
        }
        made = _read(named, kind, percussion, changes, cache=not no_cache)
    if output:
        made.save(output)
    if as_json:
        print_json(_as_json(made) | {"file": str(output) if output else None})
        return
    _show(shown, made)
    if "tempo" in made.recipe:
        shown.print(f"\nTempo: {made.recipe['tempo']}.")
    if output:
        shown.print(f"\nWritten to [bold]{escape(str(output))}[/bold].")
    else:
        shown.print("\nNothing is written yet: add [bold]-o FILE.npz[/bold] to keep it.")
    if len(made) < _FEWEST:
        shown.print(
            f"[yellow]That is {count(len(made), 'sequence')}, and a model needs at least "
            f"{_FEWEST}: {_more(made)}.[/yellow]"
        )


def _kind(context: typer.Context, sources: list[str], kind: str | None) -> str:
    """The kind that is asked for, or goes with the sources; what it does not heed is refused."""
    from latentrack.corpus.reader import all_audio, any_audio

    if kind is None:
        kind = "rhythm" if all_audio(sources) else "drums"
    refuse_unused(context, _WITHOUT_EFFECT.get(kind, ()), f"with --kind {kind}")
    if kind == "rhythm" and not any_audio(sources):
        refuse_unused(context, _OF_AUDIO, "where no audio is among the files")
    return kind


def _as_json(what: Dataset) -> dict[str, Any]:
    """What a dataset holds, for other programs."""
    from latentrack.corpus.dataset import HINTS

    return {
        "kind": what.kind,
        "sequences": len(what),
        "steps": what.steps,
        "voices": list(what.voice_names),
        "hits": what.hits,
        "files": what.files,
        "meter": what.meter,
        "bars": what.bars,
        "steps_per_beat": what.steps_per_beat,
        "left_out": [
            {"what": entry.what, "why": entry.reason, "count": entry.count}
            for entry in what.discarded
            if entry.what != HINTS
        ],
        "hints": [
            {"what": entry.reason, "files": entry.count}
            for entry in what.discarded
            if entry.what == HINTS
        ],
        "recipe": what.recipe,
        "fingerprint": what.digest,
    }


def _more(made: Dataset) -> str:
    """What to change for more sequences, by what was lost most."""
    bars = max((entry for entry in made.discarded if entry.what == "bars"), default=None,
               key=lambda entry: entry.count)  # fmt: skip
    if bars and bars.count > len(made):
        if "not in" in bars.reason:
            are = agree(bars.count, "is", "are")
            return f"add music, or ask for another --meter ({bars.counted} {are} {bars.reason})"
        if "off the grid" in bars.reason:
            return "add music, or move notes to the grid with --off-grid nearest"
        if "fewer than" in bars.reason:
            return "add music, or lower --minimum-notes"
    return "add music, or leave out less"


def _demo(percussion: str) -> Dataset:
    from latentrack.corpus import demo_dataset, percussion_map

    return demo_dataset(percussion_map(percussion))


def _read(
    sources: list[str],
    kind: str,
    percussion: str,
    changes: dict[str, Any],
    cache: bool,
) -> Dataset:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    from latentrack.commands.terminal import console, is_quiet
    from latentrack.corpus import Rules, percussion_map, read

    errors = console(stderr=True)
    rules = Rules(kind=kind, percussion=percussion_map(percussion), **changes)
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

    from latentrack.commands.terminal import console, print_json
    from latentrack.corpus import Dataset

    held = Dataset.load(path)
    if as_json:
        print_json(_as_json(held) | {"file": str(path)})
        return
    shown = console(wrap=True)
    _show(shown, held)
    made = Table.grid(padding=(0, 2))
    for key, value in [*held.recipe.items(), ("fingerprint", held.digest[:16])]:
        made.add_row(Text(key, "dim"), Text(value))
    shown.print(made)


def _show(console: Console, what: Dataset) -> None:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from latentrack.corpus.dataset import HINTS
    from latentrack.corpus.reader import FILTERED_FILE

    left_out = [entry for entry in what.discarded if entry.what != HINTS]
    console.print(f"[bold]{escape(what.summary())}[/bold]")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    table.add_column("number", justify="right")
    table.add_column("")
    table.add_column("why" if left_out else "", overflow="fold")
    table.add_row("kept", f"{len(what):,}", agree(len(what), "sequence"), "")
    noun = agree(what.hits, {"drums": "hit", "notes": "note", "rhythm": "onset"}[what.kind])
    table.add_row("", f"{what.hits:,}", noun, "", end_section=not left_out)
    for index, entry in enumerate(left_out):
        why = escape(entry.reason)
        if entry.what in ("files", "clues", "samples") and entry.reason != FILTERED_FILE:
            why += _examples(entry)
        number, noun = entry.counted.split(" ")
        table.add_row("" if index else "left out", number, noun, why)
    console.print(table)
    for entry in what.discarded:
        if entry.what == HINTS:
            files = count(entry.count, "file")
            console.print(f"[yellow]{files} {escape(entry.reason)}.[/yellow]{_examples(entry)}")
    _draw(console, what)


def _examples(entry: Discard) -> str:
    """A few of the files that are meant, as markup."""
    from rich.markup import escape

    if not entry.examples:
        return ""
    more = ", …" if entry.count > len(entry.examples) else ""
    return f" [dim]({escape(', '.join(entry.examples))}{more})[/dim]"


def _draw(console: Console, what: Dataset) -> None:
    from rich.columns import Columns
    from rich.console import Group
    from rich.text import Text

    from latentrack.commands.terminal import draw, width
    from latentrack.corpus.picture import draw_bar

    count = min(_PICTURES, len(what))
    bar_steps = what.steps // what.bars if what.steps % what.bars == 0 else what.steps
    # Spread over the whole, for neighbours come from the same file.
    chosen = [(2 * k + 1) * len(what) // (2 * count) for k in range(count)]
    pictures = []
    for index in chosen:
        style = f" · {what.styles[index]}" if what.styles[index] else ""
        title = Text(f"{index + 1:,}{style}", "bold")
        source = Text(what.sources[index], "dim", no_wrap=True, overflow="ellipsis")
        sequence = what.sequences[index]
        sounding = sequence.any(axis=0)
        if what.kind == "notes":
            # The highest on top, as on a piano roll.
            order = [voice for voice in range(what.voices - 1, -1, -1) if sounding[voice]]
        else:
            order = [voice for voice in range(what.voices) if sounding[voice]]
        order = order or list(range(what.voices))
        names = [what.voice_names[voice] for voice in order]
        drawn = Text()
        # Bars below one another where side by side they would not fit.
        across = bar_steps * max(1, width(console) // (bar_steps * 5 // 4 + 20))
        for start in range(0, what.steps, across):
            cells = sequence[start : start + across, order]
            if start:
                drawn.append("\n\n")
            drawn.append_text(draw_bar(cells, names, steps_per_beat=what.steps_per_beat))
        source.truncate(max(len(line) for line in drawn.plain.splitlines()), overflow="ellipsis")
        pictures.append(Group(title, source, drawn, ""))
    draw(console, Columns(pictures, padding=(0, 3)))
