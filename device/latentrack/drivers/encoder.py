"""A rotary encoder whose contacts pull two pins down: four edges from click to click.

Every edge is an interrupt, so a fast turn loses nothing. The handler allocates nothing, as a hard
interrupt must not; contacts that bounce go back and forth and cancel out.
"""

from machine import Pin

# By where the contacts were (high bits) and where they are: a quarter forward, back, or nothing.
_QUARTERS = (0, -1, 1, 0, 1, 0, 0, -1, -1, 0, 0, 1, 0, 1, -1, 0)
_EDGES = Pin.IRQ_RISING | Pin.IRQ_FALLING


class Encoder:
    def __init__(self, a, b):
        self._a = Pin(a, Pin.IN, Pin.PULL_UP)
        self._b = Pin(b, Pin.IN, Pin.PULL_UP)
        self._contacts = self._a.value() << 1 | self._b.value()
        self._quarters = 0
        self._clicks = 0
        for pin in (self._a, self._b):
            pin.irq(self._edge, _EDGES, hard=True)

    def turned(self):
        """Clicks since the last call; to the right is positive."""
        # Rounded: a contact that trembles at rest is no click.
        clicks = (self._quarters + 2) >> 2
        turned, self._clicks = clicks - self._clicks, clicks
        return turned

    def _edge(self, pin):
        contacts = self._a.value() << 1 | self._b.value()
        self._quarters += _QUARTERS[self._contacts << 2 | contacts]
        self._contacts = contacts
