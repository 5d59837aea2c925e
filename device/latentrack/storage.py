"""Write small text files to the flash atomically, while no clock runs.

A file is written under a temporary name, with a checksum (CRC-32) as its last line, and then
renamed. A power cut therefore leaves either the old file or the new one. A file that does not match
its checksum is renamed (`.damaged`) and counts as missing.

Writing to the Teensy's flash blocks the processor for tens of milliseconds, interrupts included: a
clock edge would be lost. Text is therefore kept in memory until no clock has come for 2 s.
"""

import binascii
import os

from latentrack import files

_CHECK = "check "


def _checksum(text):
    return f"{_CHECK}{binascii.crc32(text.encode()) & 0xFFFFFFFF:08x}\n"


def write(path, text):
    """Write a text that is empty or ends with a line feed. Raises OSError; the old file stays."""
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
    """Return the text that `write` wrote; None if there is no such file.

    Raises ValueError for a damaged file, after it was renamed: the next call returns None.
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
    """Queues texts and writes them when no clock runs; `instrument.storage`."""

    def __init__(self, instrument):
        self._instrument = instrument
        self._waiting = {}
        try:
            files.tidy_flash()
        except OSError:
            pass  # a flash that cannot be tidied may still be readable

    def write(self, path, text, now=False):
        """Queue a text until no clock runs; `now`: write at once, a clock edge may be lost."""
        self._waiting[path] = text
        if now:
            if self._instrument.clocked_recently():
                self._instrument.message("writing: a clock may be lost")
            self._write(path)

    def write_now(self, path, text):
        """Write at once, in place of a queued text. Raises OSError; then that stays queued."""
        # Removed from the queue first: a frame in between might write the old text.
        waiting = self._waiting.pop(path, None)
        try:
            write(path, text)
        except OSError:
            if waiting is not None:
                self._waiting[path] = waiting
            raise

    def read(self, path):
        """Return the queued or stored text of a path; None if missing, or damaged (a message)."""
        text = self._waiting.get(path)
        if text is not None:
            return text
        try:
            return read(path)
        except ValueError as error:
            self._instrument.message(str(error))
            return None

    def waits(self, path):
        """Whether a text for the path is queued."""
        return path in self._waiting

    def frame(self):
        """Write one queued file if no clock runs. Called once per frame."""
        if self._waiting and not self._instrument.clocked_recently():
            self._write(next(iter(self._waiting)))

    def _write(self, path):
        # None: a frame in between has written the file.
        text = self._waiting.pop(path, None)
        if text is None:
            return
        try:
            write(path, text)
        except OSError as error:
            self._instrument.message(f"not stored ({path}): {error}")
