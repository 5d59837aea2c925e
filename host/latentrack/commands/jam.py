"""`latentrack jam`: Play a model on this computer, with a virtual module."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentrack.commands.model_names import complete_model, file_of

if TYPE_CHECKING:
    from latentrack.module.library import StoredModel
    from latentrack.module.link import Link
    from latentrack.sound.speaker import Speaker


def jam(
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="[MODEL]",
            autocompletion=complete_model,
            help="The name of a model that comes with Latentrack (`latentrack models` lists them), "
            "or a .tflite of your own.",
            show_default=False,
        ),
    ] = None,
    bpm: Annotated[
        float, typer.Option(min=20, max=400, help="The tempo; a step is a sixteenth.")
    ] = 112.0,
    flash: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="The folder that is the module's flash, kept for the next time. Without it: one "
            "that is thrown away.",
            show_default=False,
        ),
    ] = None,
    no_sound: Annotated[
        bool, typer.Option("--no-sound", help="Show the panel only, and play no sound.")
    ] = False,
) -> None:
    """Play a model here and now: a virtual module with its panel, a clock, and sound.

    Nothing is trained and no hardware is needed. Drums come out as drums, notes as a synthesizer.
    The knobs and buttons are on keys, which stand below the panel: x and Shift-X turn X, and so on.
    Ctrl-C ends it.

        latentrack jam                     the first of the models that come with Latentrack
        latentrack jam funk --bpm 96       another one of them
        latentrack jam MINE.tflite         one of your own
    """
    from latentrack.commands import terminal
    from latentrack.commands.options import check_output_folder
    from latentrack.errors import UserError
    from latentrack.factory.library import not_built
    from latentrack.module.install import install
    from latentrack.module.library import read_model
    from latentrack.module.link import Link
    from latentrack.sound.listener import Listener
    from latentrack.virtual import terminal as panel
    from latentrack.virtual.module import VirtualModule

    panel.check_terminal()
    if flash is not None:
        check_output_folder(flash, "the module's flash")
    console = terminal.console(chatter=True, wrap=True)
    chosen = None if model is None else read_model(file_of(Path(model), terminal.say))
    library = _library()
    if model is None and flash is None and not library:
        raise not_built()
    speaker = None if no_sound else _speaker()
    with VirtualModule(flash) as module:
        with console.status("Switching on a virtual module"), Link(module.port) as link:
            install(link)
            plays = _send(link, chosen, library)
        if not plays:
            raise UserError(f"There is no model in {flash}: name one, a .tflite file.")
        keys = f"{plays} at {bpm:g} BPM   port {module.port}   Ctrl-C ends it"
        files = {each.name: each.file for each in (*library, *filter(None, [chosen]))}
        with contextlib.suppress(KeyboardInterrupt):
            if speaker is None:
                panel.play(module, bpm, about=keys)
            else:
                with speaker, Listener(module, speaker.mixer, files) as listener:
                    panel.play(module, bpm, listener.hear, keys)
    console.print("Switched off.")


def _library() -> list[StoredModel]:
    """The factory models that a module gets first."""
    from latentrack.factory.library import file_of, names
    from latentrack.factory.recipes import FIRST
    from latentrack.module.library import read_model

    built = set(names())
    return [read_model(file_of(name)) for name in FIRST if name in built]


def _send(link: Link, chosen: StoredModel | None, library: list[StoredModel]) -> str:
    """Fill an empty library, and play what was chosen, else what plays already; its name."""
    from latentrack.module.first_models import put_first
    from latentrack.module.library import push

    if library:
        put_first(link, library)
    if chosen is not None:
        return push(link, chosen).shown
    plays: str | None = link.evaluate("track.model and track.model.name")
    return plays or ""


def _speaker() -> Speaker | None:
    """The computer's sound device, if it has one."""
    from latentrack.commands.terminal import say
    from latentrack.errors import UserError
    from latentrack.sound.speaker import Speaker

    try:
        return Speaker()
    except UserError as error:
        say(f"{error} The panel is silent; `latentrack studio` plays in the browser.")
        return None
