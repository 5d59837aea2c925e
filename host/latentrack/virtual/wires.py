"""What the module's processor says on its pins and on SPI: lamps and the display hang on it.

The records come from rom/machine.py in the order in which the device code spoke, so that the
display sees its command pin change between the very bytes between which it changed.
"""

from __future__ import annotations

import os
import select
import struct
import threading
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from latentrack.virtual.display import Display

# As the device's board table has them (device/latentrack/boards/virtual.py); a test compares.
DISPLAY_PINS = {"select": 5, "command": 6, "reset": 0}

_RECORD = struct.Struct("<BBH")
_PIN, _SPI = 0, 1


class Wires:
    """Levels of the output pins, and the display."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "wires"
        os.mkfifo(self.path)
        self._fifo = os.open(self.path, os.O_RDWR | os.O_NONBLOCK)
        self._lock = threading.Lock()
        self._data = b""
        self.display = Display()
        # How many bytes went over SPI in all.
        self.spi_bytes = 0
        # A lamp that is lit for a moment would be missed by looking: how often each pin went high.
        self.rises: dict[int, int] = {}
        self._levels: dict[int, bool] = {}
        self._stop_read, self._stop_write = os.pipe()
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()

    def close(self) -> None:
        os.write(self._stop_write, b".")
        self._reader.join()
        for fd in (self._fifo, self._stop_read, self._stop_write):
            os.close(fd)

    def power_cycled(self) -> None:
        """The power was gone: pins float, and the display has forgotten everything."""
        with self._lock:
            self._take()
            self._data = b""
            self._levels.clear()
            self.display.power_on()

    def level(self, pin: int) -> bool:
        """Whether the module drives an output pin high."""
        with self._lock:
            self._take()
            return self._levels.get(pin, False)

    def image(self) -> NDArray[np.uint8]:
        """What the display shows of all that has been said so far."""
        with self._lock:
            self._take()
            return self.display.image()

    def _listen(self) -> None:
        while True:
            readable, _, _ = select.select([self._fifo, self._stop_read], [], [])
            if self._stop_read in readable:
                return
            with self._lock:
                self._take()

    def _take(self) -> None:
        while True:
            try:
                self._data += os.read(self._fifo, 1 << 16)
            except BlockingIOError:
                break
        at = 0
        while len(self._data) - at >= _RECORD.size:
            kind, index, value = _RECORD.unpack_from(self._data, at)
            end = at + _RECORD.size + (value if kind == _SPI else 0)
            if end > len(self._data):
                break
            if kind == _SPI:
                self._spi(self._data[at + _RECORD.size : end])
            else:
                self._pin(index, value != 0)
            at = end
        self._data = self._data[at:]

    def _pin(self, pin: int, level: bool) -> None:
        if level and not self._levels.get(pin, False):
            self.rises[pin] = self.rises.get(pin, 0) + 1
        self._levels[pin] = level
        if pin == DISPLAY_PINS["reset"] and not level:
            self.display.reset()

    def _spi(self, data: bytes) -> None:
        self.spi_bytes += len(data)
        if self._levels.get(DISPLAY_PINS["select"], True):
            return
        if self._levels.get(DISPLAY_PINS["command"], False):
            self.display.data(data)
        else:
            self.display.command(data)
