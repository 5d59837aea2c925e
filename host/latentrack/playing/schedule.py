"""When a step is due: arithmetic with seconds, without a clock of its own.

Steps are counted on and on from where playing began, whatever the loop's length, so that a loop of
seven steps swings as the beat does. They stand on a grid, and swing delays every second one; the
timing of a hit moves that hit alone.
"""

from __future__ import annotations

from dataclasses import dataclass

TICKS_PER_BEAT = 24  # of MIDI clock
TEMPO_RANGE = (20.0, 400.0)
STRAIGHT = 0.5
MOST_SWING = 0.75
MOST_OFFSET = 1 - 2**-16
"""How far from the grid a hit may be, in steps: just less than a step, as on the module."""


def swing_delay(step: int, swing: float) -> float:
    """How much later than on the grid a step comes, in steps: every second one is delayed.

    step: counted from an even one.  swing: the share of two steps that the first takes.
    """
    return 2 * swing - 1 if step % 2 else 0.0


def kept_within_a_step(offset: float) -> float:
    """How far from the grid a hit sounds, in steps, + is late: just less than a step at most."""
    return min(max(offset, -MOST_OFFSET), MOST_OFFSET)


@dataclass(frozen=True)
class Schedule:
    """The grid from one of its steps on.

    start: when step `first` stands on the grid, in seconds.  first: may lie between two steps.
    tempo: beats (quarter notes) a minute.  swing: which part of each pair of steps the first one
    takes: 0.5 is straight, 2/3 a triplet's, 0.75 a dotted note's. Where a beat has an odd number of
    steps there are no pairs, and no swing: it would move the beat itself.
    """

    start: float = 0.0
    first: float = 0.0
    tempo: float = 120.0
    steps_per_beat: int = 4
    swing: float = STRAIGHT

    @property
    def step_seconds(self) -> float:
        """Seconds from a step to the next, without swing."""
        return 60 / self.tempo / self.steps_per_beat

    def grid(self, step: float) -> float:
        """When a step would come without swing; also for what lies between two steps."""
        return self.start + (step - self.first) * self.step_seconds

    def due(self, step: int, timing: float = 0.0) -> float:
        """When a step sounds, or a hit of it that is late by `timing` steps (below 0: early)."""
        pairs = self.steps_per_beat % 2 == 0
        delay = swing_delay(step, self.swing) if pairs else 0.0
        return self.grid(step) + kept_within_a_step(delay + timing) * self.step_seconds

    def at(self, time: float) -> float:
        """Where on the grid a moment lies: the other way round."""
        return self.first + (time - self.start) / self.step_seconds

    def changed(self, step: int, tempo: float, steps_per_beat: int, swing: float) -> Schedule:
        """The grid that goes on otherwise from `step`, which itself comes when it would have."""
        if (tempo, steps_per_beat, swing) == (self.tempo, self.steps_per_beat, self.swing):
            return self
        return Schedule(self.grid(step), step, tempo, steps_per_beat, swing)

    def ticks(self, step: int) -> list[float]:
        """When the clock's ticks come that fall into a step: they do not swing."""
        first = -(-step * TICKS_PER_BEAT // self.steps_per_beat)
        end = -(-(step + 1) * TICKS_PER_BEAT // self.steps_per_beat)
        return [
            self.grid(tick * self.steps_per_beat / TICKS_PER_BEAT) for tick in range(first, end)
        ]
