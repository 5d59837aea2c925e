"""How hard, and how early or late, the hits of a corpus are played."""

import numpy as np
import pytest

from latentrack.corpus import Dataset, read
from latentrack.corpus.dynamics import dynamics
from tests.host.corpus.midi_files import STEP, write_parts

BAR = 16 * STEP


def drummed(path, velocity, late):
    """Four bars of kick and snare; velocity(n) and late(n), in ticks, of the n-th hit."""
    steps = [0, 4, 8, 12]
    notes = [
        (BAR + BAR * bar + STEP * step + late(n), (36, 38)[n % 2], velocity(n))
        for bar in range(4)
        for n, step in enumerate(steps, start=4 * bar)
    ]
    return write_parts(path, ("drums", 0, 9, notes))


def played(tmp_path, velocity, late):
    return read([drummed(tmp_path / "a.mid", velocity, late)]).dynamics


def test_a_machine_has_no_dynamics(tmp_path):
    found = played(tmp_path, lambda n: 100, lambda n: 0)
    assert (found.has_velocity, found.has_timing) == (False, False)
    assert str(found) == "no dynamics in this corpus"


def test_loud_and_soft_hits_on_the_grid(tmp_path):
    found = played(tmp_path, lambda n: (60, 100)[n % 2], lambda n: 0)
    assert (found.has_velocity, found.has_timing) == (True, False)
    assert found.velocity == pytest.approx(80) and found.velocity_spread == pytest.approx(20)
    assert str(found) == "velocity 80 ± 20, on the grid"


def test_a_drummer_who_lays_back(tmp_path):
    found = played(tmp_path, lambda n: 90, lambda n: (STEP // 4, STEP // 2 - 6)[n % 2])
    assert (found.has_velocity, found.has_timing) == (False, True)
    late = (0.25, (STEP // 2 - 6) / STEP)
    assert found.timing == pytest.approx(np.mean(late), abs=0.005)
    assert found.timing_spread == pytest.approx(np.std(late), abs=0.005)


def test_rounding_is_no_playing():
    velocities = np.array([99, 100, 101, 100])
    assert not dynamics(velocities, np.array([0.004, -0.004, 0, 0])).has_velocity
    assert not dynamics(velocities, np.array([0.004, -0.004, 0, 0])).has_timing


def test_what_is_not_known_is_not_said():
    found = dynamics(None, None)
    assert (found.velocity, found.timing) == (None, None)
    assert dynamics(np.zeros(0), None).velocity is None
    assert str(dynamics(np.array([20, 90]), None)) == "velocity 55 ± 35"


def test_velocity_and_timing_are_part_of_the_hash(tmp_path):
    cells = np.zeros((2, 4, 1), np.uint8)
    cells[:, 0] = 1
    loud, late = [90, 100], [0.25, -0.1]

    def made(**parts):
        return Dataset(sequences=cells, kind="drums", voice_names=("kick",), **parts)

    each = [
        made(),
        made(velocities=loud),
        made(velocities=[91, 100]),
        made(offsets=late),
        made(velocities=loud, offsets=late),
        made(velocities=loud, offsets=[0.25, 0.1]),
    ]
    assert len({one.digest for one in each}) == len(each)
    assert len({one.digest_of_hits for one in each}) == 1
    each[4].save(tmp_path / "d.npz")
    assert Dataset.load(tmp_path / "d.npz").digest == each[4].digest
