"""`latentrack install`: Latentrack onto a module that has stock MicroPython."""

from __future__ import annotations

from typing import Annotated

import typer


def install(
    port: Annotated[
        str | None,
        typer.Argument(
            metavar="[PORT]",
            help="The module's port, such as /dev/ttyACM0, or its name. Without it: the only one.",
            show_default=False,
        ),
    ] = None,
    board: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="What the Teensy sits on: xen (the reference module, which it takes itself for at "
            "first), bare (a breadboard), or a board of your own. Said once, it is kept.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Put Latentrack on a module: its device code and its native sequencer.

    The module is a Teensy 4.1 with stock MicroPython 1.27 or newer, or a virtual one. Nothing is
    flashed and nothing compiled. Models and settings stay; a main.py of your own is kept as
    main_before_latentrack.py. The module restarts at the end, so the music stops for a moment.
    """
    from rich.console import Console

    from latentrack.commands.ports import find_port
    from latentrack.commands.terminal import transfer
    from latentrack.module.install import install as put
    from latentrack.module.link import Link

    console = Console(highlight=False, soft_wrap=True)
    with Link(find_port(port)) as link, transfer("Installing") as progress:
        done = put(link, progress, console.print, board=board)
    console.print(f"{done.files} files are on the module at {link.port} ({done.architecture}).")
    if done.kept_main:
        console.print("Your own main.py is kept there as main_before_latentrack.py.")
    console.print(
        f"It plays as soon as it has a model: latentrack push MODEL.tflite --port {link.port}"
    )
