"""The quantiser: a screen for each channel, its input, output, notes and gate.

knobs, encoders, right push    change the values of the lines (values.py)
buttons, left push             as on every page (base.py)
"""

from latentrack.pages.values import ValuesPage


class Page(ValuesPage):
    """The page of the quantiser."""

    title = "Quantiser"

    def values(self):
        """The quantiser: what its channels are set to are the lines."""
        return self.instrument.quantiser

    def owner(self):
        """What assignments to MIDI call it."""
        return "quantiser"
