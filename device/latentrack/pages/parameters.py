"""All parameters of the track: what they do is said in parameters.py."""

from latentrack.pages.values import ValuesPage


class Page(ValuesPage):
    title = "Parameters"
    of_track = True

    def values(self):
        return self.track
