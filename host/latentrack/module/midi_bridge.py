"""MIDI between a module and this computer over the module's USB port, beside its prompt.

A module has no MIDI over USB of its own: what goes out by MIDI is fetched by requests, one after
the other, and what comes from the computer goes along with them. Other commands have the line in
between; meanwhile the module keeps 32 messages.
"""

from __future__ import annotations

import binascii
import contextlib
import statistics
import threading
import time
from collections.abc import Callable

from latentrack.module.line import Line
from latentrack.module.session import Session

POLL_S = 0.004
"""The pause between two requests while nothing is to be sent."""
MEASURED = 50
"""The number of requests after which the latency is known."""
# What the module takes with one request: 32 messages.
_MOST_BYTES = 90


class MidiBridge:
    """A bridge to the module at a port; `run` moves bytes until it is stopped.

    out: called with bytes that the module has sent, whole messages, in the bridge's thread.
    measured: called once, with the median and the longest duration of the first requests in
    seconds. Half of it, and half a pause, is the mean delay of a message.
    """

    def __init__(
        self,
        port: str,
        out: Callable[[bytes], None],
        measured: Callable[[float, float], None] = lambda median, longest: None,
    ) -> None:
        self._out, self._measured = out, measured
        self._waiting = bytearray()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopped = False
        self._session: Session | None = None
        self._begins = True
        self._line = Line(port, self._leave)

    def send(self, data: bytes) -> None:
        """Send bytes to the module with the next request; from any thread."""
        with self._lock:
            self._waiting += data
        self._wake.set()

    def stop(self) -> None:
        """End `run`; from any thread."""
        self._stopped = True
        self._wake.set()

    def run(self) -> None:
        """Move bytes until `stop`. Raises UserError when the module is gone or refuses."""
        durations: list[float] = []
        try:
            while not self._stopped:
                began = time.monotonic()
                self._exchange()
                durations.append(time.monotonic() - began)
                if len(durations) == MEASURED:
                    self._measured(statistics.median(durations), max(durations))
                self._wake.wait(POLL_S)
                self._wake.clear()
        finally:
            self.close()

    def close(self) -> None:
        """End the session and let go of the port; again does nothing."""
        with contextlib.suppress(Exception):
            self._leave()
        self._line.close()

    def _exchange(self) -> None:
        with self._lock:
            data = bytes(self._waiting[:_MOST_BYTES])
        with self._line.turn() as link:
            if self._session is None:
                session = Session(link)
                session.__enter__()
                self._session = session
            taken, sent = self._session.call("midi", data.hex(), self._begins)
            self._begins = False
        with self._lock:
            del self._waiting[:taken]
        if sent:
            self._out(binascii.unhexlify(sent))

    def _leave(self) -> None:
        """End the session, so that another program finds the prompt."""
        session, self._session = self._session, None
        if session is not None:
            session.__exit__(None, None, None)
