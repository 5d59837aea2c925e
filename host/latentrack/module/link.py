"""The link to a module: mpremote's transport, entered without stopping the music.

mpremote itself resets a board when it connects, which stops the sequence. A `Link` enters the raw
REPL without a reset: clock and frames go on.
"""

from __future__ import annotations

import ast
import codecs
import contextlib
import os
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from latentrack.errors import UserError
from latentrack.module import broker, diagnosis
from latentrack.module.broker import PATIENCE_S

if TYPE_CHECKING:
    from mpremote.transport_serial import SerialTransport

ANSWER_S = 5.0
# Bytes of a file in one line of text, which takes one round trip of the raw REPL.
CHUNK = 512

Progress = Callable[[int, int], None]

# For 2 s messages of frames go to the screen and the logs only: within the prompt's handshake they
# would be taken for a wrong answer. The time limit makes a request to end it unnecessary.
_QUIET = """\
try:
    import sys
    sys.modules["latentrack.instrument"].Instrument.running.quiet_for(2000)
except Exception:
    pass
"""

# Works even if code on the module has given the name `print` to something else.
_PRINT = "__import__('builtins').__dict__['print']"

_RAW_PROMPT = b"raw REPL; CTRL-B to exit\r\n"
_AT_PROMPT_S = 0.2
_ASK_AGAIN_S = 0.5
_INTERRUPT_S = 0.005
_START_S = 1.0
_GOODBYE_S = 0.1
_LONGEST_FRAME = 4096 + 128  # bytes, with header and checksums
_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 0.4
# The end of the output at the raw prompt: of code that returned, and of code that raised.
_REST = b"\n\x04\x04"
_RAISED = re.compile(rb"\x04(Traceback.*)\x04", re.DOTALL)
# The least number of tries, for a module that is slow to answer.
_FEWEST_TRIES = 8


class ModuleError(Exception):
    """Code on the module raised: the text is the last line of the traceback, `trace` all of it."""

    def __init__(self, text: str, trace: str = "") -> None:
        super().__init__(text)
        self.trace = trace


class Silence(Exception):
    """The module did not answer in time."""


# Changing the settings of a port that has gone raises termios.error; not on Windows.
_OWN: tuple[type[Exception], ...] = (Silence,)
with contextlib.suppress(ImportError):
    import termios

    _OWN += (termios.error,)


