"""The extended map takes every percussion pitch, to where a drummer expects it."""

import pytest
from latentrack.corpus import EXTENDED, PercussionMap
from latentrack.corpus.percussion import INSTRUMENTS, PITCHES, Voice


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
        PercussionMap("bad", ((Voice("a", (35, 36)), Voice("b", (36,))),))


def test_every_pitch_of_the_map_has_a_name_of_its_own():
    assert set(EXTENDED.voice_of) <= set(INSTRUMENTS)
    assert len(PITCHES) == len(INSTRUMENTS)
