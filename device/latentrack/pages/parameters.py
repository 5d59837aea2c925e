"""All parameters of the track; parameters.py says what each does.

knobs, encoders, right push    change the values of the lines (values.py)
buttons, left push             as on every page (base.py)
"""

from latentrack.pages.values import ValuesPage


class Page(ValuesPage):
    """The page of the track's parameters."""

    title = "Params"
    of_track = True

    def values(self):
        """The track: its parameters are the lines."""
        return self.track
