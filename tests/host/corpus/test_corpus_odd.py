"""MIDI files that are odd in one way: every note of them is read, or a word is said about it.

The beat that they hold is two bars with 25 notes on channel 10. What is right of each is what a
player of MIDI files would sound.
"""

from __future__ import annotations

import mido
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from latentrack.corpus import read
from latentrack.corpus.midi import read_score
from latentrack.corpus.unreadable import Unreadable
from tests.host.corpus.account import account_gap
from tests.host.corpus.odd_midi import (
    META,
    TICKS,
    Tune,
    chunk,
    file,
    odd,
    refused,
    sixteenths,
    track,
)

# Two bars of 4/4.
BEAT = sixteenths(
    [(step, 42) for step in range(0, 32, 2)]
    + [(step, 36) for step in (0, 8, 16, 20, 24)]
    + [(step, 38) for step in (4, 12, 20, 28)]
)
PLAIN = BEAT.events()
ODD, REFUSED = odd(BEAT), refused(BEAT)


def notes_of(data: bytes) -> list[tuple[int, int]]:
    """(tick, pitch), sorted."""
    score = read_score(data)
    return sorted(
        (int(tick), int(pitch))
        for part in score.parts
        for tick, pitch in zip(part.ticks, part.pitches, strict=True)
    )


def test_there_are_many_ways() -> None:
    assert len(ODD) >= 60 and len(BEAT.wanted) == 25


@pytest.mark.parametrize("way", ODD)
def test_every_note_is_read(way: str, tmp_path) -> None:
    assert notes_of(ODD[way]) == BEAT.wanted
    (tmp_path / "a.mid").write_bytes(ODD[way])
    plain = read([tmp_path / "a.mid"], cache=False)
    filtered = read([tmp_path / "a.mid"], include=("channel:1-16",), cache=False)
    for made in (plain, filtered):
        assert len(made.sequences) == 2 and len(made.velocities) == 25
    passed_over = {d.what: d.count for d in plain.discarded}
    assert passed_over == ({"meters": 1} if way.startswith("a meter") else {})


@pytest.mark.parametrize(
    ("data", "why"),
    [
        *REFUSED.values(),
        (file(track(b"\0\x24\x40", *PLAIN)), "an event without a status"),
        (file(chunk(PLAIN[0][:3])), "cut short"),
    ],
)
def test_what_is_refused_is_refused_truly(data: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        read_score(data)


def test_what_is_cut_short_is_read_as_far_as_it_goes(tmp_path) -> None:
    (tmp_path / "a.mid").write_bytes(file(track(*PLAIN))[:-30])
    made = read([tmp_path / "a.mid"], cache=False)
    assert [(d.what, d.reason, d.count) for d in made.discarded] == [
        ("tracks", "cut short: what there is of them is read", 1)
    ]
    assert 15 < len(made.velocities) < 25


def test_the_tracks_of_format_2_come_one_after_the_other() -> None:
    late = sixteenths([(0, 36), (2, 36)])
    data = file(track(*PLAIN), track(*late.events()), form=2)
    # The first lasts to tick 732 of 768, so the second begins with the third bar.
    assert notes_of(data) == sorted([*BEAT.wanted, (768, 36), (816, 36)])


def test_a_bass_on_a_channel_of_its_own_is_no_drums(tmp_path) -> None:
    """Two parts of program 0; the drums are told by their name."""
    bass = sixteenths([(step, 36 + step % 5) for step in range(0, 32, 2)], channel=1).events()
    drums = Tune(BEAT.notes, channel=2).events()
    name = META + b"\x03\x05Drums"
    (tmp_path / "a.mid").write_bytes(file(track(*bass), track(name, *drums)))
    for include in ((), ("channel:1-16",)):
        made = read([tmp_path / "a.mid"], include=include, cache=False)
        assert len(made.velocities) == 25


def test_endings_that_musicians_know_are_music(tmp_path) -> None:
    for ending in ("mid", "kar", "rmi"):
        (tmp_path / f"{ending}.{ending}").write_bytes(ODD["RIFF"])
    assert len(read([tmp_path], cache=False).sequences) == 6


def test_files_of_others_hold_the_notes_that_mido_finds(shared_data) -> None:
    files = sorted((shared_data / "groove").rglob("*.mid"))[::15]
    files += sorted((shared_data / "chorales").rglob("*.mid"))[::25]
    assert len(files) > 50
    for path in files:
        midi = mido.MidiFile(path, clip=True)
        wanted = []
        for each in midi.tracks:
            ticks = np.cumsum([message.time for message in each])
            wanted += [
                (int(tick), message.channel, message.note, message.velocity)
                for tick, message in zip(ticks, each, strict=True)
                if message.type == "note_on" and message.velocity
            ]
        score = read_score(path.read_bytes())
        found = [
            (tick, part.channel, pitch, velocity)
            for part in score.parts
            for tick, pitch, velocity in zip(
                part.ticks.tolist(), part.pitches.tolist(), part.velocities.tolist(), strict=True
            )
        ]
        assert sorted(found) == sorted(wanted), path
        assert not score.passed_over, path


def test_the_account_of_every_file_adds_up(shared_data) -> None:
    """Notes in the bytes, as the test before counts them, are kept or left out for a reason."""
    for folder in ("groove", "chorales", "wild"):
        for path in sorted((shared_data / folder).rglob("*.mid")):
            try:
                notes = read_score(path.read_bytes()).notes
            except Unreadable:
                assert folder == "wild", path
                continue
            assert not account_gap(path, notes), path


@st.composite
def tunes(draw) -> Tune:
    """Notes at any distance, doubled, overlapping and of no length."""
    note = st.tuples(st.integers(0, 4 * 4 * TICKS), st.integers(2, 127), st.integers(1, 127))
    return Tune(
        draw(st.lists(note, min_size=3, max_size=24)),
        channel=draw(st.integers(0, 15)),
        length=draw(st.sampled_from((0, 1, 12, 300))),
        ticks=draw(st.sampled_from((24, TICKS, 480, 0x7FFF))),
    )


SLOW = settings(
    max_examples=300, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


@SLOW
@given(tracks=st.lists(tunes(), min_size=1, max_size=4), running=st.booleans())
def test_every_note_of_any_valid_file_is_read(tmp_path, tracks: list[Tune], running: bool) -> None:
    written = (track(*each.events(running)) for each in tracks)
    data = file(*written, beat=tracks[0].ticks)
    assert notes_of(data) == sorted(note for each in tracks for note in each.wanted)
    (tmp_path / "a.mid").write_bytes(data)
    assert not account_gap(tmp_path / "a.mid", sum(len(each.wanted) for each in tracks))


@SLOW
@given(tune=tunes(), way=st.sampled_from(sorted(ODD)))
def test_every_note_of_any_odd_file_is_read(tmp_path, tune: Tune, way: str) -> None:
    data = odd(tune)[way]
    assert notes_of(data) == tune.wanted
    (tmp_path / "a.mid").write_bytes(data)
    assert not account_gap(tmp_path / "a.mid", len(tune.wanted))
