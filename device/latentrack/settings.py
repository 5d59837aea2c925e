"""Settings: everything that is set, as text, so that it is there again after power-on.

A line is a name and a value, as at the prompt: `1.length 12` is the first track's length,
`patch.cv_x 0.5` an attenuverter. Only what differs from the defaults is written. Lines that say
nothing to this version, or something out of range, are passed over.
"""

import time

from latentrack.files import FLASH
from latentrack.names import Part

FILE = FLASH + "/settings.txt"
# So long after the last turn of a knob, so that turning does not wear the flash out.
PATIENCE_MS = 2000


def lines_of(values, name):
    """The lines for one object's values."""
    lines = ""
    for entry in values.TABLE:
        number = values.numbers[entry.name]
        if number != entry.default:
            lines += f"{name}.{entry.name} {entry.value(number)}\n"
    return lines


def set_from(values, name, text):
    """Sets an object's values from such lines; what they do not say is as it was at first."""
    said = {}
    for line in text.split("\n"):
        word, _, value = line.partition(" ")
        owner, _, parameter = word.partition(".")
        if owner == name and parameter in values.ENTRIES:
            said[parameter] = value
    for entry in values.TABLE:
        value = said.get(entry.name, entry.default)
        if isinstance(value, str) and entry.choices is None:
            try:
                value = float(value)
            except ValueError:
                value = entry.default
        try:
            values.set(entry.name, value)
        except (ValueError, OverflowError):
            values.set(entry.name, entry.default)


class Settings(Part):
    """instrument.settings: writes what is set to the flash, and sets it again at power-on."""

    def __init__(self, instrument):
        self._instrument = instrument
        self._edits = None
        self._edited_ms = None
        self._stored = None
        # A safe start neither reads them nor writes over them.
        self.set_aside = False
        self._seal()

    def text(self):
        """Everything that is set now."""
        instrument = self._instrument
        text = ""
        for track in instrument.tracks:
            text += lines_of(track, str(track.number + 1))
        text += lines_of(instrument.patch, "patch")
        return text + instrument.behaviours.lines()

    def stored(self):
        """The text that was written last; None: there is none."""
        if self._stored is None:
            self._stored = self._instrument.storage.read(FILE)
        return self._stored

    def load(self):
        """Sets everything as it was when it was written last."""
        text = self.stored()
        if text is not None:
            for track in self._instrument.tracks:
                set_from(track, str(track.number + 1), text)
            set_from(self._instrument.patch, "patch", text)
            self._instrument.behaviours.switch_from(text)
        self._edits = self._count()

    def save(self):
        """Writes now, even while a clock comes; that may cost an edge."""
        self._edits = self._count()
        self._edited_ms = None
        self._store(now=True)

    def frame(self):
        """Notices that something was set, and has it written a while after the last time."""
        if self.set_aside:
            return
        edits = self._count()
        if edits != self._edits:
            self._edits = edits
            self._edited_ms = time.ticks_ms()
        elif (
            self._edited_ms is not None
            and time.ticks_diff(time.ticks_ms(), self._edited_ms) > PATIENCE_MS
        ):
            self._edited_ms = None
            self._store()

    def _store(self, now=False):
        text = self.text()
        if now or text != self._stored:
            self._stored = text
            self._instrument.storage.write(FILE, text, now=now)

    def _count(self):
        instrument = self._instrument
        edits = instrument.patch.edits + instrument.behaviours.edits
        for track in instrument.tracks:
            edits += track.edits
        return edits
