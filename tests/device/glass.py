"""Reading the module's screen: its pixels come from the bytes on SPI, its letters by comparing them
with MicroPython's own font, letter by letter."""

from __future__ import annotations

import numpy as np

from latentrack.module.link import Link
from latentrack.virtual.module import VirtualModule
from tests.waiting import frames_pass, until

LETTERS = "".join(map(chr, range(32, 127)))
LETTER, TALL = 8, 16


def frames_see(module: VirtualModule, link: Link, count: int = 3) -> None:
    """Lets some frames pass after the module has noticed what was done at its panel."""
    module.panel.catch_up()
    frames_pass(link, count)


# The font as framebuf draws it on the module, one letter after the other, a byte a row.
_FONT = """
import framebuf
_bits = bytearray(8)
_letter = framebuf.FrameBuffer(_bits, 8, 8, framebuf.MONO_HLSB)
_font = []
for _c in range(32, 127):
    _letter.fill(0)
    _letter.text(chr(_c), 0, 0, 1)
    _font.append(bytes(_bits))
print(b''.join(_font).hex())
"""


class Glass:
    """The screen of a module as somebody in front of it reads it."""

    def __init__(self, module: VirtualModule, link: Link) -> None:
        self.module, self._link = module, link
        rows = np.frombuffer(bytes.fromhex(link.run(_FONT).strip()), np.uint8)
        flat = np.unpackbits(rows).reshape(len(LETTERS), LETTER, LETTER).astype(bool)
        self._font = flat.repeat(2, axis=1)

    def at_rest(self) -> np.ndarray:
        """The picture when frames have seen all that was done, and have drawn what is to draw."""
        frames_see(self.module, self._link)
        until(
            lambda: self._link.evaluate("instrument.screen.whole"),
            "the screen does not come to rest",
        )
        assert self.module.panel.faults == []
        return self.module.panel.screen()

    def line(self, image: np.ndarray, y: int, x: int = 0) -> str:
        """The tall letters in the row of pixels that begins at y, from x on."""
        found = ""
        for left in range(x, image.shape[1] - LETTER + 1, LETTER):
            found += self._letter(image[y : y + TALL, left : left + LETTER])
        return found.rstrip()

    def _letter(self, cell: np.ndarray) -> str:
        # Its paper is the colour of most pixels at the cell's rim; the rest is ink.
        colours, counts = np.unique(cell.reshape(-1, 3), axis=0, return_counts=True)
        paper = colours[counts.argmax()]
        ink = (cell != paper).any(axis=-1)
        glyphs = self._font[:, : len(ink)]
        for drawn in (ink, ~ink):
            same = (glyphs == drawn).all(axis=(1, 2))
            if same.any():
                return LETTERS[same.argmax()]
        return "?"

    def rows(self) -> list[str]:
        """The five lines of a list page: title and rows, left and right parts side by side."""
        image = self.at_rest()
        width = image.shape[1]
        lines = []
        for row in range(5):
            y = TALL * row
            strip = image[y : y + TALL]
            if row:
                # Rows begin a pixel higher, and their last two belong to a bar; but every row of
                # a letter is there twice.
                strip = strip[[0, *range(14), 13]]
            lines.append((self._part(strip, 2), self._part(strip, (width - 2) % LETTER)))
        return [_both(left, right) for left, right in lines]

    def _part(self, strip: np.ndarray, x: int) -> str:
        return self.line(strip, 0, x)


def _both(left: str, right: str) -> str:
    """Letters on the left lie on one grid, those on the right on another: take what is read."""
    left_words = " ".join(word for word in left.split() if "?" not in word)
    right_words = " ".join(word for word in right.split() if "?" not in word)
    return f"{left_words} | {right_words}"
