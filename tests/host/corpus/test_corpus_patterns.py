"""Patterns as text: what is right is read, what is wrong is refused by its line."""

import pytest

from latentrack.corpus.patterns import read_patterns
from latentrack.errors import UserError
from latentrack.playing.kinds import Kind

GOOD = """
# a comment
style: odd house

pattern: first
kick          |X...|x...|o...|x...|
low floor tom |....|...x|....|....|
clap          |....|x...|....|x...|
rim           |....|x...|..o.|....|

  pattern: second
open hat|..x.|....|....|...x|
style: other
pattern: first
ride |x...|....|....|....|
"""


def test_patterns_are_read_as_written():
    first, second, third = read_patterns(GOOD, "good.txt")
    assert [(p.style, p.name) for p in (first, second, third)] == [
        ("odd house", "first"),
        ("odd house", "second"),
        ("other", "first"),
    ]
    kick = first.strokes[36]
    assert [step for step, velocity in enumerate(kick) if velocity] == [0, 4, 8, 12]
    assert kick[0] > kick[4] > kick[8] > 0
    assert set(second.strokes) == {46}
    assert (first.steps, first.key) == (16, "")
    assert all(hit.timing == 0 for pattern in (first, second, third) for hit in pattern.hits)


TIMED = """
style: late
timing: 0 14 -3 20
pattern: a
kick  |xxxx|....|....|....|
snare |....|X...|....|o...| -6
timing: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15
pattern: b
kick |xxxx|....|....|...x| +2
style: on the grid
pattern: a
kick |xxxx|....|....|....|
"""


def test_timing_holds_until_the_next_and_a_line_may_move():
    a, b, c = read_patterns(TIMED, "timed.txt")
    kick, snare = 36, 38
    assert [(h.step, h.timing) for h in a.hits if h.pitch == kick] == [
        (0, 0.0), (1, 0.14), (2, -0.03), (3, 0.2)
    ]  # fmt: skip
    assert [(h.step, h.timing) for h in a.hits if h.pitch == snare] == [(4, -0.06), (12, -0.06)]
    assert [(h.step, h.timing) for h in b.hits] == [
        (0, 0.02), (1, 0.03), (2, 0.04), (3, 0.05), (15, 0.17)
    ]  # fmt: skip
    assert {h.timing for h in c.hits} == {0}


NOTES = """
style: line
key: A minor
pattern: a
notes |A1! . a1 C#2|. . Bb2 .|A1+C2+E2! . . .|. . . .|
notes |E3 . . .|. . . .|. . . .|. . . .|
"""


def test_notes_have_pitches_velocities_and_a_key():
    (line,) = read_patterns(NOTES, "line.txt", Kind.NOTES)
    assert line.key == "A minor"
    assert [(h.step, h.pitch, h.velocity) for h in line.hits] == [
        (0, 33, 120), (0, 52, 90), (2, 33, 50), (3, 37, 90), (6, 46, 90),
        (8, 33, 90), (8, 36, 90), (8, 40, 120),
    ]  # fmt: skip


def test_a_rhythm_has_two_bars():
    text = "style: s\npattern: p\nrhythm |X..x|....|....|....|....|....|....|...o|"
    (rhythm,) = read_patterns(text, "rhythm.txt", Kind.RHYTHM)
    assert rhythm.steps == 32
    assert [(h.step, h.velocity) for h in rhythm.hits] == [(0, 120), (3, 90), (31, 50)]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("pattern: a\nkick |x...|....|....|....|", 1, "style first"),
        ("style: s\nkick |x...|....|....|....|", 2, "which pattern"),
        ("style: s\npattern: a\nkick x...............", 3, "four beats"),
        ("style: s\npattern: a\nkick |x...|....|....|....", 3, "four beats"),
        ("style: s\npattern: a\n|x...|....|....|....|", 3, "four beats"),
        ("style: s\npattern: a\n\nkik |x...|....|....|....|", 4, '"kik"'),
        ("style: s\npattern: a\nkick |x...|....|....|", 3, "beats of 4, 4, 4"),
        ("style: s\npattern: a\nkick |x...|...|....|....|", 3, "beats of 4, 3, 4, 4"),
        ("style: s\npattern: a\nkick |x...|....|....|....|....|", 3, "beats of"),
        ("style: s\npattern: a\nkick |x...|..#.|....|....|", 3, '"#"'),
        ("style: s\npattern: a\nkick |x...|....|. ..|....|", 3, '" "'),
        ("style: s\npattern: a\nkick |x...|....|....|....|\nkick |....|x...|....|....|", 4, "join"),
        ("style: s\npattern: a\npattern: b\nkick |x...|....|....|....|", 2, "no hits"),
        ("style: s\npattern: a\nkick |....|....|....|....|", 2, "no hits"),
        ("style: s\npattern: a\nkick |x...|....|....|....|\npattern: a", 4, "already"),
        ("style: s\npattern:\n", 2, "name after"),
        ("style:\n", 1, "name after"),
        ("tempo: 120\n", 1, '"tempo:"'),
        ("key: A minor\n", 1, '"key:"'),
        ("style: s\ntiming: 0 14 0\n", 2, "4 or 16 whole numbers"),
        ("style: s\ntiming: 0 14 0 x\n", 2, "4 or 16 whole numbers"),
        ("style: s\npattern: a\nkick |x...|....|....|....| late", 3, '"late"'),
        ("style: s\npattern: a\nkick |x...|....|....|....| -46", 3, "at most 45"),
    ],
)
def test_mistakes_are_refused_by_line(text, line, message):
    with pytest.raises(UserError, match=f"^mine.txt, line {line}: .*{message}"):
        read_patterns(text, "mine.txt")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("bass |A1 . . .|. . . .|. . . .|. . . .|", '"bass"'),
        ("notes |A1 . . .|. . . .|. . . .|", "beats of 4, 4, 4"),
        ("notes |A1 . . .|. . .|. . . .|. . . .|", "beats of 4, 3, 4, 4"),
        ("notes |A1 . . .|. . . .|. H2 . .|. . . .|", '"H2"'),
        ("notes |A1 . . .|. . . .|. A . .|. . . .|", '"A"'),
        ("notes |A1+A1 . . .|. . . .|. . . .|. . . .|", "twice on step 1"),
        ("notes |. . . .|. . . .|. . . B9|. . . .|", "0 to 127"),
    ],
)
def test_mistakes_in_notes_are_refused_by_line(line, message):
    text = f"style: s\nkey: A minor\npattern: a\n{line}"
    with pytest.raises(UserError, match=f"^mine.txt, line 4: .*{message}"):
        read_patterns(text, "mine.txt", Kind.NOTES)


def test_notes_want_a_key_and_a_rhythm_two_bars():
    with pytest.raises(UserError, match="^x, line 2: say the key first"):
        read_patterns("style: s\npattern: a\n", "x", Kind.NOTES)
    with pytest.raises(UserError, match="^x, line 3: 2 bars are 8 beats"):
        read_patterns("style: s\npattern: a\nrhythm |x...|x...|x...|x...|", "x", Kind.RHYTHM)
    with pytest.raises(UserError, match='^x, line 3: a rhythm has one line, called "rhythm"'):
        read_patterns("style: s\npattern: a\nkick |x...|", "x", Kind.RHYTHM)


def test_an_empty_text_has_no_patterns():
    assert read_patterns("# nothing yet\n", "x") == []
