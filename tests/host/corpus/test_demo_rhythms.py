"""The demo rhythms are many, all different, with dynamics, and with timing where it belongs."""

from collections import Counter

import pytest

from latentrack.corpus.demo import demo_patterns
from tests.host.corpus.rhythms import (
    STEPS,
    rhythms,
    steps,
)

TIMED = {"boom bap", "house", "rumba clave", "samba", "second line", "uk garage"}


@pytest.fixture(scope="module")
def styles():
    return rhythms()


def test_they_are_many():
    patterns = [pattern for file in demo_patterns("rhythm").values() for pattern in file]
    assert len(patterns) >= 300
    per_style = Counter(pattern.style for pattern in patterns)
    assert len(per_style) >= 25
    assert min(per_style.values()) >= 8
    assert len(demo_patterns("rhythm")) == len(per_style), "a file has one style"


def test_no_two_are_equal():
    names = {}
    for file in demo_patterns("rhythm").values():
        for pattern in file:
            names.setdefault(steps(pattern), []).append(f"{pattern.style}: {pattern.name}")
    assert [same for same in names.values() if len(same) > 1] == []


def test_they_are_two_bars_and_repeat_something():
    for file in demo_patterns("rhythm").values():
        for pattern in file:
            assert pattern.steps == STEPS
            assert 4 <= len(pattern.hits) <= STEPS, pattern.name
            assert all(0 <= step < STEPS for step in steps(pattern))


def test_each_style_is_played_with_dynamics(styles):
    for style, patterns in styles.items():
        loud = {hit.velocity for pattern in patterns.values() for hit in pattern.hits}
        assert len(loud) >= 2, style
    heard = Counter(
        hit.velocity for patterns in styles.values() for p in patterns.values() for hit in p.hits
    )
    assert set(heard) == {50, 90, 120}
    assert min(heard.values()) >= 0.1 * heard.total()


def lateness(styles, style):
    """The timing of hits on the first to the fourth sixteenth of a beat; a set each."""
    by_sixteenth = [set(), set(), set(), set()]
    for pattern in styles[style].values():
        for hit in pattern.hits:
            by_sixteenth[hit.step % 4].add(hit.timing)
    return by_sixteenth


def test_only_styles_that_have_a_timing_leave_the_grid(styles):
    off = {
        style
        for style in styles
        if any(timing for sixteenth in lateness(styles, style) for timing in sixteenth)
    }
    assert off == TIMED


@pytest.mark.parametrize("style", sorted(TIMED - {"samba", "rumba clave"}))
def test_a_swing_delays_every_second_sixteenth(styles, style):
    first, second, third, fourth = lateness(styles, style)
    assert first == third == {0}
    # between straight and a triplet's two thirds, which is a third of a step late
    assert max(second | fourth) > 0
    assert all(0 <= timing < 1 / 3 for timing in second | fourth)


def test_samba_anticipates_the_third_and_fourth_sixteenth(styles):
    first, second, third, fourth = lateness(styles, "samba")
    assert first == second == {0}
    assert all(-0.25 < timing < 0 for timing in third | fourth)


def test_rumba_lies_between_four_and_six(styles):
    """A hit is between its step of 4/4 and the pulse of 6/8 from which that step comes."""
    _, _, third, fourth = lateness(styles, "rumba clave")
    assert min(third | fourth) < 0
    # the second of three pulses begins 4/3 steps into the beat, the third 8/3
    assert all(4 / 3 - 2 < timing <= 0 for timing in third)
    assert all(8 / 3 - 3 < timing <= 0 for timing in fourth)
