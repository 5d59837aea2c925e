"""The studio's feel: from a movement of the mouse over the map to the pattern there, and from a
click in the grid to its sound, in a browser.

A real Chromium shows the page "Explore" and gets real mouse events, sixty a second. For each the
time is taken from the event itself to the end of the frame in which the grid was redrawn for it or
for a later one; all of it in the page, by the browser's own clock. That is done alone, and while
the studio's training runs in another process.

A click in the grid is over when its hit has been given to the browser's sound, while nothing
plays; while it plays, when the page is told that the pattern has the hit, from which the sequencer
plays.
"""

from __future__ import annotations

import math
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

from result import Result

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[1]
MOVES = 200
EVERY_S = 1 / 60
GOAL_MS = 50
CLICKS = 60  # while nothing plays, and as many while it does
DRAW_GOAL_MS = 30

# Notes when each move of the hand happened, and when the grid had been drawn for it.
WATCH = """
() => {
  const map = document.querySelector('.lt-explore-map');
  const grid = document.querySelector('.lt-explore-rows');
  const watch = (window.watched = { moved: [], drawn: [] });
  // A move may be told twice, at once and with the next frame: the first time counts.
  for (const kind of ['pointerrawupdate', 'pointermove']) {
    map.addEventListener(kind, (event) => {
      const number = Number(map.dataset.asked ?? 0);
      if (watch.moved.at(-1)?.[0] !== number) watch.moved.push([number, event.timeStamp]);
    });
  }
  new MutationObserver(() => {
    const number = Number(grid.dataset.shown);
    const after = new MessageChannel();
    after.port1.onmessage = () => watch.drawn.push([number, performance.now()]);
    // The message comes when this frame has been laid out and painted.
    requestAnimationFrame(() => after.port2.postMessage(0));
  }).observe(grid, { attributes: true, attributeFilter: ['data-shown'] });
}
"""

# Notes when each cell was pressed, given to the sound, and known to be in the pattern that plays.
WATCH_DRAWING = """
() => {
  const grid = document.querySelector('.lt-explore-rows');
  const watch = (window.watched = { pressed: [], sounded: [], drawn: [] });
  grid.addEventListener('pointerdown', (event) => {
    watch.pressed.push([Number(grid.dataset.asked), event.timeStamp]);
  });
  const preview = latentrackSound.preview.bind(latentrackSound);
  latentrackSound.preview = async (...hit) => {
    await preview(...hit);
    watch.sounded.push([Number(grid.dataset.asked), performance.now()]);
  };
  new MutationObserver(() => {
    watch.drawn.push([Number(grid.dataset.drawn), performance.now()]);
  }).observe(grid, { attributes: true, attributeFilter: ['data-drawn'] });
}
"""


def measure(folder: Path) -> list[Result]:
    """The table's rows about the studio."""
    from latentrack.corpus import demo_dataset
    from latentrack.model import Settings, save_run, train

    sys.path.insert(0, str(ROOT))
    from tests.studio.conftest import running_studio

    dataset = demo_dataset()
    run = folder / "studio" / "runs" / "demo.run"
    save_run(run, train(dataset, Settings(epochs=60)), dataset, music="the demo corpus")
    results = []
    with running_studio(folder / "studio") as studio:
        alone = _moved(studio.address)
        drawn = _drawn(studio.address)
        with _training(folder, dataset):
            busy = _moved(studio.address)
    for name, times in (("alone", alone), ("training", busy)):
        for per_cent in (50, 95):
            goal = GOAL_MS if per_cent == 95 else None
            value = _percentile(times, per_cent)
            results.append(Result(f"studio.move_{name}_p{per_cent}_ms", value, "ms", None, goal))
    value = _percentile(drawn, 95)
    results.append(Result("studio.draw_ms", value, "ms", None, DRAW_GOAL_MS))
    return results


