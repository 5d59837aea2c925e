"""Claves, bells and dances are what they are known for, by step numbers from musical knowledge."""

import re

import pytest

from tests.host.corpus.rhythms import (
    BACKBEATS,
    BAR,
    BEATS,
    BOSSA,
    OFF_EIGHTHS,
    RUMBA,
    SON,
    STEPS,
    binary,
    bjorklund,
    gaps,
    rhythms,
    share,
    steps,
    stretched,
    struck,
    turned,
    twice,
)

SHIKO = (0, 4, 6, 10, 12)
SOUKOUS = (0, 3, 6, 10, 11)
GAHU = (0, 3, 6, 10, 14)
TELECO_TECO = (0, 2, 4, 5, 7, 9, 11, 13, 14)
BEMBE = (0, 2, 4, 5, 7, 9, 11)  # of twelve pulses, four beats of three
YORUBA = (0, 2, 4, 5, 7, 9, 10)


@pytest.fixture(scope="module")
def styles():
    return rhythms()


@pytest.mark.parametrize(
    ("style", "name", "expected"),
    [
        ("son clave", "3-2 over two bars", stretched(SON)),
        ("son clave", "2-3 over two bars", (4, 8, 16, 22, 28)),
        ("son clave", "3-2 in one bar", twice(SON)),
        ("son clave", "2-3 in one bar", twice((2, 4, 8, 11, 14))),
        ("rumba clave", "3-2 over two bars", (0, 6, 14, 20, 24)),
        ("rumba clave", "2-3 over two bars", (4, 8, 16, 22, 30)),
        ("rumba clave", "3-2 in one bar", twice(RUMBA)),
        ("rumba clave", "2-3 in one bar", twice((2, 4, 8, 11, 15))),
        ("bossa nova", "rim 3-2 over two bars", (0, 6, 12, 20, 26)),
        ("bossa nova", "rim 2-3 over two bars", (4, 10, 16, 22, 28)),
        ("bossa nova", "rim 3-2 in one bar", twice(BOSSA)),
        ("bossa nova", "rim 2-3 in one bar", twice((2, 5, 8, 11, 14))),
        ("tresillo", "3+3+2 in half a bar", (0, 3, 6, 8, 11, 14, 16, 19, 22, 24, 27, 30)),
        ("tresillo", "3+3+2 over each bar", (0, 6, 12, 16, 22, 28)),
        ("tresillo", "3+3+3+3+2+2", twice((0, 3, 6, 9, 12, 14))),
        ("habanera", "habanera over each bar", twice((0, 6, 8, 12))),
        ("habanera", "baqueteo 3-2", (0, 4, 6, 10, 12, 16, 20, 24, 28)),
        ("habanera", "baqueteo 2-3", (0, 4, 8, 12, 16, 20, 22, 26, 28)),
        ("bell in four", "bembe", twice((0, 3, 6, 7, 10, 12, 15))),
        ("bell in four", "yoruba bell", twice((0, 3, 6, 7, 10, 12, 14))),
        ("timeline", "gahu", twice(GAHU)),
        ("timeline", "gahu over two bars", stretched(GAHU)),
        ("timeline", "shiko", twice(SHIKO)),
        ("timeline", "shiko over two bars", stretched(SHIKO)),
        ("timeline", "soukous", twice(SOUKOUS)),
        ("timeline", "soukous over two bars", stretched(SOUKOUS)),
        ("samba", "teleco-teco", twice(TELECO_TECO)),
        ("techno", "quarters", tuple(BEATS)),
        ("house", "offbeats", tuple(OFF_EIGHTHS)),
        ("jersey club", "five kicks", twice((0, 4, 8, 11, 14))),
        ("drum and bass", "two-step", (0, 4, 10, 12, 16, 20, 26, 28, 31)),
    ],
)
def test_a_known_figure_is_itself(styles, style, name, expected):
    assert steps(styles[style][name]) == expected


@pytest.mark.parametrize("style", ["son clave", "rumba clave", "bossa nova"])
def test_a_2_3_clave_is_a_3_2_clave_from_its_other_half(styles, style):
    prefix = "rim " if style == "bossa nova" else ""
    for three_two, two_three, half in (
        ("3-2 in one bar", "2-3 in one bar", 8),
        ("3-2 over two bars", "2-3 over two bars", 16),
    ):
        first = struck(styles, style)[prefix + three_two]
        turned_over = {(step + half) % STEPS for step in first}
        assert turned_over == struck(styles, style)[prefix + two_three]


@pytest.mark.parametrize(
    ("style", "clave"), [("son clave", SON), ("rumba clave", RUMBA), ("bossa nova", BOSSA)]
)
def test_most_of_a_clave_style_holds_its_clave(styles, style, clave):
    """In one bar or over two, from either half."""
    forms = [set(twice(clave)), set(twice(turned(clave, 8))), set(stretched(clave))]
    forms.append({(step + 16) % STEPS for step in stretched(clave)})
    forms.append(set(clave) | {16 + step for step in turned(clave, 8)})
    holding = [any(form <= hits for form in forms) for hits in struck(styles, style).values()]
    assert sum(holding) >= 0.6 * len(holding)


