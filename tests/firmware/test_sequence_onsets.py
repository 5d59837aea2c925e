"""Hits are played when the rules ask for them, none is lost, and the own clock is even.

The figures are those of benchmarks/groove.py and perform.py.
"""

import sys

import numpy as np
import pytest

from tests.firmware.tflite_c import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))
import groove  # noqa: E402
import perform  # noqa: E402

HITS = 20_000
EDGES = 5_000


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return groove.compile_sequence(tmp_path_factory.mktemp("sequence"))


@pytest.mark.parametrize("seed", range(3))
def test_swung_early_and_late_hits_are_played_within_a_tick(library, seed):
    error, wrong = groove.onsets(library, HITS, np.random.default_rng(seed))
    assert wrong == 0
    assert 100 < error <= groove.TICK_US


def test_no_hit_of_a_ratchet_is_lost_at_300_bpm(library):
    assert perform.lost(library, EDGES) == 0


@pytest.mark.parametrize("bpm", [97.3, 400])
def test_the_own_clock_is_even_to_a_tick(library, bpm):
    assert 100 < perform.clock_jitter_us(library, bpm, seconds=10) <= groove.TICK_US
