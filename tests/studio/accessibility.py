"""The studio's pages in each look and size, and what axe-core finds wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

PAGES = {
    "/": "Corpus",
    "/train": "Train",
    "/explore": "Explore",
    "/listen": "Listen",
    "/module": "Module",
    "/nowhere": "Page not found",
}
"""The heading of the first level of each page."""
LOOKS = ("light", "dark")
SIZES = ((390, 844), (1280, 800), (1920, 1080))
STATES = tuple(product(SIZES, LOOKS))


def opened(page: Page, address: str, path: str) -> None:
    """Open a page, and wait until it is there."""
    page.goto(f"{address}{path}")
    page.wait_for_function("window.did_handshake")
    expect(page.get_by_role("heading", level=1)).to_have_text(PAGES[path])
    # What comes with the first answers of the server: the list of files, the map.
    page.wait_for_load_state("networkidle")


def in_states(page: Page, states: Any = STATES) -> Iterator[tuple[int, str]]:
    """Show the page in each state; yields its width and its look."""
    for (width, height), look in states:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=look, reduced_motion="reduce")
        page.wait_for_function(
            f"document.body.classList.contains('body--dark') === {str(look == 'dark').lower()}"
        )
        # The colours change with the frames after it.
        page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)))")
        yield width, look


def violations(page: Page) -> list[str]:
    """What axe-core finds: a line for each element, with the rule that it breaks."""
    found = Axe().run(page).response["violations"]
    return [
        f"{rule['id']}: {node['target'][0]}: {node['any'][0]['message'] if node['any'] else ''}"
        for rule in found
        for node in rule["nodes"]
    ]
