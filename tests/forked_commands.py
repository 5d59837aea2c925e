"""A server that runs our commands, each in a process of its own, without starting Python for each.

`tests/programs.py` starts it and talks to it. It has imported what commands import, but not the
command line itself, nor TensorFlow, and waits. For each request it forks; the child takes the
request's files, environment and folder, and runs the command line as `python -m latentrack.cli`
does: the same `__main__`, the same end by Python itself. What Python reads from the environment
when it starts is the server's; `tests/programs.py` keeps one for each. Two things differ: all
children of a server hash strings alike, and `/proc` shows the server's own command line.

It has one thread but for those of NumPy's BLAS, which rest: BLAS ends them before a fork.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import json
import os
import pkgutil
import runpy
import select
import socket
import sys
from typing import Any

import latentrack.cli
import latentrack.commands

COMMAND = "latentrack.cli"
FILES = 4
"""Open files in a request: standard input, output and error, and a pipe for what becomes of it."""

# What commands import while they run.
_LATER = (
    "latentrack.corpus.gather",
    "latentrack.corpus.picture",
    "latentrack.factory.library",
    "latentrack.model.run",
    "latentrack.model.training",
    "latentrack.module.backup",
    "latentrack.module.diagnosis",
    "latentrack.module.install",
    "latentrack.module.library",
    "latentrack.virtual.registry",
    "mpremote.transport_serial",
    "numpy.random",
    "pydantic.type_adapter",
    "rich.progress",
    "rich.table",
    "serial.tools.list_ports",
    "typer.rich_utils",
)


def main() -> None:
    """Serve the socket whose number is the argument, and end with it."""
    commands = pkgutil.iter_modules(latentrack.commands.__path__, "latentrack.commands.")
    for name in (*(command.name for command in commands), *_LATER):
        with contextlib.suppress(Exception):  # the command imports it again, and says so
            importlib.import_module(name)
    # It is made anew, as __main__.
    del sys.modules[COMMAND], latentrack.cli
    gc.freeze()
    try:
        request = _serve(socket.socket(fileno=int(sys.argv[1])))
    except KeyboardInterrupt:
        return  # Ctrl-C is for the tests
    if request is not None:
        _become(request)


def _serve(control: socket.socket) -> dict[str, Any] | None:
    """Fork for each request. Returns the request in a child, None in the server at its end."""
    pipes: dict[int, tuple[int, int]] = {}  # by pidfd: the process, and its pipe
    while True:
        for ready in select.select([control, *pipes], [], [])[0]:
            if ready is not control:
                process, pipe = pipes.pop(ready)
                code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
                _tell(pipe, code)
                os.close(pipe)
                os.close(ready)
                continue
            data, files, _, _ = socket.recv_fds(control, 1 << 20, FILES)
            if not data:
                return None
            process = os.fork()
            if process == 0:
                for number, file in enumerate(files[:3]):
                    os.dup2(file, number)
                for file in (*files, *pipes, *(pipe for _, pipe in pipes.values())):
                    os.close(file)
                control.close()
                request: dict[str, Any] = json.loads(data)
                return request
            for file in files[:3]:
                os.close(file)
            _tell(files[3], process)
            pipes[os.pidfd_open(process)] = process, files[3]


def _tell(pipe: int, number: int) -> None:
    with contextlib.suppress(BrokenPipeError):  # who asked waits no longer
        os.write(pipe, f"{number}\n".encode())


def _become(request: dict[str, Any]) -> None:
    """Run the command line in this process as if Python had started with it."""
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    for name, number in (("stdin", 0), ("stdout", 1), ("stderr", 2)):
        stream = _stream(name, number)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    sys.path[0] = request["folder"]
    sys.argv[1:] = request["arguments"]
    runpy.run_module(COMMAND, run_name="__main__", alter_sys=True)


def _stream(name: str, number: int) -> io.TextIOWrapper:
    """A standard stream as Python makes it at its start."""
    like = getattr(sys, name)
    raw = io.FileIO(number, "wb" if number else "rb", closefd=False)
    plain = like.write_through  # PYTHONUNBUFFERED
    made: Any = raw
    if not number:
        made = io.BufferedReader(raw)
    elif not plain:
        made = io.BufferedWriter(raw)
    lines = not plain and (number == 2 or raw.isatty())
    return io.TextIOWrapper(
        made, like.encoding, like.errors, "\n", line_buffering=lines, write_through=plain
    )


if __name__ == "__main__":
    main()
