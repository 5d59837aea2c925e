"""Patterns as text: what is right is read, what is wrong is refused by its line."""

import numpy as np
import pytest

from latentrack.corpus import ACCENTED, EXTENDED
from latentrack.corpus.patterns import read_patterns
from latentrack.errors import UserError

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
    loud = first.velocities(EXTENDED)
    assert [loud[step, 0] for step in (0, 4, 8, 12)] == [kick[step] for step in (0, 4, 8, 12)]
    # a rim and a clap at once, as loud as the louder
    assert loud[4, 1] == 90 and loud[10, 1] == 50
    assert first.cells(ACCENTED)[[0, 4, 8], :2].tolist() == [[0, 1], [1, 0], [1, 0]]
    hit = {(int(s), int(v)) for s, v in np.argwhere(first.cells(EXTENDED))}
    # clap and rim are both played on the snare
    assert hit == {(0, 0), (4, 0), (8, 0), (12, 0), (7, 2), (4, 1), (12, 1), (10, 1)}


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
    ],
)
def test_mistakes_are_refused_by_line(text, line, message):
    with pytest.raises(UserError, match=f"^mine.txt, line {line}: .*{message}"):
        read_patterns(text, "mine.txt")


def test_an_empty_text_has_no_patterns():
    assert read_patterns("# nothing yet\n", "x") == []
