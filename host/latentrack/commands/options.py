"""What several commands are told in the same words."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

RunArgument = Annotated[
    Path,
    typer.Argument(
        help="A run: the folder that `latentrack train` leaves beside the model "
        "(mine.run for mine.tflite)."
    ),
]

NumbersOption = Annotated[
    str,
    typer.Option(
        "--numbers",
        help="How the model file writes its numbers: float32, float16 (half as large), dynamic or "
        "int8 (a quarter). The smaller ones change a few hits; how many is said.",
    ),
]


def output_option(what: str, help: str) -> Any:
    """-o: where something goes; `what` stands for it in the help."""
    return typer.Option("--output", "-o", metavar=what, help=help)
