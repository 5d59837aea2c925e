"""Help: the bottom line says what each control does on the page that is open, and nothing is done.

Held on the play page, the left push begins it, and held again ends it; meanwhile the left push goes
to the next page. The texts are the tables with which the files of pages begin, read from
the flash; on pages of values they are those of the parameters.

controls.py imports this module when help begins, and `forget` unloads it: texts take memory.
"""

import sys
from time import ticks_diff, ticks_ms

from latentrack import files

_FOLDER = files.FLASH + "/latentrack/pages/"
_TABLE_BYTES = 2048
# The same control is said again after so long.
_AGAIN_MS = 3000
# Pages to which a table refers.
_REFERRED = ("base", "values")


class HelpLine:
    """Hears the controls in place of the page."""

    def __init__(self, instrument, controls):
        self._controls = controls
        self._instrument = instrument
        self._last = None
        self._said_ms = 0
        self._say("help: touch a control; hold left to end")

    def knob(self, knob, position):
        """Say what a knob does."""
        self._explain("knob", knob)

    def turn(self, encoder, steps):
        """Say what an encoder does."""
        self._explain("encoder", encoder)

    def press(self, button):
        """Say what a button or the right push does."""
        if button != "left":
            self._explain("push" if button == "right" else "button", button)

    def release(self, button):
        """The left push opens the next page, and says which it is."""
        if button == "left":
            self._controls.next_page()
            self._last = None
            self._say(first_line(self._controls.page.name))

    def hold(self, button):
        """The left push ends it."""
        if button == "left":
            self._controls.end_help()
            self._say("help has ended")

    def end_hold(self, button):
        """Nothing."""

    def _explain(self, kind, which):
        if self._last == (kind, which) and ticks_diff(ticks_ms(), self._said_ms) < _AGAIN_MS:
            return
        self._last = (kind, which)
        page = self._controls.page
        self._say(page.about(kind, which) or text_of(page.name, kind, which) or "nothing here")

    def _say(self, text):
        self._said_ms = ticks_ms()
        self._instrument.message_text = text
        self._instrument.message_ms = self._said_ms


def _lines(page):
    with open(_FOLDER + page + ".py") as file:
        return file.read(_TABLE_BYTES).split('"""')[1].split("\n")


def first_line(page):
    """The first line of a page's file, which says what it is for."""
    return _lines(page)[0]


def rows(page):
    """[names of controls, text] of each row of the table with which a page's file begins."""
    found, open_row = [], False
    for line in _lines(page)[1:]:
        line_text = line.strip()
        at = line_text.find("  ")
        if at > 0:
            found.append([line_text[:at], line_text[at:].strip()])
            open_row = True
        elif open_row and line_text:
            found[-1][1] += " " + line_text
        else:
            open_row = False
    return found


def covers(names, kind, which):
    """Whether the names of a row, such as "knobs X, Y", are those of a control too."""
    category = ""
    for part in names.split(", "):
        words = part.split()
        if words[0] in ("knob", "knobs", "button", "buttons", "encoders", "left", "right", "lamps"):
            category = words.pop(0)
        if category == "encoders":
            same = kind == "encoder"
        elif category in ("left", "right"):
            same = category == which and words and words[0] == kind
        elif category.rstrip("s") == kind:
            one = words[0].lower() if words else ""
            same = not words or len(words) == 3 or one == str(which)
        else:
            same = False
        if same:
            return True
    return False


def text_of(page, kind, which):
    """What a control does on a page, in the words of its table; None: it is not there."""
    for names, text in rows(page):
        if covers(names, kind, which):
            for other in _REFERRED:
                if f"({other}.py)" in text and other != page:
                    return text_of(other, kind, which)
            clauses = text.split("; ")
            held = [clause for clause in clauses[1:] if clause.startswith("held")]
            return "; ".join(clauses[:1] + held)
    return None


def forget():
    """Unload this module; the next import loads it again."""
    sys.modules.pop("latentrack.help_line", None)
    package = sys.modules["latentrack"]
    if hasattr(package, "help_line"):
        del package.help_line
