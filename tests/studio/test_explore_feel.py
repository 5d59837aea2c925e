"""How hard and how late hits are, in the explorer of a run with a feel, without a browser."""

from __future__ import annotations

import io
from pathlib import Path

import mido
import numpy as np
import pytest

from latentrack.playing.midi_file import midi_file
from latentrack.playing.pattern import Pattern
from latentrack.studio.explore import path_player
from latentrack.studio.explore.explorer import Explorer
from latentrack.studio.explore.paths import LatentPath
from tests.studio.explored import explorer_of, made_up_run

SHAPE = ("drums", 16, 12, (1, 1, 6, 2, 2))


@pytest.fixture
def felt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Explorer:
    explorer = explorer_of(made_up_run(*SHAPE, feel=2), tmp_path, monkeypatch)
    explorer.set_knob_values((0.3, -0.4, 0.1))
    return explorer


def playing(explorer: Explorer) -> Pattern:
    pattern = explorer.pattern
    assert pattern is not None and pattern.velocities.any()
    return pattern


def decoded(explorer: Explorer) -> tuple[np.ndarray, np.ndarray]:
    """Velocity (0 to 1) and timing (in steps) at the puck, straight from the run."""
    state = explorer.state
    assert state.run is not None and state.run.feel is not None
    latents = [*state.latents, *(3 * value for value in state.feel_knob_values)]
    velocity, timing = state.run.feel.decode(latents)
    return velocity.reshape(16, 12), timing.reshape(16, 12)


def test_velocity_and_timing_are_the_learned_ones(felt: Explorer) -> None:
    felt.set_feel_knob_values((0.5, -0.7))
    pattern, (velocity, timing) = playing(felt), decoded(felt)
    assert pattern.timing is not None
    assert np.ptp(velocity) > 0.5 and np.ptp(timing) > 0.5
    wanted = np.clip(np.rint(127 * velocity), 1, 127)[pattern.cells]
    assert np.abs(pattern.velocities[pattern.cells] - wanted).max() <= 1
    # As the module keeps it: in parts of 1/254 step.
    assert np.abs(pattern.timing - timing).max() <= 0.5001 / 254
    assert pattern.timing * 254 == pytest.approx(np.rint(pattern.timing * 254))
    there = felt.state.pattern_at(felt.knob_values)
    assert there is not None and there.timing is not None
    assert np.array_equal(there.velocities, pattern.velocities)
    assert np.array_equal(there.timing, pattern.timing)


def test_the_feel_changes_how_hits_are_played_and_no_hit(felt: Explorer) -> None:
    before = playing(felt)
    felt.set_feel_knob_values((2, -1))
    after = playing(felt)
    assert felt.state.feel_knob_values == (1, -1)
    assert np.array_equal(after.cells, before.cells)
    assert before.timing is not None and after.timing is not None
    assert not np.array_equal(after.velocities, before.velocities)
    assert not np.array_equal(after.timing, before.timing)
    for nonsense in ((0.5,), (0, 0, 0), (float("nan"), 0)):
        with pytest.raises(ValueError):
            felt.set_feel_knob_values(nonsense)
    assert felt.state.feel_knob_values == (1, -1)


def test_feel_and_dynamics_are_none_of_it_to_twice_as_much(felt: Explorer) -> None:
    learned = playing(felt)
    assert learned.timing is not None
    felt.set_feel(0)
    felt.set_dynamics(0)
    flat = playing(felt)
    assert flat.timing is not None and not flat.timing.any()
    assert set(flat.velocities[flat.cells]) == {76}  # 0.6 of 127
    felt.set_feel(9)
    felt.set_dynamics(9)
    doubled = playing(felt)
    assert (felt.state.feel, felt.state.dynamics) == (2, 2)
    assert doubled.timing is not None and np.allclose(doubled.timing, 2 * learned.timing)
    assert doubled.velocities[doubled.cells].std() > learned.velocities[learned.cells].std()


