"""Knobs: positions from 0 to 1, and which of them moved.

A knob speaks only when it is turned. So a value that is typed at the prompt stays until somebody
turns that knob, and the noise of a converter changes nothing.
"""

from machine import ADC

# The least turn that counts: 1/250 of the way, some four times the noise of a Teensy's converter.
LEAST_TURN = 0.004
_LEAST_CODES = int(LEAST_TURN * 0xFFFF)
_ENDS = (0, 0xFFFF)


class Knob:
    """One knob. `position` is where it was when it last spoke, 0..1."""

    def __init__(self, pin):
        self._adc = ADC(pin)
        self._code = 0
        self.position = None

    def turned(self):
        """Reads the knob; True if it has moved since it last spoke, and the first time."""
        code = self._adc.read_u16()
        if self.position is not None and -_LEAST_CODES < code - self._code < _LEAST_CODES:
            # The very ends must be reachable however small the last bit of the way.
            if code not in _ENDS or code == self._code:
                return False
        self._code = code
        self.position = code / 0xFFFF
        return True


class Knobs:
    """The board's knobs by name: knobs.x, knobs.threshold."""

    def __init__(self, pins):
        self.names = sorted(pins)
        for name in self.names:
            setattr(self, name, Knob(pins[name]))

    def turned(self):
        """The names of the knobs that have moved."""
        return [name for name in self.names if getattr(self, name).turned()]
