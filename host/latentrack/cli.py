"""The `latentrack` program: its commands, and one sentence and an exit code for each error."""

from __future__ import annotations

import functools
import inspect
import io
import os
import signal
import sys
import traceback
from collections.abc import Callable
from importlib import import_module
from typing import Any

import typer

from latentrack import __version__
from latentrack.commands import defaults, terminal
from latentrack.commands.options import QuietOption, VerboseOption
from latentrack.errors import EXIT_MENDABLE, UserError
from latentrack.files import refused_name

COMMANDS = {
    "See it work": ("jam", "demo", "studio"),
    "From music to a model": ("dataset", "train", "report", "export"),
    "The module": (
        *("devices", "install", "models", "push", "ls", "play", "rename", "rm", "scales", "paths"),
        *("sync", "pull", "backup", "restore", "reset", "flash", "selftest"),
    ),
    "Changing it while it plays": ("live", "repl", "logs", "midi"),
    "Without hardware": ("virtual", "web", "osc"),
    "Your defaults": ("config",),
}
EXIT_OUR_FAULT = 70
EXIT_STOPPED = 130
# What typer raises for wrong usage. It brings its own click, whose names are not public.
_UsageError: Any = typer.BadParameter.__base__

app = typer.Typer(
    name="latentrack",
    no_args_is_help=True,
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
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Apply the options of all commands: how much is printed, and the version."""
    _be(quiet, verbose)


def with_common_options(function: Callable[..., None]) -> Callable[..., None]:
    """The command with --quiet and --verbose."""
    signature = inspect.signature(function, eval_str=True)
    common: dict[str, Any] = {"quiet": QuietOption, "verbose": VerboseOption}
    wants_context = "context" in signature.parameters
    if not wants_context:
        common["context"] = typer.Context

    @functools.wraps(function)
    def command(context: typer.Context, quiet: bool, verbose: bool, **named: Any) -> None:
        _be(quiet, verbose)
        if terminal.is_verbose():
            _show_defaults(context)
        if named.get("as_json"):
            terminal.set_verbosity(terminal.QUIET)  # the document alone is on the output
        if wants_context:
            named["context"] = context
        function(**named)

    more = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=hint)
        for name, hint in common.items()
    ]
    command.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[*signature.parameters.values(), *more]
    )
    command.__annotations__ = {**function.__annotations__, **common}
    return command


def _be(quiet: bool, verbose: bool) -> None:
    """Quiet or verbose, if one of them is asked for."""
    if quiet and verbose:
        raise UserError("--quiet and --verbose exclude each other: leave one out.")
    if quiet or verbose:
        terminal.set_verbosity(terminal.QUIET if quiet else terminal.VERBOSE)


def _register(arguments: list[str], said: dict[str, Any]) -> None:
    """Each command is a function in a module of its own name, in latentrack.commands.

    Where one is named, the others are left alone: loading them all takes longer than most take.
    `said` is what the user's file of defaults says.
    """
    commands = [name for names in COMMANDS.values() for name in names]
    wanted = next((word for word in arguments if not word.startswith("-")), None)
    for panel, names in COMMANDS.items():
        for name in names:
            if name == wanted or wanted not in commands:
                found = getattr(import_module(f"latentrack.commands.{name}"), name)
                if isinstance(found, typer.Typer):
                    for each in found.registered_commands:
                        each.callback = with_common_options(each.callback)  # type: ignore[arg-type]
                    app.add_typer(found, name=name, rich_help_panel=panel)
                    continue
                found = with_common_options(found)
                values = {}
                if said and name == wanted:
                    values = defaults.defaults_of(
                        name, defaults.options_of(found), said, set(commands) - {"config"}
                    )
                app.command(rich_help_panel=panel, context_settings={"default_map": values})(found)


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
    """The console command. Its exit codes are in docs/commands.md."""
    _end_in_order()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A file's name may hold what the terminal cannot show. What follows a command that goes on
        # (`live | tee`) sees each line when it is said.
        sys.stdout.reconfigure(errors="backslashreplace", line_buffering=True)
    try:
        sys.exit(_run(sys.argv[1:]))
    except UserError as error:
        _show(error)
        sys.exit(error.exit_code)
    except _UsageError as error:
        # A message without words: typer has shown the help instead.
        if error.format_message():
            _say(_usage(error))
        sys.exit(EXIT_MENDABLE)
    except (KeyboardInterrupt, typer.Abort):
        _say("stopped")
        sys.exit(EXIT_STOPPED)
    except BrokenPipeError:
        # The reader of our output has gone, as with `| head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(1)
    except Exception as error:
        if sentence := refused_name(error):
            _say(sentence)
            sys.exit(EXIT_MENDABLE)
        if os.environ.get("LATENTRACK_DEBUG"):
            raise
        _say(
            f"a mistake in Latentrack itself ({type(error).__name__}: {error}); "
            "--verbose shows where, please report it"
        )
        if terminal.is_verbose():
            traceback.print_exception(error)
        sys.exit(EXIT_OUR_FAULT)


def _run(arguments: list[str]) -> int:
    """Runs a command, or what a shell asks to complete one; its exit code."""
    completing = "_LATENTRACK_COMPLETE" in os.environ
    if completing:
        # bash and the others have the line that is typed in different variables.
        line = os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS", "")
        arguments = line.split()[1:]
    plain = completing or arguments[:1] == ["config"]
    _register(arguments, {} if plain else defaults.read())
    code = app(standalone_mode=False, prog_name="latentrack")
    if code == EXIT_STOPPED:
        raise KeyboardInterrupt  # typer has made a number of it
    return code if isinstance(code, int) else 0


# -- what is said ---------------------------------------------------------------------------------


def _say(sentence: str) -> None:
    print(f"latentrack: {sentence}", file=sys.stderr)


def _show(error: UserError) -> None:
    _say(str(error))
    frame = traceback.extract_tb(error.__traceback__)[-1]
    terminal.detail(f"raised in {frame.filename}, line {frame.lineno}")
    cause = error.__cause__
    if cause is not None:
        terminal.detail(f"because of {type(cause).__name__}: {cause}")


def _usage(error: Any) -> str:
    """Wrong usage as one sentence, with the help that says what is right."""
    sentence = " ".join(error.format_message().split()).removesuffix(".")
    context, parameter = error.ctx, getattr(error, "param", None)
    if context is not None and parameter is not None:
        source = context.get_parameter_source(parameter.name)
        if source is not None and source.name == "DEFAULT_MAP":
            sentence += f", as {defaults.path()} says"
        elif source is not None and source.name == "ENVIRONMENT":
            sentence += f", as {parameter.envvar} says"
    asked = context.command_path if context is not None else "latentrack"
    return f"{sentence[:1].lower()}{sentence[1:]} (`{asked} --help` says what it takes)"


def _show_defaults(context: typer.Context) -> None:
    """For --verbose: what comes from elsewhere than the command line."""
    origins = {"DEFAULT_MAP": str(defaults.path()), "ENVIRONMENT": "the environment"}
    for name in context.params:
        source = context.get_parameter_source(name)
        if source is not None and source.name in origins:
            value = context.params[name]
            terminal.detail(f"{name.replace('_', '-')} is {value!r}, from {origins[source.name]}")


if __name__ == "__main__":
    main()
