"""Attributes of sequences, by which latents are ordered: density, syncopation, register and so on.

Each is a function of cells, (n, steps, voices) of 0 and 1, to one number a sequence. Only their
order counts, so that units differ.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentrack.corpus.dataset import Dataset
from latentrack.errors import UserError
from latentrack.model.autoencoder import pieces
from latentrack.model.settings import Settings
from latentrack.playing.kinds import Kind
from latentrack.words import count, listed

Cells = NDArray[np.bool_]
Values = NDArray[np.float64]

WEIGHT = 3.5
"""Weight in the loss of an attribute that has no other."""
_SAME = 1e-6  # a difference that is due to rounding
PIECE = 1 << 22  # cells that are looked at together


@dataclass(frozen=True, eq=False)
class Layout:
    """The meaning of steps and voices.

    weights: metrical weight of each step, (steps,); see `metrical_weights`.  groups: first voices
    of the groups that are one instrument, ascending from 0.  kicks, hats: indices of these voices.
    """

    weights: NDArray[np.int64]
    groups: tuple[int, ...]
    kicks: tuple[int, ...] = ()
    hats: tuple[int, ...] = ()


@dataclass(frozen=True)
class Attribute:
    """One attribute.

    kinds: of music that have it.  low, high: the ends of its knob, together at most 17 letters.
    more: what turning the knob up does.  of: computes it of cells, (n, steps, voices) -> (n,), NaN
    for a sequence without hits where it is not defined.  weight: in the loss, of the term that
    orders a latent by it.
    """

    name: str
    kinds: tuple[Kind, ...]
    low: str
    high: str
    more: str
    of: Callable[[Cells, Layout], Values]
    weight: float = WEIGHT


# -- time -----------------------------------------------------------------------------------------


def metrical_weights(
    steps: int, steps_per_beat: int, bars: int = 1, meter: str = "4/4"
) -> NDArray[np.int64]:
    """Return the metrical weight of each step, (steps,): 0 for the first of a bar.

    Each level below has 1 less: a bar of 4/4 in sixteenths has 0 at its beginning, -1 at its half,
    -2 at the other beats, -3 at the other eighths, -4 elsewhere (Longuet-Higgins and Lee 1984).
    Beats and their parts are divided by 2 as long as that is possible, then by 3. In compound
    meters (6/8, 12/8) three eighths make a pulse. Where a bar is not a whole number of beats (7/8),
    it is divided into the largest parts that are whole in both.
    """
    bar = steps // bars if steps % bars == 0 else steps
    units = bar // math.gcd(bar, steps_per_beat)
    pulses, _, of = meter.partition("/")
    divisions = [*_primes(units), *_primes(bar // units)]
    if of in ("8", "16") and pulses.isdigit() and int(pulses) > 3 and int(pulses) % 3 == 0:
        third = int(pulses) // 3
        if bar % int(pulses) == 0:
            divisions = [*_primes(third), 3, *_primes(bar // int(pulses))]
    weights, span = np.zeros(bar, np.int64), bar
    for level, division in enumerate(divisions):
        weights[np.arange(bar) % span != 0] = -(level + 1)
        span //= division
    return np.tile(weights, steps // bar)


def _primes(number: int) -> list[int]:
    """The prime factors, ascending."""
    found, factor = [], 2
    while number > 1:
        while number % factor == 0:
            found.append(factor)
            number //= factor
        factor += 1
    return found


def _syncopation(cells: Cells, layout: Layout) -> Values:
    """Sum of the syncopation of all hits.

    A hit that is followed by silence of its instrument on a step of greater metrical weight is
    syncopated by the difference of the weights, of the heaviest such step (Longuet-Higgins and Lee
    1984, "The rhythmic interpretation of monophonic music"). The sequence is a loop. As in Witek et
    al. 2014 ("Syncopation, body-movement and pleasure in groove music") each instrument has its own
    pairs of hits and rests; an instrument is a group of voices that share a trigger, so an open hat
    after a closed one is not a rest.
    """
    hits = np.logical_or.reduceat(cells, layout.groups, axis=2)
    count, steps, groups = hits.shape
    heaviest = np.full((count, groups), -np.inf)  # of the rests up to the next hit
    total = np.zeros(count)
    # Twice round, for the rests behind the last hit go on at the beginning.
    for step in range(2 * steps - 1, -1, -1):
        at, weight = step % steps, layout.weights[step % steps]
        sounding = hits[:, at]
        if step < steps:
            total += (np.maximum(heaviest - weight, 0) * sounding).sum(axis=1)
        heaviest = np.where(sounding, -np.inf, np.maximum(heaviest, weight))
    return total


def _density(cells: Cells, layout: Layout) -> Values:
    """Hits a step, over all voices."""
    return np.asarray(cells.sum(axis=(1, 2)) / cells.shape[1], np.float64)


# -- instruments ----------------------------------------------------------------------------------


def _balance(cells: Cells, layout: Layout) -> Values:
    """Share of the hats in the hits of kick and hats, -1 (kick alone) to 1; 0 without both."""
    kicks, hats = (
        cells[:, :, list(voices)].sum(axis=(1, 2)) for voices in (layout.kicks, layout.hats)
    )
    return np.asarray((hats - kicks) / np.maximum(hats + kicks, 1), np.float64)


def _instruments(cells: Cells, layout: Layout) -> Values:
    """Number of voices that sound at least once."""
    return np.asarray(cells.any(axis=1).sum(axis=1), np.float64)


# -- pitches --------------------------------------------------------------------------------------


def _register(cells: Cells, layout: Layout) -> Values:
    """Mean pitch of the notes, in semitones above voice 0."""
    notes = cells.sum(axis=1)
    return _where_any(notes @ np.arange(cells.shape[2]), notes.sum(axis=1))


def _range(cells: Cells, layout: Layout) -> Values:
    """Highest note minus lowest note, in semitones."""
    played = np.asarray(cells.any(axis=1))
    apart = played.shape[1] - 1 - played[:, ::-1].argmax(axis=1) - played.argmax(axis=1)
    known = np.asarray(played.any(axis=1))
    return _where_any(apart * known, known)


def _leaps(cells: Cells, layout: Layout) -> Values:
    """Mean distance from one note to the next, in semitones; of chords the highest note counts.

    1 to 2 are steps, more are leaps. A sequence with one note has none, 0.
    """
    top = cells.shape[2] - 1 - cells[:, :, ::-1].argmax(axis=2)
    sounding = np.asarray(cells.any(axis=2))
    before = np.full(len(cells), -1)
    distance, pairs = np.zeros(len(cells)), np.zeros(len(cells))
    for step in range(cells.shape[1]):
        follows = sounding[:, step] & (before >= 0)
        distance += np.abs(top[:, step] - before) * follows
        pairs += follows
        before = np.where(sounding[:, step], top[:, step], before)
    return _where_any(distance / np.maximum(pairs, 1), before >= 0)


def _where_any(values: NDArray[np.number], known: NDArray[np.generic]) -> Values:
    """values / known where known is not 0 (True counts as 1), else NaN."""
    share = np.asarray(known, np.float64)
    return np.asarray(values / np.where(share > 0, share, np.nan), np.float64)


# -- which there are ------------------------------------------------------------------------------

_ALL, _BEATEN = tuple(Kind), (Kind.DRUMS, Kind.RHYTHM)
ATTRIBUTES = {
    attribute.name: attribute
    for attribute in (
        Attribute("density", _ALL, "sparse", "busy", "busier", _density),
        Attribute(
            "syncopation", _BEATEN, "on beat", "off beat", "more syncopated", _syncopation, 7.0
        ),
        Attribute("balance", (Kind.DRUMS,), "kick", "hats", "more hats, less kick", _balance),
        Attribute("instruments", (Kind.DRUMS,), "few", "many drums", "more drums", _instruments),
        Attribute("register", (Kind.NOTES,), "low", "high", "higher", _register),
        Attribute("range", (Kind.NOTES,), "narrow", "wide", "wider range", _range),
        Attribute("leaps", (Kind.NOTES,), "steps", "leaps", "larger leaps", _leaps),
    )
}
_AUTOMATIC = {
    Kind.DRUMS: ("density", "syncopation"),
    Kind.NOTES: ("density", "register"),
    Kind.RHYTHM: ("density", "syncopation"),
}


def layout_of(dataset: Dataset) -> Layout:
    """Return the layout of a dataset's cells."""
    groups = dataset.groups or ((1,) * dataset.voices if dataset.kind == Kind.DRUMS else ())
    names = [name.lower() for name in dataset.voice_names]
    return Layout(
        metrical_weights(dataset.steps, dataset.steps_per_beat, dataset.bars, dataset.meter),
        tuple(int(end) for end in np.cumsum((0, *groups))[:-1]) or (0,),
        tuple(i for i, name in enumerate(names) if "kick" in name or "bass drum" in name),
        tuple(i for i, name in enumerate(names) if "hat" in name),
    )


