"""An ST7735 and its 160 x 80 glass: pixels from the bytes that are sent over SPI.

The controller has memory for 132 x 162 pixels, of which the small glass shows 80 x 160: the "red
tab" from column 28 and row 0 on, the "green tab" from column 26 and row 1 on. The glass is mounted
on its side: seen from the front, x runs along the controller's rows and y against its columns (so
the red tab's top line is column 107, which is address 24 when columns run backwards). Colours are
right only if the controller is set to a glass wired blue-green-red, and to inversion for the green
tab.

Commands and address counters: Sitronix, ST7735S data sheet, chapters 9.10 and 10.1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 160, 80
_ROWS, _COLUMNS = 162, 132
# Of each make of glass: the first row and column that it shows, and whether it inverts.
GLASSES = {"red tab": (0, 28, False), "green tab": (1, 26, True)}

_SOFTWARE_RESET, _SLEEP, _WAKE, _PLAIN, _INVERTED = 0x01, 0x10, 0x11, 0x20, 0x21
_OFF, _ON, _SET_COLUMNS, _SET_ROWS, _WRITE = 0x28, 0x29, 0x2A, 0x2B, 0x2C
_ORDER, _PIXEL_FORMAT = 0x36, 0x3A
_ROWS_BACKWARDS, _COLUMNS_BACKWARDS, _EXCHANGED, _BLUE_FIRST = 0x80, 0x40, 0x20, 0x08
_RGB565 = 5


class Display:
    """The display; `command` and `data` take the bytes of SPI, `image` gives the picture.

    glass: a key of GLASSES.  faults: input that a real controller would not understand, each in a
    sentence, in order.
    """

    def __init__(self, glass: str = "red tab") -> None:
        self._first_row, self._first_column, self._inverts = GLASSES[glass]
        self.faults: list[str] = []
        self.power_on()

    def power_on(self) -> None:
        """Set the state at power-on: noise in the memory, and the display off."""
        noise = np.random.default_rng(7735)
        self._memory = noise.integers(0, 1 << 16, (_ROWS, _COLUMNS), dtype=np.uint16)
        self.reset()

    def reset(self) -> None:
        """Reset all registers, as the reset pin and command do; the memory keeps its pixels."""
        self._awake = self._on = self._inverted = False
        self._order, self._format = 0, 6
        self._x, self._y = (0, _COLUMNS - 1), (0, _ROWS - 1)
        self._command = 0
        self._arguments = b""
        self._at = 0

    def command(self, data: bytes) -> None:
        """Take bytes that were sent while the command pin was low."""
        for byte in data:
            self._end_command()
            self._command, self._arguments, self._at = byte, b"", 0
            if byte == _SOFTWARE_RESET:
                self.reset()
            elif byte in (_SLEEP, _WAKE):
                self._awake = byte == _WAKE
            elif byte in (_PLAIN, _INVERTED):
                self._inverted = byte == _INVERTED
            elif byte in (_OFF, _ON):
                self._on = byte == _ON

    def data(self, data: bytes) -> None:
        """Take bytes that were sent while the command pin was high."""
        self._arguments += data
        if self._command == _WRITE:
            self._write()
        elif self._command == _SET_COLUMNS and len(self._arguments) == 4:
            self._x = self._window("columns", _ROWS if self._order & _EXCHANGED else _COLUMNS)
        elif self._command == _SET_ROWS and len(self._arguments) == 4:
            self._y = self._window("rows", _COLUMNS if self._order & _EXCHANGED else _ROWS)
        elif self._command == _ORDER and len(self._arguments) == 1:
            self._order = self._arguments[0]
        elif self._command == _PIXEL_FORMAT and len(self._arguments) == 1:
            self._format = self._arguments[0] & 7

    def image(self) -> NDArray[np.uint8]:
        """The picture: (80, 160, 3) bytes of red, green, blue; black while the display is off."""
        if not (self._awake and self._on):
            return np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        glass = self._memory[
            self._first_row : self._first_row + WIDTH,
            self._first_column : self._first_column + HEIGHT,
        ].T[::-1]
        if self._inverted != self._inverts:
            glass = ~glass
        high, green, low = glass >> 11, glass >> 5 & 0x3F, glass & 0x1F
        red, blue = (high, low) if self._order & _BLUE_FIRST else (low, high)
        # The low bits repeat the highest ones, so that the maximum is 255.
        picture = (red << 3 | red >> 2, green << 2 | green >> 4, blue << 3 | blue >> 2)
        return np.stack(picture, axis=-1).astype(np.uint8)

    def _end_command(self) -> None:
        if self._command == _WRITE and self._arguments:
            self.faults.append("half a pixel was written")

    def _window(self, what: str, size: int) -> tuple[int, int]:
        first, last = (int.from_bytes(self._arguments[i : i + 2], "big") for i in (0, 2))
        if not first <= last < size:
            self.faults.append(f"{what} {first} to {last} are not among the {size}")
            return 0, size - 1
        return first, last

    def _write(self) -> None:
        if self._format != _RGB565:
            self.faults.append(f"pixels came in the format {self._format}")
        whole = len(self._arguments) & ~1
        pixels = np.frombuffer(self._arguments[:whole], ">u2")
        self._arguments = self._arguments[whole:]
        width, height = self._x[1] - self._x[0] + 1, self._y[1] - self._y[0] + 1
        # The address counter wraps around at the end of the window.
        at = (self._at + np.arange(len(pixels))) % (width * height)
        self._at = (self._at + len(pixels)) % (width * height)
        x, y = self._x[0] + at % width, self._y[0] + at // width
        row, column = (x, y) if self._order & _EXCHANGED else (y, x)
        if self._order & _COLUMNS_BACKWARDS:
            column = _COLUMNS - 1 - column
        if self._order & _ROWS_BACKWARDS:
            row = _ROWS - 1 - row
        self._memory[row, column] = pixels
