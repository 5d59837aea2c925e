"""Options and refusals that several commands share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from latentrack.decoder.precision import AUTO, PRECISIONS
from latentrack.errors import UserError
from latentrack.words import agree, listed


def one_of(*words: str) -> Callable[[str], list[str]]:
    """For an option's `autocompletion`: the words that it takes."""

    def complete(incomplete: str) -> list[str]:
        return [word for word in words if word.startswith(incomplete)]

    return complete


RunArgument = Annotated[
    Path,
    typer.Argument(
        help="A run: the folder that `latentrack train` leaves beside the model "
        "(mine.run for mine.tflite)."
    ),
]

PrecisionOption = Annotated[
    str,
    typer.Option(
        "--precision",
        autocompletion=one_of(AUTO, *PRECISIONS),
        help="Precision of the weights: float32, float16 (half as large), dynamic or int8 (a "
        "quarter). The smaller ones change a few hits; the command says how many. auto: float32 "
        "if a module holds two such files at once, else float16.",
    ),
]

JsonOption = Annotated[
    bool,
    typer.Option("--json", help="Print the result as JSON, for other programs, and nothing else."),
]

QuietOption = Annotated[
    bool, typer.Option("--quiet", "-q", help="Show results and errors only, no progress.")
]

VerboseOption = Annotated[
    bool,
    typer.Option(
        "--verbose", "-v", help="Also show where settings come from, and where an error arose."
    ),
]


def output_option(what: str, help: str) -> Any:
    """-o: where something goes; `what` stands for it in the help."""
    return typer.Option("--output", "-o", metavar=what, help=help)


# -- refusals -------------------------------------------------------------------------------------


def given(context: typer.Context, name: str) -> bool:
    """Whether a parameter was typed in this command, rather than set elsewhere or left out."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def refuse_unused(context: typer.Context, names: Iterable[str], why: str) -> None:
    """Raises UserError if one of these parameters was typed, as it would have no effect.

    `why` ends the sentence: "--meter has no effect " + why.
    """
    options = [
        _typed_as(parameter, context.params[parameter.name])
        for parameter in context.command.params
        if parameter.name in set(names) and given(context, parameter.name)
    ]
    if options:
        have, them = agree(len(options), "has", "have"), agree(len(options), "it", "them")
        raise UserError(f"{listed(options)} {have} no effect {why}: leave {them} out.")


def _typed_as(parameter: Any, value: object) -> str:
    """The long name under which an option was typed: of --merge/--apart the one that was meant."""
    negated = value is False and parameter.secondary_opts
    return str(max(parameter.secondary_opts if negated else parameter.opts, key=len))


def check_output_file(path: Path, what: str) -> None:
    """Raises UserError if `path` cannot be written as a file: before the work, and making nothing.

    `what` names it in the sentence: "the dataset".
    """
    if path.is_dir():
        raise UserError(f"{path} is a folder: name a file in it for {what}.")
    _check_parent(path, what)


def check_output_folder(path: Path, what: str) -> None:
    """Raises UserError if `path` is not a folder, nor one that can be made in an existing one."""
    if path.exists() and not path.is_dir():
        raise UserError(f"{path} is a file: name a folder for {what}.")
    _check_parent(path, what)


def _check_parent(path: Path, what: str) -> None:
    parent = path.parent
    if not parent.exists():
        raise UserError(f"There is no folder {parent} for {what}: make it, or name another.")
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        raise UserError(f"{parent} is not a folder you may write to: name another for {what}.")
