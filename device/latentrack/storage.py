"""Small text files in the flash that are there whole or not at all.

A file is written beside the old one, under a temporary name, with a checksum as its last line, and
renamed. So whenever the power goes, the old file is there or the new one. A file that does not
match its checksum is set aside (`.damaged`) and counts as missing.

Writing to the Teensy's flash stops everything for tens of milliseconds, interrupts too: a clock
edge would be lost. So what is to be written waits in memory until no clock has come for 2 s.
"""

import binascii
import os

from latentrack import files

_CHECK = "check "


def _checksum(text):
    return f"{_CHECK}{binascii.crc32(text.encode()) & 0xFFFFFFFF:08x}\n"


def write(path, text):
    """Writes a text whose last line ends. Raises OSError; then the old file is there."""
    new = path + ".new"
    try:
        with open(new, "w") as file:
            file.write(text)
            file.write(_checksum(text))
        os.rename(new, path)
    except OSError:
        try:
            os.remove(new)
        except OSError:
            pass
        raise


def read(path):
    """What was written, or None: there is no such file, or it is damaged (ValueError says so).

    Raises ValueError once: the damaged file is set aside by then.
    """
    try:
        with open(path, "rb") as file:
            found = file.read()
    except OSError:
        return None
    try:
        found = found.decode()
    except UnicodeError:
        found = ""
    at = found.rfind(_CHECK)
    text = found[: max(at, 0)]
    if at >= 0 and found[at:] == _checksum(text):
        return text
    try:
        os.rename(path, path + ".damaged")
    except OSError:
        pass
    raise ValueError(f"{path} was damaged; it is set aside")


class Storage:
    """What waits to be written, and who writes it when the clock is quiet."""

    def __init__(self, instrument):
        self._instrument = instrument
        self._waiting = {}
        try:
            files.tidy_flash()
        except OSError:
            pass  # a flash that cannot be tidied can be read all the same

    def write(self, path, text, now=False):
        """Writes as soon as no clock comes, or at once; then a clock edge may be lost."""
        self._waiting[path] = text
        if now:
            if self._instrument.clocked_recently():
                self._instrument.message("writing: a clock may be lost")
            self._write(path)

    def write_now(self, path, text):
        """Writes at once, in place of what waits for that path. Raises OSError; that waits on."""
        # Taken first, or a frame might write it in the midst of this.
        waiting = self._waiting.pop(path, None)
        try:
            write(path, text)
        except OSError:
            if waiting is not None:
                self._waiting[path] = waiting
            raise

    def read(self, path):
        """The text at a path, as it is or will be; None if there is none. A damaged one is told."""
        text = self._waiting.get(path)
        if text is not None:
            return text
        try:
            return read(path)
        except ValueError as error:
            self._instrument.message(str(error))
            return None

    def waits(self, path):
        """Whether it is not written yet."""
        return path in self._waiting

    def frame(self):
        """One file a frame, when it is quiet."""
        if self._waiting and not self._instrument.clocked_recently():
            self._write(next(iter(self._waiting)))

    def _write(self, path):
        # A frame that came just now has written it.
        text = self._waiting.pop(path, None)
        if text is None:
            return
        try:
            write(path, text)
        except OSError as error:
            self._instrument.message(f"not stored ({path}): {error}")
