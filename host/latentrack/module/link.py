"""The link to a module: mpremote's transport, entered without stopping the music.

Plain mpremote resets a board when it connects, which stops the sequence. A `Link` enters the raw
REPL without a reset: clock and frames go on beside it.
"""

from __future__ import annotations

import ast
import contextlib
import os
import struct
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from latentrack.errors import UserError
from latentrack.module import diagnosis

if TYPE_CHECKING:
    from mpremote.transport_serial import SerialTransport

ANSWER_S = 5.0
# Files go as text of at most this many bytes a line: what one round trip of the raw REPL carries.
CHUNK = 512

Progress = Callable[[int, int], None]

# While a computer talks to the prompt, what frames have to say goes to the screen and the logs
# only: in the middle of the prompt's own handshake it would be taken for a wrong answer. It wears
# off by itself, so that nothing has to be said in the end.
_HUSH = """\
try:
    import sys
    sys.modules["latentrack.instrument"].Instrument.running.hush(2000)
except Exception:
    pass
"""

# Even where code on the module has covered the name.
_PRINT = "__import__('builtins').__dict__['print']"

_RAW_PROMPT = b"raw REPL; CTRL-B to exit\r\n"
_AT_PROMPT_S = 0.2
_ASK_AGAIN_S = 0.5
_INTERRUPT_S = 0.005
_START_S = 1.0
_GOODBYE_S = 0.1
_LONGEST_FRAME = 4096 + 128
_PAUSE_S = 0.05


class ModuleError(Exception):
    """Code that ran on the module raised; the text is its traceback's last line."""

    def __init__(self, text: str, trace: str = "") -> None:
        super().__init__(text)
        self.trace = trace


class Silence(Exception):
    """No answer came in time."""


# A port that has gone raises more, when its settings are changed; not on Windows.
_OWN: tuple[type[Exception], ...] = (Silence,)
with contextlib.suppress(ImportError):
    import termios

    _OWN += (termios.error,)


