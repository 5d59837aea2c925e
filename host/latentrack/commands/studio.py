"""`latentrack studio`: Open the studio in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def studio(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER",
            help="Where the studio keeps its files: music, runs, models. It is made if need be.",
        ),
    ] = Path("latentrack-studio"),
    host: Annotated[
        str,
        typer.Option(
            help="The address to answer at. With 0.0.0.0 a phone in the same network can open it "
            "by a link that is printed here.",
        ),
    ] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=65535,
            help="The port. Without it: the first free one from 8370 on.",
            show_default=False,
        ),
    ] = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page in the browser.")
    ] = True,
) -> None:
    """Open the studio: train, see, hear and push, in one page in your browser.

    Drop MIDI files or audio loops onto it, watch a model learn them, explore what it has learnt,
    hear it, and push it to a module. The page comes from this computer and needs no network.

    Everything is kept in FOLDER, as files that the other commands know. Ctrl-C ends it.
    """
    from latentrack.commands import terminal
    from latentrack.commands.options import check_output_folder
    from latentrack.studio.server import serve

    console = terminal.console(chatter=True)
    check_output_folder(folder, "the studio's files")

    def ready(address: str) -> None:
        # The address alone on the first line of the output, for scripts.
        print(address)
        console.print(f"The studio keeps its files in {folder}. Ctrl-C ends it.", markup=False)

    def invite(link: str) -> None:
        console.print("Another device opens it with this link, once:")
        print(link)

    serve(folder, host, port, ready, invite, browser)
