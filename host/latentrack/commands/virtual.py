"""`latentrack virtual`: Run a module without hardware."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from latentrack.teensy.module import TeensyModule
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
    board: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The electronics around the Teensy: xen (the reference module) or bare (a "
            "breadboard with eight gates). Default: what the flash says, else xen.",
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
    firmware: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Run this firmware, MicroPython for the Teensy 4.1 as .hex or .elf, on a Teensy "
            "in software: slower than real time, but its very machine code.",
            show_default=False,
        ),
    ] = None,
    web: Annotated[
        bool,
        typer.Option("--web", help="Open the module in a web page instead: `latentrack web`."),
    ] = False,
) -> None:
    """Switch on a virtual module: real MicroPython, real device code, no hardware.

    It prints its port, which `latentrack`, mpremote and any terminal program take for a board's,
    and runs until Ctrl-C. A new one is like a Teensy fresh from the shop with stock MicroPython:

        latentrack virtual --flash my-module      in one terminal
        latentrack install PORT                   in another
        latentrack push MODEL.tflite --port PORT

    With --panel it is played here: screen, lamps and jacks in the terminal, the controls on keys.

    On other computers than x86-64 Linux, the module opens in a web page, as with --web.
    """
    from latentrack import assets
    from latentrack.commands import terminal
    from latentrack.commands.options import check_output_folder
    from latentrack.virtual.module import VirtualModule

    said = [flash, board, bpm, firmware, panel or None]
    if web or (not assets.runs_virtual_modules() and said.count(None) == len(said)):
        _open_page(alone=said.count(None) == len(said))
        return
    if flash is not None:
        check_output_folder(flash, "the module's flash")
    console = terminal.console(chatter=True)
    if firmware is not None:
        _run_firmware(console, firmware, flash, board, bpm, panel)
        return
    with VirtualModule(flash, board=board) as module:
        try:
            # The port alone on the first line of the output, for scripts.
            print(module.port)
            console.print(f"Its flash is {module.flash}. Ctrl-C switches it off.", markup=False)
            _use(module, bpm, panel)
        except KeyboardInterrupt:
            console.print("Switched off.")


def _open_page(*, alone: bool) -> None:
    from latentrack.commands.web import open_page
    from latentrack.errors import UserError

    if not alone:
        raise UserError("--web excludes the other options: its flash and its panel are the page's.")
    open_page()


def _use(module: VirtualModule | TeensyModule, bpm: float | None, panel: bool) -> None:
    """Shows its panel or its jacks, or waits, until Ctrl-C."""
    if panel:
        from latentrack.virtual.terminal import play

        play(module, bpm)
    elif bpm is None:
        module.wait()
    else:
        _play(module, bpm)


def _run_firmware(
    console: Console,
    firmware: Path,
    flash: Path | None,
    board: str | None,
    bpm: float | None,
    panel: bool,
) -> None:
    """A Teensy in software, until Ctrl-C."""
    from latentrack.errors import UserError
    from latentrack.teensy.module import SLOWNESS, TeensyModule

    with TeensyModule(firmware, flash, board=board) as teensy:
        try:
            print(teensy.port)
            where = f"Its flash is {teensy.flash}."
            console.print(f"{where} {SLOWNESS} Ctrl-C switches it off.", markup=False)
            _use(teensy, bpm, panel)
        except KeyboardInterrupt:
            console.print("Switched off.")
        if teensy.failure is not None:
            raise UserError(
                f"The firmware has stopped: {teensy.failure}; is {firmware.name} MicroPython for "
                "the Teensy 4.1?"
            ) from teensy.failure


def _play(module: VirtualModule | TeensyModule, bpm: float) -> None:
    """Clocks the module and draws its jacks: a line a channel, a column a step."""
    from rich.live import Live
    from rich.text import Text

    from latentrack.virtual.panel import PlayedStep, group_steps

    spacing_us = round(60e6 / bpm / 4)
    bar: dict[int, frozenset[int]] = {}
    edges = 0
    with Live(auto_refresh=False) as live:
        while True:
            module.panel.clock(1)
            edges += 1
            reports = module.panel.settle()
            steps = list(group_steps(reports))
            if not steps:
                # A firmware file does not say which step it plays: sixteen edges are a row here.
                rises = frozenset(report.jack for report in reports if report.kind == "rise")
                steps = [PlayedStep(0, (edges - 1) % 16, 0, rises)]
            for step in steps:
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
