"""A bar in the terminal."""

import numpy as np
import pytest

from latentrack.corpus.patterns import read_patterns
from latentrack.corpus.percussion import EXTENDED
from latentrack.corpus.picture import draw_bar

CELLS = np.zeros((8, 3), int)
CELLS[0, 0] = CELLS[5, 0] = CELLS[3, 2] = 1


def test_a_bar_is_drawn_line_by_line():
    assert draw_bar(CELLS, ["kick", "hat", "open hat"]).plain == (
        "kick     |x...|.x..|\nhat      |....|....|\nopen hat |...x|....|"
    )


def test_silent_voices_can_be_left_out_and_beats_have_other_lengths():
    assert draw_bar(CELLS, ["a", "b", "c"], steps_per_beat=3, silent=False).plain == (
        "a |x..|..x|..|\nc |...|x..|..|"
    )


def test_a_picture_can_be_read_as_a_pattern_again():
    cells = (np.random.default_rng(0).random((16, 12)) < 0.3).astype(np.uint8)
    drawn = draw_bar(cells, EXTENDED.voice_names).plain
    (again,) = read_patterns(f"style: s\npattern: p\n{drawn}", "drawn")
    read = {(hit.step, EXTENDED.voice_of[hit.pitch]) for hit in again.hits}
    assert read == {(int(step), int(voice)) for step, voice in np.argwhere(cells)}


def test_velocities_are_drawn_as_a_drummer_writes_them():
    cells = np.array([[120], [0], [50], [90], [63], [64], [95], [96]])
    assert draw_bar(cells, ["hat"]).plain == "hat |X.ox|oxxX|"


@pytest.mark.parametrize("cells", [np.zeros(4), np.zeros((4, 2))])
def test_names_that_do_not_fit_are_refused(cells):
    with pytest.raises(ValueError, match="3 names"):
        draw_bar(cells, ["a", "b", "c"])
