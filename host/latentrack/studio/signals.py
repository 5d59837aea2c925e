"""A signal: a store says that something of it is different, and others hear it."""

from __future__ import annotations

import threading
from collections.abc import Callable

Listener = Callable[[], None]


class Signal:
    """Tells its listeners that something is different now; they read the newest state themselves.

    It may be emitted from any thread, and the listeners are called in that thread: they must be
    quick and must not raise. `page_parts.listen` brings a signal into a page.
    """

    def __init__(self) -> None:
        self._listeners: list[Listener] = []
        self._lock = threading.Lock()

    def connect(self, listener: Listener) -> Callable[[], None]:
        """From now on `listener` hears it; the function that is returned ends that."""
        with self._lock:
            self._listeners.append(listener)

        def disconnect() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return disconnect

    def emit(self) -> None:
        """Call all listeners, in the order in which they were connected."""
        with self._lock:
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener()
