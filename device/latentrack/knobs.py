"""Knobs: positions from 0 to 1, and which of them moved.

A knob reports only when it is turned. So a value that is typed at the prompt stays until the player
turns that knob, and the noise of a converter changes nothing.
"""

from machine import ADC

from latentrack.boards.teensy41 import ADC_TOP
from latentrack.names import Part

# The least turn that counts: 1/250 of the way, some four times the noise of a Teensy's converter.
LEAST_TURN = 0.004
_LEAST_CODES = int(LEAST_TURN * ADC_TOP)
# So near to an end or to the middle, a knob is exactly there: 0, 0.5 and 1 can be set by hand.
_DETENT = int(0.006 * ADC_TOP)
_DETENTS = ((0, 0.0), (ADC_TOP // 2, 0.5), (ADC_TOP, 1.0))


class Knob(Part):
    """One knob. `position` is where it was when it last reported, 0..1."""

    def __init__(self, pin):
        self._adc = ADC(pin)
        self._code = None
        self._reversed = False
        self.position = None
        self._seal()

    def turned(self, is_reversed=False):
        """Reads the knob; True if it has moved since it last reported, and the first time.

        `is_reversed`: turned clockwise its converter's code goes down.
        """
        code = self._adc.read_u16()
        if (
            self._code is not None
            and is_reversed == self._reversed
            and -_LEAST_CODES < code - self._code < _LEAST_CODES
        ):
            # The last bit of the way to a detent counts however small it is.
            at = _detent(code)
            if at is None or at == _detent(self._code):
                return False
        self._code = code
        self._reversed = is_reversed
        position = _detent(code)
        if position is None:
            position = code / ADC_TOP
        self.position = 1 - position if is_reversed else position
        return True


def _detent(code):
    """The position of the detent that a code lies in, or None."""
    for at, position in _DETENTS:
        if -_DETENT <= code - at <= _DETENT:
            return position
    return None


class Knobs(Part):
    """The board's knobs by name: knobs.x, knobs.threshold."""

    def __init__(self, pins):
        self.names = sorted(pins)
        # Used again by each frame, as frames do not allocate.
        self._moved = []
        for name in self.names:
            setattr(self, name, Knob(pins[name]))
        self._seal()

    def turned(self, is_reversed=False):
        """The names of the knobs that have moved; good until the next call."""
        self._moved.clear()
        for name in self.names:
            if getattr(self, name).turned(is_reversed):
                self._moved.append(name)
        return self._moved
