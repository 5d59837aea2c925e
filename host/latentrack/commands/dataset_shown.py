"""Show a dataset: as a table, as a few bars drawn, and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from latentrack.playing.kinds import Kind
from latentrack.words import agree, count

if TYPE_CHECKING:
    from rich.console import Console

    from latentrack.corpus import Dataset, Discard

_PICTURES = 4


def as_json(what: Dataset) -> dict[str, Any]:
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
        "dynamics": _dynamics(what),
        "recipe": what.recipe,
        "fingerprint": what.digest,
    }


def _dynamics(what: Dataset) -> dict[str, Any]:
    """Mean and spread of velocity (1 to 127) and timing (in steps, + is late); None: not known."""
    found = what.dynamics
    return {
        "velocity": None
        if found.velocity is None
        else {"mean": round(found.velocity, 2), "spread": round(found.velocity_spread, 2)},
        "timing": None
        if found.timing is None
        else {"mean": round(found.timing, 4), "spread": round(found.timing_spread, 4)},
    }


def few_in_words(made: Dataset) -> str:
    """What is said of a dataset of few sequences, with what would make more; "" of others."""
    from latentrack.model.variations import FEW_SEQUENCES

    if len(made) >= FEW_SEQUENCES:
        return ""
    if not len(made):
        return f"There is nothing to train on: {_remedy(made)}."
    return (
        f"{count(len(made), 'sequence')} {agree(len(made), 'is', 'are')} few: a training adds "
        f"variations of {agree(len(made), 'it', 'them')}. For more of your own: {_remedy(made)}."
    )


def _remedy(made: Dataset) -> str:
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


def show(console: Console, what: Dataset) -> None:
    """Print the table of a dataset, its hints, and a few of its sequences."""
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
    table.add_column("", overflow="fold")
    table.add_row("kept", f"{len(what):,}", agree(len(what), "sequence"), "")
    noun = agree(what.hits, Kind(what.kind).note)
    table.add_row("", f"{what.hits:,}", noun, str(what.dynamics), end_section=not left_out)
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
    loud = what.velocities if what.dynamics.has_velocity else None
    cells = what.sequences if loud is None else what.spread(loud)
    pictures = []
    for index in chosen:
        style = f" · {what.styles[index]}" if what.styles[index] else ""
        title = Text(f"{index + 1:,}{style}", "bold")
        source = Text(what.sources[index], "dim", no_wrap=True, overflow="ellipsis")
        sequence = cells[index]
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
            bars = sequence[start : start + across, order]
            if start:
                drawn.append("\n\n")
            drawn.append_text(draw_bar(bars, names, steps_per_beat=what.steps_per_beat))
        source.truncate(max(len(line) for line in drawn.plain.splitlines()), overflow="ellipsis")
        pictures.append(Group(title, source, drawn, ""))
    draw(console, Columns(pictures, padding=(0, 3)))
