"""ST7735: the 160 x 80 display, over SPI.

Pixels are 16 bits, red first (5, 6, 5 bits), the high byte first; `colour` makes them so that
framebuf writes them that way. The chip wants pauses while it wakes up; nobody waits for them here:
`ready` says whether it is awake, and sends what is due next.

The small glass comes in two makes, known by the tab of their protective film. They begin at other
offsets in the controller's memory, and one of them is driven inverted.

Commands: Sitronix, ST7735S data sheet, chapter 10.
"""

from time import ticks_add, ticks_diff, ticks_ms

from machine import SPI, Pin

WIDTH, HEIGHT = 160, 80
_CASET, _RASET, _RAMWR = 0x2A, 0x2B, 0x2C

# Command, its data, and how many milliseconds the chip then needs.
_WAKE = (
    (0x01, b"", 150),  # software reset
    (0x11, b"", 120),  # out of sleep
    (0x3A, b"\x05", 0),  # 16 bits a pixel
    (0x36, b"\x68", 0),  # x along the rows, y against the columns; blue-green-red glass
    (0x13, b"", 10),  # the whole of it
)
_ON, _PLAIN, _INVERTED = 0x29, 0x20, 0x21
# Of each glass: where it begins, in the turned memory, and whether it is driven inverted.
_GLASSES = {"red tab": (0, 24, _PLAIN), "green tab": (1, 26, _INVERTED)}


def colour(red, green, blue):
    """The pixel of a colour, 0 to 255 each, as framebuf.RGB565 must hold it for this chip."""
    pixel = (red & 0xF8) << 8 | (green & 0xFC) << 3 | blue >> 3
    return pixel >> 8 | (pixel & 0xFF) << 8


class ST7735:
    """A display at `pins`: a board's table of "spi", "baudrate", "select", "command", "reset",
    "glass"."""

    def __init__(self, pins):
        self._first_x, self._first_y, self._inversion = _GLASSES[pins["glass"]]
        self._select = Pin(pins["select"], Pin.OUT, value=1)
        self._is_data = Pin(pins["command"], Pin.OUT, value=1)
        self._reset = Pin(pins["reset"], Pin.OUT, value=0)
        self._spi = SPI(pins["spi"], baudrate=pins["baudrate"])
        self._byte = bytearray(1)
        self._window = bytearray(4)
        self._waking = 0
        self._due = ticks_add(ticks_ms(), 1)
        self._reset.value(1)

    def ready(self):
        """True when the display shows what it is given. Until then, call it now and then."""
        while self._waking < len(_WAKE):
            if ticks_diff(self._due, ticks_ms()) > 0:
                return False
            command, data, pause_ms = _WAKE[self._waking]
            self._send(command, data)
            self._due = ticks_add(ticks_ms(), pause_ms)
            self._waking += 1
        return ticks_diff(self._due, ticks_ms()) <= 0

    def light(self):
        """Switches the glass on; before that its memory, which is noise at first, stays unseen."""
        self._send(self._inversion, b"")
        self._send(_ON, b"")

    def show(self, x, y, width, height, pixels):
        """Puts a rectangle of pixels on the glass; `pixels` holds exactly as many."""
        self._place(_CASET, x + self._first_x, width)
        self._place(_RASET, y + self._first_y, height)
        self._send(_RAMWR, pixels)

    def _place(self, command, first, count):
        window = self._window
        window[1] = first
        window[3] = first + count - 1
        self._send(command, window)

    def _send(self, command, data):
        self._byte[0] = command
        self._is_data.value(0)
        self._select.value(0)
        self._spi.write(self._byte)
        self._is_data.value(1)
        if data:
            self._spi.write(data)
        self._select.value(1)
