"""Each style of the demo drums has what it is known for.

The table is written from musical knowledge, not from the files. A share is how many of a style's
bars must comply: fills, breaks and variations may leave the rule.
"""

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import pytest

from latentrack.corpus import EXTENDED
from latentrack.corpus.demo import demo_patterns
from latentrack.corpus.patterns import WrittenPattern
from latentrack.corpus.percussion import PITCHES

ACCENT = 120
BEATS = (0, 4, 8, 12)
BACKBEAT = (4, 12)
OFFBEATS = (2, 6, 10, 14)
THREES = (3, 6, 11, 14)
SON_CLAVE = (0, 3, 6, 10, 12)
LONG_SHORT_SHORT = tuple(step for step in range(16) if step % 4 != 1)
STANDARD_BELL = (0, 3, 5, 7, 9, 12, 15)

VOICES = {voice.name: frozenset(voice.pitches) for voice in EXTENDED.voices}
KICK, SNARE = VOICES["kick"], VOICES["snare"]
SHUT, OPEN, RIDE = VOICES["closed hat"], VOICES["open hat"], VOICES["ride"]
CYMBALS = SHUT | OPEN | RIDE
TOMS = frozenset(
    pitch for name, pitches in VOICES.items() if name.endswith("tom") for pitch in pitches
)
ALL = frozenset(range(128))


def instruments(*names: str) -> frozenset[int]:
    return frozenset(PITCHES[name] for name in names)


def steps(bar: WrittenPattern, pitches: frozenset[int], softest: int = 1) -> set[int]:
    return {hit.step for hit in bar.hits if hit.pitch in pitches and hit.velocity >= softest}


Rule = Callable[[WrittenPattern], bool]


def plays(pitches: frozenset[int], *wanted: int, softest: int = 1) -> Rule:
    return lambda bar: set(wanted) <= steps(bar, pitches, softest)


def plays_of(pitches: frozenset[int], places: tuple[int, ...], least: int) -> Rule:
    return lambda bar: len(steps(bar, pitches) & {*places}) >= least


def rests(pitches: frozenset[int], *empty: int) -> Rule:
    return lambda bar: not set(empty) & steps(bar, pitches)


def between(pitches: frozenset[int], least: int, most: int) -> Rule:
    return lambda bar: least <= sum(hit.pitch in pitches for hit in bar.hits) <= most


def syncopated(pitches: frozenset[int]) -> Rule:
    return lambda bar: bool(steps(bar, pitches) - {*BEATS})


def used(pitches: frozenset[int]) -> Rule:
    return lambda bar: bool(steps(bar, pitches))


def either(*rules: Rule) -> Rule:
    return lambda bar: any(rule(bar) for rule in rules)


def no(rule: Rule) -> Rule:
    return lambda bar: not rule(bar)


class Known(NamedTuple):
    style: str
    what: str
    rule: Rule
    share: float


four_on_the_floor = plays(KICK, *BEATS)
three_kicks = plays_of(KICK, BEATS, 3)
backbeat = plays(SNARE, *BACKBEAT)
snare_between = plays(SNARE, *OFFBEATS)
three_parts_a_beat = rests(ALL, *OFFBEATS)
dum, tak = instruments("low conga"), instruments("high bongo")
surdo = KICK | VOICES["low floor tom"]

