"""Build a factory model: select its music, train, write the file, and check what the file plays."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from latentrack import __version__
from latentrack.corpus.dataset import Dataset
from latentrack.corpus.demo import demo_dataset
from latentrack.decoder.litert import Decoder
from latentrack.decoder.metadata import read_extras
from latentrack.errors import UserError
from latentrack.factory.library import RUN
from latentrack.factory.recipes import Recipe
from latentrack.factory.stamp import STAMP, settings_of, stamp
from latentrack.playing.kinds import Kind
from latentrack.words import agree, count, listed

if TYPE_CHECKING:
    from multiprocessing.queues import Queue

    from latentrack.model.trained_run import Run
    from latentrack.model.training import Training

RECALL = 0.95
"""The share of the hits of its music that a model must play where each bar is encoded."""
MOST_BYTES = 80_000
"""The largest model file: the whole library fits onto every module beside one's own models."""
ORIGIN = "the demo corpus of Latentrack, written for it"
LICENCE = "MIT"
_SEEDS = 5
_NEARLY = 0.01
"""A threshold of one half is taken where it is wrong about no larger share of the hits: of models
that know their music by heart all thresholds are alike, and this one leaves the knob the most way
to either side."""


@dataclass(frozen=True)
class Built:
    """A factory model that was built.

    path: of its file; beside it lies its run, for the studio.  sequences, styles: how many it was
    trained on.  size: bytes.  recall: the share of the hits of its music that its file plays, 0 to
    1.  extra: hits too many, as a share of the hits there should be.  middle, sparsest: hits in the
    middle of its space, and in the sparsest bar of its music.
    """

    name: str
    kind: Kind
    path: Path
    sequences: int
    styles: int
    size: int
    recall: float
    extra: float
    middle: int
    sparsest: int


def music_of(recipe: Recipe) -> Dataset:
    """The part of the demo corpus that a recipe names; of notes, the pitches that are played in it.

    UserError if the corpus lacks a style.
    """
    corpus = demo_dataset(kind=recipe.kind)
    known = set(corpus.styles)
    if missing := [style for style in recipe.styles if style not in known]:
        raise UserError(
            f"The demo corpus of {recipe.kind} has no {listed(missing, 'or')}, which the factory "
            f"model {recipe.name} is made of: correct the styles in its recipe."
        )
    wanted = set(recipe.styles) or known
    part = corpus.take([i for i, style in enumerate(corpus.styles) if style in wanted])
    return _without_silent_ends(part) if part.kind == Kind.NOTES else part


def build(recipe: Recipe, folder: Path) -> Built:
    """Train a model by its recipe and write its run and its file into a folder, each whole or not
    at all.

    The same recipe, corpus and machine give the same file. The middle of the space is what a module
    plays first: where fewer hits lie there than in any bar of the music, other seeds are tried.

    Raises UserError where the model's file is larger than MOST_BYTES, plays less than RECALL of the
    hits of its music, is too sparse in the middle with every seed, or has a knob that changes
    nothing, or if it cannot be written.
    """
    from latentrack.decoder.export import write_model
    from latentrack.model.run import write_run

    music, seed = music_of(recipe), 0
    for _ in range(_SEEDS):
        training, run = _trained(recipe, music, seed)
        seed = run.settings.seed + 1
        data = run.to_tflite(precision=recipe.precision)
        built = _measured(recipe, run, data, folder)
        if built.middle >= built.sparsest:
            break
    _check(built, training.collapsed_latents)
    # The file last: it is what says that the model is built.
    write_run(built.path.with_suffix(RUN), training, music, music=f"demo {recipe.kind}")
    write_model(built.path, data)
    return built


def about(recipe: Recipe, music: Dataset, seed: int) -> dict[str, str | int | float]:
    """Where a factory model comes from, for its metadata."""
    return {
        "program": f"latentrack {__version__}",
        "name": recipe.name,
        "origin": ORIGIN,
        "licence": LICENCE,
        "styles": ", ".join(recipe.styles or sorted(set(music.styles))),
        "music": f"demo {recipe.kind}",
        "sequences": len(music),
        "dataset": music.digest[:16],
        STAMP: stamp(recipe, music),
        "seed": seed,
    }


