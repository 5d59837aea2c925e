"""A store: one frozen state that is replaced whole, and a signal for each concern."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Generic, TypeVar

from latentrack.studio.signals import Signal

S = TypeVar("S")


class Store(Generic[S]):
    """Holds the newest snapshot of a frozen dataclass. All of it may be used from any thread.

    concerns: for each signal the names of the fields that it is about. A signal is emitted when one
    of its fields is another (by `!=`), in the thread of the change, after the state is replaced.
    """

    def __init__(self, state: S, concerns: Mapping[Signal, tuple[str, ...]]) -> None:
        self._state = state
        self._concerns = dict(concerns)
        self._updating = threading.Lock()

    @property
    def state(self) -> S:
        """The state of this moment: it does not change, `update` makes another."""
        return self._state

    def update(self, **changes: Any) -> None:
        """Replace some fields, all at once."""
        self.change(lambda state: replace(state, **changes))  # type: ignore[type-var]

    def change(self, make: Callable[[S], S]) -> None:
        """Replace the state by what `make` returns for it. No other change comes in between.

        `make` must not change this store. If it raises, the state stays as it is.
        """
        with self._updating:
            before = self._state
            after = self._state = make(before)
        for signal, names in self._concerns.items():
            if any(getattr(before, name) != getattr(after, name) for name in names):
                signal.emit()
