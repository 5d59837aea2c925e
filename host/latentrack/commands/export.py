"""`latentrack export`: a model file again from its run, in another number type."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from latentrack.commands.options import NumbersOption, RunArgument, output_option
from latentrack.errors import UserError


def export(
    run: RunArgument,
    output: Annotated[
        Path | None,
        output_option(
            "MODEL.tflite",
            "Where the model goes. Without it: the run's name with .tflite, beside it.",
        ),
    ] = None,
    numbers: NumbersOption = "float32",
) -> None:
    """Write the model of a run once more, smaller if you like.

    latentrack export mine.run -o mine_small.tflite --numbers float16
    """
    from rich.console import Console

    from latentrack.decoder.export import NUMBERS
    from latentrack.model.report import gates_of
    from latentrack.model.run import load_run

    console = Console()
    target = output or run.with_suffix(".tflite")
    if target.suffix != ".tflite":
        raise UserError(
            f"The model file {target} must end in .tflite: name it {target}.tflite, say."
        )
    if numbers not in NUMBERS:
        raise UserError(f"--numbers {numbers} is none of {', '.join(NUMBERS)}: choose one.")
    with console.status("Converting"):
        loaded = load_run(run)
        loaded.export(target, numbers)
        count = gates_of(loaded, numbers)
    console.print(
        f"[bold]{target}[/]: {numbers}, {count.size / 1000:.0f} kB. Decoded over "
        f"{count.patterns:,} sequences, {count.words}.",
        highlight=False,
        soft_wrap=True,
    )
