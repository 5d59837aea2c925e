"""What the module has said of late, for a computer that was not listening: `latentrack logs`."""

import io
import sys
import time

MOST = 60

_lines = []
_count = 0


def note(text):
    """Keeps a message, of one line or more, with the time in seconds since power-on."""
    global _count
    _lines.append((time.ticks_ms() // 1000, text))
    _count += 1
    if len(_lines) > MOST:
        del _lines[0]


def note_error(error):
    """Keeps an exception's traceback."""
    text = io.StringIO()
    sys.print_exception(error, text)
    note(text.getvalue())


def since(number):
    """[the next number, [[seconds, text], ...]]: messages from `number` on that are still here."""
    first = _count - len(_lines)
    return [_count, _lines[max(0, number - first) :]]
