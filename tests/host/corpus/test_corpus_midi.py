"""Each rule by which MIDI becomes bars, on a file written for it."""

import random
from fractions import Fraction
from typing import NamedTuple

import mido
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latentrack.corpus import read
from latentrack.corpus.bars import Events, Grid, quantise_bars
from latentrack.corpus.midi import TimeSignature
from latentrack.errors import UserError
from tests.host.corpus.midi_files import STEP, write_midi

BAR = 16 * STEP
KICK, SNARE, CLOSED, OPEN = 0, 1, 8, 9


def bars_of(path, **options):
    """Per bar the set of (step, voice) that are hit."""
    made = read([path], **options)
    return [{(int(s), int(v)) for s, v in np.argwhere(bar)} for bar in made.sequences], made


class Note(NamedTuple):
    tick: int
    pitch: int
    velocity: int


def hits_of(bars, sequence):
    """(step, voice) -> velocity."""
    rows = bars.hits[bars.hits["sequence"] == sequence]
    hits = {(int(r["step"]), int(r["voice"])): int(r["velocity"]) for r in rows}
    assert len(hits) == len(rows)
    return hits


def left_out(made, what):
    return {entry.reason: entry.count for entry in made.discarded if entry.what == what}


def test_hits_land_on_their_steps(tmp_path):
    file = write_midi(tmp_path / "a.mid", [(0, 36), (4 * STEP, 38), (6 * STEP, 42), (BAR, 36),
                                           (BAR + 15 * STEP, 46)])  # fmt: skip
    bars, made = bars_of(file)
    assert bars == [{(0, KICK), (4, SNARE), (6, CLOSED)}, {(0, KICK), (15, OPEN)}]
    assert made.discarded == ()
    assert made.sources == ("a.mid", "a.mid")
    assert (made.kind, made.files, made.steps_per_beat) == ("drums", 1, 4)
    assert made.groups == (1, 1, 6, 2, 2)


