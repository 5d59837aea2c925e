"""The demo corpus of notes is large and varied, in its keys and registers, true to its styles."""

import re
from collections import Counter
from importlib import resources

import pytest

from latentrack.corpus.demo import demo_patterns
from latentrack.corpus.harmony import pitch_name
from latentrack.corpus.patterns import ACCENT
from tests.host.corpus.note_bars import SCALES, Bar, share
from tests.host.corpus.note_claims import (
    ARPEGGIOS,
    BASSLINES,
    CHORDS,
    CLAIMS,
    LEADS,
    PLAYED_OFF_THE_GRID,
)

WHITE_KEYS = {0, 2, 4, 5, 7, 9, 11}
CLAIMED = [(style, claim) for style, claims in CLAIMS.items() for claim in claims]


@pytest.fixture(scope="module")
def bars():
    """The bars of each style."""
    by_file = demo_patterns("notes")
    return {style: [Bar(pattern) for pattern in by_file[file_of(style)]] for style in CLAIMS}


def file_of(style):
    return f"{style.replace(' ', '_')}.txt"


@pytest.fixture(scope="module")
def fulfilled(bars):
    """For each claim of each style, the styles that fulfil it."""
    return {
        (style, claim.words): {
            other
            for other, of_it in bars.items()
            if share(claim.holds(bar) for bar in of_it) >= claim.of
        }
        for style, claim in CLAIMED
    }


def test_it_is_large_and_varied(bars):
    assert sum(map(len, bars.values())) >= 160
    assert len(bars) >= 12
    assert min(map(len, bars.values())) >= 12


def test_a_file_is_a_style_and_each_style_has_claims():
    by_file = {
        file: {pattern.style for pattern in patterns}
        for file, patterns in demo_patterns("notes").items()
    }
    assert by_file == {file_of(style): {style} for style in CLAIMS}


def test_no_two_bars_are_equal(bars):
    seen = Counter(bar.cells for style in bars.values() for bar in style)
    assert [cells for cells, times in seen.items() if times > 1] == []


@pytest.mark.parametrize("style", CLAIMS)
def test_it_is_in_its_key(bars, style):
    hits = sum(len(bar.hits) for bar in bars[style])
    outside = sum(bar.out_of_key for bar in bars[style])
    assert outside <= 0.1 * hits
    # passing notes are for those who bend and walk
    assert outside == 0 or style in {"funk bass", "walking bass"}


def test_keys_are_those_of_the_white_keys(bars):
    """So that models that were trained from different files play together."""
    black = {
        bar.scale
        for style in bars.values()
        for bar in style
        if not {(bar.tonic + degree) % 12 for degree in SCALES[bar.scale]} <= WHITE_KEYS
    }
    assert black == {"blues", "hijaz"}


@pytest.mark.parametrize("style", CLAIMS)
def test_it_is_in_its_register(bars, style):
    pitches = [hit.pitch for bar in bars[style] for hit in bar.hits]
    lowest, highest = min(pitches), max(pitches)
    bottom, top = ("C1", "C3") if style in BASSLINES else ("C3", "C5")
    by_name = {pitch_name(pitch): pitch for pitch in range(128)}
    assert by_name[bottom] <= lowest < highest <= by_name[top]
    text = resources.files("latentrack.corpus.demo") / "notes" / f"{style.replace(' ', '_')}.txt"
    said = re.search(r"\b([A-G]#?\d) to ([A-G]#?\d)\b", text.read_text("utf-8"))
    assert said.groups() == (pitch_name(lowest), pitch_name(highest))


@pytest.mark.parametrize("style", CLAIMS)
def test_chords_have_three_notes_and_lines_have_one(bars, style):
    assert style in BASSLINES | ARPEGGIOS | LEADS | CHORDS
    together = {len(chord) for bar in bars[style] for chord in bar.chords}
    if style in CHORDS:
        assert min(together) >= 3
        assert max(together) <= 5
    else:
        assert together == {1}


@pytest.mark.parametrize("style", CLAIMS)
def test_it_has_dynamics(bars, style):
    levels = [{hit.velocity for hit in bar.hits} for bar in bars[style]]
    assert min(map(len, levels)) >= 2
    assert style == "pads" or share(ACCENT in each for each in levels) >= 0.8


def test_timing_is_where_the_style_has_it(bars):
    timed = {
        style
        for style, of_it in bars.items()
        if any(hit.timing for bar in of_it for hit in bar.hits)
    }
    assert timed == PLAYED_OFF_THE_GRID


@pytest.mark.parametrize(("style", "claim"), CLAIMED, ids=lambda each: getattr(each, "words", each))
def test_it_is_true_to_its_style(bars, fulfilled, style, claim):
    failing = [bar.name for bar in bars[style] if not claim.holds(bar)]
    assert style in fulfilled[style, claim.words], failing


@pytest.mark.parametrize(("style", "claim"), CLAIMED, ids=lambda each: getattr(each, "words", each))
def test_a_claim_is_not_true_of_everything(fulfilled, style, claim):
    assert len(fulfilled[style, claim.words]) < len(CLAIMS)


@pytest.mark.parametrize("style", CLAIMS)
def test_no_other_style_is_like_it(fulfilled, style):
    alike = set.intersection(*(fulfilled[style, claim.words] for claim in CLAIMS[style]))
    assert alike == {style}
