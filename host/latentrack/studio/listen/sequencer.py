"""Which steps come next, and when: the explorer's pattern laid onto a schedule.

Nothing here waits or looks at a clock: whoever calls says up to when.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from latentrack.studio.listen.schedule import STRAIGHT, Schedule
from latentrack.studio.pattern import Pattern

# What is counted while no model is open.
_SILENT_STEPS = 16


class HasPattern(Protocol):
    """What is asked of the explorer."""

    @property
    def pattern(self) -> Pattern | None: ...

    def next_bar(self) -> None: ...


@dataclass(frozen=True, eq=False)
class Step:
    """A step that is going to sound.

    number: its place in the loop of `steps`.  due: when, in seconds.  seconds: until the next one.
    hits: (voice, MIDI pitch, velocity 1 to 127).  ticks: when MIDI clock ticks meanwhile.
    """

    number: int
    steps: int
    due: float
    seconds: float
    hits: tuple[tuple[int, int, int], ...]
    pattern: Pattern | None
    ticks: tuple[float, ...]


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

    @property
    def due(self) -> float:
        """When the next step comes."""
        return self.schedule.due(self.count)

    def begin(self, time: float) -> None:
        """From the first step, which sounds at `time`."""
        self.count, self._number, self._hits = 0, -1, 0
        pattern = self._explorer.pattern
        steps_per_beat = pattern.steps_per_beat if pattern else 4
        self.schedule = Schedule(time, 0, self.tempo, steps_per_beat, self.swing)

    def resume(self, time: float) -> None:
        """From the step after the last one, which sounds at `time`."""
        late = self.schedule.due(self.count) - self.schedule.grid(self.count)
        was = self.schedule
        self.schedule = Schedule(time - late, self.count, was.tempo, was.steps_per_beat, was.swing)

    def until(self, time: float) -> Iterator[Step]:
        """The steps that are due before `time` and have not been asked for yet, in order."""
        while self.due < time:
            yield self._next()

    def _next(self) -> Step:
        before = self._explorer.pattern
        number = self._number + 1
        if number >= (before.steps if before else _SILENT_STEPS):
            number = 0
        if number == 0:
            self._explorer.next_bar()
        pattern = self._explorer.pattern
        steps = pattern.steps if pattern else _SILENT_STEPS
        number %= steps
        hits = pattern.struck(number, self._hits) if pattern else []
        steps_per_beat = pattern.steps_per_beat if pattern else self.schedule.steps_per_beat
        # The step itself comes when it would have: what is new holds from here on.
        due = self.due
        self.schedule = self.schedule.changed(self.count, self.tempo, steps_per_beat, self.swing)
        step = Step(
            number,
            steps,
            due,
            self.schedule.due(self.count + 1) - due,
            tuple(hits),
            pattern,
            tuple(self.schedule.ticks(self.count)),
        )
        self._number = number
        self._hits += len(hits)
        self.count += 1
        return step
