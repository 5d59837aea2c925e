"""How hard and how late hits sound: dynamics, timing and swing, at jacks and in steps."""

from __future__ import annotations

import numpy as np
import pytest

from latentrack.playing.feel import Feel
from latentrack.playing.jacks import drum_steps, note_steps, rhythm_steps
from latentrack.playing.pattern import Pattern
from latentrack.playing.schedule import Schedule, kept_within_a_step, swing_delay
from latentrack.playing.sequencer import DueStep, Sequencer
from latentrack.playing.velocity import learned_velocities, with_dynamics
from latentrack.playing.voices import Voice


def test_dynamics_move_velocities_away_from_a_middle_one() -> None:
    learned = np.array([0.0, 0.3, 0.6, 0.7, 1.0])
    assert with_dynamics(learned, 1) == pytest.approx(learned)
    assert with_dynamics(learned, 0) == pytest.approx([0.6] * 5)
    assert with_dynamics(learned, 0.5) == pytest.approx([0.3, 0.45, 0.6, 0.65, 0.8])
    assert with_dynamics(learned, 2) == pytest.approx([0, 0, 0.6, 0.8, 1])


def test_learned_velocities_are_midis_and_stay_within_what_a_voice_means() -> None:
    """A voice that has accents for itself stays one."""
    velocity = np.array([[0.0, 0.5, 0.2, 0.9]])
    cells = np.array([[True, True, True, False]])
    voices = (Voice("kick"), Voice("snare"), Voice("hat", True), Voice("hat", False))
    assert learned_velocities(velocity, cells, voices).tolist() == [[1, 64, 96, 0]]
    cells[0, 3] = True
    assert learned_velocities(velocity, cells, voices, 2.0).tolist() == [[1, 51, 96, 95]]


def test_the_module_keeps_the_nearest_of_its_steps_and_halves_go_away_from_zero() -> None:
    feel = Feel(np.array([[0.5, 1.0, 2.49 / 127]]), np.array([[0.5, -2.5 / 254, 2.4 / 254]]))
    kept = feel.as_kept()
    assert kept.velocity * 127 == pytest.approx(np.array([[64, 127, 2]]))
    assert kept.timing * 254 == pytest.approx(np.array([[127, -3, 2]]))


# -- jacks

SCORES = np.array([[0.9, 0.1, 0.6, 0.8], [0.1, 0.7, 0.9, 0.2]])
FEEL = Feel(np.array([[1, 20, 30, 127], [5, 6, 70, 8]]) / 127,
            np.array([[-127, 0, 10, 127], [1, 2, -20, 4]]) / 254)  # fmt: skip


def test_an_accent_is_the_velocity_of_the_most_probable_voice_of_its_group() -> None:
    first, second = drum_steps(SCORES, (1, 3), 0.5, feel=FEEL, dynamics=0.5)
    assert first.triggers == {0, 1} and second.triggers == {1}
    # Of a group of one voice only its trigger has a velocity.
    assert first.accents == {0: pytest.approx(0.8)}
    assert first.velocity == {0: pytest.approx(0.3 + 0.5 / 127), 1: pytest.approx(0.8)}
    assert first.timing == {0: pytest.approx(-0.5), 1: pytest.approx(0.5)}
    assert second.accents == {0: pytest.approx(0.3 + 35 / 127)}
    assert second.timing == {1: pytest.approx(-20 / 254)}


def test_an_accent_is_the_drum_where_that_is_wanted_or_without_a_feel() -> None:
    by_drum = drum_steps(SCORES, (1, 3), 0.5, feel=FEEL, accent="drum")
    plain = drum_steps(SCORES, (1, 3), 0.5)
    assert [step.accents for step in by_drum] == [step.accents for step in plain]
    assert [step.accents for step in plain] == [{0: 1.0}, {0: 0.5}]
    assert not any(step.timing or step.velocity for step in plain)


def test_notes_and_rhythms_keep_the_timing_of_their_own_cells() -> None:
    """Notes are ordered by pitch, which here goes down from voice to voice."""
    notes = note_steps(SCORES, 4, 0.5, lambda voice: 60 - voice, feel=FEEL)[0]
    assert notes.pitches == {0: 57, 1: 58, 2: 60}
    assert notes.timing == {0: 0.5, 1: pytest.approx(10 / 254), 2: -0.5}
    rhythm = rhythm_steps(SCORES, (40, 50), 0.5, 4, feel=FEEL, dynamics=0)[1]
    assert rhythm.timing == {1: pytest.approx(2 / 254), 2: pytest.approx(-20 / 254)}
    assert rhythm.velocity == {1: pytest.approx(0.6), 2: pytest.approx(0.6)}


# -- time


