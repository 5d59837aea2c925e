"""`python -m latentrack.factory [BUILD_FOLDER] [--only NAME]`: build the factory library."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from latentrack.assets import FACTORY
from latentrack.errors import UserError
from latentrack.factory.building import Built, build_all, music_of
from latentrack.factory.library import RUN
from latentrack.factory.recipes import RECIPES, Recipe, recipe_named
from latentrack.factory.stamp import is_current
from latentrack.words import agree, count


def main(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="[BUILD_FOLDER]",
            help="Where the model files go. Without it: to where the commands look for them, and "
            "what else lies there is removed.",
            show_default=False,
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="NAME", help="One model of the library; may be repeated."),
    ] = None,
    processes: Annotated[int, typer.Option(min=1, help="How many are trained at a time.")] = 2,
) -> None:
    """Train the factory models on the demo corpora and write a .tflite of each.

    A file that was built by the same recipe from the same music stays as it is.
    """
    begun = time.monotonic()
    target = folder or FACTORY
    try:
        recipes = [recipe_named(name) for name in dict.fromkeys(only)] if only else [*RECIPES]
        wanted = [recipe for recipe in recipes if not _is_built(target, recipe)]
        if folder is None:
            _remove_others(target)
        built = []
        for model in build_all(wanted, target, processes):
            built.append(model)
            print(_line(model), flush=True)
    except UserError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(error.exit_code) from None
    if same := len(recipes) - len(wanted):
        are = agree(same, "is that of its recipe", "are those of their recipes")
        print(f"{count(same, 'factory model')} in {target} {are} already.")
    if not built:
        return
    size = sum(model.size for model in built)
    print(
        f"{count(len(built), 'factory model')} built in {target}, {size / 1000:,.0f} kB, "
        f"in {time.monotonic() - begun:.0f} s"
    )


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.tflite"


def _is_built(folder: Path, recipe: Recipe) -> bool:
    file = _file(folder, recipe.name)
    return is_current(file, recipe, music_of(recipe)) and file.with_suffix(RUN).is_dir()


def _remove_others(folder: Path) -> None:
    """Remove what no recipe makes any more, or was left by a building that was killed."""
    files = {_file(folder, recipe.name) for recipe in RECIPES}
    known = files | {file.with_suffix(RUN) for file in files}
    for path in folder.glob("*"):
        if path in known:
            continue
        if path.is_file():
            path.unlink()
        elif path.suffix in (RUN, ".part"):
            shutil.rmtree(path)


def _line(model: Built) -> str:
    """A model, in one line."""
    of_music = f"{count(model.sequences, 'sequence')} in {count(model.styles, 'style')}"
    return (
        f"{model.name}: {model.kind}, {of_music}, {model.size / 1000:.0f} kB, "
        f"{model.recall:.1%} of the hits, {model.extra:.1%} too many"
    )


if __name__ == "__main__":
    typer.run(main)
