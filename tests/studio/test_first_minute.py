"""From an empty studio to music: what comes with Latentrack is opened and heard."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, expect

from latentrack.factory.library import runs
from latentrack.factory.recipes import FIRST
from tests.studio.conftest import running_studio


def test_play_on_an_empty_page_is_music(browser: Browser, factory_models: Path, tmp_path: Path):
    expected = next(name for name in FIRST if name in runs())
    with running_studio(tmp_path / "studio") as studio:
        page = browser.new_page()
        page.goto(studio.address)
        foot = page.get_by_role("contentinfo")
        expect(foot.get_by_text("No model is open")).to_be_visible()
        foot.get_by_role("button", name="Play", exact=True).click()
        expect(foot.get_by_role("link", name=expected)).to_be_visible()
        page.wait_for_function("latentrackSound.log.some((step) => step.hits > 0)")
        # It is one of the studio's own now, and what is chosen later is not put aside for it.
        assert [run.name for run in studio.folder.glob("runs/*.run")] == [f"{expected}.run"]
        page.close()
