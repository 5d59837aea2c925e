"""`latentrack report`: Write a page of pictures that shows how good a model is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from latentrack.commands.options import JsonOption, RunArgument, output_option

if TYPE_CHECKING:
    from latentrack.model.findings import Findings


def report(
    run: RunArgument,
    output: Annotated[
        Path | None,
        output_option(
            "PAGE.html", "Where the page goes. Without it: report.html in the run's folder."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show how good a model is: a verdict here, and a page with pictures.

    The page tells how much of your music comes back, draws the latent space
    and what plays all over it, counts what smaller files would cost, and says
    what to do about everything that could be better.

        latentrack train mine.npz -o mine.tflite
        latentrack report mine.run
    """
    from rich.markup import escape

    from latentrack.commands.options import check_output_file
    from latentrack.commands.terminal import console, print_json
    from latentrack.model.report import write_report
    from latentrack.model.run import load_run

    target = output or run / "report.html"
    loaded = load_run(run)
    check_output_file(target, "the report")
    with console(chatter=True).status("Reading the run") as status:
        found, sentences = write_report(loaded, target, status.update)
    if as_json:
        print_json(_as_json(found, sentences) | {"page": str(target)})
        return
    for sentence in sentences:
        console(wrap=True).print(sentence, markup=False)
    console(chatter=True).print(f"[bold]{escape(str(target))}[/]: open it in a browser.")


def _as_json(found: Findings, sentences: list[str]) -> dict[str, Any]:
    """What was measured, for other programs."""
    return {
        "verdict": sentences,
        "findings": [
            {"title": each.title, "figure": each.figure, "bad": each in found.bad}
            for each in found.entries
        ],
    }
