"""What is to be done when, while the sequencer plays: a list in order of time.

It has no thread and no clock: `Transport` brings both.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from itertools import count
from typing import Protocol

from latentrack.playing.sequencer import DueStep, Sequencer
from latentrack.studio.listen.follow import Follower

# Browsers are told of a step so long before it is due, or before its earliest hit may sound: the
# page's own path, and its sound's.
AHEAD_SECONDS = 0.12
# From the press of Play to the first step: enough for a page on this computer to be told of it.
LEAD_SECONDS = 0.06
# A computer that has slept so long goes on from there, instead of rushing through what it missed.
LOST_SECONDS = 1.0

Action = Callable[[], None]


class Hearer(Protocol):
    """Who hears the steps."""

    def ahead(self, step: DueStep) -> Iterable[tuple[float, Action]]:
        """Called as soon as a step is known; gives what is to be done for it, and when."""

    def halted(self) -> None:
        """What sounds must end now; what has been put down for later is not going to be done."""


class Conductor:
    """Call `advance` when `wait` says so, and after everything else here that is called."""

    def __init__(self, sequencer: Sequencer, hearers: Iterable[Hearer]) -> None:
        self._sequencer = sequencer
        self._hearers = tuple(hearers)
        self._events: list[tuple[float, int, Action]] = []
        self._order = count()
        self._follower: Follower | None = None
        self._running = False
        self._armed = False  # the next tick from elsewhere is where a step comes
        self._given = sequencer.schedule

    @property
    def follower(self) -> Follower | None:
        """The external clock that is followed; None for the studio's own."""
        return self._follower

    def follow(self, follower: Follower | None, now: float) -> None:
        """From now on steps come by a clock from elsewhere, or (None) by our own again."""
        self.halt(now)
        self._follower = follower

    def begin(self, now: float) -> None:
        """From the first step: soon, or with the next tick of the clock that is followed."""
        self.halt(now)
        self._sequencer.begin(now + LEAD_SECONDS)
        self._start()

    def resume(self, now: float) -> None:
        """From where it was halted."""
        if not self._running:
            self._sequencer.resume(now + LEAD_SECONDS)
            self._start()

    def halt(self, now: float) -> None:
        """At once; what was put down for later is forgotten."""
        self._running = False
        self._sequencer.rewind(now)
        self._events.clear()
        for hearer in self._hearers:
            hearer.halted()

    def tick(self, now: float) -> None:
        """A tick of the clock that is followed came at `now`."""
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
        # No further than this: who knows whether another tick is coming.
        self._take(now + AHEAD_SECONDS)

    def advance(self, now: float) -> None:
        """Asks for the steps that are near, and does what is due."""
        if self._running and self._follower is None:
            if now - self._sequencer.due > LOST_SECONDS:
                self._sequencer.resume(now)
            self._take(now + AHEAD_SECONDS)
        while self._events and self._events[0][0] <= now:
            heapq.heappop(self._events)[2]()

    def wait(self, now: float) -> float | None:
        """Seconds until `advance` has something to do (0: at once; None: never)."""
        times = [self._events[0][0]] if self._events else []
        if self._running and self._follower is None:
            times.append(self._sequencer.asks - AHEAD_SECONDS)
        return max(min(times) - now, 0) if times else None

    def _start(self) -> None:
        self._running = True
        self._armed = self._follower is not None

    def _take(self, until: float) -> None:
        for step in self._sequencer.until(until):
            for hearer in self._hearers:
                for time, action in hearer.ahead(step):
                    heapq.heappush(self._events, (time, next(self._order), action))