def test_undo_brings_the_feel_back_and_a_path_leaves_it_alone(felt: Explorer) -> None:
    felt.remember()
    felt.set_feel_knob_values((0.5, 0.25))
    felt.remember()
    felt.set_knob_values((0, 0, 0))
    felt.set_path(LatentPath(((-1, 0), (1, 0)), bars=2, way="once"))
    felt.play_path(True)
    felt.set_feel_knob_values((-0.5, 0.75))  # on the way
    felt.next_bar()
    felt.next_bar()
    assert felt.knob_values[0] == 1 and felt.state.path_playing
    assert felt.state.feel_knob_values == (-0.5, 0.75)
    at_the_end = path_player.patterns(felt.state)[-1]
    assert at_the_end.timing is not None
    assert np.array_equal(at_the_end.timing, playing(felt).timing)  # type: ignore[arg-type]
    felt.undo()
    assert felt.state.feel_knob_values == (0.5, 0.25)
    assert felt.knob_values == pytest.approx((0.3, -0.4, 0.1))
    felt.undo()
    assert felt.state.feel_knob_values == (0, 0)
    felt.redo()
    assert felt.state.feel_knob_values == (0.5, 0.25)
    assert np.abs(playing(felt).timing - decoded(felt)[1]).max() <= 0.5001 / 254  # type: ignore[operator]


def test_what_is_drawn_has_the_velocity_and_timing_of_the_feel_there(felt: Explorer) -> None:
    step, voice = np.argwhere(~felt.state.cells)[5]
    felt.draw([(int(step), int(voice), True)])
    felt.set_feel_knob_values((0.9, 0.9))
    pattern, (velocity, timing) = playing(felt), decoded(felt)
    assert felt.state.layer is not None and pattern.cells[step, voice]
    assert pattern.velocities[step, voice] == pytest.approx(127 * velocity[step, voice], abs=1)
    assert pattern.timing is not None
    assert pattern.timing[step, voice] == pytest.approx(timing[step, voice], abs=0.002)


def test_a_page_hears_of_each_change_of_the_feel(felt: Explorer) -> None:
    heard: list[str] = []
    felt.pattern_changed.connect(lambda: heard.append("pattern"))
    felt.undo_changed.connect(lambda: heard.append("undo"))
    for act in (
        lambda: felt.set_feel_knob_values((0.1, 0)),
        lambda: felt.set_feel(0.5),
        lambda: felt.set_dynamics(1.5),
    ):
        heard.clear()
        act()
        assert heard == ["pattern"]


def test_a_midi_file_has_velocity_and_timing(felt: Explorer) -> None:
    felt.set_feel(0.5)
    pattern = playing(felt)
    assert pattern.timing is not None
    wanted = set()
    for step, voice in np.argwhere(pattern.cells):
        tick = max(0, round(120 * (step + float(pattern.timing[step, voice]))))
        wanted.add((tick, pattern.pitches[voice], int(pattern.velocities[step, voice])))
    now, found = 0, set()
    for message in mido.MidiFile(file=io.BytesIO(midi_file([pattern], 120))).tracks[0]:
        now += message.time
        if message.type == "note_on":
            found.add((now, message.note, message.velocity))
    assert found == wanted
    assert len({tick % 120 for tick, *_ in found}) > 10


