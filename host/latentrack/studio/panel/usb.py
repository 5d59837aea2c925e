"""A module on USB: its panel is asked what it shows, and told what is done to it."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentrack.errors import UserError
from latentrack.studio.panel.look import BUTTONS, OUTPUTS, Look
from latentrack.studio.panel.source import Source
from latentrack.studio.panel.talk import Talk
from latentrack.studio.worker import Worker
from latentrack.virtual.picture import png

# As device/latentrack/drivers/button.py has it.
HOLD_S = 1.0
_POLL_S = 0.08
_WIDTH, _HEIGHT = 160, 80


class UsbModule:
    """See `module.Module`. No cable leads from here to its jacks: `patch` and `clock` do nothing.

    worker: the one that has the line. It is woken when the panel was used, to tell the module.
    """

    kind = "usb"
    hold_s = 4.0

    def __init__(self, port: str, title: str, worker: Worker) -> None:
        self.port, self.title = port, title
        self.talk = Talk(port)
        self.sources: Mapping[str, Source] = {}
        self._worker = worker
        self._polled_at = -_POLL_S
        self._look = Look()
        self._lock = threading.Lock()
        self._asked: list[list[object]] = []
        self._turned: dict[str, float] = {}
        # Buttons that are down: since when, and whether that was long enough.
        self._down: dict[int | str, tuple[float, bool]] = {}
        self._image = np.zeros((_HEIGHT, _WIDTH, 3), np.uint8)

    def snapshot(self) -> Look:
        """What the panel showed at the last `poll`."""
        return self._look

    def turn(self, knob: str, position: float) -> None:
        """Note a knob's position, 0..1, for the next `poll`; the newest one counts."""
        with self._lock:
            self._turned[knob] = position
        self._used()

    def turn_encoder(self, encoder: str, steps: int) -> None:
        """Note an encoder's clicks for the next `poll`."""
        with self._lock:
            self._asked.append(["turn", encoder, steps])
        self._used()

    def press(self, control: int | str) -> None:
        """Note the press of a button (1 to 4) or an encoder; a repeated press is ignored."""
        with self._lock:
            if control not in self._down:
                self._down[control] = (time.monotonic(), False)
                self._asked.append(["press", control, None])
        self._used()

    def release(self, control: int | str) -> None:
        """Note a release, or the end of a press that was held for HOLD_S seconds."""
        with self._lock:
            since, held = self._down.pop(control, (0.0, True))
            if not held:
                long = time.monotonic() - since >= HOLD_S
                self._asked.append(["hold" if long else "release", control, None])
        self._used()

    def pulse(self, jack: str) -> None:
        """Ask the module to act as at an edge. Raises UserError for the clock jack."""
        if jack == "clock":
            raise UserError("The clock of a connected module comes by cable only.")
        self._worker.do(lambda: self.talk.call("act", jack))

    def patch(self, jack: str, source: Source) -> None:
        """No cable leads there from here."""

    def clock(self, tempo: float | None) -> None:
        """No cable leads there from here."""

    def pause(self) -> float:
        """Seconds until the next `poll` is due, 0 or more."""
        return max(_POLL_S - (time.monotonic() - self._polled_at), 0)

    def poll(self) -> tuple[str | None, ...]:
        """Ask, if it is time, until the module has told all that it has to show."""
        more = not self.pause()
        if more:
            self._polled_at = time.monotonic()
        while more:
            told = self.talk.call("panel", self._take())
            self._look = self._seen(told)
            more = bool(told["more"])
        return self._look.plays

    def close(self) -> None:
        """Release the port."""
        self.talk.close()

    def _used(self) -> None:
        self._polled_at = -_POLL_S
        self._worker.wake()

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
        number, picture = self._look.number, self._look.picture
        if told["drawn"]:
            for x, y, width, height, pixels in told["drawn"]:
                self._image[y : y + height, x : x + width] = _piece(width, height, pixels)
            number, picture = number + 1, png(self._image)
        knobs = dict(self._look.knobs)
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
