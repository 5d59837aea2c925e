"""What a page shows, waited for.

A page is drawn in pieces, and on a busy computer each piece comes later than the last. An
assertion on what it shows at one moment is therefore a race: `expect` waits, and so does this."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.waiting import until


def fits_the_phone(page: Page) -> None:
    """Nothing on the page is wider than its window."""
    page.wait_for_function("document.documentElement.scrollWidth <= window.innerWidth")


def at_least(locator: Locator, count: int) -> list[Locator]:
    """What it finds, as soon as there are that many of it."""
    expect(locator.nth(count - 1)).to_be_attached()
    return locator.all()


def evaluated(locator: Locator, true: str) -> Any:
    """What the function `true` says of the element, as soon as it says something that is so."""
    return until(lambda: locator.evaluate(true), f"never so: {true}")
