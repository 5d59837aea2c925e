"""What is set is never lost, wherever between two steps of it a frame comes."""

from __future__ import annotations

import runpy
import sys

import pytest

from tests.conftest import ROOT

Marks = runpy.run_path(str(ROOT / "device/latentrack/marks.py"))["Marks"]
THINGS = 3


def between(steps, step, function):
    """Runs `function`, and `steps` after its bytecode number `step`. False: it has fewer."""
    count = 0
    met = False

    def trace(frame, event, _):
        nonlocal count, met
        frame.f_trace_opcodes = True
        if event == "opcode":
            count += 1
            if count == step:
                met = True
                sys.settrace(None)
                steps()
                sys.settrace(trace)
        return trace

    sys.settrace(trace)
    try:
        function()
    finally:
        sys.settrace(None)
    return met


class Things:
    """Numbers that one side sets and the other sees, as tracks and frames do."""

    def __init__(self):
        self.numbers, self.seen = [0] * THINGS, [0] * THINGS
        self.marks = Marks(THINGS)

    def set(self, place, number):
        self.numbers[place] = number
        self.marks.mark(place)

    def refresh(self):
        if self.marks.begin():
            for place in range(THINGS):
                if self.marks.take(place):
                    self.seen[place] = self.numbers[place]


@pytest.mark.parametrize("before", range(-1, THINGS))
@pytest.mark.parametrize("place", range(THINGS))
def test_a_mark_between_any_two_steps_of_the_other_side_is_not_lost(before, place):
    for outer in ("set", "refresh"):
        step = 1
        while True:
            things = Things()
            if before >= 0:
                things.set(before, 7)

            def setting(things=things):
                things.set(place, 9)

            refresh = things.refresh
            inner, function = (refresh, setting) if outer == "set" else (setting, refresh)
            if not between(inner, step, function):
                break
            things.refresh()
            assert things.seen == things.numbers, f"{outer} interrupted at step {step}"
            assert not things.marks.begin()
            step += 1
        # Without a mark there is nothing to take, and it ends early.
        assert step > (10 if outer == "set" or before >= 0 else 1)
