"""Examine a run: measures, whether each is good, and what to do if it is not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latentrack.model.axes_measures import Axis, axes_in_words, axes_of
from latentrack.model.measures import (
    SATURATED,
    THRESHOLD,
    Recall,
    Walk,
    coverage,
    density_entropy,
    latent_kl,
    recall,
    saturation,
    walks,
)
from latentrack.model.run import Run
from latentrack.model.training import collapsed_latents, cross_entropy, rows
from latentrack.model.variations import material
from latentrack.model.verdict import name_of_one
from latentrack.words import agree, count

GOOD_COVERAGE, GOOD_SATURATION = 0.7, 0.15
FEWEST_FOR_COVERAGE = 2000
"""With fewer sequences, coverage is low for any model, so it is not judged."""
GOOD_HITS, GOOD_TURN, GOOD_OVERFIT = 0.6, 0.25, 1.35


@dataclass(frozen=True)
class Finding:
    """One measure of a run.

    figure: its value as text.  good: whether that is good.  words: what it means.  remedy: what to
    do if it is not good.
    """

    title: str
    figure: str
    good: bool
    words: str
    remedy: str


@dataclass(frozen=True)
class Findings:
    """All measures of a run.

    known, entropy_known: on the training set.  unseen, entropy_unseen: on the validation set; None
    without one.  entropy_density: of a model that knows only how often each cell sounds. Entropies
    are in nats per cell.  coverage, saturation: fractions, 0 to 1.  kl: nats of each latent.
    walks: of each latent.  collapsed: latents, from 0.  axes: see `axes_measures`.  entries: the
    measures as text.
    """

    known: Recall
    unseen: Recall | None
    entropy_known: float
    entropy_unseen: float | None
    entropy_density: float
    coverage: float
    saturation: float
    kl: list[float]
    walks: list[Walk]
    collapsed: tuple[int, ...]
    axes: list[Axis]
    entries: tuple[Finding, ...]

    @property
    def bad(self) -> list[Finding]:
        """The findings that are not good."""
        return [finding for finding in self.entries if not finding.good]


def find(run: Run) -> Findings:
    """Compute all measures of a run; takes a second or two."""
    model, dataset = run.model, run.dataset
    music, unseen = (
        rows(dataset.sequences, run.trained_on),
        rows(dataset.sequences, run.validated_on),
    )
    means = model.encode(music)
    learnt = material(dataset, run.trained_on, run.settings)
    has_unseen = len(unseen) > 0
    parts = {
        "known": recall(model, music),
        "unseen": recall(model, unseen) if has_unseen else None,
        "entropy_known": cross_entropy(model, music),
        "entropy_unseen": cross_entropy(model, unseen) if has_unseen else None,
        "entropy_density": density_entropy(music, unseen if has_unseen else music),
        "coverage": coverage(means, model.info.latent_scale),
        "saturation": saturation(means, model.info.latent_scale),
        "kl": latent_kl(model, music, run.settings.prior_std),
        "walks": walks(model, run.threshold),
        "collapsed": collapsed_latents(model, rows(learnt.music.sequences, learnt.drawn)),
        "axes": axes_of(run),
    }
    found = Findings(entries=(), **parts)  # type: ignore[arg-type]
    entries = tuple(_entries(found, run, name_of_one(dataset)))
    return Findings(entries=entries, **parts)  # type: ignore[arg-type]


def _entries(found: Findings, run: Run, one: str) -> list[Finding]:
    ones = agree(2, one)
    judged = found.unseen or found.known
    unheard = "it has never seen" if found.unseen else "it learnt from"
    entropy = found.entropy_unseen if found.entropy_unseen is not None else found.entropy_known
    entries = [
        Finding(
            "Hits",
            f"{judged.played_share:.0%} come back, {judged.extra_share:.0%} too many, "
            f"F1 {judged.f1:.2f}",
            judged.played_share >= GOOD_HITS,
            f"Each of the {count(judged.sequences, one)} that {unheard}, played from its own "
            f"position in latent space at threshold {THRESHOLD}. At threshold "
            f"{run.threshold:.2f}, the model's own, it plays as many hits as its music has.",
            "If few come back: train longer, add a latent (--latents), give the decoder larger "
            "layers (--decoder-layers), or feed it music that has more in common.",
        ),
        Finding(
            f"Whole {ones}",
            f"{judged.exact:,} of {judged.sequences:,} exactly ({judged.exact_share:.1%}); "
            f"{judged.cell_share:.1%} of the cells",
            True,
            "Exactly means every single step of every voice. Of played music little comes back "
            "exactly, of a small corpus nearly all; the share of cells flatters, for silence "
            "alone gets most of them.",
            "If you want your patterns back note for note: fewer of them, more latents, more "
            "epochs, and no validation set (--validation-split 0).",
        ),
        Finding(
            "Likelihood",
            f"{entropy:.4f} nats a cell; {found.entropy_density:.4f} for knowing only how often "
            "each cell sounds",
            entropy < 0.8 * found.entropy_density,
            "How surprised the model is by each cell, at the music's own position. The second "
            "figure is what a drum machine with a probability a step would score: the model "
            "should be well below it.",
            "If it is hardly below: the latents tell the decoder little. Train longer, look "
            "for a collapsed latent below, or lower --prior-std.",
        ),
    ]
    if found.entropy_unseen is not None:
        ratio = found.entropy_unseen / found.entropy_known
        entries.append(
            Finding(
                "Music it has not seen",
                f"{found.entropy_unseen:.4f} nats a cell, {found.entropy_known:.4f} on its own",
                ratio <= GOOD_OVERFIT,
                "Files of the validation set, which it did not learn from: they tell whether "
                "it has learnt a style or only these files.",
                "If the first is much larger: more files, or fewer epochs, or smaller layers. "
                "It plays its own music all the same.",
            )
        )
    scale, grid = run.model.info.latent_scale, "6 × " * (min(3, run.model.latents) - 1) + "6"
    many = len(run.trained_on) >= FEWEST_FOR_COVERAGE
    entries += [
        Finding(
            "Coverage",
            f"{found.coverage:.0%} of a {grid} grid has music in it",
            found.coverage >= GOOD_COVERAGE or not many or run.settings.model != "vae",
            "How much of the knobs' travel leads to positions where your music lies. Between them "
            "the model invents."
            + ("" if many else f" With {count(len(run.trained_on), one)} it cannot be high."),
            "If it is low: a wider prior (--prior-std 1.7) spreads the music out.",
        ),
        Finding(
            "Saturation",
            f"{found.saturation:.0%} of the {ones} lie at the boundary "
            f"(beyond ±{SATURATED * scale:.2g})",
            found.saturation <= GOOD_SATURATION or not many,
            "Music at the boundary is only reached with a knob turned all the way.",
            "If it is high: a narrower prior (--prior-std 1.2), or another latent.",
        ),
        Finding(
            "Latents at work",
            ", ".join(f"{i}: {kl:.1f} nats" for i, kl in enumerate(found.kl, start=1))
            if np.isfinite(found.kl).all()
            else f"{run.model.latents} without a variance",
            not found.collapsed,
            "How much each latent tells the decoder. One that tells nothing is collapsed: a "
            "knob that changes nothing.",
            "If one is collapsed: another --seed, more --free-bits, or one latent fewer.",
        ),
        Finding(
            "Smoothness",
            "; ".join(
                f"latent {i} changes {walk.changed:.0%} of the hits a turn, {walk.largest:.0%} "
                "at its largest"
                for i, walk in enumerate(found.walks, start=1)
            ),
            all(walk.changed <= GOOD_TURN and walk.idle < 0.5 for walk in found.walks),
            "A turn is 1/32 of a knob's travel. Small changes let you steer; large ones are jumps "
            "between patterns.",
            "If it jumps: fewer epochs, more files, or another latent, so that the music is less "
            "crowded.",
        ),
    ]
    if found.axes:
        entries.append(
            Finding(
                "Axes",
                axes_in_words(found.axes),
                all(axis.good for axis in found.axes),
                f"Rank correlations, 1 is always: of the {ones} {unheard} with their latent, and "
                "of what plays with the knob, the other knobs anywhere.",
                "If one is low: name fewer axes (--axes), train longer, or add music that has "
                "more and less of it.",
            )
        )
    return entries
