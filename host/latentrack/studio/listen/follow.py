"""Estimate phase and tempo of an external clock from ticks with jitter.

MIDI clock sends 24 ticks per quarter note, with the jitter of the cable and of a busy computer. An
alpha-beta filter smooths them: it estimates the time of the last tick and the period. (E. Brookner,
Tracking and Kalman Filtering Made Easy, 1998, chapter 1; beta = alpha² / (2 - alpha) is the choice
of Benedict and Bordner. The first ticks have larger weights, those of a straight line fitted to all
ticks so far.)
"""

from __future__ import annotations

from collections import deque

from latentrack.playing.schedule import TEMPO_RANGE, TICKS_PER_BEAT, Schedule

_ALPHA = 0.15
_BETA = _ALPHA**2 / (2 - _ALPHA)
# Error of a tick, in periods, above which it counts as a stray instead of jitter.
_JUMP = 0.35
# Number of consecutive strays that mean a new tempo.
_STRAYS = 4
# Time without a tick after which the clock counts as stopped.
_PAUSE_SECONDS = 0.5
_PERIODS = tuple(60 / tempo / TICKS_PER_BEAT for tempo in reversed(TEMPO_RANGE))


class Follower:
    """Follows an external clock: call `tick` for each tick, then `schedule` for the steps' times.

    tempo: initial value in quarter notes per minute, used until two ticks have come.
    """

    def __init__(self, tempo: float) -> None:
        self._period = 60 / tempo / TICKS_PER_BEAT
        self._seen = 0
        self._time: float | None = None
        self._strays = 0
        self._raw: deque[float] = deque(maxlen=_STRAYS + 1)
        self._tick = 0.0
        # A step and the tick at which it is due; the other steps are computed from this pair.
        self._anchor = (0.0, 0.0)

    @property
    def tempo(self) -> float:
        """Estimated tempo in quarter notes per minute."""
        return 60 / self._period / TICKS_PER_BEAT

    def tick(self, now: float) -> None:
        """Take a tick received at `now`, in seconds."""
        self._tick += 1
        if self._time is None or now - self._raw[-1] > _PAUSE_SECONDS:
            self._begin(now, 1)
            return
        self._raw.append(now)
        error = now - self._time - self._period
        n = self._seen
        if n > 1 and abs(error) > _JUMP * self._period:
            # A delayed tick or a new tempo: the next ticks show which.
            self._strays += 1
            self._time += self._period
            if self._strays == _STRAYS:
                self._period = (now - self._raw[0]) / (len(self._raw) - 1)
                self._begin(now, _STRAYS)
        else:
            self._strays = 0
            self._seen += 1
            alpha = max(_ALPHA, 2 * (2 * n + 1) / ((n + 1) * (n + 2)))
            beta = max(_BETA, 6 / ((n + 1) * (n + 2)))
            self._time += self._period + alpha * error
            self._period += beta * error
        self._period = min(max(self._period, _PERIODS[0]), _PERIODS[1])

    def _begin(self, now: float, seen: int) -> None:
        self._time, self._seen, self._strays = now, seen, 0
        self._raw.clear()
        self._raw.append(now)

    def meet(self, step: float) -> None:
        """Set the step that is due at the last tick."""
        self._anchor = (step, self._tick)

    def schedule(self, was: Schedule, is_: Schedule) -> Schedule:
        """Return the schedule of steps estimated from the ticks so far.

        was: the previous result.  is_: the sequencer's present schedule, which may have another
        number of steps per beat from its step `first` on.
        """
        step, tick = self._anchor
        if was.steps_per_beat != is_.steps_per_beat:
            tick += (is_.first - step) * TICKS_PER_BEAT / was.steps_per_beat
            step = is_.first
            self._anchor = (step, tick)
        here = step + (self._tick - tick) * is_.steps_per_beat / TICKS_PER_BEAT
        assert self._time is not None, "before the first tick there is no time"
        return Schedule(self._time, here, self.tempo, is_.steps_per_beat, is_.swing)
