"""`latentrack train`: from a dataset to a model that plays."""

from __future__ import annotations

import math
import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from latentrack.commands import terminal
from latentrack.commands.options import (
    JsonOption,
    PrecisionOption,
    check_output_file,
    check_output_folder,
    given,
    one_of,
    output_option,
    refuse_unused,
)
from latentrack.errors import UserError
from latentrack.words import count

if TYPE_CHECKING:
    from rich.console import Console

    from latentrack.model.run import Run
    from latentrack.model.settings import Settings
    from latentrack.model.training import Epoch, Training

NETWORK, LEARNING, SPACE = "The network", "Learning", "The latent space"
# What a run has already, and what only a variational autoencoder has.
_OF_A_NEW_MODEL = (
    "model", "latents", "validation_split", "hidden_layers", "taper", "decoder_layers",
    "encoder_layers", "batch_size", "input_dropout", "latent_scale", "prior_std", "free_bits",
    "kl_warmup",
)  # fmt: skip
_OF_VAE = ("input_dropout", "prior_std", "free_bits", "kl_warmup")


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
    precision: PrecisionOption = "float32",
    epochs: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Number of passes through the music. Default: about 30,000 steps in all, "
            "which is 60 epochs for 16,000 bars and 3,000 for a hundred.",
        ),
    ] = None,
    latents: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=8,
            help="How many knobs the model has, 1 to 8. The module has three; more keep more "
            "detail. Without it: 3, and 2 for a stacked model.",
        ),
    ] = None,
    validation_split: Annotated[
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
    model: Annotated[
        str,
        typer.Option(
            autocompletion=one_of("vae", "stacked"),
            help="vae, which orders the music in space; or stacked, the plain autoencoder whose "
            "layers learn one after the other.",
            rich_help_panel=NETWORK,
        ),
    ] = "vae",
    hidden_layers: Annotated[
        int,
        typer.Option(
            min=1,
            max=7,
            help="Layers between the latents and the cells; more are slower to play.",
            rich_help_panel=NETWORK,
        ),
    ] = 2,
    taper: Annotated[
        str | None,
        typer.Option(
            autocompletion=one_of("linear", "geometric"),
            help="linear: the layers' sizes fall in equal steps; geometric: in equal ratios, which "
            "makes small models. Without it: linear, or as much narrower as a module needs.",
            rich_help_panel=NETWORK,
        ),
    ] = None,
    decoder_layers: Annotated[
        str | None,
        typer.Option(
            metavar="SIZES",
            help="The sizes instead, from the latents to the cells, such as 66-129.",
            rich_help_panel=NETWORK,
        ),
    ] = None,
    encoder_layers: Annotated[
        str | None,
        typer.Option(
            metavar="SIZES",
            help="The encoder's, from the cells to the latents. It stays on the computer. Without "
            "it: 256-128; below 500 sequences as the decoder's.",
            rich_help_panel=NETWORK,
        ),
    ] = None,
    learning_rate: Annotated[
        float,
        typer.Option(
            help="How large the first steps are; they shrink along a cosine.",
            rich_help_panel=LEARNING,
        ),
    ] = 0.004,
    min_learning_rate: Annotated[
        float, typer.Option(help="How large the last ones are.", rich_help_panel=LEARNING)
    ] = 0.0,
    patience: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Instead of the cosine: after so many epochs without a better loss the learning "
            "rate falls, and the training ends when it may fall no further.",
            rich_help_panel=LEARNING,
        ),
    ] = None,
    factor: Annotated[
        float,
        typer.Option(
            help="With --patience: what the learning rate is multiplied by.",
            rich_help_panel=LEARNING,
        ),
    ] = 0.5,
    batch_size: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Sequences a step. Without it: 32, or 16 below 1,000 sequences.",
            rich_help_panel=LEARNING,
        ),
    ] = None,
    input_dropout: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=0.9,
            help="The share of the hits that the encoder does not see, so that it takes less by "
            "heart. Without it: none.",
            rich_help_panel=LEARNING,
        ),
    ] = None,
    latent_scale: Annotated[
        int,
        typer.Option(
            min=1,
            max=255,
            help="Each latent runs from minus this to plus this.",
            rich_help_panel=SPACE,
        ),
    ] = 3,
    prior_std: Annotated[
        float | None,
        typer.Option(
            help="How far the music spreads in the space; higher is fuller, up to its walls.",
            rich_help_panel=SPACE,
        ),
    ] = None,
    free_bits: Annotated[
        float | None,
        typer.Option(
            help="Free bits per latent, to prevent collapse.",
            rich_help_panel=SPACE,
        ),
    ] = None,
    kl_warmup: Annotated[
        float | None,
        typer.Option(
            help="The share of the training in which order in space does not count fully yet.",
            rich_help_panel=SPACE,
        ),
    ] = None,
    as_json: JsonOption = False,
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
    from latentrack.corpus.dataset import Dataset
    from latentrack.decoder.precision import check_precision
    from latentrack.decoder.quiet import import_tensorflow
    from latentrack.model.plan import plan
    from latentrack.model.run import check_place, load_run, save_run
    from latentrack.model.settings import Settings
    from latentrack.model.tapers import with_taper
    from latentrack.model.training import can_hold_out, decoder_info

    console = terminal.console(chatter=True, wrap=True)
    earlier = load_run(dataset) if dataset.is_dir() else None
    target = _target(dataset, output)
    folder = run or target.with_suffix(".run")
    check_output_folder(folder, "the run")
    check_place(folder)
    _refuse_what_has_no_effect(context, earlier is not None)
    check_precision(precision)
    chosen: dict[str, Any] = {
        "model": model,
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "min_learning_rate": min_learning_rate,
        "patience": patience,
        "factor": factor,
        "latent_dim": latents,
        "hidden_layers": hidden_layers,
        "latent_scale": latent_scale,
        "taper": taper,
        "decoder_layers": _sizes("--decoder-layers", decoder_layers),
        "encoder_layers": _sizes("--encoder-layers", encoder_layers),
        "input_dropout": input_dropout,
        "prior_std": prior_std,
        "free_bits": free_bits,
        "kl_warmup": kl_warmup,
        "validation_split": validation_split,
        "seed": seed,
    }
    may_be_left_out = ("prior_std", "free_bits", "kl_warmup")
    chosen = {n: v for n, v in chosen.items() if v is not None or n not in may_be_left_out}
    settings = Settings(**chosen)
    if earlier:
        settings = earlier.going_on(settings)
        if given(context, "seed"):
            settings = replace(settings, seed=seed)
    music = earlier.dataset if earlier else Dataset.load(dataset)
    # What cannot be trained is refused before TensorFlow, which takes seconds, is loaded.
    decoder_info(music, settings.latent_scale)
    cells = music.steps * music.voices
    planned = plan(len(music), cells, settings, precision)
    planned.check_memory()
    settings = with_taper(settings, cells, precision)
    if not earlier and not can_hold_out(music.sources):
        refuse_unused(
            context, ["validation_split"], "on so few sequences or files, which are all needed"
        )
    console.print(f"[bold]{escape(dataset.name)}[/]: {music.summary()}.")
    console.print(planned.words, markup=False)
    with console.status("Starting TensorFlow"):
        import_tensorflow()
    training = _train(console, music, settings, earlier)
    if training.interrupted:
        console.print(
            f"Stopped after epoch {training.history[-1].number}; keeping epoch "
            f"{training.best.number}."
        )
    name = str(earlier.about["music"]) if earlier else dataset.name
    kept = save_run(folder, training, music, name, earlier.history if earlier else ())
    kept.export(target, precision)
    if as_json:
        terminal.print_json(_as_json(kept, training, target, precision))
    else:
        _finish(kept, training, target, precision)


