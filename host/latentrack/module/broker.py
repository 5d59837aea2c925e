"""The broker: the program that has a port open, the holder, lends it to other commands in turn.

The holder listens at a Unix socket in the folder of the list of virtual modules, named after the
port. A borrower connects to the socket, and both send a line of JSON with their name and process
id. The holder closes the port and sends GRANTED when it is the borrower's turn. The borrower opens
the port as any program does, closes it when done, and then closes the socket.

The operating system's lock on the port decides which program has it; the socket only decides which
one may try next. So nothing needs repair when a process dies: a borrower's death closes its socket,
and the holder goes on; a holder's death frees the port for the borrower that waits, and does not
disturb a borrower that has the port.
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
# A waiting borrower is told every _TELL_S that another borrower has the port. It gives up after
# PATIENCE_S without a word: the holder is silent while it runs code at the prompt itself.
_TELL_S = 1.0
PATIENCE_S = 10.0
_LONGEST_PATH = 100  # bytes in the address of a socket
_LONGEST_LINE = 1000  # bytes of JSON
_ENDING = ".line"


class NotHandedOver(Exception):
    """The holder, `by`, is alive and does not lend the port."""

    def __init__(self, by: Program) -> None:
        super().__init__(str(by))
        self.by = by


def ask(port: str) -> socket.socket | None:
    """Ask for the port and wait until its holder has closed it.

    Returns a socket, to be closed after the port, or None if there is no broker. Raises
    NotHandedOver if the holder is silent for PATIENCE_S.
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
    """Connect to the port's broker; None if there is none. A dead broker's socket is removed."""
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
    """Remove the sockets that killed programs have left, also those of ports that have gone."""
    from latentrack.virtual import registry

    for path in registry.folder().glob(f"*{_ENDING}*"):
        line = _connect_to(str(path)) if len(str(path)) <= _LONGEST_PATH else None
        if line is not None:
            line.close()


class Broker:
    """Lends a port that this process has open to borrowers, until `close`.

    turns: the queue in which this process's own sessions wait, too.  release: closes the port.
    resume: opens it again; both are called during a turn, in a thread of the broker.
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
        """Stop lending; waiting borrowers find the port free, or ask its next holder."""
        self._ends = True
        if self._socket is not None:
            with _address(self._port) as address, contextlib.suppress(OSError):
                os.unlink(str(address))
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()

    def _listen(self, port: str) -> socket.socket | None:
        """Listen at the port's address; None without Unix sockets or a folder for them."""
        with _address(port, make=True) as address:
            if address is None:
                return None
            sweep()
            # Renamed once it listens: a socket that does not listen is taken for a dead broker's.
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
        """Serve one borrower: wait for its turn, then until it has closed the port again."""
        with line, contextlib.suppress(OSError):
            line.sendall(_words())
            line.settimeout(PATIENCE_S)
            borrower = _read_words(line)
            line.settimeout(None)
            if borrower is None:
                return
            while not self._turns.take(str(borrower), _TELL_S):
                if self._ends:
                    return
                # Nothing is sent during the holder's own session: the borrower may give up then.
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
"""The name under which the holder's own sessions take their turn."""


def _words() -> bytes:
    told = {"name": name_of(os.getpid()), "process": os.getpid()}
    return json.dumps(told).encode() + b"\n"


def _read_words(line: socket.socket) -> Program | None:
    """Read the name and process id of the other side; None if they do not come."""
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
    """The address of a port's socket; None on a system without Unix sockets.

    make: create the folder if it is missing; None if that fails.
    """
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
    # An address has at most 108 bytes; on Linux an open folder has a short path, too.
    try:
        opened = os.open(folder, os.O_RDONLY)
    except OSError:
        yield None
        return
    try:
        yield f"/proc/self/fd/{opened}/{name}"
    finally:
        os.close(opened)
