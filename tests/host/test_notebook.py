"""What a notebook or a prompt shows of music, trainings and models."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import latentrack as lt
from latentrack.corpus import Discard, demo_dataset
from latentrack.model.training import Epoch
from latentrack.playing.pattern import Pattern
from latentrack.playing.svg import cells_svg
from tests.host.model.made_music import music


def hits_of(svg: ElementTree.Element) -> set[tuple[int, int]]:
    """(column, row) of each dark square, counted by their order from the left and the top."""
    squares = [node for node in svg.iter() if node.tag.endswith("rect")]
    columns, rows = (sorted({int(node.get(side)) for node in squares}) for side in "xy")
    common = max(
        {node.get("fill") for node in squares},
        key=lambda fill: sum(node.get("fill") == fill for node in squares),
    )
    return {
        (columns.index(int(node.get("x"))), rows.index(int(node.get("y"))))
        for node in squares
        if node.get("fill") != common
    }


def test_a_sequence_is_drawn_as_it_is() -> None:
    cells = demo_dataset().sequences[3]
    steps, voices = cells.shape
    svg = ElementTree.fromstring(cells_svg(cells, [f"voice {i}" for i in range(voices)]))
    assert hits_of(svg) == {(int(s), voices - 1 - int(v)) for s, v in np.argwhere(cells)}
    names = [node.text for node in svg.iter() if node.tag.endswith("text")]
    assert names == [f"voice {i}" for i in reversed(range(voices))]


def test_a_pattern_says_what_it_is_and_draws_itself() -> None:
    velocities = np.array([[100, 0], [0, 0], [0, 20], [7, 0]], np.uint8)
    pattern = Pattern(velocities, "drums", ("kick", "hat"), (36, 42))
    assert repr(pattern) == "<Pattern: 4 steps × 2 voices, 3 hits>"
    drawn = ElementTree.fromstring(pattern._repr_html_())  # the name is IPython's
    assert hits_of(drawn) == {(0, 1), (2, 0), (3, 1)}


def test_soft_hits_are_paler_and_late_ones_stand_to_the_right() -> None:
    cells = np.array([[127], [0], [30], [30], [1]], np.uint8)
    offsets = np.array([[0], [0], [0.5], [-0.25], [0]])

    def drawn(*late) -> list[tuple[float, float]]:
        svg = ElementTree.fromstring(cells_svg(cells, ["hat"], 5, *late))
        squares = [node for node in svg.iter() if node.tag.endswith("rect")]
        first = float(squares[0].get("x"))
        step = float(squares[1].get("x")) - first
        return [
            ((float(node.get("x")) - first) / step, float(node.get("fill-opacity", 1)))
            for node in squares[5:]
        ]

    places, opacities = zip(*drawn(offsets), strict=True)
    assert places == (0, 2.5, 2.75, 4)
    assert opacities[0] == opacities[3] == 1 and opacities[1] == opacities[2] < 0.5
    assert [place for place, _ in drawn()] == [0, 2, 3, 4]


def test_many_voices_are_drawn_where_they_sound() -> None:
    cells = np.zeros((4, 60), np.uint8)
    cells[0, 7] = cells[1, 50] = 1
    svg = ElementTree.fromstring(cells_svg(cells, [str(i) for i in range(60)]))
    assert [node.text for node in svg.iter() if node.tag.endswith("text")] == ["50", "7"]


def test_a_dataset_shows_what_it_holds_and_what_was_left_out() -> None:
    known = replace(
        demo_dataset(), discarded=(Discard("bars", "in <3/4>", 5), Discard("hits", "off", 1))
    )
    shown = known._repr_html_()  # the name is IPython's
    assert known.summary() in shown and shown.count("<svg") == 4
    assert "5 bars" in shown and "in &lt;3/4&gt;" in shown and "1 hit<" in shown
    names = replace(known, sources=("<script>",) * len(known), voice_names=("<b>",) * known.voices)
    assert "<script>" not in names._repr_html_() and "<b>" not in names._repr_html_()
    nothing = known.take([])
    assert "<svg" not in nothing._repr_html_() and "0 drum sequences" in repr(nothing)


def test_a_run_shows_its_figures_and_its_latents(tmp_path: Path) -> None:
    run = made(tmp_path)
    shown = run._repr_html_()
    assert run.dataset.summary() in shown and "epochs=2" in shown and "3 epochs" not in shown
    assert "src='data:image/png;base64,iVBOR" in shown
    assert "<script>" not in replace(run, folder=Path("<script>"))._repr_html_()


def made(folder: Path) -> lt.Run:
    """A run of two epochs that nobody trained."""
    dataset = music(30, sources=3)
    return lt.save_run(folder / "made.run", untrained(dataset), dataset)


def untrained(dataset: lt.Dataset, loss: float | None = None) -> lt.Training:
    from latentrack.model.autoencoder import new_autoencoder
    from latentrack.model.training import Training, decoder_info

    model = new_autoencoder(decoder_info(dataset, 3), (8,), 2, (8,), np.random.default_rng(0))
    history = (Epoch(0, 2, 9.0, loss, False), *(Epoch(i, 2, 8.5, loss, True) for i in (1, 2)))
    everything = np.arange(len(dataset))
    settings = lt.Settings(epochs=2, latent_dim=2, hidden_layers=1)
    return Training(model, history, everything, everything[:0], False, settings)


def test_what_is_printed_is_one_line_that_tells(tmp_path: Path) -> None:
    run = made(tmp_path)
    run.export(tmp_path / "made.tflite")
    assert repr(run.dataset) == (
        f"<Dataset: 30 drum sequences of 8 steps × 3 voices, {run.dataset.hits / 30:.1f} hits "
        "each, from 0 files>"
    )
    assert re.fullmatch(
        r"<Run made.run: vae, 2 latents to 8 steps × 3 voices, trained on 30 sequences, "
        r"threshold 0\.\d\d>",
        repr(run),
    )
    assert repr(lt.Decoder(tmp_path / "made.tflite")) == (
        "<Decoder of perdec: 2 latents (±3) to 8 steps × 3 voices>"
    )
    assert repr(run.model.info) == (
        "DecoderInfo(kind='perdec', steps=8, voices=3, latent_scale=3, groups=(1, 2))"
    )


@pytest.mark.parametrize(
    ("loss", "said"),
    [(None, "loss 8.50 nats a sequence"), (0.25, "validation loss 0.2500 nats a cell")],
)
def test_a_training_tells_what_came_of_it(loss: float | None, said: str) -> None:
    training = untrained(music(30, sources=3), loss)
    assert repr(training) == f"<Training of vae: 30 sequences, 2 epochs, best 2 with {said}>"
    assert repr(replace(training, interrupted=True)).endswith(f"{said}, interrupted>")
