"""Grids of every kind: other meters, triplets, several bars, notes beside the grid."""

import numpy as np
import pytest

from latentrack.corpus import Rules, read
from latentrack.errors import UserError
from tests.host.corpus.midi_files import STEP, TICKS, write_midi, write_parts

BAR = 16 * STEP
KICK, SNARE = 0, 1


def bars_of(path, **rules):
    made = read([path], **rules)
    return [{(int(s), int(v)) for s, v in np.argwhere(bar)} for bar in made.sequences], made


def left_out(made, what):
    return {entry.reason: entry.count for entry in made.discarded if entry.what == what}


@pytest.mark.parametrize(("per_beat", "steps"), [(3, 12), (4, 16), (6, 24), (12, 48)])
def test_a_beat_has_as_many_steps_as_asked(tmp_path, per_beat, steps):
    # the third triplet eighth of beat 2, and the last 16th of beat 4
    triplet, sixteenth = TICKS + 2 * TICKS // 3, 15 * STEP
    file = write_midi(tmp_path / "a.mid", [(0, 36), (triplet, 38), (sixteenth, 36)])
    bars, made = bars_of(file, steps_per_beat=per_beat, meter="4/4")
    nearest = {3: {(5, 1), (11, 0)}, 4: {(7, 1), (15, 0)}, 6: {(10, 1), (23, 0)},
               12: {(20, 1), (45, 0)}}[per_beat]  # fmt: skip
    if per_beat in (3, 6):
        # 15/16 of the bar: 11.25 of 12 steps; 22.5 of 24, and halves go to the later
        assert sixteenth * per_beat / TICKS in (11.25, 22.5)
    assert bars == [{(0, 0)} | nearest]
    assert (made.steps, made.steps_per_beat) == (steps, per_beat)


