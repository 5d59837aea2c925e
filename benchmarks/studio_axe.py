"""What axe-core finds wrong with the studio's pages: each, light and dark, in three sizes."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from result import Result

ROOT = Path(__file__).resolve().parents[1]


def measure(folder: Path) -> list[Result]:
    """The table's row about accessibility."""
    from playwright.sync_api import sync_playwright

    sys.path.insert(0, str(ROOT))
    from latentrack.model import Settings, save_run, train
    from tests.conftest import BROWSER_FLAGS as FLAGS
    from tests.small_demo import small_demo
    from tests.studio.accessibility import PAGES, in_states, opened, violations
    from tests.studio.conftest import running_studio

    dataset = small_demo()
    run = folder / "studio" / "runs" / "demo.run"
    save_run(run, train(dataset, Settings(epochs=20)), dataset, music="the demo corpus")
    found: list[str] = []
    with running_studio(folder / "studio") as studio, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(FLAGS)
        )
        page = browser.new_page()
        opened(page, studio.address, "/")
        page.get_by_role("button", name="Add the demo corpus").click()
        page.get_by_role("listbox", name="Files").get_by_role("option").first.wait_for()
        for path in PAGES:
            opened(page, studio.address, path)
            for width, look in in_states(page):
                found += [f"{path} {width} {look} {each}" for each in violations(page)]
        browser.close()
    print("\n".join(found))
    return [Result("studio.axe_violations", len(found), "elements", None, 0)]
