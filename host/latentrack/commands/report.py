"""`latentrack report`: a page of pictures that shows how good a model is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from latentrack.commands.options import RunArgument, output_option


def report(
    run: RunArgument,
    output: Annotated[
        Path | None,
        output_option(
            "PAGE.html", "Where the page goes. Without it: report.html in the run's folder."
        ),
    ] = None,
) -> None:
    """Show how good a model is: a verdict here, and a page with pictures.

    The page tells how much of your music comes back, draws the latent space
    and what plays all over it, counts what smaller files would cost, and says
    what to do about everything that could be better.

        latentrack train mine.npz -o mine.tflite
        latentrack report mine.run
    """
    from rich.console import Console

    from latentrack.model.report import write_report
    from latentrack.model.run import load_run

    console = Console()
    target = output or run / "report.html"
    with console.status("Reading the run") as status:
        _, sentences = write_report(load_run(run), target, status.update)
    for sentence in sentences:
        console.print(sentence, highlight=False)
    console.print(f"[bold]{target}[/]: open it in a browser.", highlight=False, soft_wrap=True)
