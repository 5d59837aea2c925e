"""Where the CV inputs and the trigger inputs 3 and 4 go, and how far each CV reaches.

knobs, encoders, right push    change the values of the lines (values.py)
buttons, left push             as on every page (base.py)
"""

from latentrack.pages.values import ValuesPage


class Page(ValuesPage):
    """The page of the patch."""

    title = "Patch"

    def values(self):
        """The patch: its inputs and depths are the lines."""
        return self.instrument.patch
