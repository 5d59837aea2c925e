"""The broker: who has a port open hands it to other commands, one after the other.

A socket beside the list of virtual modules, named after the port, belongs to the program that has
the port open. Who wants the port connects there, and both say who they are, each in a line of JSON.
GRANTED comes when it is its turn: by then the holder has closed the port. The borrower opens
it as any program would, and closes the socket when it has closed the port again.

The operating system's lock on the port decides who has the line; the socket only decides who may
try next. So nothing has to be mended when one side dies: a borrower's end closes its socket, and
the holder goes on; a holder's end frees the port for the one who waits, and leaves a borrower that
has the port already alone.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from latentrack.module.programs import Program, name_of
from latentrack.module.turns import Turns

GRANTED = b"+"
_WAIT = b"."
# So often a borrower hears that another one has the line; and so long it waits for a holder that
# says nothing, as one does at whose prompt code runs.
_TELL_S = 1.0
PATIENCE_S = 10.0
_LONGEST_PATH = 100
_LONGEST_LINE = 1000
_ENDING = ".line"


class NotHandedOver(Exception):
    """The holder, `by`, lives and does not give the port away."""

    def __init__(self, by: Program) -> None:
        super().__init__(str(by))
        self.by = by


def ask(port: str) -> socket.socket | None:
    """Asks for the port; returns when it is closed where it was open. None: there is no broker.

    The socket that is returned is to be closed after the port. Raises NotHandedOver.
    """
    holder = Program("the program that has it", 0)
    line = _connect(port)
    if line is None:
        return None
    try:
        line.sendall(_words())
        holder = _read_words(line) or holder
        while True:
            told = line.recv(1)
            if told == GRANTED:
                return line
            if not told:
                line.close()
                return None  # the holder has ended, and the port is free
    except TimeoutError:
        line.close()
        raise NotHandedOver(holder) from None
    except OSError:
        line.close()
        return None


def is_served(port: str) -> bool:
    """Whether another program's broker has this port."""
    line = _connect(port)
    if line is None:
        return False
    line.close()
    return True


def _connect(port: str) -> socket.socket | None:
    """None if there is no broker; what a dead one has left is removed."""
    with _address(port) as address:
        return None if address is None else _connect_to(address)


def _connect_to(address: str) -> socket.socket | None:
    if not os.path.exists(address):
        return None
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(PATIENCE_S)
    try:
        line.connect(address)
        return line
    except OSError as error:
        line.close()
        if error.errno == errno.ECONNREFUSED:
            with contextlib.suppress(OSError):
                os.unlink(address)
        return None


def sweep() -> None:
    """Removes the sockets that killed programs have left, at ports that may be gone, too."""
    from latentrack.virtual import registry

    for path in registry.folder().glob(f"*{_ENDING}*"):
        line = _connect_to(str(path)) if len(str(path)) <= _LONGEST_PATH else None
        if line is not None:
            line.close()


class Broker:
    """Serves those who ask for a port that this process has open, until `close`.

    `turns` is what this process's own conversations take, too. `release` closes the port, and
    `resume` opens it again; both are called in a turn.
    """

    def __init__(
        self, port: str, turns: Turns, release: Callable[[], None], resume: Callable[[], None]
    ) -> None:
        self._turns = turns
        self._release = release
        self._resume = resume
        self._ends = False
        self._socket = self._listen(port)
        if self._socket is not None:
            self._port = port
            threading.Thread(target=self._serve, name="broker", daemon=True).start()

    def close(self) -> None:
        """Those who wait find the port free, or another holder."""
        self._ends = True
        if self._socket is not None:
            with _address(self._port) as address, contextlib.suppress(OSError):
                os.unlink(str(address))
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()

    def _listen(self, port: str) -> socket.socket | None:
        """None where there are no such sockets, or no folder for one: then nothing is shared."""
        with _address(port, make=True) as address:
            if address is None:
                return None
            sweep()
            # Under its name a socket listens from the start, or it would pass for a dead one.
            unnamed = f"{address}{os.getpid()}"
            listening = socket.socket(socket.AF_UNIX)
            try:
                listening.bind(unnamed)
                listening.listen(16)
                os.replace(unnamed, address)
            except OSError:
                listening.close()
                return None
            return listening

    def _serve(self) -> None:
        assert self._socket is not None
        while not self._ends:
            try:
                line, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(
                target=self._attend, args=(line,), name="borrower", daemon=True
            ).start()

    def _attend(self, line: socket.socket) -> None:
        """One borrower: waits for its turn, and until it has closed the port again."""
        with line, contextlib.suppress(OSError):
            line.sendall(_words())
            line.settimeout(PATIENCE_S)
            borrower = _read_words(line)
            line.settimeout(None)
            if borrower is None:
                return
            while not self._turns.take(str(borrower), _TELL_S):
                # While its own conversation goes on, the borrower's patience runs out.
                if self._ends:
                    return
                if self._turns.whose != OWN:
                    line.sendall(_WAIT)
            try:
                if self._ends:
                    return
                self._release()
                line.sendall(GRANTED)
                line.recv(1)
            finally:
                if not self._ends:
                    self._resume()
                self._turns.give_back()


OWN = "this program"
"""The name under which the holder's own conversations take their turn."""


def _words() -> bytes:
    told = {"name": name_of(os.getpid()), "process": os.getpid()}
    return json.dumps(told).encode() + b"\n"


def _read_words(line: socket.socket) -> Program | None:
    """Who is at the other end."""
    told = b""
    while not told.endswith(b"\n") and len(told) < _LONGEST_LINE:
        piece = line.recv(1)
        if not piece:
            return None
        told += piece
    try:
        words = json.loads(told)
        return Program(str(words["name"]), int(words["process"]))
    except (ValueError, KeyError, TypeError):
        return None


@contextlib.contextmanager
def _address(port: str, make: bool = False) -> Iterator[str | None]:
    """The address of a port's socket; None where there are none."""
    from latentrack.virtual import registry

    if not hasattr(socket, "AF_UNIX"):
        yield None
        return
    folder = registry.folder()
    if make:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError:
            yield None
            return
    name = os.path.realpath(port).strip("/").replace("/", "-") + _ENDING
    path = Path(folder, name)
    if len(str(path)) <= _LONGEST_PATH:
        yield str(path)
        return
    # An address has 108 bytes at most; Linux knows a folder that is open by a short name, too.
    try:
        opened = os.open(folder, os.O_RDONLY)
    except OSError:
        yield None
        return
    try:
        yield f"/proc/self/fd/{opened}/{name}"
    finally:
        os.close(opened)