class Link:
    """A connection to the module at `port`; a context manager that closes it.

    Raises UserError, with a sentence of diagnosis.py: there is no such port, another program has
    it, or the device there does not answer as MicroPython.
    """

    def __init__(self, port: str) -> None:
        self.port = port
        self._transport: Any = None
        self._talking = threading.Lock()
        # Connected to the program that has handed over the port; closing it gives the port back.
        self._borrowed: socket.socket | None = None
        self.round_trips = 0
        """The number of requests whose answer was awaited."""
        self.open()
        try:
            self.enter()
        except BaseException:
            self.serial.close()
            self._give_back()
            raise

    def __enter__(self) -> Link:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def is_open(self) -> bool:
        """Whether this program has the port open."""
        return self._transport is not None

    @property
    def is_borrowed(self) -> bool:
        """Whether another program waits for the port to be given back."""
        return self._borrowed is not None

    def open(self, ask: bool = True, wait: bool = True) -> None:
        """Open the port, unless it is open; wait for a turn if another program shares it.

        ask: ask the program that shares the port for it; False for the program that shares it.
        wait: wait up to broker.PATIENCE_S for a port that is in use. Raises UserError.
        """
        if self.is_open:
            return
        self._at_prompt = False
        if ask:
            self._borrowed = self._ask()
        end = time.monotonic() + PATIENCE_S
        while not self._try_open():
            # A command of Latentrack that does not share the port ends soon: wait for it.
            held = diagnosis.is_locked(self.port) and not diagnosis.is_ours(self.port)
            if held or not wait or time.monotonic() > end:
                self._give_back()
                raise diagnosis.cannot_open(self.port)
            time.sleep(_PAUSE_S)

    def _ask(self) -> socket.socket | None:
        try:
            return broker.ask(self.port)
        except broker.NotHandedOver as error:
            raise diagnosis.not_handed_over(self.port, str(error.by)) from None

    def _try_open(self) -> bool:
        """Open the port; return False if another program has it. Raises UserError."""
        from mpremote.transport_serial import SerialTransport

        try:
            with self.translated(diagnosis.cannot_open):
                self._transport = _patient(SerialTransport)(self.port, timeout=ANSWER_S)
        except UserError:
            if diagnosis.can_be_opened(self.port):
                return False
            self._give_back()
            raise
        self.serial = self._transport.serial
        self.serial.write_timeout = ANSWER_S
        return True

    def close(self) -> None:
        """Leave the module at its prompt and close the port; `open` opens it again."""
        transport, self._transport = self._transport, None
        if transport is not None:
            # The module may have gone, which has been reported already.
            with contextlib.suppress(Exception):
                transport.exit_raw_repl()
            with contextlib.suppress(Exception):
                transport.close()
        self._give_back()

    def _give_back(self) -> None:
        borrowed, self._borrowed = self._borrowed, None
        if borrowed is not None:
            borrowed.close()

    @contextlib.contextmanager
    def turn(self) -> Iterator[Link]:
        """Hold the link for one session; `Line.turn` does so where programs share the port."""
        with self._talking:
            yield self

    def enter(self) -> None:
        """Bring the module to its raw prompt, whatever it does; what plays goes on.

        A module that received half a frame waits for the rest: it is sent as many bytes as the
        longest frame has. A prompt reads them as empty lines. Raises UserError after ANSWER_S.
        """
        end = time.monotonic() + ANSWER_S
        self._at_prompt = False
        with self.translated(diagnosis.silent):
            self.serial.timeout = 0.05
            # The module is mostly at a prompt, with no code to interrupt.
            patience_s, pause_s = _AT_PROMPT_S, _PAUSE_S
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
                    # The last prompt stays unread: the transport reads it before it sends code.
                    return
                if time.monotonic() > end and asked >= _FEWEST_TRIES:
                    raise Silence
                if patience_s == _ASK_AGAIN_S:
                    self.serial.write(b"\r" * _LONGEST_FRAME)
                    # The module reads all of these bytes first, slowly if it is busy.
                    time.sleep(pause_s)
                    pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
                self.serial.write(b"\r\x03")
                time.sleep(_INTERRUPT_S)
                patience_s = _ASK_AGAIN_S

    def _let_late_answers_pass(self) -> None:
        """Read the prompts with which a busy module answers every earlier request for one.

        They would be taken for the answer to the next code. The NameError of an unknown name is
        printed after all of them, even if `print` has been replaced. Raises Silence.
        """
        mark = b"m" + os.urandom(4).hex().encode()
        self.serial.write(mark + b"\x04")
        if not (self._heard(mark, ANSWER_S) and self._heard(b"\n\x04", ANSWER_S)):
            raise Silence

    def _heard(self, wanted: bytes, patience_s: float) -> bool:
        """Read up to the end of `wanted` and no further; False if it does not come in time."""
        heard, end = b"", time.monotonic() + patience_s
        while time.monotonic() < end:
            heard += self.serial.read(1)
            if heard.endswith(wanted):
                return True
        return False

    def start(self, code: str, patience_s: float = _START_S) -> None:
        """Start code that uses the port itself and ends before the prompt is used again."""
        self._prompt()
        self._at_prompt = False
        self.round_trips += 1
        with self.translated():
            # The transport's own exec uses raw paste, whose handshake takes longer than a short
            # line, and pauses of 10 ms.
            self.serial.timeout = 0.05
            if not self._heard(b">", patience_s):
                raise Silence
            self.serial.write((_QUIET + code).encode() + b"\x04")
            if not self._heard(b"OK", patience_s):
                raise Silence

    def _prompt(self) -> None:
        if not self._at_prompt:
            self.enter()
        # mpremote takes an answer that is late at its first read for a refusal.
        self.serial.timeout = ANSWER_S

    def run(self, code: str) -> str:
        """Run Python code on the module; return the text that it printed.

        Raises ModuleError if the code raises.
        """
        self._prompt()
        with self.translated():
            printed: bytes = self._transport.exec(_QUIET + code)
        return printed.decode(errors="replace")

    def run_shown(self, code: str, show: Callable[[str], None]) -> None:
        """Run code without a time limit; `show` gets each piece of text that it prints.

        Ctrl-C here interrupts the code on the module. Raises ModuleError if the code raises.
        """
        self.start(code)
        decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        with self.translated():
            self._follow(lambda data: show(decode(data)))
            trace = bytearray()
            self._follow(trace.extend)
        self._at_prompt = True
        if trace:
            text = trace.decode(errors="replace")
            raise ModuleError(last_line(text), text)

    def _follow(self, take: Callable[[bytes], object]) -> None:
        """Read up to the end of the output, for at most ANSWER_S once Ctrl-C was pressed."""
        end = None
        while True:
            try:
                data = self.serial.read(1)
                if data == b"\x04":
                    return
                if data:
                    take(data)
                elif end is not None and time.monotonic() > end:
                    raise Silence
            except KeyboardInterrupt:
                self.serial.write(b"\x03")
                end = time.monotonic() + ANSWER_S

    def evaluate(self, expression: str) -> Any:
        """Evaluate an expression on the module; return its value.

        The value must be a Python literal. Raises ModuleError if the expression raises.
        """
        mark = os.urandom(6).hex()
        self.start(f"{_PRINT}('{mark}' + repr(({expression})) + '{mark}')", ANSWER_S)
        with self.translated():
            said = self._heard_between(mark.encode())
        return ast.literal_eval(said)

    def _heard_between(self, mark: bytes) -> str:
        """Read the text that code prints between two marks. Raises ModuleError if the code raises.

        Frames may print before and after that text, but not within: no frame interrupts a call of
        print.
        """
        heard, end = b"", time.monotonic() + ANSWER_S
        while not heard.endswith(mark) or heard.count(mark) < 2:
            if time.monotonic() > end:
                raise Silence
            byte = self.serial.read(1)
            heard += byte
            raised = byte == b"\x04" and _RAISED.search(heard)
            if raised:
                self._at_prompt = raised.start() == 0
                trace = raised[1].decode(errors="replace")
                raise ModuleError(last_line(trace), trace)
        # If nothing else was printed, the module is at its prompt.
        self._at_prompt = heard.startswith(mark) and self._rests()
        return heard.split(mark)[1].decode()

    def _rests(self) -> bool:
        """Whether the end of the line and of the output follow, and nothing else."""
        heard, end = b"", time.monotonic() + _START_S
        while _REST.startswith(heard) and heard != _REST and time.monotonic() < end:
            heard += self.serial.read(1).replace(b"\r", b"")
        return heard == _REST

    def write(self, path: str, data: bytes, progress: Progress | None = None) -> None:
        """Write a temporary file: a pulled cable leaves it half-written.

        progress(bytes written, bytes in all) is called after each piece.
        """
        self._prompt()
        with self.translated():
            self._transport.fs_writefile(path, data, CHUNK, progress)

    def read(self, path: str, progress: Progress | None = None) -> bytes:
        """Read the bytes of a file; progress(bytes read, bytes in all) after each piece."""
        self._prompt()
        with self.translated():
            return bytes(self._transport.fs_readfile(path, CHUNK, progress))

    def sha256(self, path: str) -> bytes:
        """The SHA-256 of a file, 32 bytes, computed on the module; b"" if there is no such file."""
        self._prompt()
        with self.translated():
            if not self._transport.fs_exists(path):
                return b""
            return bytes(self._transport.fs_hashfile(path, "sha256"))

    def restart(self) -> None:
        """Reset the module (soft reset) and wait until main.py has returned to the prompt.

        Raises UserError if main.py does not return within ANSWER_S.
        """
        self._prompt()
        with self.translated():
            self._transport.exit_raw_repl()
            self._transport.read_until(1, b">>> ", timeout=ANSWER_S)
            self._transport.serial.write(b"\x04")
            self._transport.read_until(1, b"soft reboot\r\n", timeout_overall=ANSWER_S)
        with self.translated(diagnosis.never_returns):
            # mpremote's own time limit starts anew with each byte.
            self.serial.timeout = 0.05
            if not self._heard(b">>> ", ANSWER_S):
                raise Silence
        self.enter()

    def reset_to_prompt(self) -> None:
        """Reset the module (soft reset) without main.py: Latentrack does not run afterwards."""
        self._prompt()
        with self.translated():
            self._transport.serial.write(b"\x04")
            self._transport.read_until(1, b"soft reboot\r\n", timeout_overall=ANSWER_S)
            self._transport.read_until(1, _RAW_PROMPT, timeout_overall=ANSWER_S)

    @contextlib.contextmanager
    def translated(self, trouble: Callable[[str], UserError] = diagnosis.gone) -> Iterator[None]:
        """Raise errors of the transport as ModuleError or as the UserError `trouble(port)`."""
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
        """Shorten the time limit of writing: `close` must not wait for a module that has gone."""
        with contextlib.suppress(Exception):
            self.serial.write_timeout = _GOODBYE_S


def last_line(traceback: str) -> str:
    """The last line of a traceback."""
    return traceback.strip().rsplit("\n", 1)[-1].strip()


def _patient(transport: type[SerialTransport]) -> type[SerialTransport]:
    """mpremote's transport with the limit ANSWER_S instead of its own 10 s."""

    class PromptTransport(transport):  # type: ignore[misc]
        def read_until(
            self, min_num_bytes: int, ending: bytes, timeout: float | None = 10, **more: Any
        ) -> bytes:
            patience = ANSWER_S if timeout is None else min(timeout, ANSWER_S)
            return bytes(super().read_until(min_num_bytes, ending, timeout=patience, **more))

    return PromptTransport
