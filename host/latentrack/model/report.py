"""Write the report of a run: one HTML page with all its pictures in it."""

from __future__ import annotations

import os
from collections.abc import Callable

from latentrack.decoder.gates import GateCount, count_gates
from latentrack.decoder.precision import PRECISIONS
from latentrack.files import atomic_write
from latentrack.model import axes_report, feel_pictures, feel_report, pictures
from latentrack.model.feel import Feel
from latentrack.model.findings import Finding, Findings, find
from latentrack.model.measures import THRESHOLD, Recall, recall
from latentrack.model.report_parts import download, escaped, image, remedy, table
from latentrack.model.run import Run
from latentrack.model.sizes import in_words
from latentrack.model.verdict import verdict
from latentrack.words import count

MOST_PATTERNS = 2000
"""So many sequences are decoded to count gates; LiteRT takes them one at a time."""

_STYLE = """
:root { --ink: #1b2a38; --soft: #5a6b7a; --line: #d9e1e7; --hit: #1f6f8b; --warm: #d1495b; }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: #fff;
       max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; margin-bottom: 0; } h2 { margin: 2.2rem 0 .3rem; font-size: 1.2rem; }
p { margin: .4rem 0; } .soft, .remedy { color: var(--soft); } .remedy { font-size: .92rem; }
img { max-width: 100%; height: auto; display: block; margin: .6rem 0; }
table { border-collapse: collapse; margin: .6rem 0; width: 100%; }
td, th { text-align: left; padding: .3rem .7rem .3rem 0; border-bottom: 1px solid var(--line);
         vertical-align: top; } th { font-weight: 600; } td.number { white-space: nowrap; }
.finding { border-left: 4px solid var(--hit); padding: .1rem 0 .1rem .9rem; margin: 1rem 0; }
.finding.bad { border-color: var(--warm); } .finding h3 { margin: 0; font-size: 1rem; }
.figure { font-variant-numeric: tabular-nums; } .bad .figure { color: var(--warm); }
"""


def write_report(
    run: Run,
    path: str | os.PathLike[str],
    on_part: Callable[[str], None] | None = None,
) -> tuple[Findings, list[str]]:
    """Write the page; returns what was found, and the verdict for the terminal.

    `on_part` hears what is being done. UserError if the page cannot be written.
    """
    say = on_part or (lambda _: None)
    say("Looking at the model")
    found = find(run)
    sentences = short_verdict(run, found)
    counts = {}
    for precision in PRECISIONS:
        say(f"Decoding in {precision}")
        counts[precision] = gates_of(run, precision)
    say("Drawing")
    page = _page(run, found, sentences, counts)
    with atomic_write(path, "the report") as file:
        file.write(page.encode())
    return found, sentences


def gates_of(run: Run, precision: str) -> GateCount:
    """The model in one number type, decoded by LiteRT over the sequences to judge by, against the
    model itself."""
    positions = run.model.encode(run.checks[:MOST_PATTERNS])
    wanted = run.model.decode(positions) > run.threshold
    return count_gates(run.to_tflite(precision=precision), wanted, positions, run.threshold)


def short_verdict(run: Run, found: Findings) -> list[str]:
    """What comes back of the music, and what is bad and what to do about it."""
    return [
        *verdict(run, run.dataset),
        *(f"{finding.title}: {finding.figure}. {finding.remedy}" for finding in found.bad),
    ]


def _page(run: Run, found: Findings, sentences: list[str], counts: dict[str, GateCount]) -> str:
    dataset = run.dataset
    name = str(run.about.get("music") or run.folder.name)
    parts = [
        f"<h1>{escaped(name)}</h1>",
        f"<p class=soft>{escaped(dataset.summary())}. {escaped(_origin(run))}</p>",
        "<h2>In short</h2>",
        *(f"<p>{escaped(sentence)}</p>" for sentence in sentences[: 3 - (found.unseen is None)]),
        *map(_finding, found.entries),
        "<h2>The music's positions in latent space</h2>",
        image(pictures.latents(run), "the latents, pair by pair"),
        "<p>Every dot is one sequence where the encoder puts it: turn the knobs there and it "
        "plays. Good is a cloud that fills the square evenly, with similar music together.</p>",
        remedy("If dots crowd in one corner or along the edges, see Coverage and Saturation."),
        "<h2>What plays as two knobs turn</h2>",
        image(pictures.pattern_map(run), "the patterns decoded over the first two latents"),
        f"<p>Decoded at threshold {run.threshold:.2f}, the other latents in the middle. Good is a "
        "map on which neighbours are relatives and far corners are strangers.</p>",
        remedy("If all look alike, the latents tell too little: see Likelihood."),
        "<h2>Along each knob</h2>",
        image(pictures.walk(run), "every cell along each latent"),
        "<p>Every line is one cell of the pattern, dark where it sounds, as one knob turns from "
        "end to end. Good are bands that fade in and out at different values.</p>",
        remedy("If a knob shows only straight bands, it changes nothing: see Latents at work."),
        *(axes_report.section(run, found.axes) if found.axes else ()),
        "<h2>Music in, music out</h2>",
        image(pictures.pairs(run), "sequences, their probabilities, and what sounds"),
        "<p>" + ("Validation set" if found.unseen else "Its own music") + ", what the decoder "
        "answers at its position, and what sounds; a red cross is a hit that is missing, a red dot "
        "one too many.</p>",
        remedy("If the shape is right and much is missing, lower the threshold; see Hits."),
        *(_feel(run, run.feel) if run.feel else ()),
        "<h2>How sure it is</h2>",
        image(pictures.outputs(run), "histogram of probabilities"),
        "<p>Probabilities where the music has hits, and where it has none. Good is blue on the "
        "right and grey on the left: then the threshold knob adds hits one after another.</p>",
        remedy("If both lie together on the left, the model guesses: see Likelihood."),
        "<h2>The training</h2>",
        image(pictures.history(run), "loss by epoch"),
        "<p>The dotted line is the epoch whose weights were kept.</p>",
        remedy(
            "If the validation curve turns up early, fewer epochs do; if both still fall at the "
            "end, train on: latentrack train with this run's folder."
        ),
        "<h2>Recall</h2>",
        _recalls(run, found),
        "<h2>Precision</h2>",
        _numbers(counts),
        remedy(
            "float32 is always right. If a smaller file changes more than you can hear, take "
            "the next larger."
        ),
        "<h2>Where it comes from</h2>",
        _provenance(run),
    ]
    return (
        "<!doctype html>\n<html lang=en><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width, initial-scale=1">'
        f"<title>{escaped(name)}: report</title><style>{_STYLE}</style>\n"
        + "\n".join(parts)
        + "\n</html>\n"
    )


