"""The models in the flash, one a line; "*" marks the one that plays on this track.

encoders              choose a model
right push            play it on this track from the next bar on
knobs                 nothing
buttons, left push    as on every page (base.py)
"""

from latentrack.pages.base import ListPage


class Page(ListPage):
    """The page of the library's models."""

    title = "Models"
    of_track = True
    empty = "none yet: push one"

    def __init__(self, instrument, controls):
        super().__init__(instrument, controls)
        self._names = []
        self._entered = 0

    def enter(self):
        """What is there now; the one that plays is chosen."""
        self._entered += 1
        self._names = self.instrument.library.models()
        playing = self._playing()
        self.chosen = self._names.index(playing) if playing in self._names else 0

    def count(self):
        """The number of models in the flash."""
        return len(self._names)

    def line(self, at):
        """(name, "*" if the model plays on this track)."""
        name = self._names[at]
        return (name[:17], "*" if name == self._playing() else "")

    def source(self, at):
        """Number of times the page was opened, and whether the model plays, packed."""
        return self._entered << 1 | (self._names[at] == self._playing())

    def turn(self, encoder, steps):
        """Either encoder chooses a model."""
        self.choose(self.chosen + steps)

    def press(self, button):
        """The right push plays the chosen model; an error is shown as a message."""
        if button != "right":
            super().press(button)
        elif self._names:
            name = self._names[self.chosen]
            try:
                self.instrument.library.play(name, self.track.number)
            except (OSError, ValueError, MemoryError) as error:
                self.instrument.message(f"{name}: {error}")

    def _playing(self):
        model = self.track.model
        return None if model is None else model.name
