"""The clock of a model that plays by OSC: a thread that waits for each step and each hit."""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable
from functools import partial
from itertools import count

from latentrack.osc.instrument import clamped
from latentrack.playing.schedule import MOST_SWING, STRAIGHT, TEMPO_RANGE
from latentrack.playing.sequencer import HasPattern, Sequencer

_LOST_SECONDS = 1.0  # a computer that has slept goes on from there

Hit = tuple[int, int, int]


class OscClock:
    """Calls `on_step` and `on_hit` when a step or a hit is due, while it plays. Thread-safe.

    `on_step` is given the step's number from 0, `on_hit` a hit: (voice, MIDI pitch, velocity). They
    are called in the clock's own thread and must not raise; `on_change` in the thread of whoever
    sets something.
    """

    following = False
    """No other clock is followed."""

    def __init__(
        self,
        instrument: HasPattern,
        on_step: Callable[[int], None],
        on_hit: Callable[[Hit], None],
        on_change: Callable[[], None],
    ) -> None:
        self._sequencer = Sequencer(instrument)
        self._on_step, self._on_hit, self._on_change = on_step, on_hit, on_change
        # What is told next, in order of time: (when, order, what).
        self._coming: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._waiting = threading.Condition()
        self._playing = self._closed = False
        self._thread = threading.Thread(target=self._run, name="osc clock", daemon=True)
        self._thread.start()

    @property
    def playing(self) -> bool:
        """Whether steps sound."""
        return self._playing

    @property
    def tempo(self) -> float:
        """Quarter notes a minute."""
        return self._sequencer.tempo

    @property
    def swing(self) -> float:
        """Share of two steps that the first takes: 0.5 is straight."""
        return self._sequencer.swing

    def play(self) -> None:
        """Begin with the first step, now."""
        with self._waiting:
            if self._playing:
                return
            self._coming.clear()
            self._sequencer.begin(time.perf_counter())
            self._playing = True
            self._waiting.notify()
        self._on_change()

    def stop(self) -> None:
        """No step sounds any more."""
        with self._waiting:
            if not self._playing:
                return
            self._playing = False
            self._waiting.notify()
        self._on_change()

    def set_tempo(self, tempo: float) -> None:
        """From the next step on: 20 to 400 quarter notes a minute; what is beyond is clamped."""
        self._sequencer.tempo = clamped(tempo, *TEMPO_RANGE)
        self._on_change()

    def set_swing(self, swing: float) -> None:
        """From the next step on: 0.5 to 0.75; what is beyond is clamped."""
        self._sequencer.swing = clamped(swing, STRAIGHT, MOST_SWING)
        self._on_change()

    def close(self) -> None:
        """Stop, and end the thread."""
        self.stop()
        with self._waiting:
            self._closed = True
            self._waiting.notify()
        self._thread.join(5)

    def _run(self) -> None:
        with self._waiting:
            while not self._closed:
                if not self._playing:
                    self._waiting.wait()
                    continue
                now = time.perf_counter()
                if now - self._sequencer.due > _LOST_SECONDS:
                    self._sequencer.resume(now)
                self._ask(now)
                # Stopping waits until this has been told, so that none is told afterwards.
                while self._coming and self._coming[0][0] <= now:
                    heapq.heappop(self._coming)[2]()
                following = [when for when, *_ in self._coming[:1]]
                self._waiting.wait(max(min([*following, self._sequencer.asks]) - now, 0))

    def _ask(self, now: float) -> None:
        """Puts down what comes of the steps of which something may sound by now."""
        for step in self._sequencer.until(now):
            self._put_down(step.due, partial(self._on_step, step.number))
            for when, hit in zip(step.times, step.hits, strict=True):
                self._put_down(when, partial(self._on_hit, hit))

    def _put_down(self, when: float, tell: Callable[[], None]) -> None:
        heapq.heappush(self._coming, (when, next(self._order), tell))
