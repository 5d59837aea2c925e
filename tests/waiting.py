"""Waiting for something to happen: however slow the machine is, and never for longer than that.

No test may ask how long anything took. It waits for what must come (`until`), with a patience that
is there only so that what never comes fails at last; and where it must see that nothing comes, it
waits for something else that would come later. Only time that is itself the subject, such as the
spacing of a clock's edges, is spent for its own sake (`spend`). No test calls time.sleep.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from latentrack.module.link import Link

T = TypeVar("T")

PATIENCE_S = 180.0
"""No machine is as slow as this at what a test waits for; what is wrong does not come right."""


def until(
    true: Callable[[], T],
    what: object = "what was waited for never came",
    between_s: float = 0.02,
    patience_s: float = PATIENCE_S,
) -> T:
    """Ask again and again until the answer is true, and return it.

    what: says what is missing otherwise, as an AssertionError; of a function, its answer at the
    end.  between_s: seconds between two questions.  patience_s: seconds until it gives up.
    """
    end = time.monotonic() + patience_s
    while not (found := true()):
        assert time.monotonic() < end, what() if callable(what) else what
        time.sleep(between_s)
    return found


def spend(seconds: float) -> None:
    """Let time go by that is what the test is about: a rate, a delay, a length; 0 or less: none.

    It stands for what the outside world does in that time. To give the code under test time to do
    something is no reason: wait for that with `until`.
    """
    time.sleep(max(seconds, 0.0))


def frames_pass(link: Link, count: int = 3) -> None:
    """Return when the module has run some more frames."""
    last = link.evaluate("instrument.frames") + count
    until(lambda: link.evaluate("instrument.frames") >= last, "the frames have stopped", 0)
