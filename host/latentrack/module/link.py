"""The link to a module: mpremote's transport, entered without stopping the music.

Plain mpremote resets a board when it connects, which stops the sequence. A `Link` enters the raw
REPL without a reset: clock and frames go on beside it.
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
# Files go as text of at most this many bytes a line: what one round trip of the raw REPL carries.
CHUNK = 512

Progress = Callable[[int, int], None]

# While a computer talks to the prompt, what frames have to say goes to the screen and the logs
# only: in the middle of the prompt's own handshake it would be taken for a wrong answer. It wears
# off by itself, so that nothing has to be said in the end.
_QUIET = """\
try:
    import sys
    sys.modules["latentrack.instrument"].Instrument.running.quiet_for(2000)
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
_LONGEST_PAUSE_S = 0.4
# How output ends at the raw prompt: of code that has come to its end, and of code that has raised.
_REST = b"\n\x04\x04"
_RAISED = re.compile(rb"\x04(Traceback.*)\x04", re.DOTALL)
# A module that is slow to answer is asked so often before it is given up.
_FEWEST_TRIES = 8


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
        self.port = port
        self._transport: Any = None
        self._talking = threading.Lock()
        # The socket by which another program has handed the port over.
        self._borrowed: socket.socket | None = None
        self.round_trips = 0
        """How many times something was asked and an answer waited for."""
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
        """Whether this program has the port now."""
        return self._transport is not None

    @property
    def is_borrowed(self) -> bool:
        """Whether another program waits to have the port back."""
        return self._borrowed is not None

    def open(self, ask: bool = True, wait: bool = True) -> None:
        """Opens the port, unless it is open; if another program shares it, when it is our turn.

        Without `ask` no other is asked for it, for it is this program's to share. Without `wait`
        only a port that is free is opened.
        """
        if self.is_open:
            return
        self._at_prompt = False
        if ask:
            self._borrowed = self._ask()
        end = time.monotonic() + PATIENCE_S
        while not self._try_open():
            # A command of ours that does not share the port is done soon.
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
        """False if another program has the port."""
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
        """Leaves the module at its prompt, and gives the port up; `open` takes it again."""
        transport, self._transport = self._transport, None
        if transport is not None:
            # The module may be gone by now, and what was said about that is enough.
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
        """The link for one conversation; line.py has the same for programs that share it."""
        with self._talking:
            yield self

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
                    # The transport wants to see the prompt itself before it sends code.
                    return
                if time.monotonic() > end and asked >= _FEWEST_TRIES:
                    raise Silence
                if patience_s == _ASK_AGAIN_S:
                    self.serial.write(b"\r" * _LONGEST_FRAME)
                    # It lets all of that pass first; how long that takes depends on how busy it is.
                    time.sleep(pause_s)
                    pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
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

    def start(self, code: str, patience_s: float = _START_S) -> None:
        """Starts code that talks over the cable itself; it ends before the prompt is used again."""
        self._prompt()
        self._at_prompt = False
        self.round_trips += 1
        with self.translated():
            # As the transport's own exec would, without its raw paste, whose handshake takes
            # longer than a short line, and without its rests of 10 ms.
            self.serial.timeout = 0.05
            if not self._heard(b">", patience_s):
                raise Silence
            self.serial.write((_QUIET + code).encode() + b"\x04")
            if not self._heard(b"OK", patience_s):
                raise Silence

    def _prompt(self) -> None:
        if not self._at_prompt:
            self.enter()
        # mpremote takes what does not come at once, at its first read, for a refusal.
        self.serial.timeout = ANSWER_S

    def run(self, code: str) -> str:
        """Runs Python on the module; what it printed. Raises ModuleError if it raises."""
        self._prompt()
        with self.translated():
            printed: bytes = self._transport.exec(_QUIET + code)
        return printed.decode(errors="replace")

    def run_shown(self, code: str, show: Callable[[str], None]) -> None:
        """Runs code for as long as it takes; `show` gets what it prints as it comes.

        Ctrl-C here interrupts it there. Raises ModuleError if it raises.
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
        """Reads up to the next end of output, without a limit until it is interrupted."""
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
        """The value of an expression of numbers, texts and the like, as Python here has it."""
        mark = os.urandom(6).hex()
        self.start(f"{_PRINT}('{mark}' + repr(({expression})) + '{mark}')", ANSWER_S)
        with self.translated():
            said = self._heard_between(mark.encode())
        return ast.literal_eval(said)

    def _heard_between(self, mark: bytes) -> str:
        """What code has printed between two marks. Raises ModuleError if it has raised.

        A frame may write whatever it likes before it and behind it, but not in the midst of it:
        one call of print cannot be interrupted by a frame.
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
        # Where nothing else was written, nothing has to be asked for the prompt.
        self._at_prompt = heard.startswith(mark) and self._rests()
        return heard.split(mark)[1].decode()

    def _rests(self) -> bool:
        """Whether the end of a line and of all output comes now, and nothing else."""
        heard, end = b"", time.monotonic() + _START_S
        while _REST.startswith(heard) and heard != _REST and time.monotonic() < end:
            heard += self.serial.read(1).replace(b"\r", b"")
        return heard == _REST

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
        """A soft reset; returns when the module's main.py has run and its prompt is there.

        Raises UserError if main.py does not return.
        """
        self._prompt()
        with self.translated():
            self._transport.exit_raw_repl()
            self._transport.read_until(1, b">>> ", timeout=ANSWER_S)
            self._transport.serial.write(b"\x04")
            self._transport.read_until(1, b"soft reboot\r\n", timeout_overall=ANSWER_S)
        with self.translated(diagnosis.never_returns):
            # mpremote's own limit of time counts while nothing comes only.
            self.serial.timeout = 0.05
            if not self._heard(b">>> ", ANSWER_S):
                raise Silence
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

    class PromptTransport(transport):  # type: ignore[misc]
        def read_until(
            self, min_num_bytes: int, ending: bytes, timeout: float | None = 10, **more: Any
        ) -> bytes:
            patience = ANSWER_S if timeout is None else min(timeout, ANSWER_S)
            return bytes(super().read_until(min_num_bytes, ending, timeout=patience, **more))

    return PromptTransport