def build_all(recipes: Sequence[Recipe], folder: Path, processes: int = 2) -> Iterator[Built]:
    """Build models in several processes; yields each as it is done.

    Raises what `build` raises for the first that fails; models that were done by then are written.
    """
    # Those that take longest come first, so that all processes end together.
    ordered = sorted(recipes, key=lambda recipe: -recipe.steps)
    if processes < 2 or len(ordered) < 2:
        yield from (build(recipe, folder) for recipe in ordered)
        return
    # TensorFlow does not survive a fork.
    context = get_context("spawn")
    cores = context.Queue()
    for core in _cores(processes):
        cores.put(core)
    with ProcessPoolExecutor(processes, context, _keep_to, (cores,)) as pool:
        waiting = [pool.submit(partial(build, recipe, folder)) for recipe in ordered]
        try:
            for done in as_completed(waiting):
                yield done.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _cores(processes: int) -> list[set[int]]:
    """For each process the cores that it is to run on."""
    if not hasattr(os, "sched_getaffinity"):
        return [set() for _ in range(processes)]
    own = sorted(os.sched_getaffinity(0))
    return [{own[number % len(own)]} for number in range(processes)]


def _keep_to(cores: Queue[set[int]]) -> None:
    """Keep this process on the next of these cores.

    TensorFlow uses as many threads as it sees cores. They gain nothing for networks this small, and
    take the time of the other process.
    """
    if chosen := cores.get():
        with contextlib.suppress(OSError):  # not every container lets a process choose
            os.sched_setaffinity(0, chosen)


def _without_silent_ends(music: Dataset) -> Dataset:
    """The same notes without the pitches below the lowest and above the highest that is played."""
    played = np.flatnonzero(music.sequences.any(axis=(0, 1)))
    first, last = int(played[0]), int(played[-1])
    return replace(
        music,
        sequences=music.sequences[:, :, first : last + 1],
        voice_names=music.voice_names[first : last + 1],
        lowest_pitch=(music.lowest_pitch or 0) + first,
    )


def _trained(recipe: Recipe, music: Dataset, seed: int) -> tuple[Training, Run]:
    """The training, and the model with its music, as it is to be written into a file."""
    from latentrack.model.measures import natural_threshold, recall
    from latentrack.model.trained_run import Run
    from latentrack.model.training import train

    training = train(music, settings_of(recipe, music, seed))
    half = recall(training.model, music.sequences)
    by_half = max(1 - half.played_share, half.extra_share) <= _NEARLY
    run = Run(
        folder=Path(recipe.name),
        settings=training.settings,
        model=training.model,
        history=training.history,
        dataset=music,
        trained_on=training.trained_on,
        validated_on=training.validated_on,
        threshold=0.5 if by_half else natural_threshold(training.model, music.sequences),
        about=about(recipe, music, training.settings.seed),
        feel=training.feel,
    )
    return training, run


def _measured(recipe: Recipe, run: Run, data: bytes, folder: Path) -> Built:
    """What a file plays, by LiteRT, at the latents of its music and at its own threshold."""
    threshold = read_extras(data).threshold
    assert threshold is not None
    decoder, music = Decoder(data), run.dataset
    playing = decoder.pattern(run.model.encode(music.sequences), threshold)
    wanted = music.sequences != 0
    return Built(
        name=recipe.name,
        kind=recipe.kind,
        path=folder / f"{recipe.name}.tflite",
        sequences=len(music),
        styles=len(set(music.styles)),
        size=len(data),
        recall=float((playing & wanted).sum() / music.hits),
        extra=float((playing & ~wanted).sum() / music.hits),
        middle=int(decoder.pattern(np.zeros(run.model.latents), threshold).sum()),
        sparsest=int(music.sequences.sum(axis=(1, 2)).min()),
    )


def _check(built: Built, collapsed: Sequence[int]) -> None:
    """UserError if the model is not good enough for a library."""
    remedy = "change the layers, steps or styles of its recipe."
    if collapsed:
        raise UserError(
            f"The factory model {built.name} has {count(len(collapsed), 'collapsed latent')}, "
            f"{agree(len(collapsed), 'a knob that changes', 'knobs that change')} nothing: {remedy}"
        )
    if built.size > MOST_BYTES:
        raise UserError(
            f"The factory model {built.name} has {count(built.size, 'byte')}, more than the "
            f"{MOST_BYTES:,} of a library's: {remedy}"
        )
    if built.recall < RECALL:
        raise UserError(
            f"The factory model {built.name} plays {built.recall:.1%} of the hits of its music, "
            f"less than {RECALL:.0%}: {remedy}"
        )
    if built.middle < built.sparsest:
        raise UserError(
            f"The factory model {built.name} plays {count(built.middle, 'hit')} in the middle of "
            f"its space, fewer than the sparsest bar of its music: {remedy}"
        )
