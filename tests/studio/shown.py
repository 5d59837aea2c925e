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


def puck(page: Page) -> Locator:
    """The puck on the page Explore; dragged once it has a position."""
    return page.get_by_role("slider", name="Puck on the map")


def spot(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where x, y of -1 to 1 are on the screen: the map has an edge of ten pixels."""
    box = puck(page).bounding_box()
    assert box is not None
    wide, high = box["width"] - 20, box["height"] - 20
    return box["x"] + 10 + (x + 1) / 2 * wide, box["y"] + 10 + (1 - y) / 2 * high


# The grid shows what the newest move of the hand led to.
ANSWERED = (
    "document.querySelector('.lt-explore-map').dataset.asked > 0"
    " && document.querySelector('.lt-explore-rows').dataset.shown"
    " === document.querySelector('.lt-explore-map').dataset.asked"
)


def place_by_mouse(page: Page, x: float, y: float) -> None:
    """Press on the map at x, y of -1 to 1, and drag a little way there: no click on a point."""
    at = spot(page, x, y)
    page.mouse.move(at[0] - 12, at[1])
    page.mouse.down()
    page.mouse.move(*at, steps=3)
    page.mouse.up()
    page.wait_for_function(ANSWERED)
