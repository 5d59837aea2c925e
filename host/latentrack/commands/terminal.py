"""Output of a command on the terminal, and how much of it: --quiet, --verbose, --json.

Results go to the standard output. They are wrapped on a terminal only, so that a pipe or a file
gets each line whole. Details and errors go to the standard error.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

QUIET, NORMAL, VERBOSE = -1, 0, 1
# Columns of what is drawn side by side, where there is no terminal whose width counts.
DRAWN_COLUMNS = 80
# Wider than any line: rich folds at the width of its console.
_UNWRAPPED = 100_000

_verbosity = NORMAL


def set_verbosity(level: int) -> None:
    """QUIET, NORMAL or VERBOSE for all that is said from now on."""
    global _verbosity
    _verbosity = level


def is_quiet() -> bool:
    """Whether only results and errors are shown."""
    return _verbosity <= QUIET


def is_verbose() -> bool:
    """Whether details are shown too."""
    return _verbosity >= VERBOSE


def console(*, chatter: bool = False, stderr: bool = False, wrap: bool = False) -> Console:
    """The console for a command's results, or for its chatter, which --quiet silences.

    `wrap` breaks long lines of a terminal between words; without it the terminal breaks them
    anywhere, so that a path can be copied.
    """
    from rich.console import Console

    silent = chatter and is_quiet()
    made = Console(highlight=False, soft_wrap=not wrap, stderr=stderr, quiet=silent)
    if not made.is_terminal:
        made.width = _UNWRAPPED
    return made


def width(console: Console) -> int:
    """Columns for what is laid out side by side."""
    return console.width if console.is_terminal else DRAWN_COLUMNS


def draw(console: Console, what: RenderableType) -> None:
    """Prints what is laid out side by side."""
    console.print(what, width=width(console), soft_wrap=False)


def say(text: str) -> None:
    """A sentence about what was done."""
    console(chatter=True).print(text, markup=False)


def detail(text: str) -> None:
    """A line for --verbose."""
    if is_verbose():
        print(text, file=sys.stderr)


def print_json(document: Any, *, lines: bool = False) -> None:
    """The result for another program: one document, or one of several on a line of its own."""
    print(json.dumps(document, indent=None if lines else 2, ensure_ascii=False), flush=True)


@contextmanager
def transfer(title: str) -> Iterator[Callable[[int, int], None]]:
    """A bar for bytes; yields what to call with (bytes sent, bytes in all)."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    shown = console(stderr=True)
    with Progress(
        TextColumn(title),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=shown,
        transient=True,
        disable=is_quiet() or not shown.is_terminal,
    ) as bar:
        task = bar.add_task(title, total=None)
        yield lambda sent, total: bar.update(task, completed=sent, total=total)
