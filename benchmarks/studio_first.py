"""How many clicks it is from an empty studio to music.

A real Chromium opens a studio that has neither music nor models of its own. What comes with
Latentrack is the built library, or without it the small one of the tests.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from result import Result

ROOT = Path(__file__).resolve().parents[1]
MOST = 2
# What one who knows nothing clicks, in order, until something sounds.
WAY = ("Play",)
HEARD = "() => latentrackSound.log.some((step) => step.hits > 0)"


def measure(folder: Path) -> list[Result]:
    """The row about the first minute."""
    sys.path.insert(0, str(ROOT))
    from latentrack.factory.library import runs
    from tests.factory_models import write_library
    from tests.studio.conftest import running_studio

    if not runs():
        (folder / "factory").mkdir()
        write_library(folder / "factory")
        os.environ["LATENTRACK_FACTORY"] = str(folder / "factory")
    with running_studio(folder / "studio") as studio:
        clicks = _clicks(studio.address)
    return [Result("studio.actions_to_sound", clicks, "clicks", None, MOST)]


def _clicks(address: str) -> int:
    """How many clicks it takes; raises where the way does not lead there."""
    from playwright.sync_api import TimeoutError as TooLong
    from playwright.sync_api import sync_playwright

    from tests.conftest import BROWSER_FLAGS as FLAGS

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(FLAGS)
        )
        page = browser.new_page()
        page.goto(address)
        for clicks, name in enumerate(WAY, start=1):
            page.get_by_role("button", name=name, exact=True).click()
            try:
                page.wait_for_function(HEARD)
            except TooLong:
                continue
            browser.close()
            return clicks
        raise SystemExit(f"nothing sounds after {', '.join(WAY)}")