def test_without_a_feel_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what was set for another run changes nothing."""
    plain = explorer_of(made_up_run(*SHAPE), tmp_path, monkeypatch)
    before = playing(plain)
    plain.set_feel(2)
    plain.set_dynamics(0)
    plain.set_feel_knob_values(())
    after = playing(plain)
    assert before.timing is None and after.timing is None and plain.state.timing is None
    assert np.array_equal(before.velocities, after.velocities)
    with pytest.raises(ValueError):
        plain.set_feel_knob_values((0, 0))


# -- drawn by hand --------------------------------------------------------------------------------


def a_hit(explorer: Explorer) -> tuple[int, int]:
    step, voice = np.argwhere(playing(explorer).cells)[3]
    return int(step), int(voice)


def test_a_hit_gets_a_velocity_and_a_timing_of_its_own(felt: Explorer) -> None:
    at, before = a_hit(felt), playing(felt)
    assert before.timing is not None
    other = 1 if before.velocities[at] > 60 else 127
    felt.shape_hit(*at, velocity=other)
    felt.shape_hit(*at, late=-0.25)
    pattern = playing(felt)
    assert pattern.timing is not None
    assert pattern.velocities[at] == other and pattern.timing[at] == -0.25
    rest = np.ones(pattern.cells.shape, bool)
    rest[at] = False
    assert np.array_equal(pattern.velocities[rest], before.velocities[rest])
    assert np.array_equal(pattern.timing[rest], before.timing[rest])
    felt.set_feel_knob_values((0.9, 0.9))
    moved = playing(felt)
    assert moved.timing is not None and not np.array_equal(moved.velocities, pattern.velocities)
    assert moved.velocities[at] == other and moved.timing[at] == -0.25
    felt.set_feel(0)
    assert playing(felt).timing[at] == -0.25  # type: ignore[index]


def test_a_shaped_hit_stays_when_the_puck_moves_until_undo(felt: Explorer) -> None:
    at, before = a_hit(felt), playing(felt)
    felt.remember()
    felt.shape_hit(*at, velocity=1, late=0.5)
    felt.remember()
    for place in ((0.9, 0.9, -0.9), (-0.8, 0.3, 0.1), (0, -1, 1)):
        felt.set_knob_values(place)
        assert playing(felt).velocities[at] == 1 and playing(felt).timing[at] == 0.5  # type: ignore[index]
    felt.undo()
    felt.undo()
    assert np.array_equal(playing(felt).velocities, before.velocities)


def test_a_hit_keeps_its_feel_when_cells_are_drawn_beside_it(felt: Explorer) -> None:
    at = a_hit(felt)
    felt.shape_hit(*at, velocity=5, late=0.3)
    free = tuple(int(i) for i in np.argwhere(~playing(felt).cells)[0])
    felt.draw([(free[0], free[1], True)])
    pattern = playing(felt)
    assert pattern.cells[at] and pattern.cells[free] and pattern.timing is not None
    assert pattern.velocities[at] == 5 and pattern.timing[at] == 0.3


def test_without_a_feel_hits_can_be_drawn_all_the_same_and_ranges_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    explorer = explorer_of(made_up_run(*SHAPE), tmp_path, monkeypatch)
    explorer.set_threshold(0.3)
    at = a_hit(explorer)
    assert playing(explorer).timing is None
    explorer.shape_hit(*at, velocity=500, late=9)
    pattern = playing(explorer)
    assert pattern.timing is not None
    assert pattern.velocities[at] == 127 and pattern.timing[at] == 0.5
    assert np.count_nonzero(pattern.timing) == 1
    explorer.shape_hit(*at, velocity=-3)
    assert playing(explorer).velocities[at] == 1
    for step, voice in ((16, 0), (0, 12), (-1, 0)):
        with pytest.raises(ValueError, match="no cell"):
            explorer.shape_hit(step, voice, velocity=3)
    with pytest.raises(ValueError, match="not a number"):
        explorer.shape_hit(*at, late=float("nan"))


def test_a_drawn_feel_is_in_the_midi_file(felt: Explorer) -> None:
    at = a_hit(felt)
    felt.shape_hit(*at, velocity=3, late=0.5)
    pattern = playing(felt)
    file = mido.MidiFile(file=io.BytesIO(midi_file([pattern], 120)))
    now, found = 0, []
    for message in file.tracks[-1]:
        now += message.time
        if message.type == "note_on" and message.velocity == 3:
            found.append((now / file.ticks_per_beat * 4, message.note))
    (when, note) = found[0]
    assert note == pattern.pitches[at[1]]
    assert when == pytest.approx(at[0] + 0.5, abs=0.02)