def _finding(finding: Finding) -> str:
    return (
        f"<div class='finding{'' if finding.good else ' bad'}'><h3>{escaped(finding.title)}</h3>"
        f"<p class=figure>{escaped(finding.figure)}</p><p>{escaped(finding.words)}</p>"
        f"{remedy(finding.remedy)}</div>"
    )


def _recalls(run: Run, found: Findings) -> str:
    rows = [("its own music", THRESHOLD, found.known)]
    if found.unseen:
        rows.append(("validation set", THRESHOLD, found.unseen))
    rows.append(
        (
            "validation set" if found.unseen else "its own music",
            run.threshold,
            recall(run.model, run.checks, run.threshold),
        )
    )

    def line(name: str, threshold: float, r: Recall) -> list[str]:
        return [
            name,
            f"{threshold:.2f}",
            f"{r.cell_share:.2%}",
            f"{r.exact_share:.2%}",
            f"{r.played_share:.1%}",
            f"{r.extra_share:.1%}",
            f"{r.f1:.3f}",
        ]

    return table(
        [
            "music",
            "threshold",
            "cells right",
            "whole sequences",
            "hits played",
            "hits too many",
            "F1",
        ],
        [line(*row) for row in rows],
    )


def _numbers(counts: dict[str, GateCount]) -> str:
    return table(
        ["precision", "size", "against the model itself, over the music to judge by"],
        [[name, in_words(count.size), count.words] for name, count in counts.items()],
    )


def _provenance(run: Run) -> str:
    layers = "-".join(map(str, run.model.encoder_sizes)), "-".join(map(str, run.model.sizes))
    rows = [[name, str(value)] for name, value in run.about.items()]
    rows += [["layers", f"{layers[0]} in, {layers[1]} out"]]
    rows += [[name, str(value)] for name, value in run.settings.changed().items()]
    rows += [[name, value] for name, value in run.dataset.recipe.items()]
    return table(["", ""], rows)


def _feel(run: Run, feel: Feel) -> list[str]:
    found = feel_report.measured(run, feel)
    meanings = {"velocity": "louder", "timing": "later"}
    names = [f"feel {'XY'[i]}, {meanings[name]}" for i, name in enumerate(feel.tells)]
    rows = [
        (
            "velocity, of 127",
            f"{found.velocity.error:.1f}",
            f"{found.velocity.by_cells:.1f}",
            f"{found.velocity.r2:.2f}",
        ),
        (
            "timing, in steps",
            f"{found.timing.error:.3f}",
            f"{found.timing.by_cells:.3f}",
            f"{found.timing.r2:.2f}",
        ),
    ]
    turned = ", ".join(
        f"{name} {truth:+.2f}"
        for name, truth in zip(names, feel_report.knobs(run, feel), strict=False)
    )
    before, after = feel_report.before_and_after(run, feel)
    return [
        "<h2>The feel</h2>",
        image(feel_pictures.feel_space(run, feel), "the latents of the feel"),
        "<p>Every dot is one sequence at its own feel. Good is a square that turns darker evenly: "
        "from left to right on the left, upwards on the right.</p>",
        image(feel_pictures.feel_map(run, feel), "one bar as the feel is turned"),
        "<p>One bar as the two knobs of the feel are turned: dark is loud, right of its step is "
        "late. The hits stay what they are.</p>",
        table(["", "off on average", "each cell's mean", "R²"], [list(row) for row in rows]),
        f"<p>How truly the knobs do what they say (rank correlation, 1 is always): {turned}.</p>",
        "<p>Hear it, as MIDI files to open in any player: "
        f"{download('without_feel.mid', before, 'the hits alone')}, "
        f"{download('with_feel.mid', after, 'with their feel')}.</p>",
        remedy(
            "If both sound alike, the music has little feel: see what `latentrack dataset info` "
            "says of its velocity and timing."
        ),
    ]


def _origin(run: Run) -> str:
    epochs = [epoch for epoch in run.history if epoch.number]
    return (
        f"Trained on {run.about.get('date', 'an unknown day')} for {count(len(epochs), 'epoch')} "
        f"with seed {run.settings.seed}."
    )
