"""Which parts of a file are drums: by channel, by name, by how they play; and what is hinted at."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from latentrack.corpus import read
from latentrack.corpus.drum_names import says_drums
from latentrack.corpus.drums import drum_parts, kit_shift, named_drums
from latentrack.corpus.midi import Part, Score, read_score
from latentrack.errors import UserError
from tests.host.corpus.odd_midi import META, Tune, file, sixteenths, track

BEAT = sixteenths(
    [(step, 42) for step in range(0, 32, 2)]
    + [(step, 36) for step in (0, 8, 16, 20, 24)]
    + [(step, 38) for step in (4, 12, 20, 28)]
)
# One note at a time, of kicks' and snares' pitches as well.
BASS = sixteenths([(step, (28, 31, 36, 38, 40, 43)[step % 6]) for step in range(0, 32, 2)])


@pytest.mark.parametrize(
    "name",
    (
        "Drums|DRUMKIT 2|808 kit|perc_loop|Mydrums|Bass Drum|Drum & Bass|BassDrum|Beats|"
        "Snare|HiHat|Schlagzeug|Perkussion|Große Trommel|Batterie|Grosse caisse|Batería|"
        "Percusión|Bateria|Percussão|Batteria|Slagwerk|Trummor|Slagtøj|Rummut|Perkusja|"
        "Bębny|Bicí|Dobok|Tobe|Davul|Trống|ударные|Ударная установка|Барабаны|Ударні|"
        "ντραμς|Τύμπανα|ドラム|ﾄﾞﾗﾑ|パーカッション|鼓|架子鼓|打击乐|드럼|תופים|طبول|ड्रम|"
        "กลอง|TR-808|tr808|808|909|LinnDrum|Linn|DMX|CR-78|SP1200|HR16|RX5"
    ).split("|"),
)
def test_a_name_of_drums(name: str) -> None:
    assert says_drums(name, piece=True)


@pytest.mark.parametrize(
    "name",
    (
        "Bass|808 bass|Sub 808|Slap Bass|Bajo|ベース|Contrabass|Steel Drums|Melodic Tom|"
        "Percussive Organ|Timpani|Offbeat piano|Piano|Melodie|Soprano|Violin 1|Kitty|"
        "Beatles|Perception|Kitchen|Linnea|Trombone|Charlotte|Ohio|Tomb|Chopin|Dobro|"
        "BWV 606|"
    ).split("|"),
)
def test_a_name_of_something_else(name: str) -> None:
    assert not says_drums(name, piece=True)


@pytest.mark.parametrize("title", ["Kickstart", "Tom Sawyer", "Crash", "Ride On", "707", "K 606"])
def test_a_song_may_be_called_like_a_piece_of_a_kit(title: str) -> None:
    assert not says_drums(title)


def part(tune: Tune, channel: int, name: str = "", program: int = 0) -> Part:
    ticks, pitches, velocities = np.array(sorted(tune.notes)).T
    return Part(name, program, channel, channel == 9, ticks, pitches, velocities)


def channels(*parts: Part, name: str = "") -> list[int]:
    """Of what is drums."""
    return [each.channel for each in drum_parts(Score(96, parts, ()), name)]


def test_channel_10_goes_before_names_and_names_before_how_it_plays() -> None:
    kit, bass = part(BEAT, 2), part(BASS, 1)
    assert channels(bass, kit, part(BASS, 9)) == [9]
    assert channels(replace(bass, name="Perc"), kit) == [1]
    assert channels(bass, kit) == [2]


def test_a_bass_is_no_drums_whatever_the_file_is_called() -> None:
    assert channels(part(BASS, 1), part(BASS, 2), name="drums") == []
    assert channels(part(BASS, 1, "Bass")) == []


def test_an_instrument_with_pitches_is_no_drums() -> None:
    assert channels(part(BEAT, 2, program=33), part(BASS, 1)) == []
    assert channels(part(BEAT, 2, "Percussion", program=12), part(BASS, 1)) == []


def test_the_title_of_a_file_of_one_track_names_none_of_its_parts() -> None:
    title = "Drum song"
    assert channels(part(BEAT, 2, title), part(BASS, 1, title)) == [2]
    # A machine sends each drum on a channel of its own.
    kick, snare = (sixteenths([(step, pitch) for step in (0, 8)]) for pitch in (36, 38))
    apart = [part(kick, 0, title), part(snare, 1, title), part(BASS, 2, title)]
    assert channels(*apart) == [0, 1]
    score = Score(96, (part(BEAT, 2, title), part(BASS, 1, title)), ())
    assert [each.channel for each in named_drums(score)] == [2]


def test_parts_with_and_without_a_filter_are_the_same(tmp_path) -> None:
    """Two parts of program 0, on channels of their own; names in two languages, or none."""
    for name in ("Schlagzeug", "TR-808", ""):
        told = META + bytes([3, len(name)]) + name.encode()
        kit, bass = Tune(BEAT.notes, channel=2), Tune(BASS.notes, channel=1)
        data = file(track(*bass.events()), track(told, *kit.events()))
        (tmp_path / "a.mid").write_bytes(data)
        for include in ((), ("channel:1-16",)):
            made = read([tmp_path / "a.mid"], include=include, cache=False)
            assert len(made.velocities) == 25


def test_real_drums_are_told_from_real_chorales_by_how_they_play(shared_data) -> None:
    """Both on channels that say nothing, the chorales also as low as a kit, and on one channel."""
    beats = sorted((shared_data / "groove").rglob("*_beat_4-4.mid"))[::10]
    scores = [read_score(path.read_bytes()) for path in beats]
    scores = [score for score in scores if score.notes > 100]
    assert len(scores) > 20
    kits = [[replace(each, name="", channel=2, drums=False) for each in s.parts] for s in scores]
    found = [channels(part(BASS, 1), *kit) for kit in kits]
    assert not any(1 in each for each in found)
    assert sum(bool(each) for each in found) >= 0.9 * len(found)
    for path in sorted((shared_data / "chorales").rglob("*.mid"))[::10]:
        score = read_score(path.read_bytes())
        for lower in (0, 12, 24, 36):
            for channel in (0, None):
                voices = [
                    replace(
                        each,
                        name="",
                        program=0,
                        channel=each.channel if channel is None else channel,
                        pitches=each.pitches - lower,
                    )
                    for each in score.parts
                ]
                assert not channels(*voices), (path, lower, channel)


def higher(by: int) -> Tune:
    return Tune([(tick, pitch + by, velocity) for tick, pitch, velocity in BEAT.notes])


@pytest.mark.parametrize("by", [24, 12, -12, 36])
def test_a_kit_that_is_too_high_is_found(by: int) -> None:
    assert kit_shift([part(higher(by), 9)], 96) == by


def test_a_kit_where_it_should_be_is_left_alone(shared_data) -> None:
    assert kit_shift([part(BEAT, 9)], 96) == 0
    for path in sorted((shared_data / "groove").rglob("*.mid"))[::20]:
        score = read_score(path.read_bytes())
        assert kit_shift(score.parts, score.ticks_per_beat) == 0, path


def test_a_kit_that_is_too_high_gets_a_hint_and_the_hint_helps(tmp_path) -> None:
    (tmp_path / "a.mid").write_bytes(file(track(*higher(24).events())))
    made = read([tmp_path / "a.mid"], cache=False)
    assert [(d.what, d.reason) for d in made.discarded] == [
        ("hints", "with a kit 24 semitones too high: say --transpose -24")
    ]
    mended = read([tmp_path / "a.mid"], transpose=-24, cache=False)
    assert not mended.discarded
    played = mended.sequences.any(axis=(0, 1))
    assert [n for n, on in zip(mended.voice_names, played, strict=True) if on] == [
        "kick", "snare", "closed hat"
    ]  # fmt: skip


def test_a_kit_too_high_on_another_channel_is_refused_with_the_hint(tmp_path) -> None:
    notes = Tune(higher(24).notes, channel=0)
    (tmp_path / "a.mid").write_bytes(file(track(*notes.events())))
    with pytest.raises(UserError, match=r"but a kit 24 semitones too high: say --transpose -24\)"):
        read([tmp_path / "a.mid"], cache=False)
    assert len(read([tmp_path / "a.mid"], transpose=-24, cache=False).velocities) == 25


def test_all_hits_on_one_pitch_get_a_hint(tmp_path) -> None:
    (tmp_path / "a.mid").write_bytes(
        file(track(*sixteenths([(s, 60) for s in range(0, 32, 2)]).events()))
    )
    made = read([tmp_path / "a.mid"], cache=False)
    assert made.discarded[0].what == "hints" and "on pitch 60" in made.discarded[0].reason
    assert not read([tmp_path / "a.mid"], kind="rhythm", cache=False).discarded
