"""What a run answers in one call: recall, one sequence beside its reconstruction, pictures."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from latentrack.errors import UserError
from latentrack.model import Run
from latentrack.model.reconstruction import Reconstruction

PICTURES: list[Callable[[Run], Figure]] = [
    Run.plot_latents,
    Run.plot_outputs,
    Run.plot_patterns,
    Run.plot_history,
    lambda run: run.plot_pair(13, threshold=0.5),
]


def gates(run: Run, threshold: float) -> np.ndarray:
    return run.model.decode(run.model.encode(run.dataset.sequences)) > np.float32(threshold)


def test_recall_counts_cells_and_whole_sequences(run: Run) -> None:
    right = gates(run, 0.3) == (run.dataset.sequences == 1)
    found = run.recall(threshold=0.3)
    assert found.cell_share == right.mean() and found.cells == right.size
    assert found.exact_share == right.all(axis=(1, 2)).mean()
    assert run.recall().cell_share != found.cell_share


def test_recall_is_of_the_set_that_is_named(run: Run) -> None:
    known = [run.recall(subset=name).sequences for name in ("training", "validation", "all")]
    assert known == [len(run.trained_on), len(run.validated_on), len(run.dataset)]
    assert min(known) > 0
    with pytest.raises(UserError, match="'test' for subset: choose all, training or validation"):
        run.recall(subset="test")
    small = replace(run, trained_on=np.arange(len(run.dataset)), validated_on=np.arange(0))
    with pytest.raises(UserError, match='has no validation set.*ask for subset="training"'):
        small.recall(subset="validation")


def test_a_reconstruction_is_the_sequence_and_what_plays_in_its_place(run: Run) -> None:
    both = run.reconstruct(13, threshold=0.4)
    assert np.array_equal(both.sequence, run.dataset.sequences[13])
    assert both.latents == pytest.approx(run.model.encode(run.dataset.sequences[13:14])[0])
    wrong = gates(run, 0.4)[13] != (both.sequence == 1)
    assert np.array_equal(both.missing | both.extra, wrong)
    assert not (both.missing & both.extra).any()
    assert both.source == run.dataset.sources[13]
    assert run.reconstruct(13).threshold == run.threshold
    assert run.reconstruct(-1).index == len(run.dataset) - 1


def test_what_is_not_there_is_refused(run: Run) -> None:
    many = len(run.dataset)
    for index in (many, -many - 1):
        with pytest.raises(IndexError, match=f"has 800 sequences, 0 to 799, and no {index}"):
            run.plot_pair(index)
    for threshold in (-0.1, 1.5, float("nan")):
        for ask in (run.recall, lambda threshold: run.reconstruct(0, threshold=threshold)):
            with pytest.raises(ValueError, match=f"from 0 to 1, got {threshold}"):
                ask(threshold=threshold)


@pytest.mark.parametrize("draw", PICTURES)
def test_a_picture_is_a_figure_that_a_notebook_shows(
    draw: Callable[[Run], Figure], run: Run
) -> None:
    figure = draw(run)
    assert isinstance(figure, Figure)
    assert figure._repr_png_().startswith(b"\x89PNG")  # the name is IPython's
    texts = [text.get_text() for text in figure.findobj(Text)]
    assert any(texts) and not [text for text in texts if "$" in text]


def test_no_picture_changes_what_pyplot_knows(run: Run) -> None:
    script = (
        "import sys, latentrack\n"
        f"run = latentrack.load_run({str(run.folder)!r})\n"
        "assert 'matplotlib' not in sys.modules\n"
        "run.plot_latents()._repr_png_()\n"
        "assert 'matplotlib' in sys.modules and 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_the_pair_marks_each_mistake(run: Run) -> None:
    """A cross for a hit that is missing, a dot for one too many, at its step and voice."""
    both = next(
        found
        for found in (run.reconstruct(index, threshold=0.5) for index in range(len(run.dataset)))
        if found.missing.any() and found.extra.any()
    )
    figure = run.plot_pair(both.index, threshold=0.5)
    music, _, pattern = figure.axes
    marked = {"x": [], "o": []}
    for line in pattern.lines:
        if line.get_marker() in marked:
            marked[line.get_marker()].append((line.get_xdata()[0], line.get_ydata()[0]))
    assert marked["x"] == [tuple(cell) for cell in np.argwhere(both.missing)]
    assert marked["o"] == [tuple(cell) for cell in np.argwhere(both.extra)]
    assert np.array_equal(music.images[0].get_array(), both.sequence.T)
    assert np.array_equal(pattern.images[0].get_array(), both.pattern.T)
    assert run.dataset.sources[both.index] in figure.get_suptitle()


def test_what_is_printed_is_a_line_that_tells(run: Run) -> None:
    both: Reconstruction = run.reconstruct(13, threshold=0.5)
    assert repr(both) == (
        f"<Reconstruction of sequence 13 at threshold 0.50: {both.sequence.sum()} hits, "
        f"{both.missing.sum()} missing, {both.extra.sum()} extra>"
    )
    found = run.recall()
    assert repr(found).startswith(f"<Recall: {found.exact} of 800 sequences exactly, ")
    assert f"{found.cell_share:.1%} of the cells" in repr(found)
