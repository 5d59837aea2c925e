"""`latentrack live`: Swap the module's code while it plays, as files are saved."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentrack.commands.ports import PortOption
from latentrack.errors import UserError
from latentrack.words import count

if TYPE_CHECKING:
    from latentrack.module.live import Change, Live
    from latentrack.module.prompt import Prompt

_LOOK_EVERY_S = 0.2


def live(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DIR]",
            help="Device code (a folder with `latentrack` in it) or a folder of behaviours. "
            "Without it: the device code of the checkout that this is.",
            show_default=False,
        ),
    ] = None,
    port: PortOption = None,
    repl: Annotated[
        bool, typer.Option("--repl", help="Give the module's prompt beside it.")
    ] = False,
    delete: Annotated[
        bool,
        typer.Option(
            "--delete",
            help="Remove a behaviour that is deleted in the folder from the module without asking.",
        ),
    ] = False,
) -> None:
    """Edit the module's code in your editor and hear it: each file that you save is swapped in.

    Nothing stops meanwhile. A mistake shows its traceback here, and the old code plays on. The
    files are stored on the module when no clock comes, or when you leave with Ctrl-C.
    """
    import sys

    from latentrack import assets
    from latentrack.commands.ports import find_port
    from latentrack.commands.terminal import say
    from latentrack.module.line import Line
    from latentrack.module.live import Live
    from latentrack.module.prompt import Prompt
    from latentrack.module.session import running_session

    if folder is None and assets.INSTALLED:
        raise UserError(
            "There is no device code to edit in this installation: name a folder, such as a "
            f"copy of the code that was installed (cp -r {assets.DEVICE} my_device)."
        )
    where = folder if folder is not None else assets.DEVICE
    with Line(find_port(port)) as line:
        with line.turn() as link, running_session(link, print):
            pass
        editing, prompt = Live(line, where), Prompt(line)
        # Ctrl-C at any time from here on: what has been sent by then is stored.
        try:
            differing = editing.start()
            say(f"Watching {where} for the module at {line.port}. Ctrl-C ends it.")
            for change in differing:
                _show(change)
            if repl:
                _converse(editing, prompt, delete)
            else:
                _watch(editing, prompt, threading.Event(), delete, sys.stdin.isatty())
        except KeyboardInterrupt:
            print()
        stored = editing.finish()
        if stored:
            say(f"{count(stored, 'file')} stored on the module.")


def _watch(
    editing: Live,
    prompt: Prompt | None,
    end: threading.Event,
    delete: bool,
    asks: bool = False,
) -> None:
    """Sends what is saved until `end`; shows what the module says, unless a prompt does that."""
    while not end.wait(_LOOK_EVERY_S):
        for change in editing.poll():
            _show(change)
        for path in editing.gone():
            if delete or (asks and typer.confirm(f"{path} is deleted here. On the module, too?")):
                _show(editing.remove(path))
            elif not asks:
                print(f"{path} is deleted here and stays on the module; --delete removes it.")
        for text in prompt.said() if prompt is not None else ():
            print(text.rstrip())


def _show(change: Change) -> None:
    import time

    now = time.strftime("%H:%M:%S")
    if change.trace:
        print(f"{now} {change.path}: the old code plays on")
        print(change.trace.rstrip())
    else:
        print(f"{now} {change.path}: {change.what} ({1000 * change.seconds:.0f} ms)")


def _converse(editing: Live, prompt: Prompt, delete: bool) -> None:
    """The module's prompt beside the watching."""
    from latentrack.commands.prompt import converse

    def leave() -> None:
        raise KeyboardInterrupt

    end = threading.Event()
    watcher = threading.Thread(target=_watch, args=(editing, None, end, delete), daemon=True)
    watcher.start()
    try:
        converse(prompt, leave)
    finally:
        end.set()
        watcher.join()
