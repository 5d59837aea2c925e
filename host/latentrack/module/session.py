"""A session with the module in frames: calls, and files in both directions.

Requests are numbered, and the module does each once, in order (device/latentrack/receive.py). So
this side may send any request again: after RESEND_S without an answer, and when the module reports
damage. A request without an answer for link.ANSWER_S ends the session.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import random
import struct
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from latentrack.errors import UserError
from latentrack.module import diagnosis, repair
from latentrack.module import link as cable
from latentrack.module.diagnosis import Say
from latentrack.module.frames import MOST, Frame, Reader
from latentrack.module.link import Link, ModuleError, Progress, last_line

AHEAD = 8  # requests under way at once
_SMALL = 256  # bytes
RESEND_S = 0.4
READY_S = 1.5
_FRAME_S = 2.0  # the module draws a frame every 20 ms
_FRAME_PAUSE_S = 0.02
# After damage the module reports each request under way; all reports within this time are one.
_SAME_DAMAGE_S = 0.1
# Printed by a board that restarts, and by the virtual module after a power cut.
_RESTARTS = (b"MPY: soft reboot", b"power-on]")
_START = "__import__('latentrack.receive').receive.serve({})"
_REFUSALS = ("ValueError", "OSError", "MemoryError")


class NoPackage(Exception):
    """The module runs MicroPython, but no Latentrack that can receive."""


class Session:
    """A context manager on an open Link, which must not be used meanwhile.

    Raises NoPackage if Latentrack is not on the module, UserError if the module does not answer,
    and ModuleError if it refuses a request; the session can be used after a ModuleError.
    """

    def __init__(self, link: Link, name: str = "hello", *arguments: str) -> None:
        """Start with a first call of `name`; `first` holds its answer."""
        self._link = link
        self._serial = link.serial
        self._reader = Reader()
        self._number = 0
        self._first_call = [name, *arguments]
        self.first: Any = None

    @property
    def port(self) -> str:
        """The port of the module, such as "/dev/ttyACM0"."""
        return self._link.port

    def __enter__(self) -> Session:
        failed = 0
        asked = False
        remedies = self._remedies()
        end = time.monotonic() + cable.ANSWER_S
        while True:
            try:
                self._start()
                return self
            except _NotStarted as error:
                # Try once more: damage can look like any answer, and after a restart the module may
                # read old noise as a question.
                failed += error.failed
                if error.refused:
                    self._say_goodbye()
                if failed >= 2 or error.refused:
                    if _is_ours(error) and any(remedy() for remedy in remedies):
                        failed, end = 0, time.monotonic() + cable.ANSWER_S
                        continue
                    if error.refused:
                        raise diagnosis.unusable(self._link, str(error)) from None
                    raise NoPackage(str(error)) from None
                if not error.failed and not asked:
                    asked = True
                    with contextlib.suppress(UserError):
                        next(remedies)()
                if time.monotonic() > end:
                    self._link.give_up()
                    raise diagnosis.gone(self._link.port) from error

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._say_goodbye()

    def _say_goodbye(self) -> None:
        # The answer is not awaited: the next user of the port asks for the prompt.
        with contextlib.suppress(Exception):
            self._serial.write(Frame("Q", self._session, (self._number + 1) & 0xFFFF).encode())

    def _remedies(self) -> Iterator[Callable[[], bool]]:
        """Functions that may repair failing code on the module, each tried once."""
        yield lambda: repair.at_prompt(self._link)
        # A failing frame also restores all code, and may just have done so.
        yield lambda: True
        if self._first_call[0] == "hello":
            yield lambda: repair.restart(self._link)

    @property
    def said(self) -> str:
        """The text that the module printed between frames during this session."""
        return self._reader.rest.decode(errors="replace")

    # -- requests -------------------------------------------------------------------------------

    def call(self, name: str, *arguments: object) -> Any:
        """Call a method of device/latentrack/requests.py; return what the method returns.

        Arguments and the result are what JSON can carry. Raises ModuleError if the method raises.
        """
        try:
            return self._repairing(lambda: self._ask(name, *arguments))
        except ModuleError as error:
            if diagnosis.is_too_old(str(error)):
                raise diagnosis.too_old(self._link.port) from error
            raise

    def _ask(self, name: str, *arguments: object) -> Any:
        body = json.dumps([name, *arguments]).encode()
        with self._link.translated():
            (answer,) = self._exchange([("C", body)])
        return json.loads(answer.body)

    def repair(self, refusal: bool = False) -> bool:
        """Have the module restore its own code; return False if no behaviour had changed it.

        refusal: the request that failed is one that unchanged code can refuse, too.
        """
        try:
            return repair.said(self._ask("repair", refusal))
        except ModuleError:
            return False

    def _repairing(self, work: Callable[[], Any]) -> Any:
        """Do `work`, again if it fails because a behaviour has changed the module's code."""
        try:
            return work()
        except ModuleError as error:
            if not _is_ours(error) or not self.repair(_is_refusal(error)):
                raise
        return work()

    def send(self, data: bytes, progress: Progress | None = None) -> None:
        """Send a file into the module's memory, which compares the file's SHA-256 there.

        progress(bytes sent, bytes in all) is called now and then. Raises ModuleError if the file
        does not fit or arrives damaged.
        """

        def requests() -> Iterator[tuple[str, bytes]]:
            yield "C", json.dumps(["begin", len(data)]).encode()
            for at in range(0, len(data), MOST):
                yield "D", struct.pack("<I", at) + data[at : at + MOST]
            yield "C", json.dumps(["check", hashlib.sha256(data).hexdigest()]).encode()

        # Memory is reserved first: a file that does not fit is not sent.
        def send() -> None:
            with self._link.translated():
                for done, _ in enumerate(self._exchange(requests())):
                    if progress is not None:
                        progress(min(done * MOST, len(data)), len(data))

        self._repairing(send)

    def fetch(self, path: str, progress: Progress | None = None, most: int | None = None) -> bytes:
        """The bytes of a file on the module, only the first `most` if that is given.

        With `most` each frame carries 256 bytes, which fit even if the module's memory is almost
        full. Raises ModuleError if the file cannot be read.
        """
        piece = MOST if most is None else _SMALL

        def fetch() -> bytes:
            size = self.call("read", path)
            size = size if most is None else min(size, most)
            data = bytearray()
            with self._link.translated():
                requests = (("G", struct.pack("<IH", at, piece)) for at in range(0, size, piece))
                for answer in self._exchange(requests):
                    data += answer.body
                    if progress is not None:
                        progress(len(data), size)
            return bytes(data[:size])

        return bytes(self._repairing(fetch))

    # -- frames ---------------------------------------------------------------------------------

    def _start(self) -> None:
        self._reader = Reader()
        self._number = 0
        self._session = random.randrange(10_000, 0x10000)
        with self._link.translated():
            call = repr([self._session, *self._first_call])[1:-1]
            try:
                self._link.start(_START.format(call))
            except UserError as error:
                raise _NotStarted(str(error), False) from error
            self._serial.timeout = 0.02
            end = time.monotonic() + READY_S
            while time.monotonic() < end:
                for frame in self._reader.feed(self._serial.read(self._serial.in_waiting or 1)):
                    if frame.session != self._session or frame.kind not in "RE":
                        continue
                    told = json.loads(frame.body)
                    if frame.kind == "E":
                        raise _NotStarted(told["error"], True, refused=True)
                    # The first call was sent as text, without a checksum.
                    if told[0] == self._first_call:
                        self.first = told[1]
                        self._heard = time.monotonic()
                        return
                    raise _NotStarted("the question arrived damaged", False)
                # The raw prompt's own answer: output, 4, traceback, 4.
                if self._reader.rest.count(b"\x04") >= 2:
                    trace = self._reader.rest.split(b"\x04")[1].decode(errors="replace")
                    raise _NotStarted(last_line(trace), bool(trace))
        raise _NotStarted("the receiver did not start", False)

    def _exchange(self, requests: Iterable[tuple[str, bytes]]) -> Iterator[Frame]:
        """Send requests, up to AHEAD before their answers; yield the answers in order."""
        waiting: dict[int, bytes] = {}
        answers: dict[int, Frame] = {}
        call = -1  # the number of the last one
        source = iter(requests)
        more = True
        moved = sent_again = time.monotonic()
        self._link.round_trips += 1
        while more or waiting:
            # The requests after a call may depend on its answer.
            while more and len(waiting) < AHEAD and call not in waiting:
                request = next(source, None)
                if request is None:
                    more = False
                    continue
                self._number = (self._number + 1) & 0xFFFF
                frame = Frame(request[0], self._session, self._number, request[1])
                waiting[self._number] = frame.encode()
                self._write(waiting[self._number])
                if request[0] == "C":
                    call = self._number
            again = False
            for frame in self._reader.feed(self._serial.read(self._serial.in_waiting or 1)):
                self._heard = time.monotonic()
                if frame.session != self._session:
                    continue
                if frame.kind == "B":
                    moved = self._heard
                elif frame.kind == "N":
                    again = self._heard - sent_again > _SAME_DAMAGE_S
                elif frame.number in waiting:
                    moved = self._heard
                    answers[frame.number] = frame
            for number in list(waiting):
                if number not in answers:
                    break
                del waiting[number]
                answer = answers.pop(number)
                if answer.kind == "E":
                    told = json.loads(answer.body)
                    raise ModuleError(told["error"], told["trace"])
                yield answer
            self._check_receiver()
            now = time.monotonic()
            if waiting and now - moved > cable.ANSWER_S:
                raise cable.Silence
            if waiting and (again or now - max(self._heard, sent_again) > RESEND_S):
                sent_again = now
                for data in waiting.values():
                    self._write(data)

    def _check_receiver(self) -> None:
        """Raise UserError if the text between frames says that the receiver has ended."""
        rest = self._reader.rest
        if any(word in rest for word in _RESTARTS):
            raise diagnosis.gone(self._link.port, "has restarted meanwhile")
        # The raw prompt's words at the end of code: output, 4, traceback, 4, prompt.
        if rest.endswith(b"\x04>") and b"Traceback" in rest:
            trace = rest[:-2].rsplit(b"\x04", 1)[-1].decode(errors="replace")
            raise diagnosis.gone(self._link.port, f"has ended the session ({last_line(trace)})")

    def _write(self, data: bytes) -> None:
        # After that time the receiver may have ended (QUIET_MS): the prompt would read the bytes.
        if time.monotonic() - self._heard > cable.ANSWER_S:
            raise cable.Silence
        self._serial.write(data)


