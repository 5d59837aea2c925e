"""Every percussion pitch goes where a drummer expects it, in each map and in maps of one's own."""

import numpy as np
import pytest

from latentrack.corpus import ACCENTED, EXTENDED, SIMPLE, PercussionMap, percussion_map, read
from latentrack.corpus.percussion import INSTRUMENTS, PITCHES, MapVoice
from latentrack.errors import UserError
from tests.host.corpus.midi_files import STEP, write_midi, write_parts


def test_every_general_midi_percussion_pitch_has_a_voice():
    assert [pitch for pitch in range(35, 82) if pitch not in EXTENDED.voice_of] == []


def test_every_pitch_of_a_roland_kit_has_a_voice():
    # The notes that a TD-11 sends: kick; snare head, rim, cross stick; toms with rims; hats
    # bow and edge, open and closed, pedal; crashes bow and edge; ride bow, edge, bell.
    kit = [36, 38, 40, 37, 48, 50, 45, 47, 43, 58, 46, 26, 42, 22, 44, 49, 55, 57, 52, 51, 59, 53]
    assert [pitch for pitch in kit if pitch not in EXTENDED.voice_of] == []


def test_groups_are_those_of_the_reference_project():
    assert EXTENDED.group_sizes == (1, 1, 6, 2, 2)
    assert len(EXTENDED.voice_names) == len(set(EXTENDED.voice_names)) == 12


@pytest.mark.parametrize(
    ("pitch", "voice"),
    [
        (35, "kick"),
        (36, "kick"),
        (38, "snare"),
        (37, "snare"),
        (39, "snare"),
        (41, "low floor tom"),
        (43, "floor tom"),
        (58, "floor tom"),
        (64, "floor tom"),
        (45, "low tom"),
        (47, "low mid tom"),
        (48, "high mid tom"),
        (50, "high tom"),
        (60, "high tom"),
        (42, "closed hat"),
        (44, "closed hat"),
        (22, "closed hat"),
        (70, "closed hat"),
        (46, "open hat"),
        (26, "open hat"),
        (81, "open hat"),
        (51, "ride"),
        (53, "ride"),
        (59, "ride"),
        (56, "ride"),
        (49, "crash"),
        (52, "crash"),
        (55, "crash"),
        (57, "crash"),
    ],
)
def test_where_a_pitch_goes(pitch, voice):
    assert EXTENDED.voice_names[EXTENDED.voice_of[pitch]] == voice


def test_drums_of_a_family_keep_their_order_from_low_to_high():
    # pitches of one family, low to high: toms, timbales, bongos, congas, surdos
    for family in ([41, 43, 45, 47, 48, 50], [66, 65], [61, 60], [64, 63], [87, 86], [77, 76]):
        voices = [EXTENDED.voice_of[pitch] for pitch in family]
        assert voices == sorted(set(voices)), family


def test_clicks_are_no_instruments():
    assert not {32, 33, 34} & set(EXTENDED.voice_of)
    assert 21 not in EXTENDED.voice_of and 88 not in EXTENDED.voice_of


def test_a_pitch_in_two_voices_is_refused():
    with pytest.raises(ValueError, match="pitch 36"):
        PercussionMap("bad", ((MapVoice("a", (35, 36)), MapVoice("b", (36,))),))


def test_every_pitch_of_the_map_has_a_name_of_its_own():
    assert set(EXTENDED.voice_of) <= set(INSTRUMENTS)
    assert len(PITCHES) == len(INSTRUMENTS)


@pytest.mark.parametrize(("percussion", "sizes"), [(SIMPLE, (1, 1, 1, 2, 1)),
                                                   (ACCENTED, (2, 2, 2, 1, 1))])  # fmt: skip
def test_the_other_maps_hold_what_the_extended_one_holds(percussion, sizes):
    assert percussion.group_sizes == sizes
    assert set(percussion.voice_of) == set(EXTENDED.voice_of)
    assert percussion_map(percussion.name) is percussion


@pytest.mark.parametrize(
    ("pitch", "voice"),
    [(36, "kick"), (38, "snare"), (41, "tom"), (50, "tom"), (42, "closed hat"), (46, "open hat"),
     (51, "cymbal"), (49, "cymbal")],
)  # fmt: skip
def test_where_a_pitch_goes_in_the_simple_map(pitch, voice):
    assert SIMPLE.voice_names[SIMPLE.voice_of[pitch]] == voice


