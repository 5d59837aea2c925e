"""`latentrack web`: Open the module in a web page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from latentrack.module.library import StoredModel


def web(
    models: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="MODEL...",
            help="Model files for its library. Without them: the factory models that a module "
            "gets first, if they are built.",
            show_default=False,
        ),
    ] = None,
    export: Annotated[
        Path | None,
        typer.Option(
            "--export",
            metavar="FOLDER",
            help="Write the page into this folder instead, for any web server, or to be opened "
            "from there.",
            show_default=False,
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=65535,
            help="The port. Without it: the first free one from 8390 on.",
            show_default=False,
        ),
    ] = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page in the browser.")
    ] = True,
) -> None:
    """Open the module in a web page: real MicroPython and the module's own code, in the browser.

    Panel, screen, jacks, prompt and files, on any computer: plug in its clock, hear it, turn it,
    drop your model onto it. What it stores stays in the browser. Nothing is asked of any network.
    Ctrl-C ends it.

        latentrack web --export module-page      then open module-page/index.html
    """
    from latentrack.commands import terminal
    from latentrack.web.site import export as export_page
    from latentrack.words import count

    if export is None:
        open_page(models, port=port, browser=browser)
        return
    chosen = _models(models)
    files = export_page(export, chosen)
    size = sum(map(len, files.values())) / 1e6
    terminal.console(chatter=True).print(
        f"{export / 'index.html'} is a module with {count(len(chosen), 'model')} "
        f"({size:.1f} MB): open it, or put the folder on a web server.",
        markup=False,
    )


def open_page(
    models: list[Path] | None = None, *, port: int | None = None, browser: bool = True
) -> None:
    """Serve the page until Ctrl-C; models and port as `web` takes them. Raises UserError."""
    from latentrack.commands import terminal
    from latentrack.web.serve import serve
    from latentrack.web.site import site

    console = terminal.console(chatter=True)
    serve(site(_models(models)), port, ready(console, browser))


def ready(console: Console, browser: bool) -> Callable[[str], None]:
    """What says the page's address when it is served, and opens it if `browser`."""
    import webbrowser

    def say(address: str) -> None:
        # The address alone on the first line of the output, for scripts.
        print(address, flush=True)
        console.print("The module runs in the page. Ctrl-C ends it.")
        if browser:
            webbrowser.open(address)

    return say


def _models(files: list[Path] | None) -> list[StoredModel]:
    from latentrack.factory.library import file_of, names
    from latentrack.factory.recipes import FIRST
    from latentrack.module.library import read_model

    if files is None:
        built = names()
        files = [file_of(name) for name in FIRST if name in built]
    return [read_model(file) for file in files]
