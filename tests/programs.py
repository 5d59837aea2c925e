"""The programs that tests run as a user does: real mpremote, and our own command line."""

from __future__ import annotations

import atexit
import contextlib
import io
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from latentrack.virtual.module import VirtualModule
from tests.waiting import PATIENCE_S

_ROOT = Path(__file__).resolve().parent.parent
# What Python, or a library when it is imported, reads from the environment: commands are forked
# from a server that was started with the same.
_READ_AT_START = ("PYTHON", "LANG", "LC_", "LD_", "OPENBLAS_", "OMP_", "TYPER_", "_TYPER_")
_READ_AT_START += ("TERMINAL_WIDTH", "FORCE_COLOR", "PY_COLORS", "GITHUB_ACTIONS", "MPL", "TF_")
# Commands of such an environment that are started by themselves before it gets a server.
_ALONE = 2

_counts: dict[frozenset[tuple[str, str]], int] = {}
_servers: dict[frozenset[tuple[str, str]], socket.socket] = {}


def mpremote(module: VirtualModule, *arguments: str) -> str:
    """Real mpremote as a program of its own; returns what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "mpremote", "connect", module.port, *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def latentrack(*arguments: str, timeout: float = PATIENCE_S) -> subprocess.CompletedProcess[str]:
    """The command line as a user runs it, in a process of its own.

    Many commands with the same settings of Python are forked (forked_commands.py): to start Python
    and import takes longer than most commands do. `started` starts it always.
    """
    like = _read_at_start()
    _counts[like] = _counts.get(like, 0) + 1
    alone = _counts[like] <= _ALONE or not hasattr(os, "pidfd_open")
    return (started if alone else forked)(*arguments, timeout=timeout)


def started(*arguments: str, timeout: float = PATIENCE_S) -> subprocess.CompletedProcess[str]:
    """The command line in a Python of its own."""
    return subprocess.run(
        [sys.executable, "-m", "latentrack.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def ok(*arguments: str) -> str:
    """What a command that ends well prints."""
    done = latentrack(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def forked(*arguments: str, timeout: float = PATIENCE_S) -> subprocess.CompletedProcess[str]:
    """As `started`, in a process that a server forks. Raises TimeoutExpired as it does."""
    request = {"arguments": arguments, "environment": dict(os.environ), "folder": os.getcwd()}
    pipes = [os.pipe() for _ in ("output", "error", "what becomes of it")]
    with contextlib.ExitStack() as files:
        readers = [files.enter_context(os.fdopen(reader, "rb", 0)) for reader, _ in pipes]
        try:
            files_of_it = [0, *(writer for _, writer in pipes)]
            socket.send_fds(_server(), [json.dumps(request).encode()], files_of_it)
        finally:
            for _, writer in pipes:
                os.close(writer)
        output, error, became = _read(readers, list(arguments), timeout)
    _, code = became.split()
    return subprocess.CompletedProcess(list(arguments), int(code), _text(output), _text(error))


def _read(readers: list[io.FileIO], arguments: list[str], timeout: float) -> list[bytes]:
    """All that comes until all of them end; the last begins with the number of the process."""
    read = [b"" for _ in readers]
    end = time.monotonic() + timeout
    with selectors.DefaultSelector() as selector:
        for number, reader in enumerate(readers):
            selector.register(reader, selectors.EVENT_READ, number)
        while selector.get_map():
            for key, _ in selector.select(max(0.0, end - time.monotonic())):
                more = os.read(key.fd, 1 << 16)
                read[key.data] += more
                if not more:
                    selector.unregister(key.fileobj)
            if time.monotonic() > end and selector.get_map():
                if len(became := read[-1].split()) == 1:
                    os.kill(int(became[0]), signal.SIGKILL)
                raise subprocess.TimeoutExpired(arguments, timeout, *read[:2])
    return read


def _text(data: bytes) -> str:
    """As a subprocess with `text` has it."""
    return data.decode().replace("\r\n", "\n").replace("\r", "\n")


def _read_at_start() -> frozenset[tuple[str, str]]:
    return frozenset((k, v) for k, v in os.environ.items() if k.startswith(_READ_AT_START))


def _server() -> socket.socket:
    """The socket of the server for the present environment; the first time it is started."""
    like = _read_at_start()
    if like not in _servers:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            number = theirs.fileno()
            server = subprocess.Popen(
                [sys.executable, "-m", "tests.forked_commands", str(number)],
                stdin=subprocess.DEVNULL,
                cwd=_ROOT,
                pass_fds=[number],
            )

        def end() -> None:
            ours.close()
            server.wait()

        atexit.register(end)
        _servers[like] = ours
    return _servers[like]
