"""The panel over USB: a computer is told what one sees, and what it does counts."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import numpy as np
import pytest

from latentrack.module.link import Link, ModuleError
from latentrack.module.session import Session
from latentrack.virtual.module import VirtualModule
from tests.decoders import CHORALES, DRUMS
from tests.device.glass import frames_see
from tests.waiting import until


class Viewer:
    """A computer that draws what the module tells it."""

    def __init__(self, module: VirtualModule, session: Session) -> None:
        self.module, self.session = module, session
        self.picture = np.full((80, 160, 3), 99, np.uint8)
        self.told: dict[str, Any] = {}
        self.pieces = 0

    def snapshot(self, *asked: list[object]) -> None:
        more = True
        while more:
            self.told = self.session.call("panel", list(asked))
            asked, more = (), self.told["more"]
            for x, y, width, height, pixels in self.told["drawn"]:
                self.pieces += 1
                piece = np.zeros((height, width, 3), np.uint8)
                if pixels:
                    words = np.frombuffer(base64.b64decode(pixels), ">u2").reshape(height, width)
                    # As the display's own fixture has them: the high bits again below.
                    red, green, blue = words >> 11, words >> 5 & 63, words & 31
                    piece = np.stack(
                        [red << 3 | red >> 2, green << 2 | green >> 4, blue << 3 | blue >> 2], -1
                    )
                self.picture[y : y + height, x : x + width] = piece

    def frames(self, count: int = 12) -> None:
        """Lets frames pass after the module has noticed what was done at its panel."""
        self.module.panel.catch_up()
        until = self.session.call("hello")["frames"] + count
        while self.session.call("hello")["frames"] < until:
            pass


@pytest.fixture
def viewer(start, decoders) -> Iterator[Any]:
    with ExitStack() as stack:

        def make(*names: str) -> Viewer:
            module = start(*(decoders / f"{name}.tflite" for name in names), manual_time=True)
            link = stack.enter_context(Link(module.port))
            link.run(f"instrument.quiet = True; library.play({names[0]!r}, remember=False)")
            frames_see(module, link)
            link.run("instrument.screen.message.clear()")
            return Viewer(module, stack.enter_context(Session(link)))

        yield make


def shown(seen: Viewer) -> bool:
    """Whether the picture that was told is what the screen shows."""
    seen.frames(2)
    seen.snapshot()
    return np.array_equal(seen.picture, seen.module.panel.screen())


def test_the_picture_is_what_one_sees_on_every_page(viewer) -> None:
    seen = viewer(DRUMS)
    seen.module.panel.clock(5, spacing_us=20_000)
    pictures = []
    for _ in range(7):
        until(lambda: shown(seen))  # the display draws a few pieces a frame
        pictures.append(seen.picture.tobytes())
        seen.snapshot(["press", "left", None], ["release", "left", None])
    assert len(set(pictures)) == 7


def test_what_was_told_takes_no_memory(viewer) -> None:
    """An answer may be asked for again; sixteen pictures of the screen would fill the heap."""
    seen = viewer(DRUMS)
    for _ in range(7):
        until(lambda: shown(seen))
        seen.snapshot(["press", "left", None], ["release", "left", None])
    pieces = seen.pieces
    for _ in range(8):
        seen.snapshot(["press", "left", None], ["release", "left", None])
    assert seen.pieces - pieces > 20
    after_pictures = seen.session.call("hello")["memory"]
    for _ in range(20):
        seen.session.call("hello")
    assert seen.session.call("hello")["memory"] - after_pictures < 16_384  # two of them


def test_nothing_is_told_twice(viewer) -> None:
    seen = viewer(DRUMS)
    seen.module.panel.clock(1)
    seen.frames()
    seen.snapshot()
    before = seen.pieces
    seen.snapshot()
    assert seen.pieces == before
    seen.module.panel.clock(1)
    seen.frames()
    seen.snapshot()
    assert 2 <= seen.pieces - before <= 4


def test_the_lights_are_the_gates_that_rose(viewer) -> None:
    seen = viewer(CHORALES)
    seen.session.call("change", 0, {"threshold": 0.03125})
    seen.frames(3)
    lit = set()
    for edge in range(16):
        seen.module.panel.clock(1, spacing_us=20_000)
        (step,) = seen.module.panel.steps()
        seen.snapshot()
        assert {i for i in range(8) if seen.told["lights"] >> i & 1} == step.gates
        assert seen.told["step"] == step.number == edge
        lit |= step.gates
    assert lit


def test_a_knob_sets_its_value_and_the_real_one_waits(viewer) -> None:
    seen = viewer(DRUMS)
    seen.snapshot(["knob", "x", 0.75], ["knob", "threshold", 0.25])
    seen.frames(3)
    seen.snapshot()
    values = seen.session.call("values", 0)
    assert values["x"] == 0.5 and values["threshold"] == 0.25
    assert seen.told["knobs"]["x"] == [0.75, True]
    assert seen.told["knobs"]["y"][1] is False
    # Stirred, the real knob changes nothing until it has passed the value.
    for position, wanted in ((0.4, 0.5), (0.9, 0.8)):
        seen.module.panel.turn("x", position)
        seen.frames(3)
        assert seen.session.call("values", 0)["x"] == pytest.approx(wanted, abs=2e-3)


def test_buttons_and_encoders_do_what_they_do(viewer) -> None:
    seen = viewer(DRUMS)
    seen.snapshot(["press", 4, None], ["release", 4, None])
    seen.frames(3)
    seen.snapshot()
    assert seen.told["lamps"] == [False, False, False, True]
    seen.snapshot(["press", 3, None], ["hold", 3, None], ["turn", "right", 2])
    seen.frames(3)
    seen.snapshot()
    assert seen.told["lamps"] == [False, False, True, True]
    values = seen.session.call("values", 0)
    assert (values["follow"], values["freeze"]) == ("hold", "on")
    assert values["chaos"] == pytest.approx(0.1)


def test_a_place_and_values_are_set_together(viewer) -> None:
    seen = viewer(DRUMS)
    seen.session.call("change", 0, {"latents": [0.5, -1, 0.25], "threshold": 0.125, "density2": 1})
    seen.snapshot()
    values = seen.session.call("values", 0)
    assert [values[name] for name in ("x", "y", "z", "threshold", "density2")] == [
        0.5, -1, 0.25, 0.125, 1,
    ]  # fmt: skip
    assert values["latents"] == [1.5, -3, 0.75]
    with pytest.raises(ModuleError, match="expected 3 latents, got 2"):
        seen.session.call("change", 0, {"latents": [0, 0]})
    with pytest.raises(ModuleError, match="threshold goes from 0 to 1"):
        seen.session.call("change", 0, {"threshold": 2})


def test_a_preset_says_whether_it_is_on_the_flash(viewer) -> None:
    seen = viewer(DRUMS)
    assert seen.session.call("preset", 3) is True
    stored = seen.module.flash / "presets" / "03.txt"
    assert "1.model " + DRUMS in stored.read_text()
    seen.module.panel.clock(1)
    seen.module.panel.catch_up()
    assert seen.session.call("preset", 4) is False
    assert not stored.with_name("04.txt").exists()