KNOWN = [
    Known("afrobeat", "the snare is off the beat", syncopated(SNARE), 0.8),
    Known("afrobeat", "no plain backbeat", no(backbeat), 0.8),
    Known("amapiano", "the shaker runs", plays(instruments("shaker"), *range(16)), 0.75),
    Known("amapiano", "a low drum off the beat", no(rests(TOMS, 3, 5, 6, 7, 10, 11, 13, 15)), 1),
    Known("baiao", "the zabumba's dotted step", plays(KICK, 0, 3, 8, 11), 0.75),
    Known("baile funk", "no backbeat", no(backbeat), 1),
    Known("baile funk", "claps in threes", plays_of(SNARE, THREES, 2), 1),
    Known("bembe", "the standard bell", plays(RIDE, *STANDARD_BELL), 0.7),
    Known("bembe", "three pulses a beat", three_parts_a_beat, 1),
    Known("bo diddley", "a son clave of accents", plays(ALL, *SON_CLAVE, softest=ACCENT), 1),
    Known("boom bap", "backbeat", backbeat, 0.9),
    Known("bossa nova", "the kick's heartbeat", plays(KICK, 0, 3, 4, 7, 8, 11), 0.7),
    Known("bossa nova", "soft", lambda bar: not steps(bar, ALL, ACCENT), 1),
    Known("breakbeat", "backbeat", backbeat, 0.75),
    Known("breakbeat", "not four on the floor", no(four_on_the_floor), 1),
    Known("cumbia", "one long, two short", plays(SHUT | OPEN, *LONG_SHORT_SHORT), 0.7),
    Known("dancehall", "the kick's three", plays(KICK, 0, 3), 0.8),
    Known("dancehall", "the snare ends both halves", plays(SNARE, 6, 14), 0.9),
    Known("dilla", "backbeat", backbeat, 0.9),
    Known("disco", "four on the floor", four_on_the_floor, 0.75),
    Known("disco", "backbeat", backbeat, 0.75),
    Known("drum and bass", "the kick starts", plays(KICK, 0), 1),
    Known("drum and bass", "a first snare on two", plays(SNARE, 4), 0.8),
    Known("drum and bass", "not four on the floor", no(four_on_the_floor), 1),
    Known("dub", "the drop is on three", plays(KICK, 8), 1),
    Known("dub", "the one may be empty", rests(KICK, 0), 0.5),
    Known("dub", "no backbeat", rests(SNARE, *BACKBEAT), 0.8),
    Known("dubstep", "the snare is on three", plays(SNARE, 8, softest=ACCENT), 1),
    Known("dubstep", "no backbeat", no(backbeat), 1),
    Known("electro", "backbeat", backbeat, 0.9),
    Known("electro", "the kick talks", syncopated(KICK), 1),
    Known("footwork", "kicks in threes", plays(KICK, 0, 3, 6), 0.6),
    Known("footwork", "no backbeat", no(backbeat), 0.75),
    Known("funk", "the one", plays(KICK, 0, softest=ACCENT), 1),
    Known("funk", "the kick dodges the beat", syncopated(KICK), 1),
    Known("go-go", "backbeat", backbeat, 1),
    Known("go-go", "hand drums and bells", used(TOMS | instruments("cowbell")), 0.9),
    Known("gospel", "backbeat, or claps between", either(backbeat, snare_between), 0.9),
    Known("gqom", "the kick is broken", no(four_on_the_floor), 1),
    Known("gqom", "kicks in threes", plays(KICK, 0, 3), 0.75),
    Known("house", "four on the floor", four_on_the_floor, 0.75),
    Known("jersey club", "five kicks", lambda bar: steps(bar, KICK) == {0, 4, 8, 11, 14}, 0.6),
    Known("jungle", "snares beside the backbeat", between(SNARE, 3, 16), 0.9),
    Known("jungle", "no plain backbeat", lambda bar: steps(bar, SNARE) != {*BACKBEAT}, 1),
    Known("klezmer", "3 3 2 of accents", plays(ALL, 0, 3, 6, softest=ACCENT), 0.6),
    Known("maqsum", "dum begins both halves", plays(dum, 0, 8), 1),
    Known("maqsum", "tak before the half and on four", plays(tak, 6, 12), 0.5),
    Known("merengue", "the kick walks", four_on_the_floor, 0.85),
    Known("merengue", "the guira", plays(instruments("short guiro"), *LONG_SHORT_SHORT), 0.75),
    Known("metal", "two feet", between(KICK, 8, 16), 0.7),
    Known("minimal", "four on the floor", four_on_the_floor, 0.85),
    Known("minimal", "little else", between(ALL - KICK, 1, 9), 1),
    Known("motorik", "the kick goes straight on", plays(KICK, 0, 2, 8, 10), 1),
    Known("motorik", "backbeat", plays(SNARE | TOMS, *BACKBEAT), 1),
    Known("motorik", "nothing but eighths", rests(KICK, *range(1, 16, 2)), 1),
    Known("motown", "backbeat", backbeat, 1),
    Known("motown", "the snare on every beat", plays(SNARE, *BEATS), 0.5),
    Known("motown", "tambourine", used(instruments("tambourine")), 0.6),
    Known("new jack swing", "backbeat", backbeat, 1),
    Known("new jack swing", "kicks that swing", no(rests(KICK, *range(1, 16, 2))), 0.9),
    Known("punk", "backbeat, or a snare between", either(backbeat, snare_between), 0.8),
    Known("reggaeton", "dembow", plays(SNARE, *THREES), 0.9),
    Known("reggaeton", "the kick is on one and three", plays(KICK, 0, 8), 1),
    Known("rock", "backbeat", backbeat, 0.75),
    Known("samba", "the low drum on two and four", plays(surdo, 4, 12), 0.6),
    Known("samba", "most sixteenths are played", plays_of(ALL, tuple(range(16)), 12), 0.65),
    Known("second line", "the big four", plays(KICK, 12), 0.6),
    Known("shuffle", "three parts a beat", three_parts_a_beat, 1),
    Known("shuffle", "the last part is played", plays_of(ALL, (3, 7, 11, 15), 2), 1),
    Known("ska", "snare on two and four", backbeat, 0.9),
    Known("ska", "the off-beats", plays(CYMBALS, *OFFBEATS), 0.8),
    Known("soca", "four on the floor", four_on_the_floor, 0.85),
    Known("soca", "snare in threes", plays(SNARE, *THREES), 1),
    Known("son cubano", "the kick leaves the one", rests(KICK, 0), 1),
    Known("songo", "the kick leaves the one", rests(KICK, 0), 1),
    Known("songo", "the kick before the half", plays(KICK, 6), 1),
    Known("soul", "backbeat", backbeat, 1),
    Known("swing", "the foot on two and four", plays(SHUT, *BACKBEAT), 1),
    Known("swing", "the skip note", plays(RIDE | SHUT, 7, 15), 0.7),
    Known("swing", "three parts a beat", three_parts_a_beat, 1),
    Known("synth pop", "backbeat", backbeat, 0.9),
    Known("synth pop", "no ghost notes", lambda bar: steps(bar, SNARE) == steps(bar, SNARE, 90), 1),
    Known("tango", "dotted or 3 3 2", plays(KICK, 0, 3), 0.6),
    Known("techno", "four on the floor", four_on_the_floor, 0.75),
    Known("train beat", "accents between the beats", plays(ALL, *OFFBEATS, softest=ACCENT), 0.6),
    Known("train beat", "sixteenths", between(SNARE | TOMS, 9, 16), 0.9),
    Known("trap", "the clap on three", plays(SNARE, 8), 0.6),
    Known("uk garage", "the kick starts", plays(KICK, 0), 1),
    Known("uk garage", "no kick on two and four", rests(KICK, *BACKBEAT), 0.8),
]
KNOWN += [
    Known(style, "at most one kick is left out", three_kicks, 0.9)
    for style in ("house", "disco", "techno", "minimal", "merengue")
]
KNOWN += [
    Known(style, "no snare on one", rests(SNARE, 0), 1)
    for style in ("boom bap", "electro", "breakbeat", "drum and bass", "disco", "motorik")
]

