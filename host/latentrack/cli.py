"""`latentrack …`: the commands, and what a person sees when something goes wrong."""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module

import typer

from latentrack import __version__
from latentrack.errors import UserError

COMMANDS = {
    "See it work": ("demo", "studio"),
    "From music to a model": ("dataset", "train", "report", "export"),
    "The module": (
        *("devices", "install", "push", "ls", "play", "rm"),
        *("sync", "pull", "backup", "restore", "reset", "flash", "selftest"),
    ),
    "Changing it while it plays": ("live", "repl", "logs"),
    "Without hardware": ("virtual",),
}

app = typer.Typer(
    name="latentrack",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="Train a small generative sequencer on your own music and play it on a Eurorack "
    "module.\n\n"
    "The whole way: `dataset` (music in), `train` (a model of it), `push` (onto the module). "
    "`demo` shows it at once, without hardware.",
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"latentrack {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Show the version and stop."
    ),
) -> None:
    pass


def _register(arguments: list[str]) -> None:
    """Each command is a function in a module of its own name, in latentrack.commands.

    Where one is named, the others are left alone: loading them all takes longer than most take.
    """
    wanted = next((word for word in arguments if not word.startswith("-")), None)
    known = any(wanted in names for names in COMMANDS.values())
    for panel, names in COMMANDS.items():
        for name in names:
            if name == wanted or not known:
                module = import_module(f"latentrack.commands.{name}")
                app.command(rich_help_panel=panel)(getattr(module, name))


def _end_in_order() -> None:
    """A command that is ended by a signal, or whose terminal is closed, tidies up as by Ctrl-C."""

    def end(number: int, frame: object) -> None:
        signal.signal(number, signal.SIG_IGN)
        sys.exit(128 + number)

    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        # What was told to go on when its terminal closes (nohup) does so.
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, end)


def main() -> None:
    """The console command. Exit codes: 0 done, 2 the user can mend it, 70 a mistake of ours."""
    _end_in_order()
    _register(sys.argv[1:])
    try:
        app()
    except UserError as error:
        print(f"latentrack: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("latentrack: stopped", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output has gone, as with `| head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(1)
    except Exception as error:
        if os.environ.get("LATENTRACK_DEBUG"):
            raise
        print(
            f"latentrack: a mistake in Latentrack itself ({type(error).__name__}: {error}); "
            "LATENTRACK_DEBUG=1 shows where, please report it",
            file=sys.stderr,
        )
        sys.exit(70)


if __name__ == "__main__":
    main()
