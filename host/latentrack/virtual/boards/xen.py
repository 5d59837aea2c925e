"""The reference hardware, from its schematics: inverters, amplifiers, DAC8164s, an ST7735.

- Clock, reset and trigger inputs: a transistor with an open collector and no resistor. A high jack
  pulls the pin down; else the pin has only its own pull.
- CV inputs: inverting amplifiers, +5 V at the converter's lowest code, -5 V at its highest.
- Potentiometers: the clockwise end is ground.
- Outputs: inverting amplifiers behind the converters, +5 V at code 0, -5 V at full scale. At
  power-on the converters stand at code 0.
- The display, both converters and an expander share one SPI; each has a select.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from latentrack.virtual.boards.board import FLOATS, LOW, Board, Volts, code
from latentrack.virtual.display import Display

_MOST_VOLTS = 5.0
# The base-emitter voltage of a transistor.
_CONDUCTS_VOLTS = 0.7
_COMMAND, _DISPLAY, _RESET = "D6", "D5", "D0"
# Select of each converter -> the jack of its channels 0 to 3.
_CONVERTERS = {"D8": (3, 0, 1, 2), "D9": (5, 6, 7, 4)}
# The SD card's select, D1, carries MIDI: there is no card.
_UNUSED = {"D10": "the expander"}


class Converter:
    """A DAC8164: its input shift register and its four channels (data sheet SBAS410).

    A frame is 24 bits while SYNC is low, read at the falling clock edge (SPI mode 1): two address
    bits, 01 for "write and update", a bit that does not matter, two bits of channel, 0 for
    "powered", 14 bits of code, two that do not matter.
    """

    def __init__(self, fault: Callable[[str], None]) -> None:
        self._fault = fault
        self._shift = self._bits = 0

    def select(self) -> None:
        """Begin a frame: SYNC falls."""
        self._shift = self._bits = 0

    def shift(self, word: int, bits: int, mode: int) -> None:
        """Shift one word of `bits` bits in, in SPI mode 0 to 3, while the chip is selected."""
        if mode != 1:
            self._fault(f"a converter was sent bits in SPI mode {mode}; it needs mode 1")
        self._shift = self._shift << bits | word & ((1 << bits) - 1)
        self._bits += bits

    def deselect(self) -> tuple[int, int] | None:
        """End a frame: SYNC rises. Returns (channel, 14-bit code), None without a valid frame."""
        if self._bits == 0:
            return None
        frame = self._shift
        if self._bits != 24 or frame >> 22 or frame >> 20 & 3 != 1 or frame >> 16 & 1:
            self._fault(f"a converter was sent {frame:#x} in {self._bits} bits")
            return None
        return frame >> 17 & 3, frame >> 2 & 0x3FFF


class Xen(Board):
    """The reference hardware: eight outputs by two converters, inverting amplifiers, a display."""

    TRIGGERS = {"clock": "D36", "reset": "D35", "trigger_3": "D34", "trigger_4": "D33"}
    KNOBS = {"x": "A7", "y": "A2", "z": "A3", "threshold": "A6"}
    CV = {
        "x": "A11", "y": "A10", "z": "A1", "threshold": "A0",
        "5": "D40", "6": "D41", "7": "A12", "8": "A13",
    }  # fmt: skip
    BUTTONS = {1: "D28", 2: "D38", 3: "D39", 4: "D29"}
    LAMPS = {1: "D30", 2: "D31", 3: "D32", 4: "D37"}
    ENCODERS = {"left": ("D22", "D23", "D7"), "right": ("D3", "D4", "D2")}
    # A jack added at D1, the select of the SD card, which is not there. D0 is the display's.
    MIDI = "LPUART6"
    OUT_VOLTS = (-_MOST_VOLTS, _MOST_VOLTS)
    GATE = _MOST_VOLTS
    ACCENT = _MOST_VOLTS
    DRUM_JACKS = (0, 4, 1, 2, 3, 5, 6, 7)

    def __init__(self) -> None:
        super().__init__()
        self.display: Display = Display("red tab")
        self._converters: dict[str, Converter] = {}
        self.power_cycled()

    def power_cycled(self) -> None:
        """Reset display and converters; all eight jacks are at +5 V until they are written."""
        super().power_cycled()
        self.display.power_on()
        self.volts = [_MOST_VOLTS] * 8
        self._converters = {select: Converter(self.fault) for select in _CONVERTERS}

    def trigger(self, volts: float) -> int:
        """LOW above 0.7 V, as a transistor pulls the pin down, else FLOATS."""
        return LOW if volts > _CONDUCTS_VOLTS else FLOATS

    def knob(self, position: float) -> int:
        """The code of the knob's position, which falls clockwise."""
        return code(1 - position)

    def cv(self, volts: float) -> int:
        """The code of -5 V to +5 V, highest to lowest: the input's amplifier inverts."""
        return code((_MOST_VOLTS - volts) / (2 * _MOST_VOLTS))

    def pin(self, name: str, level: bool) -> Volts:
        """Reset the display, or begin or end a converter's frame; a complete frame sets a jack."""
        before = self.levels.get(name, True)
        super().pin(name, level)
        if name == _RESET and not level:
            self.display.reset()
        if name not in self._converters or before == level:
            return []
        if not level:
            self._converters[name].select()
            return []
        written = self._converters[name].deselect()
        if written is None:
            return []
        channel, value = written
        return self.put(_CONVERTERS[name][channel], volts_of(value))

    def spi(self, words: list[int], bits: int, mode: int) -> Volts:
        """Shift words into each selected chip; a fault if the expander is selected."""
        for select, what in _UNUSED.items():
            if not self.levels.get(select, False):
                self.fault(f"the select of {what} ({select}) is not driven high")
        for select, converter in self._converters.items():
            if not self.levels.get(select, False):
                for word in words:
                    converter.shift(word, bits, mode)
        if not self.levels.get(_DISPLAY, False):
            self._show(words, bits, mode)
        return []

    def _show(self, words: list[int], bits: int, mode: int) -> None:
        if mode != 0 or bits % 8:
            self.fault(f"the display was sent {bits} bits in SPI mode {mode}")
            return
        self.display_bytes += len(words) * bits // 8
        # Four bytes a word, of which the last ones count. A screen is thousands of words.
        size = bits // 8
        data = np.array(words, ">u4").view(np.uint8).reshape(-1, 4)[:, 4 - size :].tobytes()
        if self.levels.get(_COMMAND, False):
            self.display.data(data)
        else:
            self.display.command(data)


def volts_of(value: int) -> float:
    """The volts at a jack, -5 to +5, for a 14-bit code of its converter."""
    return _MOST_VOLTS - 2 * _MOST_VOLTS * value / 0x3FFF
