"""Yield the steps of a pattern in order, each with the time when it is due.

Nothing here waits or looks at a clock: whoever calls says up to when.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from latentrack.playing.pattern import Pattern
from latentrack.playing.schedule import STRAIGHT, Schedule, kept_within_a_step

# What is counted while no model is open.
_SILENT_STEPS = 16
_SILENT_BEAT = 4
_REWOUND = 16
_SHORTEST = 0.01  # seconds


class HasPattern(Protocol):
    """What is asked of the explorer."""

    @property
    def pattern(self) -> Pattern | None:
        """What plays; None: no model is open."""

    def next_bar(self) -> None:
        """Called when a bar has ended, before the next one."""


@dataclass(frozen=True, eq=False)
class DueStep:
    """A step that is going to sound.

    number: its index in the loop of `steps`, from 0.  due: its time in seconds.  seconds: until
    the next step.  hits: (voice, MIDI pitch, velocity 1 to 127).  ticks: the times of MIDI clock
    ticks during the step, in seconds.  times: of each hit, in seconds; before `due` or after it.
    count: of the steps since playing began, from 0.  foreseen: it was not asked for yet, but would
    be so if nothing changed until then.
    """

    number: int
    steps: int
    due: float
    seconds: float
    hits: tuple[tuple[int, int, int], ...]
    pattern: Pattern | None
    ticks: tuple[float, ...]
    times: tuple[float, ...] = ()
    count: int = 0
    foreseen: bool = False

    @property
    def timed_hits(self) -> tuple[tuple[float, tuple[int, int, int]], ...]:
        """Each hit with its time; without `times` all sound at `due`."""
        return tuple(zip(self.times or (self.due,) * len(self.hits), self.hits, strict=True))

    def known_at(self, time: float) -> DueStep:
        """The step for those who hear of it at `time`: a hit whose own time has passed by then
        sounds with the step, as it does on the module."""
        times = tuple(each if each >= time else self.due for each in self.times)
        return self if times == self.times else replace(self, times=times)


class Sequencer:
    """Goes through the pattern, a step at a time, as it is when the step's turn comes.

    `tempo` and `swing` may be set at any time; they hold from the next step that is asked for.
    `schedule` may be replaced while a clock from elsewhere is followed.
    """

    def __init__(self, explorer: HasPattern) -> None:
        self._explorer = explorer
        self.tempo = 120.0
        self.swing = STRAIGHT
        self.schedule = Schedule()
        self.count = 0
        """How many steps have been asked for since playing began."""
        self._number = -1
        self._hits = 0
        self._last = -math.inf
        self._beat_from = 0
        # How it was before each of the last steps: when the first of it sounds, and what `rewind`
        # needs.
        self._past: deque[tuple[float, int, int, int]] = deque(maxlen=_REWOUND)
        self._pattern: Pattern | None = None

    @property
    def due(self) -> float:
        """When the next step comes."""
        return self.schedule.due(self.count)

    @property
    def asks(self) -> float:
        """When the next step has to be asked for: as its earliest hit may sound."""
        pattern = self._explorer.pattern
        if pattern is None or not pattern.earliest:
            return self.due
        return self.due - kept_within_a_step(pattern.earliest) * self.schedule.step_seconds

    def begin(self, time: float) -> None:
        """From the first step, which sounds at `time`."""
        self.count, self._number, self._hits, self._beat_from = 0, -1, 0, 0
        self._last = -math.inf
        self._past.clear()
        self._pattern = self._explorer.pattern
        beat = self._pattern.steps_per_beat if self._pattern else _SILENT_BEAT
        self.schedule = Schedule(time, 0, self.tempo, beat, self.swing)

    def rewind(self, time: float) -> None:
        """Takes back the steps that have been asked for, if none of it has sounded by `time`."""
        while self._past and self._past[-1][0] > time:
            _, self.count, self._number, self._hits = self._past.pop()

    def resume(self, time: float) -> None:
        """From the step after the last one, which sounds at `time`."""
        self._last = -math.inf
        self._past.clear()
        late = self.schedule.due(self.count) - self.schedule.grid(self.count)
        was = self.schedule
        self.schedule = Schedule(time - late, self.count, was.tempo, was.steps_per_beat, was.swing)

    def until(self, time: float) -> Iterator[DueStep]:
        """The steps of which something may sound before `time` and that have not been asked for
        yet, in order."""
        while self.asks < time:
            yield self._next()

    def foreseen(self, time: float) -> Iterator[DueStep]:
        """The steps that are due before `time`, as they would be if nothing changed until then.

        They are not asked for by this: `until` yields them, too, when their turn has come.
        """
        pattern = self._explorer.pattern
        steps = self._steps_of(pattern)
        beat = self.schedule.steps_per_beat
        schedule = self.schedule.changed(self.count, self.tempo, beat, self.swing)
        number, struck = self._number, self._hits
        for count in itertools.count(self.count):
            due = schedule.due(count)
            if due >= time:
                return
            number = (number + 1) % steps
            struck = struck if number else 0
            hits = pattern.struck(number, struck) if pattern else []
            times = _times(schedule, count, pattern, number, due) if pattern else []
            seconds = max(schedule.due(count + 1) - due, _SHORTEST)
            yield DueStep(
                number, steps, due, seconds, tuple(hits), pattern, (), tuple(times), count, True
            )
            struck += len(hits)

    def _next(self) -> DueStep:
        number = self._number + 1
        if number >= self._steps_of(self._explorer.pattern):
            number = 0
        if number == 0:
            self._explorer.next_bar()
        pattern = self._explorer.pattern
        beat = pattern.steps_per_beat if pattern else _SILENT_BEAT
        if beat != self.schedule.steps_per_beat:
            if (self.count - self._beat_from) % self.schedule.steps_per_beat:
                # The beat that has begun ends as it was, for the next one to stay where it is.
                pattern, beat = self._pattern, self.schedule.steps_per_beat
            else:
                number, self._beat_from = 0, self.count
        self._pattern = pattern
        steps = self._steps_of(pattern)
        number %= steps
        if number == 0:
            # On the module a pattern begins with the first of the player's pitches, too.
            self._hits = 0
        hits = pattern.struck(number, self._hits) if pattern else []
        # The step itself comes when it would have: what is new holds from here on.
        # A clock that is followed may hurry; what was told already keeps its time and its turn.
        first = self._last == -math.inf
        due = self._last = max(self.due, self._last)
        self.schedule = self.schedule.changed(self.count, self.tempo, beat, self.swing)
        times = _times(self.schedule, self.count, pattern, number, due) if pattern else []
        if first:
            # Nothing sounds before playing begins.
            times = [max(time, due) for time in times]
        step = DueStep(
            number,
            steps,
            due,
            max(self.schedule.due(self.count + 1) - due, _SHORTEST),
            tuple(hits),
            pattern,
            tuple(self.schedule.ticks(self.count)),
            tuple(times),
            self.count,
        )
        self._past.append((min([due, *times]), self.count, self._number, self._hits))
        self._number = number
        self._hits += len(hits)
        self.count += 1
        return step

    @staticmethod
    def _steps_of(pattern: Pattern | None) -> int:
        return pattern.steps if pattern else _SILENT_STEPS


def _times(
    schedule: Schedule, count: int, pattern: Pattern, number: int, due: float
) -> list[float]:
    """When the hits of the pattern's step `number` sound, which itself comes at `due`."""
    straight = schedule.due(count)
    return [
        due + schedule.due(count, late) - straight if late else due
        for late in pattern.offsets(number)
    ]
