"""Lines that are worth reading even when all is well, printed below the test results.

How many gates were compared, how many lay too near a threshold to count: a test asks for `figures`
and appends them.
"""

from __future__ import annotations

from typing import Any

import pytest

_figures: list[str] = []


@pytest.fixture(scope="session")
def figures() -> list[str]:
    """Append a line; it is printed at the end."""
    return _figures


def pytest_sessionfinish(session: pytest.Session) -> None:
    """One of several processes tells the one that prints."""
    told = getattr(session.config, "workeroutput", None)
    if told is not None:
        told["figures"] = _figures


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """The one that prints hears it; from a process that crashed nothing comes."""
    _figures.extend(getattr(node, "workeroutput", {}).get("figures", []))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints the figures."""
    if _figures:
        terminalreporter.section("figures")
        for line in sorted(_figures):
            terminalreporter.line(line)
