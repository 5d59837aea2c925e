"""Sixteen presets, one a line; "*" marks the one that was recalled or stored last.

encoders              choose a preset
right push            recall it; held: store all that is set now in it
knobs                 nothing
buttons, left push    as on every page (base.py)
"""

from latentrack.pages.base import ListPage
from latentrack.presets import PRESETS


class Page(ListPage):
    """The page of presets."""

    title = "Presets"

    def __init__(self, instrument, controls):
        super().__init__(instrument, controls)
        self._used = ()

    def enter(self):
        """Read which presets are stored."""
        self._used = self.instrument.presets.used()

    def count(self):
        """The number of presets, 16."""
        return PRESETS

    def line(self, at):
        """("Preset n" from 1, "*", "empty" or "")."""
        number = at + 1
        state = "" if number in self._used else "empty"
        return (f"Preset {number}", "*" if number == self.instrument.presets.last else state)

    def source(self, at):
        """Whether the preset is stored and whether it was used last, packed."""
        number = at + 1
        return (number in self._used) << 1 | (number == self.instrument.presets.last)

    def turn(self, encoder, steps):
        """Either encoder chooses a preset."""
        self.choose(self.chosen + steps)

    def release(self, button):
        """The right push, let go within a second, recalls the chosen preset."""
        if button == "right":
            self.instrument.presets.recall(self.chosen + 1)
        else:
            super().release(button)

    def hold(self, button):
        """Holding the right push stores the present settings in the chosen preset."""
        if button == "right":
            self.instrument.presets.store(self.chosen + 1)
            self._used = self.instrument.presets.used()
        else:
            super().hold(button)
