"""The base class of all boards: levels of pins, lamps, and the eight output jacks."""

from __future__ import annotations

from latentrack.virtual.display import Display

# The drive of a pin by the board: pulled low, driven high, or left to the pin's own pull.
LOW, HIGH, FLOATS = 0, 1, 2
ADC_CODES = 4096
# The threshold of a gate, that of common module inputs.
GATE_VOLTS = 1.0

Volts = list[tuple[int, float]]
"""Writes to jacks: (jack from 0, volts)."""


def code(share: float) -> int:
    """The converter's code, 0 to 4095, for a share of its range, which is clipped to 0 to 1."""
    return round(min(max(share, 0.0), 1.0) * (ADC_CODES - 1))


class Board:
    """A board at power-on with nothing plugged in. Subclasses are the boards."""

    # The pins of inputs. Switches and encoders pull theirs low on contact.
    TRIGGERS: dict[str, str] = {}
    KNOBS: dict[str, str] = {}
    CV: dict[str, str] = {}
    BUTTONS: dict[int, str] = {}
    LAMPS: dict[int, str] = {}
    ENCODERS: dict[str, tuple[str, str, str]] = {}  # A, B, push
    # The UART whose pins lead to the MIDI jacks ("LPUART6"; "": none), and whether both are there.
    MIDI = ""
    MIDI_IN = False
    # The range of the outputs in volts.
    OUT_VOLTS: tuple[float, float] = (0.0, 0.0)
    # The jack of each channel of drums: five triggers, then three accents.
    DRUM_JACKS: tuple[int, ...] = tuple(range(8))
    GATE = 0.0  # volts of a gate that is high
    ACCENT = 0.0  # volts of the loudest accent

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.display: Display | None = None
        # The number of times that each pin went high, to count short flashes of lamps.
        self.rises: dict[str, int] = {}
        self.levels: dict[str, bool] = {}
        self.volts = [0.0] * 8
        self.display_bytes = 0

    def power_cycled(self) -> None:
        """Reset all state as after a power cut: no pin is driven, chips lose their registers."""
        self.levels.clear()

    def fault(self, text: str) -> None:
        """Add an access that real electronics would not have served right, once."""
        if text not in self.faults:
            self.faults.append(text)

    # -- what the player does ---------------------------------------------------------------

    def trigger(self, volts: float) -> int:
        """The drive, LOW, HIGH or FLOATS, of a trigger input's pin at a voltage at its jack."""
        raise NotImplementedError

    def knob(self, position: float) -> int:
        """The converter's code for a knob at 0 (anticlockwise) to 1 (clockwise)."""
        raise NotImplementedError

    def cv(self, volts: float) -> int:
        """The converter's code for a voltage at a CV input."""
        raise NotImplementedError

    def rest(self) -> dict[str, int]:
        """The drive of the pins of unplugged inputs and of switches that are not pressed."""
        pins = dict.fromkeys(self.TRIGGERS.values(), self.trigger(0.0))
        pins |= dict.fromkeys(self.BUTTONS.values(), FLOATS)
        pins |= {pin: FLOATS for encoder in self.ENCODERS.values() for pin in encoder}
        return pins

    # -- what the chip does -----------------------------------------------------------------

    def pin(self, name: str, level: bool) -> Volts:
        """Process a pin that the chip drives; return the writes to jacks."""
        if level and not self.levels.get(name, False):
            self.rises[name] = self.rises.get(name, 0) + 1
        self.levels[name] = level
        return []

    def spi(self, words: list[int], bits: int, mode: int) -> Volts:
        """Process words of `bits` bits sent on LPSPI4; return the writes to jacks.

        mode: SPI mode 0 to 3.
        """
        return []

    def put(self, jack: int, volts: float) -> Volts:
        """Set the volts at a jack (from 0); return the write."""
        self.volts[jack] = volts
        return [(jack, volts)]
