"""The panel of a module that is reached over USB: asked what it shows, told what is done to it."""

from __future__ import annotations

import base64
import threading
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentrack.studio.panel.look import BUTTONS, OUTPUTS, Look
from latentrack.studio.panel.talk import Talk
from latentrack.virtual.picture import png

# As device/latentrack/drivers/button.py has it.
HOLD_S = 1.0
_WIDTH, _HEIGHT = 160, 80


class RemotePanel:
    """`ask` is for the thread that has the cable; the rest may be called from any."""

    def __init__(self) -> None:
        self.now = Look()
        self._lock = threading.Lock()
        self._asked: list[list[object]] = []
        self._turned: dict[str, float] = {}
        # Buttons that are down: since when, and whether that was long enough.
        self._down: dict[int | str, tuple[float, bool]] = {}
        self._image = np.zeros((_HEIGHT, _WIDTH, 3), np.uint8)

    def turn(self, knob: str, position: float) -> None:
        with self._lock:
            self._turned[knob] = position

    def turn_encoder(self, encoder: str, steps: int) -> None:
        with self._lock:
            self._asked.append(["turn", encoder, steps])

    def press(self, control: int | str) -> None:
        with self._lock:
            if control not in self._down:
                self._down[control] = (time.monotonic(), False)
                self._asked.append(["press", control, None])

    def release(self, control: int | str) -> None:
        with self._lock:
            since, held = self._down.pop(control, (0.0, True))
            if not held:
                long = time.monotonic() - since >= HOLD_S
                self._asked.append(["hold" if long else "release", control, None])

    def ask(self, talk: Talk) -> bool:
        """One question to the module; True if it has more to show than went into its answer."""
        told = talk.call("panel", self._take())
        self.now = self._seen(told)
        return bool(told["more"])

    def _take(self) -> list[list[object]]:
        with self._lock:
            asked = self._asked + [["knob", knob, at] for knob, at in self._turned.items()]
            self._asked, self._turned = [], {}
            for control, (since, held) in self._down.items():
                if not held and time.monotonic() - since >= HOLD_S:
                    self._down[control] = (since, True)
                    asked.append(["hold", control, None])
            return asked

    def _seen(self, told: dict[str, Any]) -> Look:
        number, picture = self.now.number, self.now.picture
        if told["drawn"]:
            for x, y, width, height, pixels in told["drawn"]:
                self._image[y : y + height, x : x + width] = _piece(width, height, pixels)
            number, picture = number + 1, png(self._image)
        knobs = dict(self.now.knobs)
        knobs |= {name: at for name, (at, _) in told["knobs"].items() if at is not None}
        return Look(
            number=number,
            picture=picture,
            lamps=tuple(told["lamps"][: len(BUTTONS)]),
            lights=tuple(bool(told["lights"] >> i & 1) for i in range(OUTPUTS)),
            edges=told["edges"],
            step=told["step"],
            knobs=knobs,
            waiting=tuple(name for name, (_, waits) in told["knobs"].items() if waits),
            cv=told["cv"],
            plays=tuple(told["plays"]),
        )


def _piece(width: int, height: int, pixels: str) -> NDArray[np.uint8]:
    """A piece of the screen from what the module says of it (device/latentrack/mirror.py)."""
    if not pixels:
        return np.zeros((height, width, 3), np.uint8)
    words = np.frombuffer(base64.b64decode(pixels), ">u2").reshape(height, width)
    red, green, blue = words >> 11, words >> 5 & 0x3F, words & 0x1F
    # The highest bits again below, so that all ones are 255.
    parts = (red << 3 | red >> 2, green << 2 | green >> 4, blue << 3 | blue >> 2)
    return np.stack(parts, axis=-1).astype(np.uint8)
