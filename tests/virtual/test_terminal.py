"""The panel in a terminal: its picture, and what keys do."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from latentrack.virtual.boards import make_board
from latentrack.virtual.terminal import KEYS, Keys, draw_jacks, draw_screen, split_keys
from tests.terminals import Terminal
from tests.waiting import PATIENCE_S

WHITE, RED = (255, 255, 255), (255, 0, 0)
ORANGE = "38;2;255;130;24"  # track 1's colour, as ink


def picture(text):
    """For each line its characters, and the two colours of each."""
    lines, at = text.plain.splitlines(), 0
    colours = {}
    for span in text.spans:
        for place in range(span.start, span.end):
            colours[place] = (span.style.color.name, span.style.bgcolor.name)
    found = []
    for line in lines:
        found.append([(letter, *colours[at + i]) for i, letter in enumerate(line)])
        at += len(line) + 1
    return found


def test_a_wide_terminal_shows_every_pixel():
    image = np.random.default_rng(3).integers(0, 256, (80, 160, 3), dtype=np.uint8)
    lines = picture(draw_screen(image, 200, 44))
    assert len(lines) == 40 and {len(line) for line in lines} == {160}
    for y, x in ((0, 0), (39, 159), (17, 5)):
        upper, lower = (f"#{bytes(image[2 * y + i, x]).hex()}" for i in (0, 1))
        assert lines[y][x] == ("▀", upper, lower)


def test_a_narrow_one_shows_four_pixels_a_block_in_two_colours():
    image = np.zeros((80, 160, 3), np.uint8)
    image[0, 0] = RED
    image[3, 4:6] = WHITE
    image[78, 159] = image[79, 158] = RED
    lines = picture(draw_screen(image, 120, 44))
    assert len(lines) == 40 and {len(line) for line in lines} == {80}
    assert lines[0][0] == ("▘", "#ff0000", "#000000")
    assert lines[1][2] == ("▄", "#ffffff", "#000000")
    assert lines[39][79] == ("▞", "#ff0000", "#000000")
    assert lines[20][20][0] == " "


def test_a_low_one_shows_eight_pixels_as_the_dots_of_braille():
    """The dots as Unicode numbers them: 1 upper left, 8 upper right, 64 and 128 at the bottom."""
    image = np.zeros((80, 160, 3), np.uint8)
    image[0, 0] = RED
    image[3, 4:6] = WHITE
    image[4:8, 0:2] = RED
    image[5, 1] = WHITE
    image[78, 159] = image[79, 158] = RED
    lines = picture(draw_screen(image, 80, 24))
    assert len(lines) == 20 and {len(line) for line in lines} == {80}
    assert lines[0][0] == ("\u2801", "#ff0000", "#000000")
    assert lines[0][2] == ("\u28c0", "#ffffff", "#000000")
    # Where most is ink, the ink is the ground and the rest are dots.
    assert lines[1][0] == ("\u2810", "#ffffff", "#ff0000")
    assert lines[19][79] == ("\u2860", "#ff0000", "#000000")
    assert lines[10][20][0] == " "


@pytest.mark.parametrize(("columns", "lines"), [(79, 24), (80, 23), (40, 100), (300, 10)])
def test_a_small_one_shows_none(columns, lines):
    assert draw_screen(np.zeros((80, 160, 3), np.uint8), columns, lines) is None


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (80, 44), (159, 43), (160, 44)])
def test_everything_fits(columns, lines):
    volts = [-5.0] * 8
    below = [draw_jacks(frozenset(range(8)), volts, [True] * 4).plain, *KEYS.splitlines(), "port"]
    shown = draw_screen(np.zeros((80, 160, 3), np.uint8), columns, lines).plain.splitlines() + below
    assert len(shown) <= lines
    assert max(map(len, shown)) <= columns


def test_lights():
    volts = [5.0, 0.0, -0.0003, 2.5, -1.25, 0.0, 0.0, 5.0]
    assert draw_jacks(frozenset({0, 7}), volts, [False, True, False, False]).plain == (
        "out ● 5.0V ○ 0.0V ○ 0.0V ○ 2.5V ○-1.2V ○ 0.0V ○ 0.0V ● 5.0V  □ ■ □ □ "
    )


class Recorder:
    def __init__(self, board="xen"):
        self.board = make_board(board)
        self.done = []

    def __getattr__(self, name):
        return lambda *arguments: self.done.append((name, *arguments))


def test_keys_turn_and_press():
    panel = Recorder()
    keys = Keys(panel)
    for key in split_keys("xxXt\x1b[A\x1b[D?\t"):
        keys.type(key, 10.0)
    keys.release(10.05)
    keys.release(10.2)
    assert panel.done == [
        ("turn", "x", pytest.approx(0.52)),
        ("turn", "x", pytest.approx(0.54)),
        ("turn", "x", pytest.approx(0.52)),
        ("turn", "threshold", pytest.approx(0.52)),
        ("turn_encoder", "right", 1),
        ("turn_encoder", "left", -1),
        ("press", "left"),
        ("release", "left"),
    ]


def test_w_is_a_knob_where_the_board_has_one_and_else_its_encoder():
    for board, done in (
        ("bare", [("turn", "w", pytest.approx(0.52)), ("turn", "w", pytest.approx(0.5))]),
        ("xen", [("turn_encoder", "left", 1), ("turn_encoder", "left", -1)]),
    ):
        panel = Recorder(board)
        keys = Keys(panel)
        for key in "wW":
            keys.type(key, 0)
        assert panel.done == done


def test_what_a_board_lacks_is_not_turned_or_pressed():
    panel = Recorder("bare")
    keys = Keys(panel)
    for key in split_keys("1\x1b[A\x1b[D\t\r"):
        keys.type(key, 0)
    assert panel.done == []


def test_h_before_a_button_holds_it_for_more_than_a_second():
    panel = Recorder()
    keys = Keys(panel)
    for key in "h3":
        keys.type(key, 1.0)
    keys.release(2.1)
    assert panel.done == [("press", 3)]
    keys.release(2.4)
    assert panel.done == [("press", 3), ("release", 3)]


def test_a_knob_stops_at_its_ends():
    panel = Recorder()
    keys = Keys(panel)
    for _ in range(60):
        keys.type("Z", 0)
    assert panel.done[-1] == ("turn", "z", 0.0)


def test_a_terminal_that_is_too_small_is_told_so_until_it_is_large_enough(
    installed_flash, tmp_path
):
    flash = tmp_path / "flash"
    shutil.copytree(installed_flash, flash)
    arguments = ("virtual", "--flash", str(flash), "--panel")
    with Terminal(*arguments, columns=70, lines=20) as terminal:
        terminal.read_until("this terminal has 70")
        assert "out " not in terminal.text.split("this terminal has 70")[1]
        terminal.resize(80, 24)
        terminal.read_until("   Ctrl-C switches it off")  # the last line of the panel


def test_the_command_shows_the_screen_and_takes_keys(installed_flash, tmp_path):
    flash = tmp_path / "flash"
    shutil.copytree(installed_flash, flash)
    arguments = ("virtual", "--flash", str(flash), "--panel")
    with Terminal(*arguments, columns=100, lines=60, COLORTERM="truecolor") as terminal:

        def shown(blocks, patience_s=PATIENCE_S):
            """Whether a picture has come whose number of orange blocks is such."""
            return terminal.read(
                lambda: any(
                    blocks(part.count(ORANGE)) for part in terminal.text.split("out ")[-4:]
                ),
                patience_s,
            )

        assert shown(lambda count: 20 < count < 200)  # "no model", and the point
        # Past the groove page, which looks much like it: the title of the next is a bar of colour.
        for _ in range(10):
            terminal.type("\t")
            if shown(lambda count: count > 300, PATIENCE_S / 30):
                break
        else:
            raise AssertionError("the page stays the same")
        assert terminal.interrupt() == 0
        assert "Switched off." in terminal.text
