"""The module in a web page, in a real Chromium: how soon it sounds, how exact it is, how large.

The page is opened from a folder, by a browser that has never seen it. While its steps are counted
the page's own thread is busy for 180 ms of every 200. The peer of a decode is the module for x64 in
the virtual module, called in the same loop of MicroPython.
"""

from __future__ import annotations

import gzip
import re
import shutil
import sys
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from result import Result

from latentrack.module.install import install
from latentrack.module.library import push, read_model
from latentrack.module.link import Link
from latentrack.virtual.module import VirtualModule
from latentrack.web.site import export

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests.decoders import FOUR, write_four

FLAGS = ["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"]
PATIENCE_MS = 180_000
STEPS = 2000
TEMPO = 400
DECODES = 500
BUSY = """setInterval(() => {
  const end = performance.now() + 180;
  while (performance.now() < end);
}, 200)"""
LOOP = (
    "from array import array; import latentcore; a = array('f', (0.5, -0.5, 1, 0))\n"
    f"for _ in range({DECODES}): latentcore.decode(0, a)"
)


def measure(folder: Path) -> list[Result]:
    """Seconds, milliseconds, microseconds and megabytes."""
    write_four(folder)
    model = folder / f"{FOUR}.tflite"
    files = export(folder / "page", [read_model(model)])
    without = export(folder / "empty", [])
    assert files.keys() == without.keys()
    size = sum(len(gzip.compress(data)) for data in without.values()) / 1e6
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = chromium.new_page()
        page.set_default_timeout(PATIENCE_MS)
        begun = time.monotonic()
        page.goto((folder / "page" / "index.html").as_uri())
        page.get_by_role("button", name="Play").click()
        page.wait_for_function("latentrack.late?.hits > 0")
        first_beat = time.monotonic() - begun
        decode = _decode_us(page)
        late = _late_ms(page)
        chromium.close()
    return [
        Result("web.first_beat_s", first_beat, "s", goal=5),
        Result("web.steps_late_ms", late, "ms", goal=5),
        Result("web.decode_us", decode, "µs", peer=_x64_us(model)),
        Result("web.size_mb", size, "MB", goal=3),
    ]


def _decode_us(page: Page) -> float:
    """Of one call of latentcore.decode, the fastest of some loops."""
    times = page.evaluate(
        """async (source) => {
          const times = [];
          for (let i = 0; i < 5; i++) {
            const begun = performance.now();
            await latentrack.ask("run", { source });
            times.push(performance.now() - begun);
          }
          return times;
        }""",
        LOOP,
    )
    return 1000 * min(times) / DECODES


def _late_ms(page: Page) -> float:
    """How late the latest hit of STEPS steps reached the sound, with the page busy."""
    # What was late before, while the module decoded in a loop, does not count.
    page.evaluate(f"latentrack.tell('tempo', {{ tempo: {TEMPO} }})")
    page.evaluate("latentrack.tell('forgive')")
    page.evaluate(BUSY)
    edges = page.evaluate("latentrack.look.edges")
    page.wait_for_function(f"latentrack.look.edges > {edges + STEPS}")
    return 1000 * float(page.evaluate("latentrack.late.latest"))


def _x64_us(model: Path) -> float:
    with VirtualModule() as module, Link(module.port) as link:
        install(link)
        push(link, model)
        told = link.run(
            "import time\ndef loop():\n"
            "    begun = time.ticks_us()\n    "
            + LOOP.replace("\n", "\n    ")
            + "\n    return time.ticks_diff(time.ticks_us(), begun)\n"
            "print(min(loop() for _ in range(5)))"
        )
        found = re.search(r"\d+", str(told))
        assert found is not None, told
        return int(found[0]) / DECODES
