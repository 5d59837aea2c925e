"""Store all parameters as text in the flash, and restore them at power-on.

A line is a name and a value, as at the prompt: `1.length 12` is the first track's length,
`patch.cv_x 0.5` an attenuverter. Only values that differ from their defaults are written. Unknown
names are ignored when read; a value that is invalid or out of range becomes the default.
"""

import time

from latentrack import morphing
from latentrack.files import FLASH
from latentrack.names import Part

FILE = FLASH + "/settings.txt"
# Time from the last change to writing: a turning knob must not wear the flash out.
PATIENCE_MS = 2000


def lines_of(values, name):
    """Return the lines for an object's values that are not the defaults."""
    lines = ""
    for entry in values.TABLE:
        number = values.numbers[entry.name]
        if number != entry.default:
            lines += f"{name}.{entry.name} {entry.value(number)}\n"
    return lines + values.lines(name)


def words_of(name, text):
    """Return what lines of `lines_of` say of the object `name`: value by word."""
    said = {}
    for line in text.split("\n"):
        word, _, value = line.partition(" ")
        owner, _, parameter = word.partition(".")
        if owner == name:
            said[parameter] = value
    return said


def number_of(entry, said):
    """Return the number of a parameter in `words_of`; its default if there is no valid one."""
    value = said.get(entry.name, entry.default)
    try:
        if isinstance(value, str) and entry.choices is None:
            value = float(value)
        return entry.number(value)
    except (ValueError, OverflowError):
        return entry.default


def set_from(values, name, text):
    """Set an object's values from lines of `lines_of`; the others get their defaults."""
    said = words_of(name, text)
    for entry in values.TABLE:
        values.set(entry.name, entry.value(number_of(entry, said)))
    values.restore(said)


def renamed(text, names):
    """The text of a preset or of settings with the new names; None, a damaged one, stays None."""
    if text is None:
        return None
    lines = text.split("\n")
    for i in range(len(lines)):
        word, _, name = lines[i].partition(" ")
        if word.partition(".")[2] in ("model", "partner") and name in names:
            lines[i] = word + " " + names[name]
    return "\n".join(lines)


class Settings(Part):
    """Writes all settings to the flash and restores them; `instrument.settings`."""

    def __init__(self, instrument):
        self._instrument = instrument
        self._edits = None
        self._edited_ms = None
        self._stored = None
        # True after a safe start: the stored settings are neither read nor overwritten.
        self.set_aside = False
        self._seal()

    def text(self):
        """Return all present settings as text."""
        instrument = self._instrument
        text = ""
        for track in instrument.tracks:
            text += lines_of(track, str(track.number + 1))
        text += lines_of(instrument.patch, "patch")
        text += lines_of(instrument.quantiser, "quantiser") + instrument.midi.lines()
        return text + instrument.slots.lines() + instrument.behaviours.lines()

    def stored(self):
        """Return the text that was written last; None if there is none."""
        if self._stored is None:
            self._stored = self._instrument.storage.read(FILE)
        return self._stored

    def load(self):
        """Restore the stored settings, if there are any."""
        text = self.stored()
        if text is not None:
            for track in self._instrument.tracks:
                set_from(track, str(track.number + 1), text)
                morphing.restore(self._instrument, track)
            set_from(self._instrument.patch, "patch", text)
            self._instrument.slots.set_from(text)
            set_from(self._instrument.quantiser, "quantiser", text)
            self._instrument.midi.set_from(text)
            self._instrument.behaviours.switch_from(text)
        self._edits = self._count()

    def rename_models(self, names):
        """Write new names of models, by old name, into the stored settings, at once.

        Raises OSError if the flash cannot be written.
        """
        text = self.stored()
        new = renamed(text, names)
        if new != text:
            self._instrument.storage.write_now(FILE, new)
            self._stored = new

    def save(self):
        """Write at once, even while a clock runs; a clock edge may be lost."""
        self._edits = self._count()
        self._edited_ms = None
        self._store(now=True)

    def frame(self):
        """Write changed settings PATIENCE_MS after the last change. Called once per frame."""
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
        edits = instrument.patch.edits + instrument.behaviours.edits + instrument.slots.edits
        edits += instrument.quantiser.edits + instrument.midi.edits
        for track in instrument.tracks:
            edits += track.edits
        return edits