def test_accents_are_hits_from_a_velocity_on(tmp_path):
    notes = [(0, 36, 95), (STEP, 36, 96), (2 * STEP, 46, 127), (3 * STEP, 42, 1), (4 * STEP, 50, 9),
             (5 * STEP, 50, 127)]  # fmt: skip
    file = write_parts(tmp_path / "a.mid", ("kit", 0, 9, notes))
    made = read([file], percussion=ACCENTED)
    names = made.voice_names
    assert [(int(s), names[v]) for s, v in np.argwhere(made.sequences[0])] == [
        (0, "kick"), (1, "kick accent"), (2, "hat accent"), (3, "hat"), (4, "tom"), (5, "tom"),
    ]  # fmt: skip


def test_an_accent_and_a_soft_voice_may_share_a_pitch_but_no_two_alike():
    soft, loud = MapVoice("a", (36,), accent=False), MapVoice("b", (36,), accent=True)
    assert PercussionMap("good", ((soft, loud),)).voice_of == {36: 0}
    for other in (MapVoice("c", (36,)), MapVoice("c", (36,), accent=True)):
        with pytest.raises(ValueError, match="pitch 36"):
            PercussionMap("bad", ((soft, loud), (other,)))


OWN = """
name = "my kit"
accent_from = 100

[[group]]
kick = [35, "kick"]

[[group]]
"closed hat" = [42, "pedal hat"]
"open hat" = [46]

[[group]]
snare = { pitches = [38], accent = false }
"snare accent" = { pitches = [38], accent = true }
"""


def test_a_map_of_ones_own(tmp_path):
    (tmp_path / "my.toml").write_text(OWN)
    own = percussion_map(tmp_path / "my.toml")
    assert own.name == "my kit"
    assert own.voice_names == ("kick", "closed hat", "open hat", "snare", "snare accent")
    assert own.group_sizes == (1, 2, 2)
    assert own.voice_of == {35: 0, 36: 0, 42: 1, 44: 1, 46: 2, 38: 3}
    at_100 = own.place(np.array([38, 38, 36, 51]), np.array([99, 100, 127, 90]))
    assert at_100.tolist() == [3, 4, 0, -1]


def test_pitches_that_no_group_took_are_told(tmp_path):
    (tmp_path / "my.toml").write_text(OWN)
    notes = [(0, 36), (STEP, 38), (0, 51), (STEP, 51), (2 * STEP, 49)]
    file = write_midi(tmp_path / "a.mid", notes)
    made = read([file], percussion=percussion_map(tmp_path / "my.toml"))
    assert {d.reason: d.count for d in made.discarded} == {
        "on pitch 51 (ride), which the map does not hold": 2,
        "on pitch 49 (crash), which the map does not hold": 1,
    }
    assert made.recipe["map"] == "my kit"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[group]", "not right TOML"),
        ("", "no groups"),
        ("group = 3", "no groups"),
        ("[[groups]]\nkick = [36]", '"groups" means nothing'),
        ("[[group]]", "group 1 has no voices"),
        ("[[group]]\nkick = []", 'voice "kick" has no pitches'),
        ("[[group]]\nkick = 36", 'voice "kick" has no pitches'),
        ("[[group]]\nkick = { pitch = [36] }", "takes pitches"),
        ("[[group]]\nkick = { pitches = [36], accent = 1 }", "takes pitches"),
        ("[[group]]\nkick = [128]", "the pitch 128"),
        ("[[group]]\nkick = [true]", "the pitch True"),
        ("[[group]]\nkick = ['kik']", "the pitch 'kik'"),
        ("[[group]]\nkick = [36]\n[[group]]\nkick = [35]", 'two voices are called "kick"'),
        ("[[group]]\na = [36]\nb = [36]", "two voices claim pitch 36"),
        ("accent_from = 0\n[[group]]\na = [36]", "accent_from"),
    ],
)
def test_mistakes_in_a_map_are_refused(tmp_path, text, message):
    (tmp_path / "my.toml").write_text(text)
    with pytest.raises(UserError, match=f"my.toml is not right.*{message}|{message}"):
        percussion_map(tmp_path / "my.toml")


def test_a_map_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UserError, match="simple, extended, accented, or a TOML file"):
        percussion_map("big")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match="not a text file"):
        percussion_map(tmp_path / "bytes.toml")
