"""A module that is busy for a while: it is asked again, and answers to that do not come between."""

from __future__ import annotations

import pytest

from latentrack.module.link import Link
from tests.end_to_end.cable import TO_HOST, TO_MODULE, Cable, Fault
from tests.waiting import until


@pytest.mark.parametrize("direction", [TO_HOST, TO_MODULE])
@pytest.mark.parametrize("late_ms", [100, 230, 400, 900, 1500])
def test_whatever_was_asked_twice_is_answered_once(start, late_ms, direction):
    module = start()
    with (
        Cable(module.port, Fault("delay", direction, 0, late_ms)) as cable,
        Link(cable.port) as link,
    ):
        assert link.evaluate("6 * 7") == 42
        assert link.evaluate("6 * 8") == 48


def test_one_that_is_late_behind_an_answer(start):
    """mpremote's own first read of an answer waits no longer than the port's limit."""
    module = start()
    with Cable(module.port) as cable, Link(cable.port) as link:
        assert link.evaluate("6 * 7") == 42
        until(lambda: cable.passed[TO_HOST].endswith(b">"))
        cable.fault = Fault("delay", TO_HOST, len(cable.passed[TO_HOST]), 500)
        assert link.run("print(6 * 8)").strip() == "48"
        assert cable.happened
