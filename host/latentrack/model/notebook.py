"""A run as a notebook shows it: what it is, how it was trained, and its latent space."""

from __future__ import annotations

import base64
import html

from latentrack.model import pictures
from latentrack.model.trained_run import Run
from latentrack.words import count


def run_html(run: Run) -> str:
    """A piece of HTML that needs nothing else; names from the music are escaped."""
    best = [epoch for epoch in run.history if epoch.best][-1]
    epochs = sum(1 for epoch in run.history if epoch.number)
    changed = ", ".join(f"{name}={value!r}" for name, value in run.settings.changed().items())
    rows = {
        "music": run.dataset.summary(),
        "layers": "-".join(map(str, run.model.sizes)),
        "settings": changed or "as by default",
        "training": f"{count(epochs, 'epoch')}, best {best.number} with {best.judged}",
        "threshold": f"{run.threshold:.2f}",
    }
    table = "".join(
        f"<tr><th style='text-align:left'>{name}</th>"
        f"<td style='text-align:left'>{html.escape(value)}</td></tr>"
        for name, value in rows.items()
    )
    picture = base64.b64encode(pictures.latents(run).png()).decode()
    return (
        f"<table><caption>{html.escape(run.folder.name)}</caption>{table}</table>"
        "<img style='max-width:100%' alt='where the music lies in the latents' "
        f"src='data:image/png;base64,{picture}'>"
    )
