"""The page's module, without a page: its jacks and its glass are those of the virtual module."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from latentrack.assets import DEVICE
from latentrack.commands.demo import BARS, KNOBS, W_CLICKS
from latentrack.decoder.litert import Decoder
from latentrack.module.link import Link
from latentrack.playing.jacks import drum_steps
from latentrack.virtual.boards.xen import Xen
from latentrack.virtual.module import VirtualModule
from latentrack.virtual.panel import PlayedStep
from latentrack.web.bars import read_bars
from latentrack.web.site import analog_numbers, pin_numbers
from tests.firmware import in_node
from tests.waiting import PATIENCE_S, frames_pass, until

STEPS, SPACING_US = 16, 20_000


@pytest.fixture(scope="module")
def played(four: Path) -> dict:
    """The demo's bars, with a model of four latents."""
    code = DEVICE.rglob("*.py")
    files = {path.relative_to(DEVICE).as_posix(): path.read_bytes() for path in code}
    files[f"models/perc/{four.name}"] = four.read_bytes()
    bars, w = [], 0.5
    for x, y, z, new_w, threshold in BARS:
        knobs = dict(zip(KNOBS, (x, y, z, threshold), strict=True))
        bars.append({"knobs": knobs, "clicks": round(W_CLICKS * (new_w - w))})
        w = new_w
    job = {
        "files": {path: base64.b64encode(data).decode() for path, data in files.items()},
        "pins": pin_numbers(), "analog": analog_numbers(), "bars": bars,
    }  # fmt: skip
    done = subprocess.run(
        ["node", Path(__file__).with_name("play.mjs"), in_node.build()],
        input=json.dumps(job), capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def steps_of(bar: dict) -> list[PlayedStep]:
    (read,) = read_bars(json.dumps([bar]).encode())
    return read.steps


def is_at(link: Link, heard: tuple[list[float], float]) -> bool:
    latents, threshold = link.evaluate("track.latents, track.threshold")
    return np.allclose([*latents, threshold], [*heard[0], heard[1]], atol=2e-3)


def test_the_demos_bars_are_at_the_jacks_as_litert_says(played, four):
    decoder = Decoder(four)
    board, right = Xen(), 0
    assert played["failed"] == ["{}", "{}"]
    for bar, knobs in zip(played["bars"], BARS, strict=True):
        latents, threshold = bar["heard"]
        wanted = (2 * np.array(knobs[:4]) - 1) * decoder.info.latent_scale
        assert np.allclose([*latents, threshold], [*wanted, knobs[4]], atol=2e-3)
        expected = drum_steps(decoder.decode([latents])[0], decoder.info.groups, threshold)
        steps = steps_of(bar)
        assert len(steps) == STEPS
        for step, by_book in zip(steps, expected, strict=True):
            volts = {board.DRUM_JACKS[trigger]: board.GATE for trigger in by_book.triggers}
            for accent, level in by_book.accents.items():
                volts[board.DRUM_JACKS[5 + accent]] = level * board.ACCENT
            right += step.volts.keys() == volts.keys() and all(
                abs(step.volts[jack] - wanted) < 1e-3 for jack, wanted in volts.items()
            )
    assert right == STEPS * len(BARS) == 128


def test_jacks_and_glass_are_those_of_the_virtual_module(
    played, four, start: Callable[..., VirtualModule]
):
    module = start(four, manual_time=True)
    panel, w = module.panel, 0.5
    with Link(module.port) as link:
        for bar, knobs in zip(played["bars"], BARS, strict=True):
            panel.turn_encoder("left", round(W_CLICKS * (knobs[3] - w)))
            w = knobs[3]
            for name, position in zip(KNOBS, (*knobs[:3], knobs[4]), strict=True):
                panel.turn(name, position)
            until(partial(is_at, link, bar["heard"]), "the virtual module does not follow")
            # Where a knob rests within a converter's step depends on when it was read.
            link.run(f"track.latents, track.threshold = {bar['heard']}")
            frames_pass(link)
            panel.steps()
            panel.clock(STEPS, spacing_us=SPACING_US)
            theirs = [(step.number, step.gates, step.volts) for step in panel.steps()]
            ours = [(step.number, step.gates, step.volts) for step in steps_of(bar)]
            assert ours == theirs
        glass = np.frombuffer(base64.b64decode(played["glass"]), np.uint8).reshape(80, 160, 4)
        until(
            lambda: np.array_equal(panel.screen(), glass[:, :, :3]),
            "the pictures never agree",
            patience_s=25,
        )
        assert panel.faults == []