# Timing: sixteenths that swing, late at the second and fourth cell; and beats of three parts.
SWUNG = {
    "amapiano": (0.05, 0.15),
    "boom bap": (0.08, 0.2),
    "dilla": (0.05, 0.2),
    "go-go": (0.15, 0.3),
    "new jack swing": (0.18, 0.32),
    "second line": (0.1, 0.25),
    "uk garage": (0.12, 0.25),
}
TRIPLETS = {"bembe", "shuffle", "swing"}
OTHERWISE_TIMED = {"bossa nova", "gospel", "samba", "soul"}


@pytest.fixture(scope="module")
def styles() -> dict[str, list[WrittenPattern]]:
    found: dict[str, list[WrittenPattern]] = {}
    for patterns in demo_patterns().values():
        for pattern in patterns:
            found.setdefault(pattern.style, []).append(pattern)
    return found


def timing(bars: list[WrittenPattern], pitches: frozenset[int], *cells: int) -> float:
    """The mean, in steps, of hits on these cells of a beat."""
    found = [
        hit.timing
        for bar in bars
        for hit in bar.hits
        if hit.pitch in pitches and hit.step % 4 in cells
    ]
    assert found
    return sum(found) / len(found)


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: f"{known.style}: {known.what}")
def test_a_style_has_what_it_is_known_for(styles, known):
    bars = styles[known.style]
    others = [bar.name for bar in bars if not known.rule(bar)]
    assert 1 - len(others) / len(bars) >= known.share, others