def test_swing_delays_every_second_step_and_no_hit_leaves_its_step() -> None:
    assert [swing_delay(step, 0.75) for step in range(4)] == [0, 0.5, 0, 0.5]
    assert swing_delay(1, 0.5) == 0
    assert kept_within_a_step(0.9) == 0.9
    assert 0.99 < kept_within_a_step(1.5) < 1 and -1 < kept_within_a_step(-1.5) < -0.99


def test_timing_adds_to_swing() -> None:
    schedule = Schedule(start=2.0, tempo=150, swing=0.62)  # a step is 0.1 s
    assert schedule.due(4, -0.3) == pytest.approx(2.37)
    assert schedule.due(5, 0.1) == pytest.approx(2.5 + 0.024 + 0.01)
    assert schedule.due(5, 0.9) == pytest.approx(2.6, abs=1e-5)
    # Where a beat has three steps there is no swing, but there is timing.
    assert Schedule(tempo=200, steps_per_beat=3, swing=0.7).due(1, 0.25) == pytest.approx(0.125)


class Explorer:
    """A pattern of two voices and four steps, with some hits early and some late."""

    def __init__(self, timing: list[list[float]] | None) -> None:
        hits = np.array([[100, 0], [90, 80], [0, 70], [0, 0]], np.uint8)
        late = None if timing is None else np.array(timing)
        self.pattern = Pattern(hits, "drums", ("kick", "hat"), (36, 42), timing=late)

    def next_bar(self) -> None:
        """Nothing else is to come."""


TIMING = [[0.25, -0.5], [-0.1, 0.1], [0.3, -0.4], [-0.5, -0.5]]


def steps_of(explorer: Explorer, until: float) -> list[DueStep]:
    sequencer = Sequencer(explorer)
    sequencer.tempo = 150  # a step is 0.1 s
    sequencer.begin(1.0)
    return list(sequencer.until(until))


def test_each_hit_has_a_time_of_its_own() -> None:
    steps = steps_of(Explorer(TIMING), 1.5)
    assert [step.due for step in steps] == pytest.approx([1.0, 1.1, 1.2, 1.3, 1.4, 1.5])
    assert [step.times for step in steps[:4]] == [
        pytest.approx((1.025,)),
        pytest.approx((1.09, 1.11)),
        pytest.approx((1.16,)),
        (),
    ]
    far = steps_of(Explorer([[3 * late for late in row] for row in TIMING]), 1.3)
    assert far[2].times == pytest.approx((1.1,), abs=1e-5)  # not a whole step
    assert far[0].times == pytest.approx((1.075,))


def test_without_timing_all_is_on_the_grid() -> None:
    steps = steps_of(Explorer(None), 1.45)
    assert [step.times for step in steps] == [(step.due,) * len(step.hits) for step in steps]
    assert len(steps) == 5


def test_nothing_sounds_before_playing_begins() -> None:
    """Else an early hit of the first step would be in the past."""
    explorer = Explorer([[-0.5, 0], [0, 0], [0, -0.4], [0, 0]])
    sequencer = Sequencer(explorer)
    sequencer.tempo = 150
    sequencer.begin(1.0)
    steps = list(sequencer.until(1.5))
    assert steps[0].times == (1.0,) and steps[2].times == pytest.approx((1.16,))
    assert steps[4].times == pytest.approx((1.35,))  # once more round: now there is time
    sequencer.resume(3.0)
    assert next(sequencer.until(3.1)).number == 2
    sequencer.resume(4.0)  # from the next one on
    assert [step.times for step in sequencer.until(4.11)] == [(), pytest.approx((4.05,))]


def test_a_step_is_asked_for_as_early_as_its_earliest_hit_may_sound() -> None:
    """Timing of cells that do not sound does not count: here the earliest hit is 0.4 early."""
    sequencer = Sequencer(Explorer(TIMING))
    sequencer.tempo = 150
    sequencer.begin(1.0)
    assert sequencer.asks == pytest.approx(0.96)
    list(sequencer.until(1.159))
    assert sequencer.count == 2 and sequencer.due == pytest.approx(1.2)
    (third,) = sequencer.until(1.161)
    assert third.number == 2 and third.times == pytest.approx((1.16,))


def test_what_has_sounded_is_not_taken_back() -> None:
    sequencer = Sequencer(Explorer(TIMING))
    sequencer.tempo = 150
    sequencer.begin(1.0)
    list(sequencer.until(1.3))
    assert sequencer.count == 4
    sequencer.rewind(1.17)  # the third step's hit was at 1.16
    assert sequencer.count == 3
    sequencer.rewind(1.15)
    assert sequencer.count == 2


def test_a_pattern_draws_its_hits_where_they_are_played() -> None:
    """The kick of the first step is a quarter of a step late: of 11 pixels, 2.75."""
    drawn = Explorer(TIMING).pattern._repr_html_()
    assert "x='102.75'" in drawn and "x='102.75'" not in Explorer(None).pattern._repr_html_()
