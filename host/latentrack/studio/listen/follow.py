"""A clock from elsewhere: where its beat is, and how fast, from ticks that come a little unevenly.

MIDI clock sends 24 ticks a quarter note. Each comes with the jitter of a cable and of a busy
computer, so they are not taken at their word: an alpha-beta filter holds a time and a period that
the ticks pull along. (E. Brookner, Tracking and Kalman Filtering Made Easy, 1998, chapter 1; beta =
alpha² / (2 - alpha) is the choice of Benedict and Bordner. The first ticks count for more, as in a
straight line that is fitted to all there are so far.)
"""

from __future__ import annotations

from collections import deque

from latentrack.playing.schedule import TEMPO_RANGE, TICKS_PER_BEAT, Schedule

_ALPHA = 0.15
_BETA = _ALPHA**2 / (2 - _ALPHA)
# A tick that is this much of a period away from where it should be is no jitter.
_JUMP = 0.35
# After so many in a row it is a new tempo.
_STRAYS = 4
# A longer silence than this is a pause, not a tempo.
_PAUSE_SECONDS = 0.5
_PERIODS = tuple(60 / tempo / TICKS_PER_BEAT for tempo in reversed(TEMPO_RANGE))


class Follower:
    """Call `tick` for each tick, then ask for the schedule by which the steps come.

    tempo: to begin with, until two ticks have told theirs.
    """

    def __init__(self, tempo: float) -> None:
        self._period = 60 / tempo / TICKS_PER_BEAT
        self._seen = 0
        self._time: float | None = None
        self._strays = 0
        self._raw: deque[float] = deque(maxlen=_STRAYS + 1)
        self._tick = 0.0
        # A step and the tick that it falls on: all others follow from it.
        self._anchor = (0.0, 0.0)

    @property
    def tempo(self) -> float:
        """Beats a minute, of the last ticks."""
        return 60 / self._period / TICKS_PER_BEAT

    def tick(self, now: float) -> None:
        """A tick has come at `now`, in seconds."""
        self._tick += 1
        if self._time is None or now - self._raw[-1] > _PAUSE_SECONDS:
            self._begin(now, 1)
            return
        self._raw.append(now)
        error = now - self._time - self._period
        n = self._seen
        if n > 1 and abs(error) > _JUMP * self._period:
            # Held up, or a new tempo: the next ones tell.
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
        """The last tick is where `step` comes."""
        self._anchor = (step, self._tick)

    def schedule(self, was: Schedule, is_: Schedule) -> Schedule:
        """The grid by the last ticks.

        was: what this gave the last time.  is_: what has become of it since: from its `first` on
        there may be more or fewer steps to a beat.
        """
        step, tick = self._anchor
        if was.steps_per_beat != is_.steps_per_beat:
            tick += (is_.first - step) * TICKS_PER_BEAT / was.steps_per_beat
            step = is_.first
            self._anchor = (step, tick)
        here = step + (self._tick - tick) * is_.steps_per_beat / TICKS_PER_BEAT
        assert self._time is not None, "before the first tick there is no time"
        return Schedule(self._time, here, self.tempo, is_.steps_per_beat, is_.swing)
