"""A button that pulls its pin down, looked at once a frame: 20 ms outlast its bouncing."""

from time import ticks_diff, ticks_ms

from machine import Pin

HOLD_MS = 1000


class Button:
    """A button on `pin`; pressed is low, by the chip's own pull-up."""

    def __init__(self, pin):
        self._pin = Pin(pin, Pin.IN, Pin.PULL_UP)
        self._since = None
        self._held = False

    def is_down(self):
        """Whether it was pressed when it was read last."""
        return self._since is not None

    def is_held(self):
        """Whether it has been pressed for HOLD_MS, and has not come up since."""
        return self._since is not None and self._held

    def event(self):
        """What has happened since the last call, or None.

        "press" at once; then "release" when it is let go within a second, or "hold" after one and
        "end_hold" when it is let go.
        """
        if self._pin.value():
            if self._since is None:
                return None
            self._since = None
            return "end_hold" if self._held else "release"
        if self._since is None:
            self._since = ticks_ms()
            self._held = False
            return "press"
        if not self._held and ticks_diff(ticks_ms(), self._since) >= HOLD_MS:
            self._held = True
            return "hold"
        return None
