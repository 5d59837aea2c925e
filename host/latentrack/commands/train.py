"""`latentrack train`: Train a model on a dataset and write its model file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from latentrack.commands import terminal, trained_shown
from latentrack.commands.declared_options import named_with, values_of, with_options_of
from latentrack.commands.options import (
    JsonOption,
    PrecisionOption,
    check_output_file,
    check_output_folder,
    given,
    output_option,
    refuse_unused,
)
from latentrack.decoder.precision import AUTO
from latentrack.errors import UserError
from latentrack.model.settings import Settings

if TYPE_CHECKING:
    from rich.console import Console

    from latentrack.model.run import Run
    from latentrack.model.training import Epoch, Training


@with_options_of(Settings)
def train(
    context: typer.Context,
    dataset: Annotated[
        Path,
        typer.Argument(
            metavar="DATASET.npz|RUN",
            help="What to learn from: a dataset made by `latentrack dataset`; or a run, the folder "
            "of an earlier training, to train on from where it ended.",
        ),
    ],
    output: Annotated[
        Path | None,
        output_option(
            "MODEL.tflite",
            "Where the model goes. Without it: the dataset's name with .tflite, here.",
        ),
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option(
            "--run",
            metavar="FOLDER",
            help="Where the run goes: all that is needed to train on, to export again, and for "
            "`latentrack report`. Without it: the model's name with .run, beside it.",
        ),
    ] = None,
    precision: PrecisionOption = AUTO,
    *,
    as_json: JsonOption = False,
    **settings: Any,
) -> None:
    """Train a model on a dataset and write it as a .tflite that the module plays.

    The model is a variational autoencoder: it learns to squeeze each bar of
    your music into a few numbers, the latents, and to make the bar again from
    them. On the module the latents are knobs: turn them and it plays your
    bars, and what lies between them.

    Ctrl-C ends the training early and keeps the best model so far.

        latentrack dataset my_midi_folder -o mine.npz
        latentrack train mine.npz -o mine.tflite
        latentrack report mine.run
        latentrack push mine.tflite

    Beside the model lies its run (mine.run). Give that instead of a dataset
    to train on for some more epochs:

        latentrack train mine.run --epochs 20 -o mine.tflite
    """
    import numpy as np

    from latentrack.corpus.dataset import Dataset
    from latentrack.decoder.precision import check_precision
    from latentrack.decoder.quiet import import_tensorflow
    from latentrack.model.attributes import wanted_axes
    from latentrack.model.feel_training import wanted_latents
    from latentrack.model.plan import plan
    from latentrack.model.run import check_place, load_run, save_run
    from latentrack.model.tapers import with_taper
    from latentrack.model.training import can_hold_out, decoder_info
    from latentrack.model.variations import material

    console = terminal.console(chatter=True, wrap=True)
    earlier = load_run(dataset) if dataset.is_dir() else None
    target = _target(dataset, output)
    folder = run or target.with_suffix(".run")
    check_output_folder(folder, "the run")
    check_place(folder)
    _refuse_what_has_no_effect(context, earlier is not None)
    check_precision(precision, or_auto=True)
    chosen = Settings(**values_of(Settings, settings))
    if earlier:
        chosen = earlier.going_on(chosen)
        if given(context, "seed"):
            chosen = replace(chosen, seed=settings["seed"])
    music = earlier.dataset if earlier else Dataset.load(dataset)
    # What cannot be trained is refused before TensorFlow, which takes seconds, is loaded.
    decoder_info(music, chosen.latent_scale)
    cells = music.steps * music.voices
    feels = wanted_latents(music, chosen)
    wanted_axes(music, chosen)
    planned = plan(len(music), cells, chosen, precision, feel=feels)
    planned.check_memory()
    chosen = with_taper(chosen, cells, precision)
    precision = planned.precision
    if not earlier and not can_hold_out(music.sources):
        refuse_unused(
            context, ["validation_split"], "on so few sequences or files, which are all needed"
        )
    console.print(f"[bold]{escape(dataset.name)}[/]: {music.summary()}.")
    everything = earlier.trained_on if earlier else np.arange(len(music))
    if varied := material(music, everything, chosen).words:
        console.print(f"{varied} To train without them: --variations none.", markup=False)
    console.print(planned.words, markup=False)
    with console.status("Starting TensorFlow"):
        import_tensorflow()
    training = _train(console, music, chosen, earlier)
    if training.interrupted:
        console.print(
            f"Stopped after epoch {training.history[-1].number}; keeping epoch "
            f"{training.best.number}."
        )
        if feels and training.feel is None:
            console.print("The feel is missing: the model plays its hits without it.")
    name = str(earlier.about["music"]) if earlier else dataset.name
    kept = save_run(folder, training, music, music=name, earlier=earlier.history if earlier else ())
    kept.export(target, precision=precision)
    if as_json:
        terminal.print_json(trained_shown.as_json(kept, training, target, precision))
    else:
        trained_shown.finish(kept, training, target, precision)


def _refuse_what_has_no_effect(context: typer.Context, going_on: bool) -> None:
    values = context.params
    if going_on:
        of_the_model = named_with(Settings, lambda setting: not setting.continued)
        refuse_unused(context, of_the_model, "on a run, which is trained on as it is")
    model = values["model"]
    idle = named_with(Settings, lambda setting: setting.only and model not in setting.only)
    refuse_unused(context, idle, f"with --model {model}")
    if values["decoder_layers"] is not None:
        refuse_unused(context, ["hidden_layers", "taper"], "with --decoder-layers")
    if values["patience"] is None:
        refuse_unused(context, ["factor"], "without --patience")


def _train(console: Console, music: Any, settings: Settings, earlier: Run | None) -> Training:
    """The training with its progress bar."""
    import time

    from latentrack.model.plan import Estimate
    from latentrack.model.training import train as run

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[state]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=terminal.is_quiet()) as progress:
        bar = progress.add_task("Compiling", total=None, state="")
        estimate = Estimate(time.monotonic)

        def part_done(done: float) -> None:
            progress.update(bar, description="Training", total=1.0, completed=done)
            if words := estimate.words(done):
                progress.console.print(words)

        def show(epoch: Epoch) -> None:
            state = f"epoch {epoch.number}/{epoch.of}  loss {epoch.loss:.2f}"
            if epoch.validation_loss is not None:
                state += f"  validation {epoch.validation_loss:.4f}" + (
                    " ★" if epoch.best else "  "
                )
            progress.update(bar, state=state)

        def restarted(why: str) -> None:
            progress.console.print(why)

        def feel_done(done: float) -> None:
            progress.update(
                bar, description="Learning the feel", total=1.0, completed=done, state=""
            )

        held, model = (earlier.validated_on, earlier.model) if earlier else (None, None)
        return run(
            music,
            settings,
            on_epoch=show,
            on_restart=restarted,
            validated_on=held,
            start=model,
            on_part=part_done,
            on_feel=feel_done,
        )


def _target(dataset: Path, output: Path | None) -> Path:
    """Where the model goes, known to be possible before the work begins."""
    target = output or Path(dataset.with_suffix(".tflite").name)
    if target.suffix != ".tflite":
        raise UserError(
            f"The model file {target} must end in .tflite: name it {target}.tflite, say."
        )
    check_output_file(target, "the model")
    return target
