"""The example of docs/latentcore.md plays: without the lines that name a Teensy's registers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from latentrack.decoder.metadata import DecoderInfo, attach_info
from latentrack.module.link import Link
from latentrack.virtual.module import VirtualModule
from tests.docs.page import Page
from tests.docs.pages import DOCS
from tests.firmware.tflite_models import Shape, export


def test_the_example_plays(start: Callable[..., VirtualModule], tmp_path: Path) -> None:
    block = next(b for b in Page.read(DOCS / "latentcore.md").blocks if b.language == "python")
    lines = [line for line in block.lines if "0x40" not in line]
    # What those two lines say, the virtual board has said already.
    assert len(block.lines) - len(lines) == 2
    model = tmp_path / "funk.tflite"
    info = DecoderInfo("perdec", 16, 12, 3, (1, 1, 6, 2, 2))
    network = export(Shape((3, 8, 192), ("relu",)), "float32", seed=1)
    model.write_bytes(attach_info(network, info))
    module = start(model, manual_time=True)
    with Link(module.port) as link:
        link.run("instrument.stop(); import os, latentcore; os.chdir('/flash/models/perc')")
        link.run("latentcore.silence(0); latentcore.set(0, latentcore.THRESHOLD, 0.3)")
        module.panel.clock(16)
        module.panel.steps()
        link.run("\n".join(lines))
        module.panel.clock(17)
        # The first edge is unseen, for interrupts were off; then 16 steps, and most of them sound.
        steps = module.panel.steps()
        assert [step.number for step in steps][-16:] == [*range(1, 16), 0]
        assert sum(len(step.gates) for step in steps) > 8
        assert link.evaluate("latentcore.count(0, 4)") > 0