def test_a_cascara_leans_on_the_side_of_two(styles):
    """Five strokes a bar; beats two and three of the side of two (in cut time) are among them."""
    for name, side_of_two in (
        ("cascara 3-2 over two bars", 16),
        ("cascara 2-3 over two bars", 0),
    ):
        hits = struck(styles, "son clave")[name]
        assert len([step for step in hits if step < BAR]) == 5
        assert len(hits) == 10
        assert {side_of_two + 4, side_of_two + 8} <= hits


def test_tresillos_are_of_threes_and_twos(styles):
    for name, hits in struck(styles, "tresillo").items():
        if re.fullmatch(r"[23+]+( in half a bar)?", name):
            told = [int(number) for number in name.split()[0].split("+")]
            round_and_round = told * (STEPS // sum(told))
            assert gaps([*hits, STEPS]) == round_and_round, name
    cycle = {0, 3, 6}
    for name, hits in struck(styles, "tresillo").items():
        halves = [{step - at for step in hits if at <= step < at + 8} for at in range(0, STEPS, 8)]
        wide = [{(step - at) // 2 for step in hits if at <= step < at + 16} for at in (0, 16)]
        if name.startswith("3+3+2") and "left out" not in name:
            assert any(cycle <= part for part in (*halves, *wide)), name


def test_a_cinquillo_is_long_short_long_short_long(styles):
    for name in ("cinquillo in half a bar", "habanera, answered by cinquillo"):
        hits = struck(styles, "habanera")[name]
        half = sorted(step - 16 for step in hits if 16 <= step < 24)
        assert gaps([*half, 8]) == [2, 1, 2, 1, 2], name
    wide = sorted(step for step in struck(styles, "habanera")["cinquillo over each bar"])
    assert gaps([*wide[:5], 16]) == [4, 2, 4, 2, 4]


def test_a_habanera_is_a_tresillo_with_the_second_beat(styles):
    """In half a bar or over a bar, in most patterns that are not cinquillos."""
    plain = {n: h for n, h in struck(styles, "habanera").items() if "baqueteo" not in n}
    habanera = [
        {0, 3, 4, 6} <= {step for step in hits if step < 8}
        or {0, 6, 8, 12} <= {step for step in hits if step < 16}
        for name, hits in plain.items()
        if not name.startswith("cinquillo")
    ]
    assert sum(habanera) >= 0.75 * len(habanera)


def test_bells_in_four_come_from_twelve_pulses(styles):
    assert steps(styles["bell in four"]["bembe"]) == twice(binary(BEMBE))
    assert steps(styles["bell in four"]["bembe over two bars"]) == stretched(binary(BEMBE))
    assert steps(styles["bell in four"]["yoruba bell"]) == twice(binary(YORUBA))
    assert steps(styles["bell in four"]["yoruba bell over two bars"]) == stretched(binary(YORUBA))
    for name, hits in struck(styles, "bell in four").items():
        assert set(SON) <= hits or set(turned(SON, 8)) <= hits or "over two" in name, name


def test_a_timeline_has_five_strokes(styles):
    hits = struck(styles, "timeline")
    for name in ("gahu", "shiko", "soukous", "gahu from its last stroke"):
        assert len(hits[name]) == 10, name
    assert hits["gahu from its last stroke"] == set(twice(turned(GAHU, 2)))
    bells = [set(bell) for bell in (GAHU, SHIKO, SOUKOUS)]
    bells += [{2 * step for step in bell} for bell in bells] + [set(turned(GAHU, 2))]
    assert all(any(bell <= heard for bell in bells) for heard in hits.values())


def test_samba_is_maximally_even_and_leans_between_the_beats(styles):
    nine, seven = bjorklund(9, BAR), bjorklund(7, BAR)
    hits = struck(styles, "samba")
    for name, necklace in (("teleco-teco", nine), ("seven strokes", seven)):
        bar = tuple(sorted(step for step in hits[name] if step < BAR))
        assert bar in [turned(necklace, by) for by in range(BAR)], name
        other = {(step + 8) % STEPS for step in hits[name]}
        assert other == hits[f"{name}, other half first"]
    # the second surdo answers on two and four, louder than what leads to it
    for step in BACKBEATS:
        loud = {hit.step: hit.velocity for hit in styles["samba"]["second surdo"].hits}
        assert loud[step] == max(loud.values())
    # sixteenths are everywhere: the second and fourth of a beat are struck as often as not
    between = [step for step in range(STEPS) if step % 2]
    assert share(between, hits) >= 0.4


def test_tumbao_waits_for_the_offbeat(styles):
    hits = struck(styles, "tumbao")
    for name, heard in hits.items():
        if name.startswith(("conga", "two congas")) and "one bar" not in name:
            # slap on two, open tones on four and the eighth after it
            assert {4, 12, 14, 20, 28, 30} <= heard, name
    # the bass leaves the one out, and plays the eighth after two, and four
    assert hits["bass over each bar"] == {6, 12, 22, 28}
    # the piano: on the beat on the side of two, off it on that of three
    for name, side_of_two in (("piano 2-3", 0), ("piano 3-2", BAR)):
        assert {side_of_two, side_of_two + 4} <= hits[name]
        side_of_three = [step for step in hits[name] if step // BAR != side_of_two // BAR]
        assert side_of_three and all(step % 4 for step in side_of_three)