@pytest.mark.parametrize(
    ("meter", "per_beat", "steps"),
    [
        ("3/4", 4, 12),
        ("6/8", 4, 12),
        ("7/8", 4, 14),
        ("5/4", 3, 15),
        ("12/8", 6, 36),
        ("2/2", 4, 16),
    ],
)
def test_bars_of_any_meter(tmp_path, meter, per_beat, steps):
    beats, unit = map(int, meter.split("/"))
    bar = TICKS * 4 * beats // unit
    notes = [(0, 36), (bar - TICKS // per_beat, 38), (bar, 36), (bar + TICKS, 38)]
    file = write_midi(tmp_path / "a.mid", notes, signatures=[(0, beats, unit)])
    bars, made = bars_of(file, meter=meter, steps_per_beat=per_beat)
    assert bars == [{(0, KICK), (steps - 1, SNARE)}, {(0, KICK), (per_beat, SNARE)}]
    assert (made.steps, made.meter) == (steps, meter)


def test_any_meter_takes_what_most_bars_are_in(tmp_path):
    three = 12 * STEP
    beat = [(0, 36), (STEP, 38), (2 * STEP, 42)]
    bars = [(at + tick, pitch) for at in (0, BAR, BAR + three) for tick, pitch in beat]
    file = write_midi(tmp_path / "a.mid", bars, signatures=[(0, 4, 4), (BAR, 3, 4)])
    found, made = bars_of(file, meter="any")
    assert len(found) == 2 and made.meter == "3/4" and made.steps == 12
    assert left_out(made, "bars") == {"in 4/4, where most are in 3/4": 1}
    assert made.hits + sum(left_out(made, "hits").values()) == 9


def test_a_meter_whose_bars_are_no_whole_number_of_steps_is_counted(tmp_path):
    notes = [(0, 36), (STEP, 38), (BAR, 36), (BAR + STEP, 38)]
    file = write_midi(tmp_path / "a.mid", notes, signatures=[(0, 4, 4), (BAR, 7, 8)])
    _, made = bars_of(file, meter="any", steps_per_beat=3)
    assert left_out(made, "bars") == {"in 7/8, not a whole number of steps at 3 per beat": 1}


def test_several_bars_make_a_sequence(tmp_path):
    notes = [(bar * BAR + bar * STEP, 36) for bar in range(7)]
    bars, made = bars_of(write_midi(tmp_path / "a.mid", notes), bars=3)
    assert made.steps == 48 and made.bars == 3
    assert bars == [{(0, 0), (17, 0), (34, 0)}, {(3, 0), (20, 0), (37, 0)}]
    assert left_out(made, "bars") == {"left over, where a sequence has 3": 1}
    assert left_out(made, "hits") == {"in a bar that was left out": 1}


def test_a_sequence_does_not_reach_over_a_change_of_meter(tmp_path):
    notes = [(0, 36), (STEP, 38), (BAR, 36), (BAR + 12 * STEP, 36), (2 * BAR + 12 * STEP, 38)]
    meters = [(0, 4, 4), (BAR, 3, 4), (BAR + 12 * STEP, 4, 4)]
    bars, made = bars_of(write_midi(tmp_path / "a.mid", notes, signatures=meters), bars=2)
    assert bars == [{(0, KICK), (16, SNARE)}]
    assert left_out(made, "bars") == {
        "left over, where a sequence has 2": 1,
        "in 3/4, not in 4/4": 1,
    }


# Four hits of bar 0: on the grid, 0.1 and 0.3 of a step late, 0.4 early; bar 1 is exact.
HUMAN = [(0, 36), (4 * STEP + 12, 38), (8 * STEP + 36, 36), (12 * STEP - 48, 38)]
EXACT = [(BAR, 36), (BAR + 4 * STEP, 38)]


def test_nearest_moves_notes_up_to_the_largest_offset(tmp_path):
    file = write_midi(tmp_path / "a.mid", HUMAN + EXACT)
    bars, made = bars_of(file)
    assert bars[0] == {(0, 0), (4, 1), (8, 0), (12, 1)}
    bars, made = bars_of(file, max_offset=0.3)
    assert bars[0] == {(0, 0), (4, 1), (8, 0)}
    assert left_out(made, "hits") == {"off the grid": 1}
    bars, made = bars_of(file, max_offset=0.29)
    assert bars[0] == {(0, 0), (4, 1)}


def test_drop_leaves_out_the_notes_and_discard_the_bars(tmp_path):
    file = write_midi(tmp_path / "a.mid", HUMAN + [(2 * STEP, 42)] + EXACT)
    bars, made = bars_of(file, off_grid="drop")
    assert bars == [{(0, 0), (2, 8)}, {(0, 0), (4, 1)}]
    assert left_out(made, "hits") == {"off the grid": 3}
    bars, made = bars_of(file, off_grid="discard")
    assert bars == [{(0, 0), (4, 1)}]
    assert left_out(made, "bars") == {"with a note off the grid": 1}
    assert left_out(made, "hits") == {"in a bar that was left out": 5}
    assert len(bars_of(file, off_grid="discard", max_offset=0.4)[0]) == 2


def test_a_files_own_rounding_is_not_off_the_grid(tmp_path):
    # 100 ticks a beat: a third of a beat is 33.3 ticks, written as 33
    notes = [(0, 36), (33, 38), (67, 36)]
    file = write_midi(tmp_path / "a.mid", notes, ticks_per_beat=100)
    assert bars_of(file, steps_per_beat=3, off_grid="discard")[0] == [{(0, 0), (1, 1), (2, 0)}]


def test_velocities_and_offsets_are_kept(tmp_path):
    notes = [(0, 36, 11), (STEP + 30, 38, 22), (5 * STEP - 60, 42, 33), (5 * STEP - 30, 36, 44),
             (5 * STEP + 12, 36, 55), (5 * STEP + 24, 35, 54)]  # fmt: skip
    made = read([write_parts(tmp_path / "a.mid", ("kit", 0, 9, notes))])
    loud, late = made.spread(made.velocities)[0], made.spread(made.offsets)[0]
    assert (loud[0, 0], loud[1, 1], loud[5, 8]) == (11, 22, 33)
    assert (late[0, 0], late[1, 1], late[5, 8]) == pytest.approx((0, 0.25, -0.5), abs=0.003)
    # of three kicks in a cell the loudest
    assert loud[5, 0] == 55 and late[5, 0] == pytest.approx(0.1, abs=0.003)
    assert made.hits == 4


def test_equal_sequences_once(tmp_path):
    notes = [(bar * BAR + tick, 36) for bar in range(4) for tick in (0, STEP * (1 + bar % 2))]
    write_midi(tmp_path / "m" / "a.mid", notes)
    write_midi(tmp_path / "m" / "b.mid", notes[:2] + [(BAR, 36), (BAR + 8 * STEP, 36)])
    bars, made = bars_of(tmp_path / "m", unique=True)
    assert bars == [{(0, 0), (1, 0)}, {(0, 0), (2, 0)}, {(0, 0), (8, 0)}]
    assert made.sources == ("a.mid", "a.mid", "b.mid")
    assert left_out(made, "sequences") == {"the same as another": 3}
    assert made.hits + sum(left_out(made, "hits").values()) == 12


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "noise"}, "choose drums, notes or rhythm"),
        ({"steps_per_beat": 5}, "choose 3, 4, 6 or 12"),
        ({"bars": 5}, "choose 1, 2, 3 or 4"),
        ({"off_grid": "round"}, "choose nearest, drop or discard"),
        ({"meter": "waltz"}, "waltz is not a supported meter"),
        ({"meter": "0/4"}, "not a supported meter"),
        ({"meter": "4/5"}, "not a supported meter"),
        ({"meter": "7/8", "steps_per_beat": 3}, "ask for 4 or 12"),
        ({"minimum_notes": 0}, "minimum notes is 0: choose 1 to 9,999"),
        ({"max_offset": 0.6}, "max offset is 0.6: choose 0 to 0.5"),
        ({"bpm": 5}, "bpm is 5: choose 20 to 400"),
        ({"loop_bars": 0}, "loop bars is 0: choose more than 0, up to 256"),
        ({"include": ["channel:17"]}, "1 to 16"),
    ],
)
def test_rules_that_make_no_sense_are_refused(change, message):
    with pytest.raises(UserError, match=message):
        Rules(**change)
