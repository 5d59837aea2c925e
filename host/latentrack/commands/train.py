"""`latentrack train`: from a dataset to a model that plays."""

from __future__ import annotations

import shlex
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from latentrack.errors import UserError


def train(
    dataset: Annotated[
        Path,
        typer.Argument(help="What to learn from: a dataset made by `latentrack dataset`."),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="MODEL.tflite",
            help="Where the model goes. Without it: the dataset's name with .tflite, here.",
        ),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="How often to go through the music. Without it: about 30,000 steps in all, "
            "which is 60 epochs for 16,000 bars and 3,000 for a hundred.",
        ),
    ] = None,
    latents: Annotated[
        int,
        typer.Option(
            min=1,
            max=8,
            help="How many knobs the model has, 1 to 8. The module has three; more keep more "
            "detail.",
        ),
    ] = 3,
    latent_scale: Annotated[
        int, typer.Option(min=1, max=255, help="Each latent runs from minus this to plus this.")
    ] = 3,
    hidden_layers: Annotated[
        int,
        typer.Option(
            min=1, max=8, help="Layers between the latents and the cells; more are slower to play."
        ),
    ] = 2,
    learning_rate: Annotated[
        float, typer.Option(help="How large the first steps are; the last ones are tiny.")
    ] = 0.004,
    batch_size: Annotated[
        int | None,
        typer.Option(min=1, help="Sequences a step. Without it: 32, or 16 below 1,000 sequences."),
    ] = None,
    held_out: Annotated[
        float,
        typer.Option(
            min=0,
            max=0.9,
            help="The share of the music, by whole files, that is not learnt from but tells "
            "when the model is at its best.",
        ),
    ] = 0.1,
    seed: Annotated[
        int,
        typer.Option(
            help="Another seed gives another model of the same music; the same, the same."
        ),
    ] = 0,
) -> None:
    """Train a model on a dataset and write it as a .tflite that the module plays.

    The model is a variational autoencoder: it learns to squeeze each bar of
    your music into a few numbers, the latents, and to make the bar again from
    them. On the module the latents are knobs: turn them and it plays your
    bars, and what lies between them.

    Ctrl-C ends the training early and keeps the best model so far.

        latentrack dataset my_midi_folder -o mine.npz
        latentrack train mine.npz -o mine.tflite
        latentrack push mine.tflite
    """
    from latentrack.corpus.dataset import Dataset
    from latentrack.decoder.quiet import import_tensorflow
    from latentrack.model.training import Epoch, Settings
    from latentrack.model.training import train as run
    from latentrack.model.verdict import verdict

    console = Console()
    target = _target(dataset, output)
    settings = Settings(
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        latent_dim=latents,
        hidden_layers=hidden_layers,
        latent_scale=latent_scale,
        held_out=held_out,
        seed=seed,
    )
    music = Dataset.load(dataset)
    console.print(f"[bold]{dataset.name}[/]: {music.summary()}.", highlight=False)
    with console.status("Starting TensorFlow"):
        import_tensorflow()

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[state]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("Compiling", total=None, state="")

        def show(epoch: Epoch) -> None:
            state = f"epoch {epoch.number}/{epoch.of}  loss {epoch.loss:.2f}"
            if epoch.held_out is not None:
                state += f"  held-out {epoch.held_out:.4f}" + (" ★" if epoch.best else "  ")
            progress.update(
                bar, description="Training", total=epoch.of, completed=epoch.number, state=state
            )

        training = run(music, settings, show)
    if training.interrupted:
        console.print(
            f"Stopped after epoch {len(training.history)}; keeping epoch {training.best.number}.",
            highlight=False,
        )
    training.model.export(target)
    for sentence in verdict(training, music):
        console.print(sentence, highlight=False)
    layers = "-".join(str(size) for size in training.model.sizes)
    console.print(
        f"[bold]{target}[/]: {music.steps} steps × {music.voices} voices, layers {layers}, "
        f"{target.stat().st_size / 1000:.0f} kB. "
        f"Put it on the module: latentrack push {shlex.quote(str(target))}",
        highlight=False,
        soft_wrap=True,
    )


def _target(dataset: Path, output: Path | None) -> Path:
    """Where the model goes, known to be possible before the work begins."""
    target = output or Path(dataset.with_suffix(".tflite").name)
    if target.suffix != ".tflite":
        raise UserError(
            f"The model file {target} must end in .tflite: name it {target}.tflite, say."
        )
    if target.is_dir():
        raise UserError(f"{target} is a folder: name a .tflite file for the model.")
    folder = target.parent
    while not folder.exists():
        folder = folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UserError(
            f"{folder} is not a folder you may write to ({error.strerror}): choose another for "
            "the model."
        ) from error
    return target
