"""`latentrack install`: Put Latentrack on a module that has stock MicroPython."""

from __future__ import annotations

from typing import Annotated

import typer

from latentrack.commands.ports import PortArgument, PortOption
from latentrack.words import agree, count


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
) -> None:
    """Put Latentrack on a module: its device code and its native sequencer.

    The module is a Teensy 4.1 with stock MicroPython 1.27 or newer, or a virtual one. Nothing is
    flashed and nothing compiled. Models and settings stay; a main.py of your own is kept as
    main_before_latentrack.py. The module restarts at the end, so the music stops for a moment.
    """
    from latentrack.commands.ports import either_port, find_port
    from latentrack.commands.terminal import say, transfer
    from latentrack.module.install import install as put
    from latentrack.module.link import Link

    with (
        Link(find_port(either_port(context, module, port))) as link,
        transfer("Installing") as progress,
    ):
        done = put(link, progress, say, board=board)
    are = agree(done.files, "is", "are")
    say(f"{count(done.files, 'file')} {are} on the module at {link.port} ({done.architecture}).")
    if done.kept_main:
        say("Your own main.py is kept there as main_before_latentrack.py.")
    say(f"It plays as soon as it has a model: latentrack push MODEL.tflite --port {link.port}")
