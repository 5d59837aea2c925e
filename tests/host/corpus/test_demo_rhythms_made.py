"""Rhythms that are made by a rule keep it: Euclid's, polymeters, Morse code, process and phase."""

import re

import pytest

from tests.host.corpus.rhythms import (
    BAR,
    BEATS,
    BOSSA,
    SON,
    STEPS,
    bjorklund,
    gaps,
    is_maximally_even,
    rhythms,
    steps,
    struck,
    turned,
    twice,
)


@pytest.fixture(scope="module")
def styles():
    return rhythms()


def test_euclidean_rhythms_are_what_their_name_says(styles):
    seen = set()
    for name, pattern in styles["euclidean"].items():
        parts = [
            (int(strokes), int(length), int(by or 0))
            for strokes, length, by in re.findall(r"E\((\d+),(\d+)\)(?:\+(\d+))?", name)
        ]
        assert len(parts) in (1, 2), name
        seen |= {strokes for strokes, _, _ in parts}
        expected = []
        lengths = [length for _, length, _ in parts]
        whole = parts if sum(lengths) == STEPS else parts * 2
        at = 0
        for strokes, length, by in whole:
            steps_there = {(step + by) % length for step in bjorklund(strokes, length)}
            assert len(steps_there) == strokes
            assert is_maximally_even(steps_there, length), name
            expected += [at + step for step in steps_there]
            at += length
        assert at == STEPS
        assert steps(pattern) == tuple(sorted(expected)), name
    assert len(seen) >= 8


def test_bjorklund_is_right_about_known_rhythms():
    """From Toussaint's list: a tresillo, a cinquillo, bossa nova's and West Africa's necklaces."""
    assert bjorklund(3, 8) == (0, 3, 6)
    assert bjorklund(5, 8) == (0, 2, 3, 5, 6)
    assert bjorklund(5, 16) == (0, 3, 6, 9, 12)
    assert BOSSA in [turned(bjorklund(5, 16), by) for by in range(BAR)]
    assert is_maximally_even(BOSSA, BAR) and not is_maximally_even(SON, BAR)


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("threes", [3]),
        ("threes from the second step", [3]),
        ("threes of eighths", [6]),
        ("fives", [5]),
        ("fives as 2+3", [2, 3]),
        ("fives as 3+2", [3, 2]),
        ("sevens", [7]),
        ("sevens as 2+2+3", [2, 2, 3]),
        ("sevens as 3+2+2", [3, 2, 2]),
        ("nines as 4+5", [4, 5]),
    ],
)
def test_a_polymeter_goes_on_over_the_bar_line(styles, name, group):
    heard = gaps(struck(styles, "polymeter")[name])
    assert heard == [group[at % len(group)] for at in range(len(heard))]


def test_a_polymeter_over_the_beat_has_both(styles):
    hits = struck(styles, "polymeter")
    for name in ("threes", "threes of eighths", "fives", "sevens"):
        assert hits[f"{name} over the beat"] == hits[name] | set(BEATS), name
    assert hits["threes against fives"] == {s for s in range(STEPS) if s % 3 == 0 or s % 5 == 0}
    for name, length in (("threes", 3), ("fives", 5)):
        bar = tuple(range(0, BAR, length))
        assert hits[f"{name}, begun again in each bar"] == set(twice(bar)), name


MORSE = {
    "A": ".-", "B": "-...", "C": "-.-.", "D": "-..", "E": ".", "G": "--.", "H": "....", "I": "..",
    "M": "--", "N": "-.", "O": "---", "P": ".--.", "Q": "--.-", "R": ".-.", "S": "...", "T": "-",
    "U": "..-",
}  # fmt: skip


def test_morse_is_read_as_its_name(styles):
    """ITU-R M.1677: a dash is three dots long, and so is the gap between letters."""
    for word, pattern in styles["morse"].items():
        loud = {hit.step: hit.velocity for hit in pattern.hits}
        now, signs = 0, {}
        for letter in word:
            for sign in MORSE[letter]:
                signs[now] = sign
                now += {".": 1, "-": 3}[sign] + 1
            now += 2
        assert {step: "-" if v == 120 else "." for step, v in loud.items()} == signs, word


def test_stutter_is_bursts_and_silence(styles):
    for name, heard in struck(styles, "stutter").items():
        row = max(next(n for n in range(STEPS + 1) if step + n not in heard) for step in heard)
        rest = max(gaps([*heard, STEPS + min(heard)])) - 1
        assert row >= 3, name
        assert rest >= 3, name
    speeding = gaps(struck(styles, "stutter")["speeding up"])
    assert speeding == sorted(speeding, reverse=True) and len(set(speeding)) >= 4
    slowing = gaps(struck(styles, "stutter")["slowing down"])
    assert slowing == sorted(slowing) and len(set(slowing)) >= 4


def test_a_process_moves_one_stroke_by_one_step(styles):
    before = None
    for name, pattern in styles["process"].items():
        first = {step for step in steps(pattern) if step < BAR}
        second = {step - BAR for step in steps(pattern) if step >= BAR}
        (left,), (reached,) = first - second, second - first
        assert abs(left - reached) == 1, name
        assert before in (None, first), f"{name} does not begin where the last one ended"
        before = second


def test_a_phase_is_the_same_figure_later(styles):
    for later, (name, pattern) in enumerate(styles["phase"].items(), start=1):
        figure = [step for step in steps(pattern) if step < BAR]
        second = tuple(step - BAR for step in steps(pattern) if step >= BAR)
        assert second == turned(figure, later), name
