"""Figures against counts made by hand."""

import numpy as np
import pytest

from latentrack.decoder.metadata import DecoderInfo
from latentrack.model.autoencoder import Autoencoder, Dense
from latentrack.model.measures import (
    Recall,
    coverage,
    density_entropy,
    latent_kl,
    natural_threshold,
    saturation,
    walks,
)


def test_shares_of_recall() -> None:
    found = Recall(sequences=4, exact=1, cells=96, right=90, hits=10, played=6, extra=2)
    assert found.cell_share == 90 / 96 and found.exact_share == 0.25
    assert found.played_share == 0.6 and found.extra_share == 0.2
    # Precision 6/8, recall 6/10: their harmonic mean.
    assert found.f1 == pytest.approx(2 / (8 / 6 + 10 / 6))
    assert Recall(1, 1, 5, 5, 0, 0, 0).f1 == 0


def test_coverage_counts_cells_of_the_grid() -> None:
    centres = np.arange(-2.5, 3, 1.0)
    everywhere = np.array(np.meshgrid(centres, centres, centres)).reshape(3, -1).T
    assert coverage(everywhere, 3) == 1
    assert coverage(everywhere[:54], 3) == 54 / 216
    assert coverage(np.repeat(everywhere[:1], 9, axis=0), 3) == 1 / 216
    assert coverage([[-3.0, 3.0]], 3) == 1 / 36
    assert coverage([[0.1], [0.2], [-0.1]], 3) == 2 / 6
    # Of four latents every three make a grid; here the fourth never moves.
    flat = np.hstack([everywhere, np.zeros((216, 1))])
    assert coverage(flat, 3) == pytest.approx((1 + 3 * 36 / 216) / 4)


def test_saturation_is_the_share_of_sequences_with_a_latent_at_the_boundary() -> None:
    means = [[0, 2.89, 0], [0, -2.91, 0], [2.95, 2.95, 2.95], [1, 1, 1]]
    assert saturation(means, 3) == 0.5
    assert saturation([[4.9], [4.8]], 5) == 0.5


def test_density_entropy_is_the_guess_by_each_cell_s_share() -> None:
    known = np.array([[[1, 0]], [[1, 0]], [[0, 0]], [[1, 0]]], np.uint8)
    # (3 + 1) / (4 + 2) and (0 + 1) / (4 + 2)
    wanted = -(np.log(4 / 6) + np.log(1 / 6)) / 2
    assert density_entropy(known, np.array([[[1, 1]]], np.uint8)) == pytest.approx(wanted)


def straight(slopes: list[list[float]], biases: list[float]) -> Autoencoder:
    """One latent or more, and logits that are straight lines of them."""
    matrix = np.array(slopes, np.float32)
    count = len(matrix)
    cells = matrix.shape[1]
    info = DecoderInfo("rhythm", cells, 1, 3)
    encoder = Dense(np.zeros((cells, count), np.float32), np.zeros(count, np.float32))
    decoder = Dense(matrix, np.array(biases, np.float32))
    return Autoencoder(info, (), encoder, encoder, (decoder,))


def test_a_walk_counts_what_each_turn_changes() -> None:
    # Cell 1 comes on in the middle of latent 1's way, cell 2 always sounds; latent 2 does nothing.
    model = straight([[100.0, 0.0], [0.0, 0.0]], [-10.0, 50.0])
    first, second = walks(model, 0.5)
    # One flip in 32 turns; 16 of 33 positions have two hits, 17 one.
    hits = (16 * 2 + 17) / 33
    assert first.changed == pytest.approx(1 / 32 / hits)
    assert first.largest == pytest.approx(1 / hits)
    assert (first.idle, second.idle, second.changed) == (0, 1, 0)


def test_the_natural_threshold_brings_as_many_hits_as_the_music_has() -> None:
    def model_with(probabilities: list[float]) -> Autoencoder:
        odds = np.array(probabilities)
        return straight([[0.0] * len(odds)], list(np.log(odds / (1 - odds))))

    model = model_with([0.9, 0.6, 0.305, 0.2])
    cells = np.array([[[1], [1], [0], [0]]], np.uint8)
    assert 0.3 < natural_threshold(model, cells) < 0.6
    cells[0, 2] = 1
    assert 0.2 <= natural_threshold(model, cells) <= 0.3


def test_kl_of_each_latent() -> None:
    # Mean 0 and variance 1 against a prior of width 2: (1 / 4 - 1 + ln 4) / 2.
    model = straight([[0.0], [0.0]], [0.0])
    found = latent_kl(model, np.zeros((3, 1, 1), np.uint8), 2.0)
    assert found == pytest.approx([(0.25 - 1 + np.log(4)) / 2] * 2)
