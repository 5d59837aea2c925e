"""`latentrack export`: Write a run's model file again, in another precision."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from latentrack.commands.options import JsonOption, PrecisionOption, RunArgument, output_option
from latentrack.decoder.precision import AUTO
from latentrack.errors import UserError
from latentrack.words import count


def export(
    run: RunArgument,
    output: Annotated[
        Path | None,
        output_option(
            "MODEL.tflite",
            "Where the model goes. Without it: the run's name with .tflite, beside it.",
        ),
    ] = None,
    precision: PrecisionOption = AUTO,
    as_json: JsonOption = False,
) -> None:
    """Re-export a run, smaller if you like.

    latentrack export mine.run -o mine_small.tflite --precision float16
    """
    from rich.markup import escape

    from latentrack.commands.options import check_output_file
    from latentrack.commands.terminal import console, print_json
    from latentrack.decoder.precision import check_precision
    from latentrack.decoder.reference import unlike_reference
    from latentrack.model.report import gates_of
    from latentrack.model.run import load_run
    from latentrack.model.sizes import in_words, warning

    shown = console(chatter=True)
    target = output or run.with_suffix(".tflite")
    if target.suffix != ".tflite":
        raise UserError(
            f"The model file {target} must end in .tflite: name it {target}.tflite, say."
        )
    check_output_file(target, "the model")
    check_precision(precision, or_auto=True)
    with shown.status("Converting"):
        loaded = load_run(run)
        precision = loaded.precision_of_file(precision)
        loaded.export(target, precision=precision)
        gates = gates_of(loaded, precision)
    if as_json:
        print_json({"file": str(target), "precision": precision} | vars(gates))
        return
    shown.print(
        f"[bold]{escape(str(target))}[/]: {precision}, {in_words(gates.size)}. Decoded over "
        f"{count(gates.patterns, 'sequence')}, {gates.words}."
    )
    if large := warning(gates.size, precision):
        shown.print(large, markup=False)
    if unlike := unlike_reference(loaded.model.info.kind, loaded.model.latents):
        shown.print(unlike, markup=False)
