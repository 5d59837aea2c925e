"""The link to a module: mpremote's transport, entered without stopping the music.

Plain mpremote resets a board when it connects, which stops the sequence. A `Link` enters the raw REPL
without a reset: clock and frames go on beside it.
"""

from __future__ import annotations

import contextlib
import io
import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from latentrack.errors import UserError

ANSWER_S = 5.0
# Files go as text of at most this many bytes a line: what one round trip of the raw REPL carries.
CHUNK = 512

Progress = Callable[[int, int], None]


class ModuleError(Exception):
    """Code that ran on the module raised; the text is its traceback's last line."""


class Link:
    """A connection to the module at `port`; use it with `with`.

    Raises UserError when there is nothing at the port, when it is in use, and when what is there
    does not answer as MicroPython.
    """

    def __init__(self, port: str) -> None:
        from mpremote.transport_serial import SerialTransport

        self.port = port
        if not Path(port).exists() and os.name == "posix":
            raise UserError(
                f"there is no port {port}; plug the module in, or name another port "
                "(`mpremote devs` lists them, `latentrack virtual` makes one)"
            )
        with self._translated("could not be opened (is another program using it?)"):
            self._transport = SerialTransport(port, timeout=ANSWER_S)
            self._transport.serial.write_timeout = ANSWER_S
        try:
            with self._translated("does not answer as MicroPython"):
                self._transport.enter_raw_repl(soft_reset=False, timeout_overall=ANSWER_S)
        except BaseException:
            self._transport.serial.close()
            raise

    def __enter__(self) -> Link:
        return self

    def __exit__(self, *_: object) -> None:
        # The module may be gone by now, and what was said about that is enough.
        with contextlib.suppress(Exception):
            self._transport.exit_raw_repl()
        with contextlib.suppress(Exception):
            self._transport.close()

    def run(self, code: str) -> str:
        """Runs Python on the module and returns what it printed. Raises ModuleError if it raises."""
        with self._translated("stopped answering"):
            return self._transport.exec(code).decode(errors="replace")

    def evaluate(self, expression: str) -> Any:
        """The value of an expression of numbers, texts and the like, as Python here has it."""
        with self._translated("stopped answering"):
            return self._transport.eval(f"({expression})")

    def write(self, path: str, data: bytes, progress: Progress | None = None) -> None:
        """Writes a file, which must be a temporary one: a cable pulled leaves it half-written."""
        with self._translated("stopped answering"):
            self._transport.fs_writefile(path, data, CHUNK, progress)

    def sha256(self, path: str) -> bytes:
        """The hash of a file on the module, computed there; b"" if there is no such file."""
        with self._translated("stopped answering"):
            if not self._transport.fs_exists(path):
                return b""
            return bytes(self._transport.fs_hashfile(path, "sha256"))

    def restart(self) -> None:
        """A soft reset; returns when the module's main.py has run and its prompt is there."""
        with self._translated("stopped answering"):
            self._transport.exit_raw_repl()
            self._transport.read_until(1, b">>> ", timeout=ANSWER_S)
            self._transport.serial.write(b"\x04")
            self._transport.read_until(1, b"soft reboot\r\n", timeout_overall=ANSWER_S)
            self._transport.read_until(1, b">>> ", timeout_overall=ANSWER_S)
            self._transport.enter_raw_repl(soft_reset=False, timeout_overall=ANSWER_S)

    @contextlib.contextmanager
    def _translated(self, trouble: str) -> Iterator[None]:
        """Errors of the transport as one sentence; what it prints about them stays unseen."""
        from mpremote.transport import TransportError, TransportExecError
        from serial import SerialException

        try:
            with contextlib.redirect_stdout(io.StringIO()):
                yield
        except TransportExecError as error:
            raise ModuleError(last_line(error.error_output)) from error
        except FileNotFoundError as error:
            raise ModuleError(f"there is no {error.filename or error}") from error
        except (TransportError, SerialException, struct.error, OSError) as error:
            raise UserError(
                f"the module at {self.port} {trouble}; check the cable, and press Ctrl-C in any "
                "program that talks to it, or switch the module off and on"
            ) from error


def last_line(traceback: str) -> str:
    """What a traceback says in the end."""
    return traceback.strip().rsplit("\n", 1)[-1].strip()
