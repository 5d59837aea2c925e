"""`latentrack virtual`: a module without hardware."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from latentrack.virtual.module import VirtualModule


def virtual(
    flash: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="The folder that is the module's flash, kept when it is switched off. Without "
            "it: an empty one that is thrown away.",
            show_default=False,
        ),
    ] = None,
    bpm: Annotated[
        float | None,
        typer.Option(
            min=20,
            max=400,
            help="Plug in a clock of this tempo (a step is a sixteenth) and show the jacks.",
            show_default=False,
        ),
    ] = None,
    panel: Annotated[
        bool,
        typer.Option("--panel", help="Show the front panel here, and play it with keys."),
    ] = False,
) -> None:
    """Switch on a virtual module: real MicroPython, real device code, no hardware.

    It prints its port, which `latentrack`, mpremote and any terminal program take for a board's,
    and runs until Ctrl-C. A new one is like a Teensy fresh from the shop with stock MicroPython:

        latentrack virtual --flash my-module      in one terminal
        latentrack install PORT                   in another
        latentrack push MODEL.tflite --port PORT

    With --panel it is played here: screen, lamps and jacks in the terminal, the controls on keys.
    """
    from rich.console import Console

    from latentrack.errors import UserError
    from latentrack.virtual.module import VirtualModule

    if flash is not None and flash.exists() and not flash.is_dir():
        raise UserError(f"{flash} is a file; name a folder for the module's flash")
    console = Console(highlight=False)
    with VirtualModule(flash) as module:
        # The port alone on the first line of the output, for scripts.
        print(module.port, flush=True)
        console.print(f"Its flash is {module.flash}. Ctrl-C switches it off.")
        try:
            if panel:
                from latentrack.virtual.terminal import play

                play(module, bpm)
            elif bpm is None:
                module.wait()
            else:
                _play(module, bpm)
        except KeyboardInterrupt:
            console.print("Switched off.")


def _play(module: VirtualModule, bpm: float) -> None:
    """Clocks the module and draws its jacks: a line a channel, a column a step."""
    from rich.live import Live
    from rich.text import Text

    spacing_us = round(60e6 / bpm / 4)
    bar: dict[int, frozenset[int]] = {}
    with Live(auto_refresh=False) as live:
        while True:
            module.panel.clock(1)
            for step in module.panel.steps():
                if step.number == 0:
                    bar.clear()
                bar[step.number] = step.gates
            picture = Text()
            for channel in range(8):
                picture.append(f"jack {channel + 1} ", "dim")
                for number in range(max(bar, default=0) + 1):
                    high = channel in bar.get(number, ())
                    picture.append("●" if high else "·", "bold cyan" if high else "dim")
                picture.append("\n")
            live.update(picture, refresh=True)
            module.panel.advance(spacing_us)
