"""The display's model, byte by byte as the data sheet has them, and the picture files."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest

from latentrack.virtual.display import Display
from latentrack.virtual.picture import png, read_png

RED, GREEN, BLUE = (0xF8, 0x00), (0x07, 0xE0), (0x00, 0x1F)


def say(display: Display, command: int, *data: int) -> None:
    display.command(bytes([command]))
    if data:
        display.data(bytes(data))


# Of each make of glass: where its picture begins, x and y, and the command of its inversion.
GLASSES = {"red tab": (0, 24, 0x20), "green tab": (1, 26, 0x21)}


def awake(order: int = 0x68, glass: str = "red tab") -> Display:
    """A display that has been told all that this glass needs."""
    display = Display(glass)
    inversion = GLASSES[glass][2]
    for command, data in ((0x11, ()), (0x3A, (5,)), (0x36, (order,)), (inversion, ()), (0x29, ())):
        say(display, command, *data)
    return display


def window(
    display: Display, x: int, y: int, width: int, height: int, glass: str = "red tab"
) -> None:
    first_x, first_y, _ = GLASSES[glass]
    say(display, 0x2A, 0, x + first_x, 0, x + first_x + width - 1)
    say(display, 0x2B, 0, y + first_y, 0, y + first_y + height - 1)


def test_it_is_black_until_it_is_woken_and_on_and_shows_noise_then():
    display = Display()
    assert not display.image().any()
    say(display, 0x11)
    assert not display.image().any()
    say(display, 0x29)
    assert len(np.unique(display.image())) > 50


@pytest.mark.parametrize("glass", GLASSES)
@pytest.mark.parametrize("x, y", [(0, 0), (159, 0), (0, 79), (159, 79), (37, 11)])
def test_a_pixel_is_where_it_was_put_in_the_colour_it_was_given(x, y, glass):
    display = awake(glass=glass)
    before = display.image()
    for pixel, colour in ((RED, (255, 0, 0)), (GREEN, (0, 255, 0)), (BLUE, (0, 0, 255))):
        window(display, x, y, 1, 1, glass)
        say(display, 0x2C, *pixel)
        after = display.image()
        assert tuple(after[y, x]) == colour
        after[y, x] = before[y, x]
        assert (after == before).all(), "other pixels changed"
    assert display.faults == []


def test_a_window_is_filled_row_by_row_in_pieces_and_begins_anew_when_full():
    display = awake()
    window(display, 10, 20, 3, 2)
    display.command(b"\x2c")
    codes = [1 << 11, 2 << 11, 3 << 11, 4 << 11, 5 << 11, 6 << 11, 7 << 11]
    data = b"".join(code.to_bytes(2, "big") for code in codes)
    display.data(data[:5])  # a pixel may be cut in two
    display.data(data[5:])
    reds = display.image()[20:22, 10:13, 0] >> 3
    assert reds.tolist() == [[7, 2, 3], [4, 5, 6]]


def test_the_other_way_round_the_picture_stands_on_its_head():
    upright, turned = awake(0x68, "green tab"), awake(0xA8, "green tab")
    for display in (upright, turned):
        window(display, 0, 0, 160, 80, "green tab")
        say(display, 0x2C, *([0, 0] * 160 * 80))
        window(display, 3, 5, 1, 1, "green tab")
        say(display, 0x2C, *RED)
    # Backwards in rows instead of columns the glass begins elsewhere: 162 - 161 rows off.
    assert np.argwhere(upright.image()[..., 0])[0].tolist() == [5, 3]
    assert np.argwhere(turned.image()[..., 0])[0].tolist() == [79 - 5, 159 - 3 + 0]


@pytest.mark.parametrize("glass, wrong", [("red tab", 0x21), ("green tab", 0x20)])
def test_colours_are_wrong_with_the_other_glasses_inversion_or_the_wrong_order(glass, wrong):
    display = awake(glass=glass)
    window(display, 0, 0, 1, 1, glass)
    say(display, 0x2C, *RED)
    say(display, wrong)
    assert tuple(display.image()[0, 0]) == (0, 255, 255)
    display = awake(0x60)
    window(display, 0, 0, 1, 1)
    say(display, 0x2C, *RED)
    assert tuple(display.image()[0, 0]) == (0, 0, 255)


def test_what_a_real_one_would_not_understand_is_told():
    display = awake()
    say(display, 0x2A, 0, 10, 0, 9)
    say(display, 0x2B, 0, 0, 0, 132)
    assert display.faults == [
        "columns 10 to 9 are not among the 162",
        "rows 0 to 132 are not among the 132",
    ]
    display = Display()
    say(display, 0x2C, 0, 0)
    assert display.faults == ["pixels came in the format 6"]
    display = awake()
    say(display, 0x2C, 0, 0, 0)
    say(display, 0x00)
    assert display.faults == ["half a pixel was written"]


def test_reset_keeps_the_memory_and_forgets_the_rest():
    display = awake()
    window(display, 0, 0, 1, 1)
    say(display, 0x2C, *GREEN)
    say(display, 0x01)
    assert not display.image().any()
    for command, data in ((0x11, ()), (0x36, (0x68,)), (0x20, ()), (0x29, ())):
        say(display, command, *data)
    assert tuple(display.image()[0, 0]) == (0, 255, 0)


def test_png_files_are_png_files():
    image = np.random.default_rng(1).integers(0, 256, (7, 5, 3), dtype=np.uint8)
    data = png(image, 2)
    # By hand, as the specification has it: signature, IHDR, the rows behind their filter bytes.
    assert data[:16] == b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"
    assert struct.unpack(">IIBBBBB", data[16:29]) == (10, 14, 8, 2, 0, 0, 0)
    assert struct.unpack(">I", data[29:33])[0] == zlib.crc32(data[12:29])
    (size,) = struct.unpack(">I", data[33:37])
    rows = zlib.decompress(data[41 : 41 + size])
    assert len(rows) == 14 * 31
    assert rows[31 * 2 + 1 : 31 * 2 + 7] == bytes(image[1, 0]) * 2
    assert data.endswith(b"\x00\x00\x00\x00IEND\xaeB`\x82")
    assert (read_png(data)[::2, ::2] == image).all()
    with pytest.raises(ValueError, match="damaged"):
        read_png(data[:50] + b"?" + data[51:])