def test_a_hit_goes_to_the_nearest_sixteenth_and_from_halfway_to_the_later(tmp_path):
    notes = [
        (STEP // 2 - 1, 36),
        (2 * STEP + STEP // 2, 38),
        (5 * STEP - 59, 42),
        (8 * STEP + 59, 46),
    ]
    bars, _ = bars_of(write_midi(tmp_path / "a.mid", notes))
    assert bars == [{(0, KICK), (3, SNARE), (5, CLOSED), (8, OPEN)}]


def test_halves_go_to_the_later_step_at_every_resolution(tmp_path):
    # 6 ticks a beat: a 16th is a tick and a half, so ticks 3 and 9 lie on steps 2 and 6, and
    # 0.75 of a tick before a step cannot be written; 2 ticks a beat: each odd tick is a half.
    file = write_midi(tmp_path / "a.mid", [(0, 36), (3, 38), (9, 38)], ticks_per_beat=6)
    assert bars_of(file)[0] == [{(0, KICK), (2, SNARE), (6, SNARE)}]
    file = write_midi(tmp_path / "b.mid", [(0, 36), (1, 38)], ticks_per_beat=8)
    assert bars_of(file)[0] == [{(0, KICK), (1, SNARE)}]


def test_a_hit_rounded_over_the_bars_end_opens_the_next_bar(tmp_path):
    notes = [(0, 36), (8 * STEP, 38), (BAR - 20, 36), (BAR + 4 * STEP, 38)]
    bars, made = bars_of(write_midi(tmp_path / "a.mid", notes))
    assert bars == [{(0, KICK), (8, SNARE)}, {(0, KICK), (4, SNARE)}]
    assert made.discarded == ()


def test_two_hits_of_a_voice_on_a_step_are_one_and_counted(tmp_path):
    notes = [(0, 36), (10, 35), (4 * STEP, 38), (4 * STEP + 20, 40), (4 * STEP - 20, 38)]
    bars, made = bars_of(write_midi(tmp_path / "a.mid", notes))
    assert bars == [{(0, KICK), (4, SNARE)}]
    assert left_out(made, "hits") == {"on a step where the same voice plays already": 3}


def test_bars_with_fewer_than_two_hits_are_dropped_and_counted(tmp_path):
    notes = [(0, 36), (2 * BAR, 36), (2 * BAR + STEP, 38), (3 * BAR, 49)]
    bars, made = bars_of(write_midi(tmp_path / "a.mid", notes))
    assert bars == [{(0, KICK), (1, SNARE)}]
    assert left_out(made, "bars") == {"with fewer than 2 hits": 3}
    assert left_out(made, "hits") == {"in a bar that was left out": 2}
    bars, _ = bars_of(tmp_path / "a.mid", minimum_notes=1)
    assert len(bars) == 3


def test_only_four_four_is_kept_and_meters_change_where_they_say(tmp_path):
    three = 12 * STEP
    notes = [
        (0, 36), (4 * STEP, 38),  # 4/4
        (BAR, 36), (BAR + three, 36), (BAR + three + STEP, 38),  # two bars of 3/4
        (BAR + 2 * three, 36), (BAR + 2 * three + 12 * STEP, 46),  # 4/4 again
    ]  # fmt: skip
    meters = [(0, 4, 4), (BAR, 3, 4), (BAR + 2 * three, 4, 4)]
    bars, made = bars_of(write_midi(tmp_path / "a.mid", notes, signatures=meters))
    assert bars == [{(0, KICK), (4, SNARE)}, {(0, KICK), (12, OPEN)}]
    assert left_out(made, "bars") == {"in 3/4, not in 4/4": 2}
    assert left_out(made, "hits") == {"in a bar that was left out": 3}


def test_a_hit_rounded_into_the_next_meter_belongs_to_it(tmp_path):
    three = 12 * STEP
    notes = [(0, 36), (three - 10, 36), (three + STEP, 38)]
    meters = [(0, 3, 4), (three, 4, 4)]
    bars, made = bars_of(write_midi(tmp_path / "a.mid", notes, signatures=meters))
    assert bars == [{(0, KICK), (1, SNARE)}]
    assert left_out(made, "bars") == {"in 3/4, not in 4/4": 1}


def test_a_bar_that_a_change_of_meter_cuts_short_is_left_out(tmp_path):
    notes = [(0, 36), (4 * STEP, 38), (8 * STEP, 36), (9 * STEP, 38)]
    meters = [(0, 4, 4), (8 * STEP, 6, 8), (8 * STEP + 12 * STEP, 4, 4)]
    late = [(20 * STEP, 36), (21 * STEP, 46)]
    bars, made = bars_of(write_midi(tmp_path / "a.mid", notes + late, signatures=meters))
    assert bars == [{(0, KICK), (1, OPEN)}]
    assert left_out(made, "bars") == {
        "cut short by a change of meter": 1,
        "in 6/8, not in 4/4": 1,
    }


def test_a_meter_said_again_changes_nothing(tmp_path):
    notes = [(0, 36), (4 * STEP, 38), (BAR, 36), (BAR + STEP, 38)]
    file = write_midi(
        tmp_path / "a.mid", notes, signatures=[(0, 4, 4), (0, 4, 4), (5 * STEP, 4, 4)]
    )
    assert len(bars_of(file)[0]) == 2


def test_of_two_meters_at_one_place_the_last_counts(tmp_path):
    notes = [(0, 36), (6 * STEP, 38)]
    meters = [(0, 3, 4), (0, 4, 4), (5 * STEP, 3, 4), (5 * STEP, 4, 4)]
    bars, made = bars_of(write_midi(tmp_path / "a.mid", notes, signatures=meters))
    assert bars == [{(0, KICK), (6, SNARE)}]
    assert made.discarded == ()


def test_pitches_that_the_map_does_not_hold_are_counted_by_name(tmp_path):
    notes = [(0, 36), (STEP, 38), (0, 33), (STEP, 33), (0, 100)]
    bars, made = bars_of(write_midi(tmp_path / "a.mid", notes))
    assert bars == [{(0, KICK), (1, SNARE)}]
    assert left_out(made, "hits") == {
        "on pitch 33 (metronome click), which the map does not hold": 2,
        "on pitch 100 (no percussion instrument), which the map does not hold": 1,
    }


def test_other_channels_are_not_drums(tmp_path):
    file = write_midi(tmp_path / "a.mid", [(0, 36), (STEP, 38)])
    midi = mido.MidiFile(file)
    melody = mido.MidiTrack([mido.Message("note_on", note=60, velocity=80, channel=0, time=0)])
    midi.tracks.append(melody)
    midi.save(file)
    bars, made = bars_of(file)
    assert bars == [{(0, KICK), (1, SNARE)}]
    assert left_out(made, "notes") == {"of other parts than the drums": 1}


KIT = [(0, 36), (0, 42), (2 * STEP, 42), (4 * STEP, 38), (4 * STEP, 42), (6 * STEP, 46)]


def test_a_kit_on_channel_1_is_known_by_what_it_plays(tmp_path):
    bars, _ = bars_of(write_midi(tmp_path / "clip.mid", KIT, channel=0))
    assert bars == [{(0, KICK), (0, CLOSED), (2, CLOSED), (4, SNARE), (4, CLOSED), (6, OPEN)}]


@pytest.mark.parametrize(("file", "track"), [("my_drums.mid", ""), ("a.mid", "Percussion 2")])
def test_a_drum_part_on_channel_1_is_known_by_its_name(tmp_path, file, track):
    toms = [(0, 50), (STEP, 47), (2 * STEP, 45)]
    assert len(bars_of(write_midi(tmp_path / file, toms, channel=0, name=track))[0]) == 1


def test_a_bass_line_is_no_kit(tmp_path):
    line = [(i * STEP, pitch) for i, pitch in enumerate([36, 36, 38, 40, 42, 36, 38, 40])]
    with pytest.raises(UserError, match="bass.mid cannot be used .no drum part"):
        read([write_midi(tmp_path / "bass.mid", line, channel=0)])


def test_chords_are_no_kit(tmp_path):
    chords = [(i * STEP, pitch) for i in range(8) for pitch in (36, 48, 52, 55)]
    with pytest.raises(UserError, match="no drum part"):
        read([write_midi(tmp_path / "chords.mid", chords, channel=0)])


def test_the_chorales_are_no_drums(shared_data):
    with pytest.raises(UserError, match="None of the 305 MIDI files .*no drum part"):
        read([shared_data / "chorales"])


def test_a_drum_track_among_others_is_known_by_its_name(tmp_path):
    file = write_midi(tmp_path / "song.mid", KIT, channel=0, name="Drumkit")
    midi = mido.MidiFile(file)
    bass = mido.MidiTrack([mido.MetaMessage("track_name", name="Bass", time=0)])
    bass.append(mido.Message("note_on", note=36, velocity=80, channel=1, time=15 * STEP))
    midi.tracks.append(bass)
    midi.save(file)
    assert (15, KICK) not in bars_of(file)[0][0]


def test_a_note_hours_later_costs_nothing(tmp_path):
    late = 200_000 * BAR
    notes = [(0, 36), (STEP, 38), (late, 36), (late + STEP, 38)]
    bars, made = bars_of(write_midi(tmp_path / "a.mid", notes))
    assert len(bars) == 2
    assert left_out(made, "bars") == {"with fewer than 2 hits": 199_999}


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    ticks_per_beat=st.sampled_from([1, 7, 24, 96, 120, 480, 960]),
    meters=st.lists(
        st.tuples(st.integers(1, 30), st.sampled_from([(4, 4), (3, 4), (7, 8), (5, 16), (1, 4)])),
        max_size=4,
    ),
    per_beat=st.sampled_from([3, 4, 6, 12]),
    wanted=st.sampled_from([(4, 4), (3, 4), (7, 8)]),
    per_sequence=st.integers(1, 4),
)
def test_laying_bars_agrees_with_a_plain_twin(
    seed, ticks_per_beat, meters, per_beat, wanted, per_sequence
):
    """The twin walks over all bars in exact fractions of a beat, one after the other."""
    chance = random.Random(seed)
    signatures, at = [TimeSignature(0, 4, 4)], 0
    for sixteenths, meter in meters:
        at += max(1, sixteenths * ticks_per_beat // 2)
        signatures.append(TimeSignature(at, *meter))
    length = at + 8 * ticks_per_beat
    pitches = [36, 38, 42, 46, 51, 33]
    notes = [
        Note(chance.randrange(length), chance.choice(pitches), chance.randrange(1, 128))
        for _ in range(chance.randrange(1, 60))
    ]

    # The twin: all bars (start, end, meter), meters that change nothing taken out first.
    changes = []
    for signature in signatures:
        if not changes or changes[-1][1:] != signature[1:]:
            changes.append(signature)
    bars = []
    for index, (start, numerator, denominator) in enumerate(changes):
        end = changes[index + 1].tick if index + 1 < len(changes) else length + 99 * ticks_per_beat
        size = Fraction(4 * ticks_per_beat * numerator, denominator)
        begin = Fraction(start)
        while begin < end:
            cut = index + 1 < len(changes) and begin + size > end
            bars.append(
                (begin, min(begin + size, Fraction(end)), (numerator, denominator), cut, start)
            )
            begin += size
    a_step = Fraction(ticks_per_beat, per_beat)
    voice = {36: 0, 38: 1, 42: 8, 46: 9, 51: 10}
    content = {i: {} for i in range(len(bars))}
    unmapped = 0
    for note in notes:
        if note.pitch not in voice:
            unmapped += 1
            continue
        # which bar is played in, then which step of that stretch is nearest
        home = max(i for i, bar in enumerate(bars) if bar[0] <= note.tick)
        origin = bars[home][4]
        step = int((note.tick - origin) / a_step + Fraction(1, 2))
        place = origin + step * a_step
        following = [c.tick for c in changes if c.tick > note.tick]
        if following and place >= following[0]:
            place = Fraction(following[0])
        home = max(i for i, bar in enumerate(bars) if bar[0] <= place)
        content[home].setdefault((place, voice[note.pitch]), []).append((note, place))
    begun = 1 + max((i for i in content if content[i]), default=-1)
    # whole bars of the meter that is wanted, of one stretch, so many at a time
    possible = not (4 * per_beat * wanted[0]) % wanted[1]
    want, kept_bars, kept_notes = [], 0, 0
    for start in sorted({bar[4] for bar in bars}):
        good = [
            i
            for i in range(begun)
            if bars[i][4] == start and bars[i][2] == wanted and not bars[i][3] and possible
        ]
        for first in range(0, len(good) - per_sequence + 1, per_sequence):
            some = good[first : first + per_sequence]
            cells = {}
            for i in some:
                for (place, a_voice), played in content[i].items():
                    loudest = max(played, key=lambda one: one[0].velocity)[0].velocity
                    cells[int((place - bars[some[0]][0]) / a_step), a_voice] = loudest
            if len(cells) >= 2:
                want.append(cells)
                kept_bars += per_sequence
                kept_notes += sum(len(p) for i in some for p in content[i].values())

    kept_pitches = [note for note in notes if note.pitch in voice]
    columns = np.array([(n.tick, voice[n.pitch], n.velocity) for n in kept_pitches], int)
    grid = Grid(f"{wanted[0]}/{wanted[1]}", per_beat, per_sequence)
    got = quantise_bars(Events(*columns.reshape(-1, 3).T), signatures, ticks_per_beat, grid)
    assert [hits_of(got, i) for i in range(len(got))] == want
    lost = got.discarded["hits", "in a bar that was left out"]
    assert lost == len(notes) - unmapped - kept_notes
    not_kept = sum(n for (what, _), n in got.discarded.items() if what == "bars")
    assert not_kept + kept_bars == begun
    hits = sum(n for (what, _), n in got.discarded.items() if what == "hits")
    assert len(got.hits) + hits + unmapped == len(notes)