class Link:
    """A connection to the module at `port`; use it with `with`.

    Raises UserError with what diagnosis.py says: there is no such port, another program has it, or
    what is there does not answer as MicroPython.
    """

    def __init__(self, port: str) -> None:
        from mpremote.transport_serial import SerialTransport

        self.port = port
        self._transport: Any = None
        with self.translated(diagnosis.cannot_open):
            self._transport = _patient(SerialTransport)(port, timeout=ANSWER_S)
            self.serial = self._transport.serial
            self.serial.write_timeout = ANSWER_S
        self.round_trips = 0
        """How many times something was asked and an answer waited for."""
        try:
            self.enter()
        except BaseException:
            self.serial.close()
            raise

    def __enter__(self) -> Link:
        return self

    def __exit__(self, *_: object) -> None:
        # The module may be gone by now, and what was said about that is enough.
        with contextlib.suppress(Exception):
            self._transport.exit_raw_repl()
        with contextlib.suppress(Exception):
            self._transport.close()

    def enter(self) -> None:
        """Brings the module to its raw prompt from wherever it is; nothing that plays stops.

        Where a computer has gone in the midst of a frame the module waits for the rest of it: so
        it gets as many bytes before it is asked again. At a prompt they are empty lines.
        """
        end = time.monotonic() + ANSWER_S
        self._at_prompt = False
        with self.translated(diagnosis.silent):
            self.serial.timeout = 0.05
            # Most often it is at a prompt, and nothing has to be interrupted.
            patience_s = _AT_PROMPT_S
            asked = 0
            while True:
                self.serial.reset_input_buffer()
                self.serial.write(b"\r\x01")
                self.round_trips += 1
                asked += 1
                if self._heard(_RAW_PROMPT, patience_s):
                    if asked > 1:
                        self._let_late_answers_pass()
                    self._at_prompt = self._transport.in_raw_repl = True
                    # The transport wants to see the prompt itself before it sends code.
                    self.serial.timeout = ANSWER_S
                    return
                if time.monotonic() > end:
                    raise Silence
                if patience_s == _ASK_AGAIN_S:
                    self.serial.write(b"\r" * _LONGEST_FRAME)
                    time.sleep(_PAUSE_S)
                self.serial.write(b"\r\x03")
                time.sleep(_INTERRUPT_S)
                patience_s = _ASK_AGAIN_S

    def _let_late_answers_pass(self) -> None:
        """A module that is busy answers in the end to every asking, each time with a prompt.

        Those to come would be taken for the answer to the next code. What it says of an unknown
        name comes behind them all, even where `print` has become something else.
        """
        mark = b"m" + os.urandom(4).hex().encode()
        self.serial.write(mark + b"\x04")
        if not (self._heard(mark, ANSWER_S) and self._heard(b"\n\x04", ANSWER_S)):
            raise Silence

    def _heard(self, wanted: bytes, patience_s: float) -> bool:
        """Reads up to `wanted`, and nothing behind it."""
        heard, end = b"", time.monotonic() + patience_s
        while time.monotonic() < end:
            heard += self.serial.read(1)
            if heard.endswith(wanted):
                return True
        return False

    def start(self, code: str) -> None:
        """Starts code that talks over the cable itself; it ends before the prompt is used again."""
        self._prompt()
        self._at_prompt = False
        self.round_trips += 1
        with self.translated():
            # As the transport's own exec would, without its raw paste, whose handshake takes
            # longer than a short line, and without its rests of 10 ms.
            self.serial.timeout = 0.05
            if not self._heard(b">", _START_S):
                raise Silence
            self.serial.write((_HUSH + code).encode() + b"\x04")
            if not self._heard(b"OK", _START_S):
                raise Silence

    def _prompt(self) -> None:
        if not self._at_prompt:
            self.enter()

    def run(self, code: str) -> str:
        """Runs Python on the module; what it printed. Raises ModuleError if it raises."""
        self._prompt()
        with self.translated():
            printed: bytes = self._transport.exec(_HUSH + code)
        return printed.decode(errors="replace")

    def evaluate(self, expression: str) -> Any:
        """The value of an expression of numbers, texts and the like, as Python here has it."""
        # Between marks, for a frame may print something before the answer or behind it. One call
        # of print cannot be interrupted by a frame.
        said = self.run(f"{_PRINT}('\\x02' + repr(({expression})) + '\\x03')")
        return ast.literal_eval(said[said.index("\x02") + 1 : said.index("\x03")])

    def write(self, path: str, data: bytes, progress: Progress | None = None) -> None:
        """Writes a file, which must be a temporary one: a cable pulled leaves it half-written."""
        self._prompt()
        with self.translated():
            self._transport.fs_writefile(path, data, CHUNK, progress)

    def read(self, path: str, progress: Progress | None = None) -> bytes:
        """A file's bytes."""
        self._prompt()
        with self.translated():
            return bytes(self._transport.fs_readfile(path, CHUNK, progress))

    def sha256(self, path: str) -> bytes:
        """The hash of a file on the module, computed there; b"" if there is no such file."""
        self._prompt()
        with self.translated():
            if not self._transport.fs_exists(path):
                return b""
            return bytes(self._transport.fs_hashfile(path, "sha256"))

    def restart(self) -> None:
        """A soft reset; returns when the module's main.py has run and its prompt is there."""
        self._prompt()
        with self.translated():
            self._transport.exit_raw_repl()
            self._transport.read_until(1, b">>> ", timeout=ANSWER_S)
            self._transport.serial.write(b"\x04")
            self._transport.read_until(1, b"soft reboot\r\n", timeout_overall=ANSWER_S)
            self._transport.read_until(1, b">>> ", timeout_overall=ANSWER_S)
        self.enter()

    def reset_to_prompt(self) -> None:
        """A soft reset without main.py: nothing of Latentrack runs afterwards."""
        self._prompt()
        with self.translated():
            self._transport.serial.write(b"\x04")
            self._transport.read_until(1, b"soft reboot\r\n", timeout_overall=ANSWER_S)
            self._transport.read_until(1, _RAW_PROMPT, timeout_overall=ANSWER_S)

    @contextlib.contextmanager
    def translated(self, trouble: Callable[[str], UserError] = diagnosis.gone) -> Iterator[None]:
        """Errors of the transport as one sentence, which `trouble` makes of the port."""
        from mpremote.transport import TransportError, TransportExecError
        from serial import SerialException

        try:
            yield
        except TransportExecError as error:
            raise ModuleError(last_line(error.error_output), error.error_output) from error
        except FileNotFoundError as error:
            raise ModuleError(f"there is no {error.filename or error}") from error
        except (TransportError, SerialException, struct.error, OSError, *_OWN) as error:
            self.give_up()
            raise trouble(self.port) from error

    def give_up(self) -> None:
        """Closing sends a goodbye: from now on it is not waited for that it is heard."""
        with contextlib.suppress(Exception):
            self.serial.write_timeout = _GOODBYE_S


def last_line(traceback: str) -> str:
    """What a traceback says in the end."""
    return traceback.strip().rsplit("\n", 1)[-1].strip()


def _patient(transport: type[SerialTransport]) -> type[SerialTransport]:
    """mpremote's transport, which waits ten seconds for some answers, with our limit."""

    class Transport(transport):  # type: ignore[misc]
        def read_until(
            self, min_num_bytes: int, ending: bytes, timeout: float | None = 10, **more: Any
        ) -> bytes:
            patience = ANSWER_S if timeout is None else min(timeout, ANSWER_S)
            return bytes(super().read_until(min_num_bytes, ending, timeout=patience, **more))

    return Transport