def test_each_style_is_known_for_something(styles):
    assert {known.style for known in KNOWN} == set(styles)


def test_the_claves_of_cuba(styles):
    """Wherever claves play it is a clave: three on one side, two on the other."""
    names = {
        (0, 3, 6, 10, 12): "son 3-2",
        (2, 4, 8, 11, 14): "son 2-3",
        (0, 3, 7, 10, 12): "rumba 3-2",
        (2, 4, 8, 11, 15): "rumba 2-3",
    }
    found = Counter()
    for bar in styles["son cubano"] + styles["songo"]:
        if played := steps(bar, instruments("claves")):
            found[names[tuple(sorted(played))]] += 1
    assert len(found) >= 3


def test_timing_is_where_a_style_has_it_and_only_there(styles):
    timed = {
        style
        for style, bars in styles.items()
        if any(hit.timing for bar in bars for hit in bar.hits)
    }
    assert timed == {*SWUNG, *TRIPLETS, *OTHERWISE_TIMED}


@pytest.mark.parametrize("style", SWUNG)
def test_sixteenths_swing(styles, style):
    """Cymbals, bells and shakers have the swing; the beat and its half are where they are."""
    least, most = SWUNG[style]
    assert least <= timing(styles[style], CYMBALS, 1, 3) <= most
    assert abs(timing(styles[style], CYMBALS, 0, 2)) <= 0.03


def test_new_jack_swing_swings_most_and_amapiano_least(styles):
    late = {style: timing(styles[style], CYMBALS, 1, 3) for style in SWUNG}
    assert max(late, key=late.__getitem__) == "new jack swing"
    assert late["amapiano"] < late["boom bap"] < late["uk garage"] < late["go-go"]


@pytest.mark.parametrize("style", sorted(TRIPLETS))
def test_the_parts_of_a_beat_of_three_are_equal(styles, style):
    thirds = {0: 0, 1: 4 / 3, 3: 8 / 3}
    for bar in styles[style]:
        for hit in bar.hits:
            assert hit.step % 4 + hit.timing == pytest.approx(thirds[hit.step % 4], abs=0.01), bar


def test_gospel_ballads_have_triplets_and_the_shout_is_straight(styles):
    for bar in styles["gospel"]:
        shout = bool(steps(bar, ALL) & {*OFFBEATS})
        moved = {hit.step % 4 for hit in bar.hits if hit.timing}
        assert moved <= (set() if shout else {1, 3}), bar
        assert shout or moved, bar


def test_the_last_two_sixteenths_of_samba_are_early(styles):
    for style in ("samba", "bossa nova"):
        first, second, third, fourth = (timing(styles[style], ALL, cell) for cell in range(4))
        assert first == second == 0
        assert fourth < third < 0
    assert timing(styles["bossa nova"], ALL, 3) > timing(styles["samba"], ALL, 3)


def test_the_backbeat_of_soul_is_late(styles):
    for bar in styles["soul"]:
        late = [hit.timing for hit in bar.hits if hit.pitch in SNARE and hit.step in BACKBEAT]
        assert min(late) >= 0.05, bar
    assert timing(styles["soul"], KICK, 0, 2) == 0


def test_dilla_drags_the_kick_and_hurries_the_snare(styles):
    for bar in styles["dilla"]:
        on_beats = {
            name: [hit.timing for hit in bar.hits if hit.pitch in pitches and hit.step % 2 == 0]
            for name, pitches in (("kick", KICK), ("snare", SNARE))
        }
        assert max(on_beats["snare"]) < 0 < min(on_beats["kick"]), bar