class _NotStarted(Exception):
    """The session did not start.

    failed: code on the module raised.  refused: the first call raised, not the start itself.
    """

    def __init__(self, text: str, failed: bool, refused: bool = False) -> None:
        super().__init__(text)
        self.failed, self.refused = failed, refused


def _is_ours(error: Exception) -> bool:
    """Whether the failing code on the module is a Latentrack that can be repaired."""
    text = str(error)
    return "no module named 'latentrack" not in text and not diagnosis.is_too_old(text)


def _is_refusal(error: ModuleError) -> bool:
    """Whether the error is one that unchanged code raises for a request it cannot do."""
    return str(error).startswith(_REFUSALS)


@contextlib.contextmanager
def needs_package(link: Link) -> Iterator[None]:
    """Raise NoPackage of the block as a UserError that says why Latentrack is missing there."""
    try:
        yield
    except NoPackage as error:
        raise diagnosis.unusable(link, str(error)) from error


@contextlib.contextmanager
def running_session(link: Link, say: Say) -> Iterator[Session]:
    """A session with a module on which Latentrack runs; its `first` is the answer of `hello`.

    After mpremote's reset Latentrack does not run: it is started, and `say` gets a sentence.
    Raises what Session raises, and UserError if Latentrack cannot be started.
    """
    with Session(link) as session:
        if session.first["runs"] and session.first["plays"]:
            yield session
            return
    if not repair.at_prompt(link):
        diagnosis.start(link, say)
    with Session(link) as session:
        yield session


def check_frames(session: Session, since: int | None = None) -> None:
    """Wait for one frame of the module, which makes a request such as a new model audible.

    since: the number of frames at the time of the request; by default that of the first call of a
    `running_session`. Raises UserError if no frame comes within 2 s: Latentrack hangs there.
    """
    since = session.first["frames"] if since is None else since
    if not _frame_comes(session, since):
        session.repair()
        if not _frame_comes(session, since):
            raise diagnosis.hangs(session.port)


def _frame_comes(session: Session, since: int) -> bool:
    end = time.monotonic() + _FRAME_S
    while session.call("hello")["frames"] == since:
        if time.monotonic() > end:
            return False
        time.sleep(_FRAME_PAUSE_S)
    return True
