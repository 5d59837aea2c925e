"""What all boards have in common: levels of pins, lamps, and the eight output jacks."""

from __future__ import annotations

from latentrack.virtual.display import Display

# What a board does at a pin: pull it down, drive it up, or leave it to the pin's own pull.
LOW, HIGH, FLOATS = 0, 1, 2
ADC_CODES = 4096
# A voltage at which a gate counts as high, as inputs of modules have it.
GATE_VOLTS = 1.0

Volts = list[tuple[int, float]]
"""Writes to jacks: (jack from 0, volts)."""


def code(share: float) -> int:
    """The converter's code for a share, 0 to 1, of its range; what lies beyond is clipped."""
    return round(min(max(share, 0.0), 1.0) * (ADC_CODES - 1))


class Board:
    """One board, with nothing plugged in and its power just switched on."""

    # Pins of what the player touches. Switches and encoders pull theirs down on contact.
    TRIGGERS: dict[str, str] = {}
    KNOBS: dict[str, str] = {}
    CV: dict[str, str] = {}
    BUTTONS: dict[int, str] = {}
    LAMPS: dict[int, str] = {}
    ENCODERS: dict[str, tuple[str, str, str]] = {}  # A, B, push
    # What the outputs reach.
    OUT_VOLTS: tuple[float, float] = (0.0, 0.0)
    # The jack of each channel of drums: five triggers, then three accents.
    DRUM_JACKS: tuple[int, ...] = tuple(range(8))
    GATE = 0.0  # volts of a gate that is high
    ACCENT = 0.0  # volts of the loudest accent

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.display: Display | None = None
        # How often each pin went high, for a lamp that is lit for a moment only.
        self.rises: dict[str, int] = {}
        self.levels: dict[str, bool] = {}
        self.volts = [0.0] * 8
        self.display_bytes = 0

    def power_cycled(self) -> None:
        """The power was gone for a moment: pins float, chips forget."""
        self.levels.clear()

    def fault(self, text: str) -> None:
        """Notes what real electronics would not have done right, once."""
        if text not in self.faults:
            self.faults.append(text)

    # -- what the player does ---------------------------------------------------------------

    def trigger(self, volts: float) -> int:
        """What a voltage at a clock, reset or trigger input does at its pin."""
        raise NotImplementedError

    def knob(self, position: float) -> int:
        """The converter's code for a knob, 0 fully anticlockwise to 1."""
        raise NotImplementedError

    def cv(self, volts: float) -> int:
        """The converter's code for a voltage at a CV input."""
        raise NotImplementedError

    def rest(self) -> dict[str, int]:
        """What the board does at the pins of inputs and switches while they are not touched."""
        pins = dict.fromkeys(self.TRIGGERS.values(), self.trigger(0.0))
        pins |= dict.fromkeys(self.BUTTONS.values(), FLOATS)
        pins |= {pin: FLOATS for encoder in self.ENCODERS.values() for pin in encoder}
        return pins

    # -- what the chip does -----------------------------------------------------------------

    def pin(self, name: str, level: bool) -> Volts:
        """The chip drives a pin."""
        if level and not self.levels.get(name, False):
            self.rises[name] = self.rises.get(name, 0) + 1
        self.levels[name] = level
        return []

    def spi(self, words: list[int], bits: int, mode: int) -> Volts:
        """Words of so many bits left the chip on LPSPI4, in SPI mode 0 to 3."""
        return []

    def put(self, jack: int, volts: float) -> Volts:
        """Notes the volts at a jack."""
        self.volts[jack] = volts
        return [(jack, volts)]
