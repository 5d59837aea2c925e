"""What memory the training of many sequences takes, and that parts of an epoch change nothing."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from latentrack.corpus.dataset import Dataset
from latentrack.decoder.metadata import DecoderInfo
from latentrack.model import measures, training
from latentrack.model.autoencoder import Autoencoder, flat_weights, new_autoencoder
from latentrack.model.settings import Settings
from latentrack.model.training import collapsed_latents, cross_entropy, train
from tests.host.model.made_music import music

MEGABYTE = 1_000_000
STEPS, VOICES = 16, 12


@pytest.fixture(scope="module")
def model() -> Autoencoder:
    info = DecoderInfo("perdec", STEPS, VOICES, 3)
    return new_autoencoder(info, (8,), 3, (8,), np.random.default_rng(0))


@pytest.fixture(scope="module")
def many() -> np.ndarray:
    """125,000 sequences: as float32 they have 96 MB."""
    rng = np.random.default_rng(1)
    return np.tile((rng.random((1000, STEPS, VOICES)) < 0.2).astype(np.uint8), (125, 1, 1))


@pytest.mark.parametrize(
    "measure",
    [
        lambda model, cells: model.encode(cells),
        lambda model, cells: measures.recall(model, cells),
        lambda model, cells: measures.natural_threshold(model, cells),
        lambda model, cells: measures.latent_kl(model, cells, 1.45),
        lambda model, cells: measures.density_entropy(cells, cells),
        lambda model, cells: collapsed_latents(model, cells),
        cross_entropy,
    ],
    ids=["encode", "recall", "threshold", "kl", "density", "collapsed", "entropy"],
)
def test_what_is_measured_takes_little_memory(
    measure: Callable[[Autoencoder, np.ndarray], object], model: Autoencoder, many: np.ndarray
) -> None:
    tracemalloc.start()
    try:
        measure(model, many)
        assert tracemalloc.get_traced_memory()[1] < 95 * MEGABYTE
    finally:
        tracemalloc.stop()


def test_pieces_measure_what_the_whole_does(model: Autoencoder, many: np.ndarray) -> None:
    """The music is a thousand sequences over and over, so its measures are theirs."""
    few = many[:1000]
    assert measures.recall(model, many).exact == 125 * measures.recall(model, few).exact
    assert measures.recall(model, many).extra == 125 * measures.recall(model, few).extra
    assert cross_entropy(model, many) == pytest.approx(cross_entropy(model, few), rel=1e-6)
    threshold = measures.natural_threshold
    assert threshold(model, many) == threshold(model, few)
    np.testing.assert_allclose(model.encode(many)[-1000:], model.encode(few), atol=1e-5)


def test_the_entropy_of_densities_is_that_of_each_cell() -> None:
    known = np.array([[[1, 0]], [[1, 0]], [[1, 1]]], np.uint8)
    # How often each cell sounds, with one sequence more on either side: 4/5 and 2/5.
    wanted = -np.mean(np.log([4 / 5, 3 / 5, 4 / 5, 3 / 5, 4 / 5, 2 / 5]))
    assert measures.density_entropy(known, known) == pytest.approx(wanted)


def test_an_epoch_in_parts_learns_the_same(monkeypatch) -> None:
    dataset = music(640, 20)
    # 640 less the validation set make 18 batches of 32 and 24 cells.
    settings = Settings(epochs=2, restarts=0, batch_size=32)
    whole = train(dataset, settings)
    shares: list[float] = []
    monkeypatch.setattr(training, "PART_CELLS", 6 * 32 * 24)
    parted = train(dataset, settings, on_part=shares.append)
    assert shares == pytest.approx([1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6, 1])
    for one, other in zip(flat_weights(whole.model), flat_weights(parted.model), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    assert parted.history[-1].loss == pytest.approx(whole.history[-1].loss, rel=1e-5)


def test_music_of_eight_cells_a_byte_teaches_the_same(monkeypatch) -> None:
    dataset, settings = music(640, 20), Settings(epochs=2, restarts=0, batch_size=32)
    whole = train(dataset, settings)
    monkeypatch.setattr(training, "PACKED_CELLS", 0)
    packed = train(dataset, settings)
    for one, other in zip(flat_weights(whole.model), flat_weights(packed.model), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.mark.long
@pytest.mark.parametrize(
    ("shape", "kind", "bars"),
    [((200_000, 16, 12), "drums", 1), ((50_000, 64, 60), "notes", 4)],
    ids=["drums", "notes of four bars"],
)
def test_two_hundred_thousand_bars_train_within_two_gigabytes(
    shape: tuple[int, int, int], kind: str, bars: int, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    figures = rng.random((64, *shape[1:])) < 0.08
    cells = np.empty(shape, np.uint8)
    for begin in range(0, len(cells), 5000):
        piece = figures[rng.integers(0, 64, len(cells[begin : begin + 5000]))]
        cells[begin : begin + 5000] = piece ^ (rng.random(piece.shape, np.float32) < 0.01)
    names = tuple(f"voice {i}" for i in range(shape[2]))
    sources = tuple(f"file {i // 20}" for i in range(shape[0]))
    Dataset(cells, kind, names, sources=sources, bars=bars).save(tmp_path / "many.npz")
    # Its own process, and a child of that, so that no other child's memory is counted.
    code = (
        "import resource, subprocess, sys; done = subprocess.run(sys.argv[1:]); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(done.returncode)"
    )
    command = [sys.executable, "-m", "latentrack.cli", "train", tmp_path / "many.npz"]
    command += ["--quiet", "--epochs", "1", "-o", tmp_path / "many.tflite"]
    done = subprocess.run(
        [sys.executable, "-c", code, *command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    kilobytes = int(done.stdout.split()[-1])
    assert kilobytes * 1024 < 2_000_000_000
