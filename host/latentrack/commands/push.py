"""`latentrack push`: a model onto the module."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from latentrack.commands.ports import PortOption


def push(
    model: Annotated[
        Path, typer.Argument(metavar="MODEL.tflite", help="The model, as `latentrack train` makes it.")
    ],
    port: PortOption = None,
) -> None:
    """Put a model on the module; it plays from the next bar on.

    The module checks the whole file before it plays it. Whatever goes wrong on the way (a cable
    pulled, a full flash, a damaged file), it goes on with what it played before.
    """
    from rich.console import Console

    from latentrack.commands.ports import find_port
    from latentrack.commands.progress import transfer
    from latentrack.module.library import playable
    from latentrack.module.library import push as put
    from latentrack.module.link import Link

    playable(model)  # what is wrong with the file is said before a module is asked for
    with Link(find_port(port)) as link, transfer(f"Pushing {model.name}") as progress:
        done = put(link, model, progress)
    info = done.info
    console = Console(highlight=False)
    console.print(
        f"{done.name} is on the module at {link.port} and plays from the next bar: "
        f"{info.steps} steps, {info.voices} voices."
    )
    if done.replaced:
        console.print(f"It took the place of an older {done.name}.")
