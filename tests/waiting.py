"""Waiting for something to happen: however slow the machine is, and never for longer than that.

No test may ask how long anything took. It waits for what must come (`until`), with a patience that
is there only so that what never comes fails at last; and where it must see that nothing comes, it
waits for something else that would come later.
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
) -> T:
    """Asks again and again until the answer is true, and returns it.

    `what` says what is missing otherwise; of a function, its answer at the end.
    """
    end = time.monotonic() + PATIENCE_S
    while not (found := true()):
        assert time.monotonic() < end, what() if callable(what) else what
        time.sleep(between_s)
    return found


def frames_pass(link: Link, count: int = 3) -> None:
    """Returns when the module has run some more frames."""
    last = link.evaluate("instrument.frames") + count
    until(lambda: link.evaluate("instrument.frames") >= last, "the frames have stopped", 0)
