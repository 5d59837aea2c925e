"""A rotary encoder whose contacts pull two pins down: four edges from click to click.

latentcore reads the contacts each millisecond, beside its tick: no bytecode runs in an interrupt of
a pin, so an encoder never delays the clock. Contacts that bounce go back and forth and cancel out.
"""

import latentcore
from machine import Pin

from latentrack.boards.teensy41 import PSR, port_and_mask


class Encoder:
    """Encoder number 0 or 1 of latentcore, on pins `a` and `b` ("D22", "D23")."""

    def __init__(self, number, a, b):
        self._number = number
        registers = []
        for pin in (a, b):
            Pin(pin, Pin.IN, Pin.PULL_UP)
            base, mask = port_and_mask(pin)
            registers += [base + PSR, mask]
        latentcore.encoder(number, *registers)
        self._clicks = self._clicks_now()

    def turned(self):
        """Clicks since the last call; to the right is positive."""
        clicks = self._clicks_now()
        turned, self._clicks = clicks - self._clicks, clicks
        return turned

    def _clicks_now(self):
        # Rounded: a contact that trembles at rest is not a click.
        return (latentcore.turned(self._number) + 2) >> 2
