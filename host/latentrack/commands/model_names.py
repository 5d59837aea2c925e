"""A model as it is named on the command line: a file, or one that comes with Latentrack."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def complete_model(incomplete: str) -> list[str]:
    """Factory models, and files; where neither begins so, the shell offers folders itself."""
    from latentrack.commands.models import complete_name

    folder = incomplete[: incomplete.rfind("/") + 1]
    files = sorted(folder + file.name for file in Path(folder or ".").glob("*.tflite"))
    names = [name for name, _ in complete_name(incomplete)]
    return names + [file for file in files if file.startswith(incomplete)]


def file_of(model: Path, say: Callable[[str], None]) -> Path:
    """The file that is meant: `model`, or a factory model if that is its name and no file is there.

    Raises UserError for a name that is neither.
    """
    is_name = model.name == str(model) and not model.suffix
    if not is_name or (model.exists() and not model.is_dir()):
        return model
    from latentrack.errors import UserError
    from latentrack.factory import library
    from latentrack.factory.recipes import BY_NAME

    yours = model.with_suffix(".tflite")
    neither = f"There is no file {model} and no factory model of that name"
    if yours.is_file():
        if model.name not in BY_NAME:
            raise UserError(f"{neither}; did you mean {yours}?")
        say(f"{model} is the factory model; the file here is {yours}.")
    return library.file_of(model.name, neither)
