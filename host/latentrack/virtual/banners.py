"""Which of its two prompts MicroPython is at, learnt from what it prints."""

from __future__ import annotations

RAW_BANNER = b"raw REPL; CTRL-B to exit\r\n>"
FRIENDLY_BANNER = b'Type "help()" for more information.\r\n'


class Banners:
    """Hears a module's output, in pieces of any size, and tells the raw prompt from the friendly.

    raw: whether the banner that came last is the raw prompt's; at first it is not.
    """

    def __init__(self) -> None:
        self.raw = False
        self._heard = b""

    def hear(self, output: bytes) -> None:
        """Take the next piece of output; a banner may have begun in the pieces before it."""
        heard = self._heard + output
        raw, friendly = heard.rfind(RAW_BANNER), heard.rfind(FRIENDLY_BANNER)
        if raw != friendly:
            self.raw = raw > friendly
        self._heard = heard[1 - max(len(RAW_BANNER), len(FRIENDLY_BANNER)) :]

    def forget(self) -> None:
        """Begin anew: at the friendly prompt, with nothing heard."""
        self.raw, self._heard = False, b""
