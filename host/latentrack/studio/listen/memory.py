"""Write settings to the workspace in a timer's thread, so that callers do not wait for the disk."""

from __future__ import annotations

import threading
from typing import Any

from latentrack.studio.workspace import Workspace

# Collects the changes of a slider, which come many times a second.
_DELAY_SECONDS = 0.7


class Memory:
    """Stores settings in the workspace after a delay. `keep` is thread-safe and returns at once."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._new: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    def kept(self, name: str, default: Any) -> Any:
        """Return the stored value of a name; `default` if there is none."""
        return self._workspace.setting(name, default)

    def keep(self, name: str, value: Any) -> None:
        """Keep a value under a name; it is written 0.7 s later."""
        with self._lock:
            self._new[name] = value
            if self._timer is None:
                self._timer = threading.Timer(_DELAY_SECONDS, self.write)
                self._timer.daemon = True
                self._timer.start()

    def write(self) -> None:
        """Write all kept values that have not been written."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            new, self._new = self._new, {}
            for name, value in new.items():
                self._workspace.remember(name, value)
