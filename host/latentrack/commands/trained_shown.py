"""Report a trained model: in sentences, and as JSON."""

from __future__ import annotations

import math
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from latentrack.commands import terminal
from latentrack.words import count

if TYPE_CHECKING:
    from latentrack.model.run import Run
    from latentrack.model.training import Training


def finish(run: Run, training: Training, target: Path, precision: str) -> None:
    """Says how good the model is and where everything lies."""
    from latentrack.model.sizes import in_words, warning
    from latentrack.model.verdict import collapsed_in_words, verdict

    console = terminal.console(chatter=True, wrap=True)
    for sentence in verdict(training, run.dataset):
        console.print(sentence, markup=False)
    if training.collapsed_latents:
        console.print(
            f"{collapsed_in_words(training.collapsed_latents)} collapsed with every seed that "
            "was tried: train with fewer --latents."
        )
    if precision != "float32":
        from latentrack.model.report import gates_of

        console.print(f"In {precision}: {gates_of(run, precision).words}.")
    if run.axes:
        from latentrack.model.axes_measures import knobs_in_words

        console.print(knobs_in_words(run.axes), markup=False)
    layers = "-".join(str(size) for size in run.model.sizes)
    info = run.model.info
    console.print(
        f"[bold]{escape(str(target))}[/]: {count(info.steps, 'step')} × "
        f"{count(info.voices, 'voice')}, layers "
        f"{layers}, {in_words(target.stat().st_size)}. "
        f"Put it on the module: latentrack push {escape(shlex.quote(str(target)))}",
        soft_wrap=True,
    )
    if large := warning(target.stat().st_size, precision):
        console.print(large, markup=False)
    console.print(
        f"[bold]{escape(str(run.folder))}[/]: its run. Pictures of it: "
        f"latentrack report {escape(shlex.quote(str(run.folder)))}",
        soft_wrap=True,
    )


def as_json(run: Run, training: Training, target: Path, precision: str) -> dict[str, Any]:
    """What came of it, for other programs."""
    from latentrack.model.variations import material
    from latentrack.model.verdict import verdict

    info, best = run.model.info, training.best
    return {
        "file": str(target),
        "bytes": target.stat().st_size,
        "precision": precision,
        "run": str(run.folder),
        "steps": info.steps,
        "voices": info.voices,
        "latents": run.model.latents,
        "axes": list(run.axes),
        "layers": list(run.model.sizes),
        "seed": training.settings.seed,
        "epochs": training.history[-1].number,
        "best_epoch": best.number,
        "loss": best.loss if math.isfinite(best.loss) else None,
        "validation_loss": best.validation_loss,
        "interrupted": training.interrupted,
        "variations": material(run.dataset, training.trained_on, training.settings).variations,
        "collapsed_latents": [latent + 1 for latent in training.collapsed_latents],
        "verdict": verdict(training, run.dataset),
    }
