"""Talking to MicroPython on a Teensy in software, through the prompt's UART."""

from __future__ import annotations

import ast

from latentrack.teensy.teensy import Teensy

RAW_BANNER = b"raw REPL; CTRL-B to exit\r\n>"


class Prompt:
    """The prompt of a machine that boots; times are seconds of the machine's."""

    def __init__(self, machine: Teensy, boot_s: float = 30) -> None:
        self.machine = machine
        machine.expect(b">>> ", boot_s)

    def enter_raw(self) -> None:
        """Goes to the raw prompt, where code is run without an echo."""
        since = len(self.machine.sent)
        self.machine.send(b"\r\x03\x03\x01")
        self.machine.expect(RAW_BANNER, 10, since)

    def run(self, code: str, seconds: float = 60) -> str:
        """Runs code at the raw prompt; what it printed. Raises RuntimeError with its traceback."""
        since = len(self.machine.sent)
        self.machine.send(code.encode() + b"\x04")
        self.machine.expect(b"\x04>", seconds, since)
        said = bytes(self.machine.sent[since:]).decode(errors="replace")
        printed, error = said[said.index("OK") + 2 :].split("\x04")[:2]
        if error.strip():
            raise RuntimeError(error)
        return printed

    def evaluate(self, expression: str, seconds: float = 60) -> object:
        """The value of an expression of numbers, texts and the like."""
        # A frame may print something before the answer.
        said = self.run(f"print('\\x02' + repr(({expression})) + '\\x03')", seconds)
        return ast.literal_eval(said[said.index("\x02") + 1 : said.index("\x03")])

    def soft_reset(self, seconds: float = 30) -> None:
        """Restarts MicroPython from the friendly prompt, so that main.py runs."""
        since = len(self.machine.sent)
        self.machine.send(b"\x02")
        self.machine.expect(b">>> ", 10, since)
        self.machine.send(b"\x04")
        self.machine.expect(b"soft reboot", 10, since)
        since = len(self.machine.sent)
        self.machine.expect(b">>> ", seconds, since)