@contextmanager
def _explored(address: str) -> Iterator[Page]:
    """The page "Explore" in a browser of its own, when it has come to rest."""
    from playwright.sync_api import sync_playwright

    from tests.conftest import BROWSER_FLAGS as FLAGS

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(FLAGS)
        )
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(f"{address}/explore")
        page.get_by_role("gridcell", name=", hit, ").first.wait_for()
        page.wait_for_timeout(1000)
        yield page
        browser.close()


def _drawn(address: str) -> list[float]:
    """Milliseconds for each of the clicks."""
    with _explored(address) as page:
        empty = page.get_by_role("gridcell", name=", no hit")
        boxes = [box for cell in empty.all() if (box := cell.bounding_box()) is not None]
        assert len(boxes) > 2 * CLICKS
        spread = boxes[:: len(boxes) // (2 * CLICKS)]
        # The first sound of a browser begins its audio.
        page.mouse.click(spread[-1]["x"] + 8, spread[-1]["y"] + 8)
        page.wait_for_function("latentrackSound.running")
        page.evaluate(WATCH_DRAWING)
        for number, box in enumerate(spread[: 2 * CLICKS]):
            if number == CLICKS:
                page.get_by_role("button", name="Play", exact=True).click()
                page.wait_for_function("latentrackSound.log.length > 2")
            page.mouse.click(box["x"] + 8, box["y"] + 8)
            page.wait_for_timeout(60)
        page.wait_for_timeout(500)
        page.get_by_role("button", name="Stop", exact=True).click()
        watched = page.evaluate("watched")
        page.get_by_role("button", name="Back to the model").click()
        page.wait_for_timeout(500)
    sounded = dict(watched["sounded"])
    times = []
    for number, at in watched["pressed"]:
        known = [when for drawn, when in watched["drawn"] if drawn >= number]
        if known:
            times.append(sounded.get(number, min(known)) - at)
    assert len(times) > 1.9 * CLICKS, f"only {len(times)} clicks were seen"
    assert len(sounded) > 0.9 * CLICKS, f"only {len(sounded)} clicks were heard at once"
    return times


def _moved(address: str) -> list[float]:
    """Milliseconds for each of the moves."""
    from tests.waiting import spend

    with _explored(address) as page:
        box = page.get_by_role("slider", name="Puck on the map").bounding_box()
        assert box is not None
        page.evaluate(WATCH)
        middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        reach = 0.4 * box["width"]
        page.mouse.move(middle[0] - 100, middle[1])
        page.mouse.down()
        due = time.monotonic()
        for number in range(MOVES):
            turn = 2 * math.pi * number / MOVES
            x, y = math.sin(3 * turn), math.sin(4 * turn + 1)
            page.mouse.move(middle[0] + reach * x, middle[1] + reach * y)
            due = max(due + EVERY_S, time.monotonic())
            spend(due - time.monotonic())
        page.mouse.up()
        page.wait_for_timeout(1500)
        watched = page.evaluate("watched")
    times = []
    for number, at in watched["moved"]:
        drawn = [when for shown, when in watched["drawn"] if shown >= number]
        if number and drawn:
            times.append(min(drawn) - at)
    assert len(times) > MOVES / 2, f"only {len(times)} moves were seen"
    return times


class _training:
    """The studio's own training of the same music, in its process, without end."""

    def __init__(self, folder: Path, dataset: object) -> None:
        self._folder, self._dataset = folder, dataset

    def __enter__(self) -> None:
        from latentrack.model import Settings
        from latentrack.studio.training.training import Trainer
        from latentrack.studio.workspace import Workspace
        from tests.waiting import until

        workspace = Workspace(self._folder / "trained")
        music = SimpleNamespace(dataset=self._dataset)
        self._training = Trainer(workspace, music)  # type: ignore[arg-type]
        self._training.start(Settings(epochs=100_000), "busy")
        until(self._learns, "no training has begun", 0.1)

    def _learns(self) -> bool:
        return bool(self._training.state.progress.epochs)

    def __exit__(self, *_: object) -> None:
        went_on = self._training.state.running
        self._training.close()
        assert went_on, "the training has ended too soon"


def _percentile(values: list[float], per_cent: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * per_cent / 100))]
