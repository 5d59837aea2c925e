"""A Teensy on a breadboard, as in docs/getting-started.md: pins connected to jacks."""

from __future__ import annotations

from latentrack.virtual.boards.board import HIGH, LOW, Board, Volts, code

_SUPPLY_VOLTS = 3.3
# Half of what a CMOS input takes for high and for low.
_THRESHOLD_VOLTS = 1.65


class Bare(Board):
    """The breadboard: gates directly from the pins, no converters, no display."""

    TRIGGERS = {"clock": "D36", "reset": "D35", "trigger_3": "D34", "trigger_4": "D33"}
    KNOBS = {"x": "A7", "y": "A2", "z": "A3", "w": "A8", "threshold": "A6"}
    # An optocoupler at D0, two resistors at D1.
    MIDI = "LPUART6"
    MIDI_IN = True
    OUT_VOLTS = (0.0, _SUPPLY_VOLTS)
    GATE = _SUPPLY_VOLTS
    OUTPUTS = {f"D{2 + jack}": jack for jack in range(8)}

    def trigger(self, volts: float) -> int:
        """HIGH above half the supply of 3.3 V, else LOW."""
        # A resistor of 1 megohm to ground pulls an unplugged input low.
        return HIGH if volts > _THRESHOLD_VOLTS else LOW

    def knob(self, position: float) -> int:
        """The code of the knob's position, which rises clockwise."""
        return code(position)

    def pin(self, name: str, level: bool) -> Volts:
        """Put 3.3 V or 0 V at the pin's jack, if the pin has one."""
        super().pin(name, level)
        if name not in self.OUTPUTS:
            return []
        return self.put(self.OUTPUTS[name], _SUPPLY_VOLTS if level else 0.0)
