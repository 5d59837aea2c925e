"""Schedule the actions for steps while the sequencer plays: a queue sorted by time.

The thread and the clock are `Transport`'s; time is an argument, in seconds.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from itertools import count
from typing import Protocol

from latentrack.playing.sequencer import DueStep, Sequencer
from latentrack.studio.listen.follow import Follower

# Time by which browsers get a step before it is due, or before its earliest hit may sound. It
# covers the delays of the network and of the browser's audio.
AHEAD_SECONDS = 0.12
# From the press of Play to the first step: enough for a page on this computer to receive it.
LEAD_SECONDS = 0.06
# Delay, for example after the computer slept, from which the missed steps are skipped.
LOST_SECONDS = 1.0

# Time by which a browser's tab that nobody sees gets its steps: browsers give it little time, and a
# busy computer gives it less.
FAR_AHEAD_SECONDS = 4.0
_SAME_SECONDS = 0.0005

Action = Callable[[], None]


class Hearer(Protocol):
    """An output of the steps: browsers, MIDI or OSC."""

    def ahead(self, step: DueStep) -> Iterable[tuple[float, Action]]:
        """Called as soon as a step is known; returns (time in seconds, action) pairs for it."""

    def halted(self) -> None:
        """Called when playing stops: end all sounds. Scheduled actions have been cancelled."""


class Conductor:
    """Takes steps from the sequencer and runs the hearers' actions when they are due.

    Call `advance` after the seconds that `wait` returns, and after each call of another method.
    """

    def __init__(self, sequencer: Sequencer, hearers: Iterable[Hearer]) -> None:
        self._sequencer = sequencer
        self._hearers = tuple(hearers)
        self._events: list[tuple[float, int, Action]] = []
        self._order = count()
        self._follower: Follower | None = None
        self._running = False
        self._armed = False  # whether the next tick of the external clock starts a step
        self._given = sequencer.schedule
        self._foresees: Callable[[DueStep], None] | None = None
        self._foreseen: dict[int, DueStep] = {}  # what was told and has not come yet, by its count

    @property
    def follower(self) -> Follower | None:
        """The external clock that is followed; None for the studio's own."""
        return self._follower

    def follow(self, follower: Follower | None, now: float) -> None:
        """Follow an external clock from now on, or (None) use the studio's own. Halts."""
        self.halt(now)
        self._follower = follower

    def begin(self, now: float) -> None:
        """Play from the first step: after LEAD_SECONDS, or at the external clock's next tick."""
        self.halt(now)
        self._sequencer.begin(now + LEAD_SECONDS)
        self._start()

    def resume(self, now: float) -> None:
        """Play from the step at which it was halted."""
        if not self._running:
            self._sequencer.resume(now + LEAD_SECONDS)
            self._start()

    def halt(self, now: float) -> None:
        """Stop at once and cancel all scheduled actions."""
        self._running = False
        self._foreseen.clear()
        self._sequencer.rewind(now)
        self._events.clear()
        for hearer in self._hearers:
            hearer.halted()

    def foresee(self, told: Callable[[DueStep], None] | None) -> None:
        """Call `told` with each step of the next FAR_AHEAD_SECONDS, as it would be if nothing
        changed, and again after a change; None: no longer.

        No step of an external clock is foreseen.
        """
        self._foresees = told
        self._foreseen.clear()

    def tick(self, now: float) -> None:
        """Take a tick of the external clock, received at `now`; ignored if none is followed."""
        follower = self._follower
        if follower is None:
            return
        follower.tick(now)
        self._sequencer.tempo = follower.tempo
        if not self._running:
            return
        if self._armed:
            self._armed = False
            follower.meet(self._sequencer.count)
            self._given = self._sequencer.schedule
        self._given = follower.schedule(self._given, self._sequencer.schedule)
        self._sequencer.schedule = self._given
        # No further ahead: the external clock may stop.
        self._take(now)

    def advance(self, now: float) -> None:
        """Take the steps of the next AHEAD_SECONDS and run the actions that are due."""
        if self._running and self._follower is None:
            if now - self._sequencer.due > LOST_SECONDS:
                self._sequencer.resume(now)
            self._take(now)
            self._tell_ahead(now)
        while self._events and self._events[0][0] <= now:
            heapq.heappop(self._events)[2]()

    def wait(self, now: float) -> float | None:
        """Return the seconds until `advance` is needed: 0 for now, None for no limit."""
        times = [self._events[0][0]] if self._events else []
        if self._running and self._follower is None:
            times.append(self._sequencer.asks - AHEAD_SECONDS)
        return max(min(times) - now, 0) if times else None

    def _start(self) -> None:
        self._running = True
        self._armed = self._follower is not None

    def _tell_ahead(self, now: float) -> None:
        if self._foresees is None:
            return
        for step in self._sequencer.foreseen(now + FAR_AHEAD_SECONDS):
            if step.count not in self._foreseen:
                self._foreseen[step.count] = step
                self._foresees(step)

    def _take(self, now: float) -> None:
        for step in self._sequencer.until(now + AHEAD_SECONDS):
            # The pattern may have become one with earlier hits in this very moment.
            known = step.known_at(now)
            told = self._foreseen.pop(step.count, None)
            if told and not _alike(told, known):
                self._foreseen.clear()
            for hearer in self._hearers:
                for time, action in hearer.ahead(known):
                    heapq.heappush(self._events, (time, next(self._order), action))


def _alike(told: DueStep, step: DueStep) -> bool:
    """Whether a step came as it was foreseen."""
    return told.hits == step.hits and all(
        abs(a - b) < _SAME_SECONDS
        for a, b in zip((told.due, *told.times), (step.due, *step.times), strict=True)
    )
