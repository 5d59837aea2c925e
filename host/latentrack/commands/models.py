"""`latentrack models`: List the factory models, which come with Latentrack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from latentrack.commands.options import JsonOption
from latentrack.words import count, listed

if TYPE_CHECKING:
    from rich.text import Text

    from latentrack.factory.library import FactoryModel

_MOST_STYLES = 12
"""A row that names more would be a page."""


def complete_name(incomplete: str) -> list[tuple[str, str]]:
    """The names of factory models for the shell, without opening their files."""
    from latentrack.factory.library import names
    from latentrack.factory.recipes import BY_NAME

    return [(name, BY_NAME[name].kind.value) for name in names() if name.startswith(incomplete)]


def models(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            autocompletion=complete_name,
            help="One of them: with the bar in the middle of its space, and where it comes from.",
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the models that come with Latentrack, or show one of them.

    `latentrack push NAME` plays one on the module.
    """
    from latentrack.commands.terminal import print_json
    from latentrack.factory import library

    if name is not None:
        one = library.read(name)
        if as_json:
            print_json(_document(one))
        else:
            _show_one(one)
        return
    found = [library.read(each) for each in library.names()]
    if not found:
        raise library.not_built()
    if as_json:
        print_json({"models": [_document(model) for model in found]})
    else:
        _show_all(found)


def _document(model: FactoryModel) -> dict[str, Any]:
    """A model for other programs."""
    return {
        "name": model.name,
        "kind": model.kind,
        "styles": list(model.styles),
        "latents": model.latents,
        "feel_latents": model.feel_latents,
        "axes": list(model.axes),
        "bytes": model.size,
        "file": str(model.file),
        "music": model.music,
        "sequences": model.sequences,
        "origin": model.origin,
        "licence": model.licence,
    }


def _show_all(found: list[FactoryModel]) -> None:
    from rich.table import Table

    from latentrack.commands.terminal import console

    table = Table(header_style="bold", box=None, pad_edge=False)
    table.add_column("model")
    table.add_column("kind")
    table.add_column("styles")
    table.add_column("latents", justify="right")
    table.add_column("bytes", justify="right")
    for model in found:
        few = len(model.styles) <= _MOST_STYLES
        styles = ", ".join(model.styles) if few else count(len(model.styles), "style")
        table.add_row(model.name, str(model.kind), styles, str(model.latents), f"{model.size:,}")
    console(wrap=True).print(table)


def _show_one(model: FactoryModel) -> None:
    from latentrack.commands.terminal import console

    shown = console(wrap=True)
    latents = count(model.latents, "latent")
    if model.feel_latents:
        latents += f", {model.feel_latents} of them for velocity and timing"
    shown.print(f"[bold]{model.name}[/]: {model.kind}, {latents}, {count(model.size, 'byte')}")
    if any(model.axes):
        from latentrack.model.axes_measures import knobs_in_words

        shown.print(knobs_in_words(model.axes), markup=False)
    shown.print(f"{count(model.sequences, 'sequence')} of {listed(model.styles)}", markup=False)
    shown.print(f"Music: {model.origin}. Licence: {model.licence}.", markup=False)
    shown.print()
    shown.print(_bar_in_the_middle(model), soft_wrap=True)


def _bar_in_the_middle(model: FactoryModel) -> Text:
    """What a module plays with all knobs in the middle."""
    import numpy as np

    from latentrack.corpus.picture import draw_bar
    from latentrack.decoder.litert import Decoder
    from latentrack.decoder.metadata import read_extras
    from latentrack.playing.kinds import Kind

    decoder, extras = Decoder(model.file), read_extras(model.file)
    middle = np.zeros(decoder.latents)
    hits = decoder.pattern(middle, extras.threshold or 0.5)[0]
    cells = hits.astype(int)
    if decoder.has_feel:
        velocity, _ = decoder.decode_feel(middle)
        # A cell of 1 would be a hit of unknown velocity.
        cells = np.where(hits, np.clip(np.rint(velocity[0] * 127), 2, 127), 0).astype(int)
    voices = list(extras.voices) or [str(voice + 1) for voice in range(decoder.info.voices)]
    if model.kind == Kind.NOTES:
        # The highest on top, as on a piano roll.
        cells, voices = cells[:, ::-1], voices[::-1]
    return draw_bar(cells, voices, silent=False)
