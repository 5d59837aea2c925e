"""Child processes of the studio at low priority: how they are started, and their messages.

A child shares only two pipes with the server. It sends messages, each a line of JSON. The end of
the pipe to the child tells it that the studio has ended.
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
    """Start a module of Latentrack as a process; its stderr goes to the file `errors`."""
    # A session of its own: Ctrl-C in the terminal must reach the studio only.
    how: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        how = {
            "creationflags": subprocess.CREATE_NEW_PROCESS_GROUP
            | subprocess.BELOW_NORMAL_PRIORITY_CLASS
        }
    # With these variables NiceGUI would behave as in a test.
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
    """Yield the messages of a child until it has ended; an incomplete last line is ignored."""
    assert process.stdout is not None
    for line in process.stdout:
        with contextlib.suppress(ValueError):
            message = json.loads(line)
            if isinstance(message, dict):
                yield message


class ChildVoice:
    """The child's side: sends messages to the studio. Thread-safe."""

    def __init__(self) -> None:
        # Printed text of libraries goes to stderr, as it must not come between messages.
        self._pipe: IO[bytes] = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)
        self._lock = threading.Lock()

    def say(self, kind: str, **content: Any) -> None:
        """Send a message. A closed pipe is ignored: `listen` reports that the studio has ended."""
        line = json.dumps({"kind": kind, **content}).encode() + b"\n"
        with self._lock, contextlib.suppress(OSError, ValueError):
            self._pipe.write(line)
            self._pipe.flush()


def step_back() -> None:
    """The child's side: lower its priority, and let the system kill it first if memory is short."""
    if sys.platform != "win32":
        os.nice(10)
    # Linux desktops share the processor between sessions: `nice` counts only within the child's own
    # session, whose priority is set here.
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text("10")
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")


def listen(told: Callable[[str], None], left: Callable[[], None]) -> None:
    """The child's side: call `told` for each line from the studio, `left` when the pipe has ended.

    Both are called in a thread of their own.
    """

    def read() -> None:
        # Not sys.stdin: this thread would hold its lock and delay the end of the process.
        with os.fdopen(os.dup(0), "rb", buffering=0) as pipe:
            waiting = b""
            while more := pipe.read(4096):
                *lines, waiting = (waiting + more).split(b"\n")
                for line in lines:
                    told(line.decode())
        left()

    threading.Thread(target=read, daemon=True).start()
