"""What a command shows meanwhile and says afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


def say(text: str) -> None:
    """A sentence, wrapped by the terminal alone, so that a path in it can be copied."""
    from rich.console import Console

    Console(highlight=False, soft_wrap=True).print(text)


@contextmanager
def transfer(title: str) -> Iterator[Callable[[int, int], None]]:
    """A bar for bytes; yields what to call with (bytes sent, bytes in all)."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    console = Console(stderr=True)
    with Progress(
        TextColumn(title),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task(title, total=None)
        yield lambda sent, total: bar.update(task, completed=sent, total=total)
