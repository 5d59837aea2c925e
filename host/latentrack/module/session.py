"""A conversation in frames with the module: questions, and files there and back.

Requests have numbers, and the module does them in order, each once (device/latentrack/receive.py).
So here everything may be sent again: after a silence, and when the module says that something
arrived damaged. What gets no answer for ANSWER_S is given up.
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

AHEAD = 8
_SMALL = 256  # bytes
RESEND_S = 0.4
READY_S = 1.5
# Frames come every 20 ms.
_FRAME_S = 2.0
_FRAME_PAUSE_S = 0.02
# Damage makes the module ask again for each frame that was under way; once is enough.
_SAME_DAMAGE_S = 0.1
# What a board says when it starts anew, and what the virtual one says after a power cut.
_RESTARTS = (b"MPY: soft reboot", b"power-on]")
_START = "__import__('latentrack.receive').receive.serve({})"
_REFUSALS = ("ValueError", "OSError", "MemoryError")


class NoPackage(Exception):
    """The module runs MicroPython without Latentrack, or with one that cannot receive."""


class Session:
    """Use it with `with`, on an open Link, which has to rest meanwhile.

    Raises NoPackage when Latentrack is not on the module, UserError when nothing answers, and
    ModuleError when the module refuses a request; the conversation goes on after that.
    """

    def __init__(self, link: Link, name: str = "hello", *arguments: str) -> None:
        """The first call goes along with the start; its answer is in `first`."""
        self._link = link
        self._serial = link.serial
        self._reader = Reader()
        self._number = 0
        self._first_call = [name, *arguments]
        self.first: Any = None

    @property
    def port(self) -> str:
        """Where the module is."""
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
                # Once more, for a damaged line can say anything, and after a restart old noise may
                # be read as a question.
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
        # Nobody waits for the answer: whoever comes next asks for the prompt.
        with contextlib.suppress(Exception):
            self._serial.write(Frame("Q", self._session, (self._number + 1) & 0xFFFF).encode())

    def _remedies(self) -> Iterator[Callable[[], bool]]:
        """What may help where the code on the module fails, each tried once."""
        yield lambda: repair.at_prompt(self._link)
        # A frame that fails puts everything back as well, and may just have done so.
        yield lambda: True
        if self._first_call[0] == "hello":
            yield lambda: repair.restart(self._link)

    @property
    def said(self) -> str:
        """What the module printed meanwhile."""
        return self._reader.rest.decode(errors="replace")

    # -- requests -------------------------------------------------------------------------------

    def call(self, name: str, *arguments: object) -> Any:
        """Calls a method of device/latentrack/requests.py; what it returns."""
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
        """Have the module put its own code back; False if nothing had been changed.

        `refusal`: what failed is refused when all is well, too.
        """
        try:
            return repair.said(self._ask("repair", refusal))
        except ModuleError:
            return False

    def _repairing(self, work: Callable[[], Any]) -> Any:
        """Once more if it fails because a behaviour has changed the module's code."""
        try:
            return work()
        except ModuleError as error:
            if not _is_ours(error) or not self.repair(_is_refusal(error)):
                raise
        return work()

    def send(self, data: bytes, progress: Progress | None = None) -> None:
        """Brings a file into the module's memory, and has it compared there with its SHA-256."""

        def requests() -> Iterator[tuple[str, bytes]]:
            yield "C", json.dumps(["begin", len(data)]).encode()
            for at in range(0, len(data), MOST):
                yield "D", struct.pack("<I", at) + data[at : at + MOST]
            yield "C", json.dumps(["check", hashlib.sha256(data).hexdigest()]).encode()

        # Room first: what does not fit need not travel.
        def send() -> None:
            with self._link.translated():
                for done, _ in enumerate(self._exchange(requests())):
                    if progress is not None:
                        progress(min(done * MOST, len(data)), len(data))

        self._repairing(send)

    def fetch(self, path: str, progress: Progress | None = None, most: int | None = None) -> bytes:
        """A file of the module; its first `most` bytes, if that is given.

        Those come in small pieces, which the module has room for when it has for little else.
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
                    # The question came as text, which nothing checks on the way.
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
        """Sends requests, some ahead of the answers; yields the answers in order."""
        waiting: dict[int, bytes] = {}
        answers: dict[int, Frame] = {}
        source = iter(requests)
        more = True
        moved = sent_again = time.monotonic()
        self._link.round_trips += 1
        while more or waiting:
            while more and len(waiting) < AHEAD:
                request = next(source, None)
                if request is None:
                    more = False
                    continue
                self._number = (self._number + 1) & 0xFFFF
                frame = Frame(request[0], self._session, self._number, request[1])
                waiting[self._number] = frame.encode()
                self._write(waiting[self._number])
                if request[0] == "C":
                    break  # what comes behind a call may depend on it
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
            if any(word in self._reader.rest for word in _RESTARTS):
                raise diagnosis.gone(self._link.port, "has restarted meanwhile")
            now = time.monotonic()
            if waiting and now - moved > cable.ANSWER_S:
                raise cable.Silence
            if waiting and (again or now - max(self._heard, sent_again) > RESEND_S):
                sent_again = now
                for data in waiting.values():
                    self._write(data)

    def _write(self, data: bytes) -> None:
        # By then the receiver may have left (QUIET_MS), and bytes would be taken for typing.
        if time.monotonic() - self._heard > cable.ANSWER_S:
            raise cable.Silence
        self._serial.write(data)


class _NotStarted(Exception):
    """failed: code on the module raised.  refused: it was the first call that did."""

    def __init__(self, text: str, failed: bool, refused: bool = False) -> None:
        super().__init__(text)
        self.failed, self.refused = failed, refused


def _is_ours(error: Exception) -> bool:
    """Whether what failed on the module is a Latentrack that can be repaired."""
    text = str(error)
    return "no module named 'latentrack" not in text and not diagnosis.is_too_old(text)


def _is_refusal(error: ModuleError) -> bool:
    """Whether the module says that something cannot be done, as it does when all is well."""
    return str(error).startswith(_REFUSALS)


@contextlib.contextmanager
def needs_package(link: Link) -> Iterator[None]:
    """For what cannot be done without Latentrack on the module: raises UserError with why not."""
    try:
        yield
    except NoPackage as error:
        raise diagnosis.unusable(link, str(error)) from error


@contextlib.contextmanager
def running_session(link: Link, say: Say) -> Iterator[Session]:
    """A session with a module on which Latentrack runs; its `first` is what `hello` answers.

    Where mpremote's reset has left Latentrack unstarted it is started, and `say` gets a sentence.
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
    """Wait for a frame: what was asked for, a model for example, is heard after one.

    `since`: how many frames there had been when it was asked for; None: at the first call of a
    `running_session`. Raises UserError if none comes: Latentrack hangs there.
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
