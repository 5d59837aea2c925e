"""Swung, early and late hits are played when the rules ask for them (benchmarks/groove.py)."""

import sys

import numpy as np
import pytest

from tests.firmware.tflite_c import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))
import groove  # noqa: E402

HITS = 20_000


@pytest.mark.parametrize("seed", range(3))
def test_every_hit_is_played_within_a_tick(seed, tmp_path):
    library = groove.compile_sequence(tmp_path)
    error, wrong = groove.onsets(library, HITS, np.random.default_rng(seed))
    assert wrong == 0
    assert 100 < error <= groove.TICK_US
