"""How many steps a hidden browser tab does not sound.

A real Chromium plays the demo model while other processes keep every core busy. The page believes
itself hidden, and gets the time that a browser gives to such a tab: its scripts stand still for
nine tenths of each second. A step is lost if it was not handed to the sound card's clock in time.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from result import Result

ROOT = Path(__file__).resolve().parents[1]
STEPS = 2000
TEMPO = 400  # the fastest: 27 steps a second

HIDE = """() => {
    Object.defineProperty(document, "hidden", { get: () => true });
    document.dispatchEvent(new Event("visibilitychange"));
    setInterval(() => {
        for (const until = performance.now() + 900; performance.now() < until; );
    }, 1000);
}"""


def measure(folder: Path) -> list[Result]:
    """The table's row about hidden tabs."""
    from latentrack.corpus import demo_dataset
    from latentrack.model import Settings, save_run, train

    sys.path.insert(0, str(ROOT))
    from tests.studio.conftest import running_studio

    dataset = demo_dataset()
    run = folder / "studio" / "runs" / "demo.run"
    save_run(run, train(dataset, Settings(epochs=20)), dataset, music="the demo corpus")
    with running_studio(folder / "studio") as studio, _busy():
        lost = _lost(studio.address)
    return [Result("studio.hidden_steps_lost", lost, "steps", None, 0)]


@contextmanager
def _busy() -> Iterator[None]:
    """A process for each core, none of which ever rests."""
    spinning = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"])
        for _ in range(os.cpu_count() or 1)
    ]
    try:
        yield
    finally:
        for each in spinning:
            each.kill()
            each.wait()


def _lost(address: str) -> int:
    """Of STEPS steps after the tab was hidden, those that were not sounded, or late."""
    from playwright.sync_api import sync_playwright

    from tests.conftest import BROWSER_FLAGS as FLAGS

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(FLAGS)
        )
        page = browser.new_page()
        page.set_default_timeout(600_000)
        page.goto(address)
        page.wait_for_function("window.latentrackSound?.exchanges.length >= 5")
        tempo = page.get_by_role("spinbutton", name="Tempo")
        tempo.fill(str(TEMPO))
        tempo.press("Enter")
        page.get_by_role("button", name="Play", exact=True).click()
        page.wait_for_function("latentrackSound.log.length >= 50")
        page.evaluate(HIDE)
        page.wait_for_function("latentrackSound.log.at(-1).late < -1.5")
        first = page.evaluate("latentrackSound.log.at(-1).count")
        end = f"step.count >= {first + STEPS} && step.when < latentrackSound.context.currentTime"
        page.wait_for_function(f"latentrackSound.log.some((step) => {end})", polling=5000)
        log = page.evaluate("latentrackSound.log")
        browser.close()
    in_time = {step["count"] for step in log if step["late"] < 0}
    return sum(count not in in_time for count in range(first, first + STEPS))
