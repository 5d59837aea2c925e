"""`latentrack install`: Put Latentrack on a module that has stock MicroPython."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from latentrack.commands.options import given, refuse_unused
from latentrack.commands.ports import PortArgument, PortOption
from latentrack.errors import UserError
from latentrack.words import agree, count, listed

if TYPE_CHECKING:
    from latentrack.module.first_models import Put
    from latentrack.module.library import StoredModel


def _complete_names(incomplete: str) -> list[str]:
    """The list that is typed, with each name that its last word may be."""
    from latentrack.commands.models import complete_name

    before = incomplete[: incomplete.rfind(",") + 1]
    return [before + name for name, _ in complete_name(incomplete[len(before) :])]


def install(
    context: typer.Context,
    module: PortArgument = None,
    port: PortOption = None,
    board: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="What the Teensy sits on: xen (the reference module, which it takes itself for at "
            "first), bare (a breadboard), or a board of your own. Said once, it is kept.",
            show_default=False,
        ),
    ] = None,
    models: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,NAME",
            autocompletion=_complete_names,
            help="Put these factory models into its library, whatever is there (`latentrack "
            "models` lists them). By default a few of each kind, if the library is empty.",
            show_default=False,
        ),
    ] = None,
    no_models: Annotated[
        bool, typer.Option("--no-models", help="Leave the library as it is.")
    ] = False,
) -> None:
    """Put Latentrack on a module: its device code and its native sequencer.

    The module is a Teensy 4.1 with stock MicroPython 1.27 or newer, or a virtual one. Nothing is
    flashed and nothing compiled. Models and settings stay; a main.py of your own is kept as
    main_before_latentrack.py. The module restarts, so the music stops for a moment. If its library
    is empty it gets a few of the models that come with Latentrack, if you agree, and plays at the
    first clock. Without a terminal nothing is asked.
    """
    from latentrack.commands.ports import either_port, find_port
    from latentrack.commands.terminal import say, transfer
    from latentrack.module.first_models import put_first
    from latentrack.module.install import install as put
    from latentrack.module.link import Link

    if given(context, "models") and not given(context, "no_models"):
        no_models = False  # it was a default, and comes behind what is typed
    if no_models:
        refuse_unused(context, ["models"], "with --no-models")
    # Read before a module is asked for: a wrong name comes first.
    chosen = [] if no_models else _factory_models(models)
    if chosen and models is None and sys.stdin.isatty() and not _wanted(chosen):
        chosen, no_models = [], True
    with Link(find_port(either_port(context, module, port))) as link:
        with transfer("Installing") as progress:
            done = put(link, progress, say, board=board)
        are = agree(done.files, "is", "are")
        say(
            f"{count(done.files, 'file')} {are} on the module at {link.port} ({done.architecture})."
        )
        if done.kept_main:
            say("Your own main.py is kept there as main_before_latentrack.py.")
        if chosen:
            with transfer("Sending models") as progress:
                there = put_first(link, chosen, progress, say, anyway=models is not None)
            for sentence in _sentences(there):
                say(sentence)
            return
    if not no_models:
        from latentrack.factory.library import not_built

        say(str(not_built()))
    say(f"It plays as soon as it has a model: latentrack push MODEL.tflite --port {link.port}")


def _wanted(models: list[StoredModel]) -> bool:
    """Ask whether these models may go into an empty library."""
    size = sum(len(model.data) for model in models)
    named = listed(model.name for model in models)
    question = f"If its library is empty, put {named} there ({size / 1000:,.0f} kB)?"
    return typer.confirm(question, default=True)


def _factory_models(wanted: str | None) -> list[StoredModel]:
    """The models with these names, divided by commas; None: those that a module gets first.

    Of the latter, those that are built. Raises UserError.
    """
    from latentrack.factory.library import file_of, names
    from latentrack.factory.recipes import FIRST
    from latentrack.module.library import read_model

    if wanted is None:
        built = set(names())
        chosen = [name for name in FIRST if name in built]
    else:
        chosen = list(dict.fromkeys(filter(None, (name.strip() for name in wanted.split(",")))))
        if not chosen:
            raise UserError("--models has no name: name some, or say --no-models.")
    return [read_model(file_of(name)) for name in chosen]


def _sentences(there: Put) -> list[str]:
    """What has become of the models, in sentences."""
    said = []
    if there.stored:
        are = agree(len(there.stored), "is", "are")
        named = listed(model.name for model in there.stored)
        said.append(f"{named} {are} in its library; `latentrack models` lists more.")
    elif there.before and not there.left_out:
        stay = agree(there.before, "stays as it is", "stay as they are")
        said.append(f"{count(there.before, 'model')} in its library {stay}.")
    if there.replaced:
        took = agree(len(there.replaced), "took the place of another", "took the places of others")
        said.append(f"{listed(model.title for model in there.replaced)} {took} of that name.")
    if there.left_out:
        are = agree(len(there.left_out), "is", "are")
        left_out = listed(model.title for model in there.left_out)
        said.append(
            f"{left_out} {are} left out, for the flash is full: `latentrack rm` makes room."
        )
    if there.plays:
        said.append(f"{there.plays} plays at the first clock.")
    return said + [there.forgotten] * bool(there.forgotten)