def measured(names: Sequence[str], cells: NDArray[np.generic], layout: Layout) -> Values:
    """Return the attributes of sequences, (n, attributes); NaN where one is not defined.

    cells: (n, steps, voices), 0 or 1, or bool.
    """
    found = [
        np.stack([ATTRIBUTES[name].of(np.asarray(piece, np.bool_), layout) for name in names], 1)
        for piece in pieces(cells, PIECE)
    ]
    return np.concatenate(found) if found else np.zeros((0, len(names)))


def ranks(names: Sequence[str], dataset: Dataset) -> NDArray[np.float32]:
    """Return the rank of each sequence of a dataset by each attribute, (n, attributes).

    From 0, and the same for equal values. Sequences for which it is not defined are in the middle.
    """
    values = measured(names, dataset.sequences, layout_of(dataset))
    ranked = np.zeros(values.shape, np.float32)
    for column, of_each in enumerate(values.T):
        known = np.where(np.isnan(of_each), np.nanmedian(of_each), of_each)
        ranked[:, column] = np.unique(np.rint(known / _SAME), return_inverse=True)[1].ravel()
    return ranked


def wanted_axes(dataset: Dataset, settings: Settings) -> tuple[str, ...]:
    """Return the names of the attributes that order the first latents of a model; () is none.

    By default those that suit the kind of music, without those that are the same in all of it.
    Raises UserError if an attribute is asked for that the model or the music does not have.
    """
    kind = Kind(dataset.kind)
    if settings.model != "vae":
        if settings.axes:
            raise UserError(
                f"A {settings.model} model has no axes: leave them out, or train a variational one "
                "(--model vae)."
            )
        return ()
    if settings.axes is None:
        return tuple(n for n in _AUTOMATIC[kind] if _differs(n, dataset))[: settings.latents]
    for name in settings.axes:
        _check(name, dataset, kind)
    if len(set(settings.axes)) < len(settings.axes):
        raise UserError(f"axes are {listed(settings.axes)}: name each once.")
    if len(settings.axes) > settings.latents:
        raise UserError(
            f"The model has {count(settings.latents, 'latent')}, and axes name "
            f"{listed(settings.axes)}: name fewer, or give it more latents (--latents)."
        )
    return settings.axes


def _check(name: str, dataset: Dataset, kind: Kind) -> None:
    """UserError if the music has no such attribute."""
    if kind not in ATTRIBUTES[name].kinds:
        known = [each.name for each in ATTRIBUTES.values() if kind in each.kinds]
        raise UserError(
            f"A {kind.adjective} model has no axis {name}: choose {listed(known, 'or')}."
        )
    layout = layout_of(dataset)
    if name == "balance" and not (layout.kicks and layout.hats):
        raise UserError(
            "The axis balance needs voices whose names have kick and hat in them: leave it out, or "
            "read the music with another percussion map."
        )
    if not _differs(name, dataset):
        raise UserError(
            f"All sequences have the same {name}, so that no latent can be ordered by it: leave "
            "it out."
        )


def _differs(name: str, dataset: Dataset) -> bool:
    """Whether a dataset has at least two sequences that differ in an attribute."""
    return bool(np.ptp(ranks((name,), dataset)) > 0) if len(dataset) else False
