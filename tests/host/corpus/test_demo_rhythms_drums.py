"""Rhythms of drum machines and drummers have what their styles are known for."""

import pytest

from tests.host.corpus.rhythms import (
    BACKBEATS,
    BAR,
    BEATS,
    OFF_EIGHTHS,
    SON,
    STEPS,
    gaps,
    rhythms,
    share,
    struck,
)


@pytest.fixture(scope="module")
def styles():
    return rhythms()


def test_techno_strikes_every_beat(styles):
    hits = struck(styles, "techno")
    assert share(BEATS, hits) >= 0.95
    for name, pattern in styles["techno"].items():
        accents = {hit.step for hit in pattern.hits if hit.velocity == 120}
        assert len(accents & set(BEATS)) >= 7, name


def test_house_is_between_the_beats(styles):
    hits = struck(styles, "house")
    assert share(OFF_EIGHTHS, hits) >= 0.95
    assert share(BEATS, hits) <= 0.5
    for name, pattern in styles["house"].items():
        loud = {hit.step: hit.velocity for hit in pattern.hits}
        assert max(loud.get(step, 0) for step in OFF_EIGHTHS) >= 90, name


def test_footwork_counts_threes(styles):
    hits = struck(styles, "footwork")
    for name, heard in hits.items():
        first = {step for step in heard if step < BAR}
        second = {step - BAR for step in heard if step >= BAR}
        assert first != second, name
        # three strokes or more, each three steps after the one before
        runs = max(
            sum(1 for k in range(STEPS) if all(at + 3 * j in heard for j in range(k + 1)))
            for at in heard
        )
        assert runs >= 3, name
    # they begin with the bar
    assert share((0, 3, 6), hits) >= 0.75
    three = sum(gaps(heard).count(3) for heard in hits.values())
    four = sum(gaps(heard).count(4) for heard in hits.values())
    assert three > 2 * four


def test_dembow_has_its_snare_in_each_half(styles):
    snare = [at + step for at in range(0, STEPS, 8) for step in (3, 6)]
    hits = struck(styles, "dembow")
    assert share(snare, hits) >= 0.9
    for name, heard in hits.items():
        assert len(set(snare) & heard) >= 6, name
    kicks = [heard for heard in hits.values() if set(BEATS) <= heard]
    assert len(kicks) >= 0.4 * len(hits)


@pytest.mark.parametrize(
    ("style", "at_least"),
    [
        ("breakbeat", 0.9),
        ("drum and bass", 0.85),
        ("boom bap", 0.9),
        ("electro", 0.95),
        ("uk garage", 0.9),
    ],
)
def test_backbeat(styles, style, at_least):
    hits = struck(styles, style)
    assert share(BACKBEATS, hits) >= at_least
    accents = 0
    for pattern in styles[style].values():
        accents += sum(hit.velocity == 120 for hit in pattern.hits if hit.step in BACKBEATS)
    assert accents >= 0.75 * len(BACKBEATS) * len(styles[style])


@pytest.mark.parametrize("style", ["breakbeat", "drum and bass", "boom bap", "electro"])
def test_a_kick_that_avoids_three(styles, style):
    """The eighth after three rather than three itself."""
    hits = struck(styles, style)
    assert share((0, 16), hits) >= 0.85
    assert share((10, 26), hits) >= 0.7
    assert share((8, 24), hits) <= 0.4


def test_drum_and_bass_is_the_two_step(styles):
    hits = struck(styles, "drum and bass").values()
    assert sum({0, 4, 10, 12} <= heard for heard in hits) >= 0.75 * len(hits)


def test_electro_has_kicks_either_side_of_three(styles):
    hits = struck(styles, "electro")
    either_side = [bool(heard & {6, 7}) and bool(heard & {9, 10}) for heard in hits.values()]
    assert sum(either_side) >= 0.75 * len(hits)


def test_uk_garage_leaves_three_empty_but_for_four_to_the_floor(styles):
    hits = {n: h for n, h in struck(styles, "uk garage").items() if n != "speed garage"}
    assert share((8, 24), hits) == 0
    assert set(BEATS) <= struck(styles, "uk garage")["speed garage"]


def test_one_drop_leaves_one_empty_and_drops_on_three(styles):
    for name, pattern in styles["one drop"].items():
        loud = {hit.step: hit.velocity for hit in pattern.hits}
        assert loud[8] == loud[24] == 120, name
        if name != "rockers":
            assert 0 not in loud and 16 not in loud, name


def test_jersey_club_has_five_kicks(styles):
    hits = struck(styles, "jersey club")
    bars = [
        {step - at for step in heard if at <= step < at + BAR}
        for heard in hits.values()
        for at in (0, BAR)
    ]
    assert sum({0, 4, 8, 11, 14} <= bar for bar in bars) >= 0.75 * len(bars)


def test_second_line_walks_on_a_clave(styles):
    """The bass drum's clave, three strokes and a big fourth beat."""
    hits = struck(styles, "second line")
    on_clave = [{0, 3, 6, 12} <= heard for heard in hits.values()]
    assert sum(on_clave) >= 0.75 * len(on_clave)
    for name in ("hand jive", "bass drum and clave"):
        loud = {hit.step: hit.velocity for hit in styles["second line"][name].hits}
        assert {step for step in SON if loud[step] >= 90} == set(SON), name
    four = styles["second line"]["big four"].hits
    assert [hit.velocity == 120 for hit in four if hit.step in (12, 28)] == [True, True]


def test_baiao_has_the_low_skin_on_the_last_sixteenth(styles):
    hits = struck(styles, "baiao")
    low = [at + step for at in range(0, STEPS, 8) for step in (0, 3)]
    assert share(low, {n: h for n, h in hits.items() if n != "xaxado"}) >= 0.95
    loud = {hit.step: hit.velocity for hit in styles["baiao"]["triangle"].hits}
    # the triangle is opened between the beats
    assert {step for step in loud if loud[step] == 120} == set(OFF_EIGHTHS)
