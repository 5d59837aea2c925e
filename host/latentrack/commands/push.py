"""`latentrack push`: Send a model to the module and play it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from latentrack.commands.model_names import complete_model, file_of
from latentrack.commands.options import refuse_unused
from latentrack.commands.ports import PortOption
from latentrack.words import count


def push(
    context: typer.Context,
    models: Annotated[
        list[Path],
        typer.Argument(
            metavar="MODEL...",
            autocompletion=complete_model,
            help="The model: a .tflite as `latentrack train` makes it, or the name of one that "
            "comes with Latentrack (`latentrack models`). Several go to one track each.",
        ),
    ],
    port: PortOption = None,
    store: Annotated[
        bool, typer.Option("--store", help="Also keep it in the module's library.")
    ] = False,
    track: Annotated[int, typer.Option(min=1, help="Which track plays it.")] = 1,
) -> None:
    """Play a model on the module from the next bar on, the clock running.

    It plays out of the module's memory and is gone when another one plays, unless --store keeps it.
    The module checks the whole file before it plays it. Whatever goes wrong on the way (a cable
    pulled, a damaged file, a full flash), it goes on with what it played before.
    """
    from latentrack.commands.ports import find_port
    from latentrack.commands.terminal import say, transfer
    from latentrack.module.library import push as put
    from latentrack.module.library import push_plainly, read_model
    from latentrack.module.link import Link
    from latentrack.module.session import NoPackage

    # Read before a module is asked for: what is wrong with a file comes first.
    read = [read_model(file_of(model, say)) for model in models]
    with Link(find_port(port)) as link:
        for number, model in enumerate(read, start=track):
            with transfer(f"Pushing {model.file.name}") as progress:
                try:
                    done = put(link, model, progress, store=store, track=number - 1, say=say)
                    plays = True
                except NoPackage:
                    refuse_unused(context, ["track"], "on a module without Latentrack")
                    done, plays = push_plainly(link, model, progress), False
            if not plays:
                say(
                    f"Latentrack is not on the module at {link.port}: {done.shown} was stored "
                    "there by mpremote's own copy, and plays after "
                    f"`latentrack install {link.port}`."
                )
                continue
            where = f"track {number} of the module at {link.port}"
            say(
                f"{done.shown} plays on {where} from the next bar on: "
                f"{count(done.info.steps, 'step')}, {count(done.info.voices, 'voice')}."
            )
            if done.replaced:
                say(f"It took the place of an older {done.title} in the library.")
            elif done.stored:
                say("It is in the library.")
            if done.stored and done.clocked:
                say("A clock was running: a Teensy that stores a file may have swallowed a step.")
            if done.forgotten:
                say(done.forgotten)
