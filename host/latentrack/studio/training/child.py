"""A process that works for the studio and does not slow it down: how it is started, how it speaks.

It shares nothing with the server but two pipes. What it has to say comes as one line of JSON a
message. When the pipe to it ends, nobody is left to work for.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

Message = dict[str, Any]


def start_child(module: str, *arguments: str, errors: Path) -> subprocess.Popen[bytes]:
    """Starts a module of ours; what it writes to stderr goes to the file `errors`."""
    # A session of its own: Ctrl-C in the terminal is the studio's to hear.
    how: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        how = {
            "creationflags": subprocess.CREATE_NEW_PROCESS_GROUP
            | subprocess.BELOW_NORMAL_PRIORITY_CLASS
        }
    # With these, NiceGUI believes itself part of a test.
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("NICEGUI_", "PYTEST_"))
    }
    with errors.open("wb") as file:
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=file,
            env=environment,
            **how,
        )


def messages(process: subprocess.Popen[bytes]) -> Iterator[Message]:
    """What it says, until it has ended; a last line that was cut off is left out."""
    assert process.stdout is not None
    for line in process.stdout:
        with contextlib.suppress(ValueError):
            message = json.loads(line)
            if isinstance(message, dict):
                yield message


class ChildVoice:
    """The child's side: what it says to the studio."""

    def __init__(self) -> None:
        # What a library prints must not come between the messages.
        self._pipe: IO[bytes] = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)
        self._lock = threading.Lock()

    def say(self, kind: str, **content: Any) -> None:
        """That nobody hears it any more is no error: the end of the other pipe says so, too."""
        line = json.dumps({"kind": kind, **content}).encode() + b"\n"
        with self._lock, contextlib.suppress(OSError, ValueError):
            self._pipe.write(line)
            self._pipe.flush()


def step_back() -> None:
    """The child's side: the page and the music come first, and memory is short here first."""
    if sys.platform != "win32":
        os.nice(10)
    # Linux on a desk shares the processor between sessions, and the child has one of its own: there
    # its niceness counts only within, and this is the session's.
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text("10")
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")


def listen(told: Callable[[str], None], left: Callable[[], None]) -> None:
    """The child's side: calls `told` with each line that comes, and `left` at the end of all."""

    def read() -> None:
        # Not sys.stdin: its lock would hold up the end of the process while this waits.
        with os.fdopen(os.dup(0), "rb", buffering=0) as pipe:
            waiting = b""
            while more := pipe.read(4096):
                *lines, waiting = (waiting + more).split(b"\n")
                for line in lines:
                    told(line.decode())
        left()

    threading.Thread(target=read, daemon=True).start()
