"""A page of values: lines of a table of parameters, four on the screen, a knob each.

knobs X, Y, Z, threshold    the value of the first, second, third, fourth line on the screen
left encoder                choose a line
right encoder               the chosen value, a click at a time
right push                  the chosen value is what it was at first; held: it learns from MIDI
buttons, left push          as on every page (base.py)
"""

from latentrack.pages.base import ListPage, position_of
from latentrack.parameters import KNOBS

# A click of the right encoder, of a value that is not a whole number: 1 % of its range.
CLICK = 0.01


class ValuesPage(ListPage):
    """Subclasses define `values()`, an object with a TABLE (see values.Values)."""

    def values(self):
        """The object with the values; subclasses define it."""
        raise NotImplementedError

    def owner(self):
        """The object's name in settings: "1", "2" or "patch"."""
        return str(self.track.number + 1) if self.of_track else "patch"

    def count(self):
        """The number of entries in the table."""
        return len(self.values().TABLE)

    def line(self, at):
        """(title, formatted value) of an entry."""
        values = self.values()
        entry = values.TABLE[at]
        return (entry.title, entry.text(values.numbers[entry.name]))

    def source(self, at):
        """The entry's value."""
        values = self.values()
        return values.numbers[values.TABLE[at].name]

    def normalised(self, at):
        """The entry's value as a knob position, 0 to 1."""
        values = self.values()
        return position_of(values, values.TABLE[at].name)

    def waits(self, row):
        """Whether the row's knob must first pass the value."""
        return self.controls.waits(KNOBS[row])

    def position(self, knob):
        """The value in the knob's row, 0 to 1; None where the row has no entry."""
        at = self._line_of(knob)
        return None if at is None else self.normalised(at)

    def knob(self, knob, position):
        """Choose the entry in the knob's row and set it; position is 0 to 1."""
        at = self._line_of(knob)
        if at is not None:
            self.chosen = at
            self._put(at, position)

    def turn(self, encoder, steps):
        """The left encoder chooses an entry; the right one changes it by 1, or 1 % of its range."""
        if encoder == "left":
            super().turn(encoder, steps)
            return
        values = self.values()
        entry = values.TABLE[self.chosen]
        number = values.numbers[entry.name]
        if entry.whole:
            number = min(max(number + steps, entry.least), entry.most)
            values.set(entry.name, entry.value(number))
        else:
            self._put(self.chosen, self.normalised(self.chosen) + CLICK * steps)
        self.controls.take_over()

    def release(self, button):
        """The right push, let go within a second, sets the chosen entry to its default."""
        if button == "right":
            values = self.values()
            entry = values.TABLE[self.chosen]
            values.set(entry.name, entry.value(entry.default))
            self.controls.take_over()
        else:
            super().release(button)

    def hold(self, button):
        """Holding the right push assigns the chosen entry to the next MIDI controller or note."""
        if button == "right":
            try:
                self.instrument.midi.learn(
                    f"{self.owner()}.{self.values().TABLE[self.chosen].name}"
                )
            except ValueError as error:
                self.tell(str(error))
        else:
            super().hold(button)

    def about(self, kind, which):
        """Of a knob and the right encoder: what their parameter is."""
        at = None
        if kind == "knob":
            at = self._line_of(which)
        elif (kind, which) == ("encoder", "right"):
            at = self.chosen
        if at is None:
            return None
        entry = self.values().TABLE[at]
        return f"{entry.title}, {entry.about}"

    def _line_of(self, knob):
        """The line of a knob; None for an empty row, and for a knob W, which has no row."""
        if knob not in KNOBS:
            return None
        at = self.first + KNOBS.index(knob)
        return at if at < self.count() else None

    def _put(self, at, position):
        values = self.values()
        entry = values.TABLE[at]
        values.set(entry.name, entry.value(entry.from_position(position)))
