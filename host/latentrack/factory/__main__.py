"""`python -m latentrack.factory BUILD_FOLDER [--only NAME]`: build the factory library."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from latentrack.errors import UserError
from latentrack.factory.building import Built, build_all
from latentrack.factory.recipes import RECIPES, recipe_named
from latentrack.words import count


def main(
    folder: Annotated[
        Path, typer.Argument(metavar="BUILD_FOLDER", help="Where the model files go.")
    ],
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="NAME", help="One model of the library; may be repeated."),
    ] = None,
    processes: Annotated[int, typer.Option(min=1, help="How many are trained at a time.")] = 2,
) -> None:
    """Train the factory models on the demo corpora and write a .tflite of each."""
    begun = time.monotonic()
    try:
        recipes = [recipe_named(name) for name in dict.fromkeys(only)] if only else RECIPES
        built = []
        for model in build_all(recipes, folder, processes):
            built.append(model)
            print(_line(model), flush=True)
    except UserError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(error.exit_code) from None
    size = sum(model.size for model in built)
    print(
        f"{count(len(built), 'factory model')} in {folder}, {size / 1000:,.0f} kB, "
        f"in {time.monotonic() - begun:.0f} s"
    )


def _line(model: Built) -> str:
    """A model, in one line."""
    of_music = f"{count(model.sequences, 'sequence')} in {count(model.styles, 'style')}"
    return (
        f"{model.name}: {model.kind}, {of_music}, {model.size / 1000:.0f} kB, "
        f"{model.recall:.1%} of the hits, {model.extra:.1%} too many"
    )


if __name__ == "__main__":
    typer.run(main)