def _refuse_what_has_no_effect(context: typer.Context, going_on: bool) -> None:
    values = context.params
    if going_on:
        refuse_unused(context, _OF_A_NEW_MODEL, "on a run, which is trained on as it is")
    if values["model"] == "stacked":
        refuse_unused(context, _OF_VAE, "with --model stacked")
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

        held, model = (earlier.validated_on, earlier.model) if earlier else (None, None)
        return run(music, settings, show, restarted, held, model, on_part=part_done)


def _finish(run: Run, training: Training, target: Path, precision: str) -> None:
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


def _as_json(run: Run, training: Training, target: Path, precision: str) -> dict[str, Any]:
    """What came of it, for other programs."""
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
        "layers": list(run.model.sizes),
        "seed": training.settings.seed,
        "epochs": training.history[-1].number,
        "best_epoch": best.number,
        "loss": best.loss if math.isfinite(best.loss) else None,
        "validation_loss": best.validation_loss,
        "interrupted": training.interrupted,
        "collapsed_latents": [latent + 1 for latent in training.collapsed_latents],
        "verdict": verdict(training, run.dataset),
    }


def _sizes(option: str, text: str | None) -> tuple[int, ...] | None:
    if text is None:
        return None
    try:
        return tuple(int(size) for size in text.split("-"))
    except ValueError:
        raise UserError(f"{option} {text} is no list of sizes: write it as 66-129.") from None


def _target(dataset: Path, output: Path | None) -> Path:
    """Where the model goes, known to be possible before the work begins."""
    target = output or Path(dataset.with_suffix(".tflite").name)
    if target.suffix != ".tflite":
        raise UserError(
            f"The model file {target} must end in .tflite: name it {target}.tflite, say."
        )
    check_output_file(target, "the model")
    return target
