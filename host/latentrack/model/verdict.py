"""Describe in sentences how good a trained model is; `measures` computes the numbers.

The measure is hits: how many of the music's hits are reconstructed, and how many are added.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from latentrack.model.feel_measures import measure_feel
from latentrack.model.measures import THRESHOLD, Recall, recall
from latentrack.model.training import Training, named_latents, rows
from latentrack.model.variations import FEW_SEQUENCES, material
from latentrack.words import agree, count

if TYPE_CHECKING:
    from latentrack.corpus.dataset import Dataset
    from latentrack.model.run import Run


def verdict(training: Training | Run, dataset: Dataset) -> list[str]:
    """Return sentences: recall on the training set, on the validation set, the feel, and advice."""
    known = recall(training.model, rows(dataset.sequences, training.trained_on))
    word = name_of_one(dataset)
    sentences = [
        f"Played back from its own position in latent space, at threshold {THRESHOLD}: of the "
        f"{count(known.sequences, word)} it learnt from {_of(known)}."
    ]
    if not len(training.validated_on):
        learnt = material(dataset, training.trained_on, training.settings)
        varied = ""
        if learnt.variations:
            varied = f" and from {count(learnt.variations, 'variation')}, which are not judged here"
        sentences.append(
            f"With so few {agree(2, word)} or files it learnt from all of them{varied}, so how it "
            "does on other music is not known: play it and hear."
        )
        return [*sentences, *_feel(training, dataset), _advice(known, None, learnt.variations)]
    files = len({dataset.sources[i] for i in training.validated_on})
    unseen = recall(training.model, rows(dataset.sequences, training.validated_on))
    sentences.append(
        f"Of {count(unseen.sequences, word)} in {count(files, 'file')} that it has never seen "
        f"{_of(unseen)}."
    )
    return [*sentences, *_feel(training, dataset), _advice(known, unseen, 0)]


def _feel(training: Training | Run, dataset: Dataset) -> list[str]:
    """Return one sentence on the errors of velocity and timing; [] for a model without a feel."""
    if training.feel is None:
        return []
    judged = training.validated_on if len(training.validated_on) else training.trained_on
    found = measure_feel(training.model, training.feel, dataset, training.trained_on, judged)
    said = []
    if dataset.dynamics.has_velocity:
        said.append(
            f"velocity is {found.velocity.error:.0f} of 127 off on average (each cell's mean would "
            f"be {found.velocity.by_cells:.0f} off)"
        )
    if dataset.dynamics.has_timing:
        said.append(f"timing {found.timing.error:.2f} of a step ({found.timing.by_cells:.2f})")
    return [f"The feel: {', '.join(said)}."] if said else []


def name_of_one(dataset: Dataset) -> str:
    """Return the noun for a sequence of the dataset: "bar" if it has one bar, else "sequence"."""
    return "bar" if dataset.bars == 1 else "sequence"


def collapsed_in_words(latents: Sequence[int]) -> str:
    """The collapsed latents (from 0) with their verb: "Latent 1 is", "Latents 1, 2 and 3 are"."""
    return f"{named_latents(latents)} {agree(len(latents), 'is', 'are')}"


def _of(recall: Recall) -> str:
    return (
        f"{recall.exact:,} {agree(recall.exact, 'comes', 'come')} out exactly as "
        f"{agree(recall.exact, 'it was', 'they were')}; {_share(recall.played, recall.hits)} of "
        f"the hits sound, and {_share(recall.extra, recall.hits)} more that are not theirs"
    )


def _share(part: int, whole: int) -> str:
    """Format a percentage; 0% and 100% only if they are exact."""
    percent = round(100 * part / whole) if whole else 0
    if part and percent == 0:
        return "less than 1%"
    if part < whole and percent == 100:
        return "more than 99%"
    return f"{percent}%"


def _advice(known: Recall, unseen: Recall | None, variations: int) -> str:
    # Of few, whoever made them misses each one that comes back otherwise.
    few = known.sequences < FEW_SEQUENCES
    by_heart = known.exact >= (1.0 if few else 0.8) * known.sequences
    if known.played_share < 0.5:
        return (
            "Less than half of the hits come back. Train longer (--epochs), give it another "
            "latent (--latents), or feed it music that has more in common."
        )
    if unseen and unseen.played_share < known.played_share - 0.15:
        return (
            "It knows its own music much better than other music of the kind: more files would "
            "help, or fewer epochs. Its own it can play."
        )
    if by_heart:
        return "It knows its music by heart; between the positions of its bars it invents others."
    if few:
        lost = known.sequences - known.exact
        return (
            f"{lost} {agree(lost, 'does', 'do')} not come back exactly: try another --seed, train "
            "longer (--epochs), or give it another latent (--latents)"
            f"{'; or train without variations (--variations none)' if variations else ''}."
        )
    return (
        "It has learnt what is common and lost some of what is rare, as it should with so few "
        "latents: a threshold below 0.5 brings more hits, another latent (--latents) more detail."
    )
