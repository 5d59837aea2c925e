"""`latentrack jam`: what sounds is what the model plays, and one command brings it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from latentrack.decoder.litert import Decoder
from latentrack.decoder.metadata import read_extras
from latentrack.module.link import Link
from latentrack.playing.jacks import note_steps
from latentrack.sound.listener import Listener
from latentrack.sound.patch import Hit, Patch
from latentrack.virtual.module import VirtualModule
from tests.decoders import CHORALES, FELT
from tests.programs import latentrack
from tests.terminals import Terminal
from tests.waiting import until

Start = Callable[..., VirtualModule]
GROUP_SOUNDS = ("kick", "snare", "tom", "closed hat", "ride")


def hits_of_a_bar(module: VirtualModule, file: Path, steps: int) -> list[list[Hit]]:
    """What is heard of each step of the bar that begins with the next edge."""
    patch, heard = Patch(module.panel.board, file), []
    for _ in range(steps):
        module.panel.clock(1, spacing_us=20_000)
        hits = [patch.hears(report) for report in module.panel.settle()]
        heard.append([hit for hit in hits if hit is not None])
    return heard


def test_the_jacks_of_drums_are_drums(start: Start, drum_model: Path) -> None:
    module = start(drum_model, manual_time=True)
    with Link(module.port) as link:
        link.run("track.threshold = 0.2; track.refresh()")
        latents = link.evaluate("track.latents")
    decoder = Decoder(drum_model)
    heard = hits_of_a_bar(module, drum_model, decoder.info.steps)
    starts = np.cumsum((0, *decoder.info.groups))
    scores = decoder.decode([latents])[0]
    names = read_extras(drum_model).voices
    for hits, row in zip(heard, scores, strict=True):
        groups = {
            group
            for group, (first, last) in enumerate(zip(starts, starts[1:], strict=False))
            if (row[first:last] > 0.2).any()
        }
        assert len(hits) == len(groups)
        if not names:
            assert {hit.sound for hit in hits} == {GROUP_SOUNDS[group] for group in groups}
    assert sum(map(len, heard)) > 8


def test_an_accent_is_heard(start: Start, felt: Path) -> None:
    """Of a model with a feel it says how loud: the level rises with it."""
    file = felt / f"{FELT}.tflite"
    module = start(file, manual_time=True)
    with Link(module.port) as link:
        link.run("track.threshold = 0.1; track.refresh()")
    board = module.panel.board
    accents = dict(zip(board.DRUM_JACKS[2:5], board.DRUM_JACKS[5:], strict=True))
    patch, pairs, at = Patch(board, file), [], dict.fromkeys(range(8), 0.0)
    for _ in range(32):
        module.panel.clock(1, spacing_us=20_000)
        for report in module.panel.settle():
            hit = patch.hears(report)
            if report.kind != "step":
                at[report.jack] = report.value
            if hit is not None and report.jack in accents:
                pairs.append((at[accents[report.jack]], hit.level))
    volts, levels = np.array(sorted(pairs)).T
    assert len(set(volts.round(2))) > 3
    assert (np.diff(levels) >= -1e-9).all() and levels[-1] > levels[0]


def test_the_jacks_of_notes_are_the_notes(start: Start, decoders: Path) -> None:
    file = decoders / f"{CHORALES}.tflite"
    module = start(manual_time=True)
    pushed = latentrack("push", str(file), "--port", module.port)
    assert pushed.returncode == 0, pushed.stderr
    with Link(module.port) as link:
        link.run("track.threshold = 0.1; track.refresh()")
        latents = link.evaluate("track.latents")
    decoder = Decoder(file)
    heard = hits_of_a_bar(module, file, decoder.info.steps)
    scores = decoder.decode([latents])[0]
    wanted = note_steps(scores, 4, 0.1, lambda voice: voice)
    pitches = [sorted(round(69 + 12 * np.log2(hit.hertz / 440)) for hit in hits) for hits in heard]
    intervals = [[pitch - min(step) for pitch in step] for step in pitches if step]
    assert intervals == [
        [pitch - min(step.pitches.values()) for pitch in sorted(step.pitches.values())]
        for step in wanted
        if step.pitches
    ]
    assert {hit.sound for hits in heard for hit in hits} == {"note"}


class Ear:
    """Takes hits in the place of a mixer."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def add(self, hit: Hit) -> None:
        self.heard.append(hit.sound)


def test_another_model_is_heard_as_what_it_is(
    start: Start, drum_model: Path, decoders: Path
) -> None:
    """Also one that another program pushes meanwhile, and that is in no library."""
    module = start(drum_model)
    notes, ear = decoders / f"{CHORALES}.tflite", Ear()

    def plays(listener: Listener) -> set[str]:
        module.panel.clock(1, spacing_us=5000)
        for report in module.panel.settle():
            listener.hear(report)
        return set(ear.heard)

    # A mixer only takes hits.
    with Listener(module, cast(Any, ear), {CHORALES: notes}) as listener:
        with Link(module.port) as link:
            link.run("track.threshold = 0.1; track.refresh()")
        until(lambda: len(plays(listener)) > 1)
        assert "note" not in ear.heard
        pushed = latentrack("push", str(notes), "--port", module.port)
        assert pushed.returncode == 0, pushed.stderr
        with Link(module.port) as link:
            link.run("track.threshold = 0.05; track.refresh()")
        until(lambda: "note" in plays(listener))
        ear.heard.clear()
        until(lambda: plays(listener))
        assert set(ear.heard) == {"note"}


def test_one_command_plays(factory_models: Path) -> None:
    arguments = ("jam", "funk", "--no-sound", "--bpm", "240")
    with Terminal(*arguments, columns=80, lines=24) as terminal:
        terminal.read_until("funk at 240 BPM")
        terminal.read_until("●")
        assert terminal.interrupt() == 0
        assert "Switched off." in terminal.text


def test_where_there_is_no_terminal_it_says_so(factory_models: Path) -> None:
    done = latentrack("jam")
    assert done.returncode != 0 and "run this in a terminal" in done.stderr


@pytest.mark.usefixtures("factory_models")
def test_an_unknown_model_is_refused_before_anything_starts() -> None:
    with Terminal("jam", "fnuk", columns=80, lines=24) as terminal:
        terminal.read_until("did you mean funk?")
        assert terminal.read(lambda: terminal.process.poll() is not None)
        assert terminal.process.returncode != 0
