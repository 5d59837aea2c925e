"""The clock of a model that plays by OSC: a thread that waits for each step and tells of it."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from latentrack.osc.instrument import clamped
from latentrack.playing.schedule import MOST_SWING, STRAIGHT, TEMPO_RANGE
from latentrack.playing.sequencer import DueStep, HasPattern, Sequencer

_LOST_SECONDS = 1.0  # a computer that has slept goes on from there


class OscClock:
    """Calls `on_step` when a step is due, while it plays. Thread-safe.

    `on_step` is called in the clock's own thread and must not raise; `on_change` in the thread of
    whoever sets something.
    """

    following = False
    """No other clock is followed."""

    def __init__(
        self,
        instrument: HasPattern,
        on_step: Callable[[DueStep], None],
        on_change: Callable[[], None],
    ) -> None:
        self._sequencer = Sequencer(instrument)
        self._on_step, self._on_change = on_step, on_change
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
                now = time.perf_counter()
                wait = self._sequencer.due - now if self._playing else None
                if wait is None or wait > 0:
                    self._waiting.wait(wait)
                    continue
                if wait < -_LOST_SECONDS:
                    self._sequencer.resume(now)
                step = next(self._sequencer.until(math.inf))
                # Stopping waits until the step has been told, so that none is told afterwards.
                self._on_step(step)
