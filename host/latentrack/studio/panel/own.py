"""A virtual module of the studio's own: its panel is played here, and its clock comes from here.

One thread does everything at the panel, in the order in which it was asked for: edges, knobs, and
looking at what came of them.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from latentrack import assets
from latentrack.errors import UserError
from latentrack.module.install import contents_for
from latentrack.studio.panel.look import BUTTONS, CV, KNOBS, OUTPUTS, Look
from latentrack.studio.panel.source import Source
from latentrack.virtual.module import VirtualModule
from latentrack.virtual.panel import Report
from latentrack.virtual.picture import png

# Somebody who has looked may look again for so long.
LOOKED_S = 2.0
_PICTURE_S = 0.04
_SWAY_S = 0.02
_IDLE_S = 0.25
# The module looks at its buttons every 20 ms: a shorter press would not be seen.
_PRESS_S = 0.06
# While it restarts, nobody serves its inputs.
_PATIENCE_S = 1.0
STEPS_PER_BEAT = 4


class OwnModule:
    """Switched on by making one. Every method returns at once, from whatever thread."""

    def __init__(self, flash: Path) -> None:
        self.module = VirtualModule(flash)
        self.port = self.module.port
        self._panel = self.module.panel
        self._asked: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._look = Look()
        self._lights = [False] * OUTPUTS
        self._levels: list[float | None] = [None] * OUTPUTS
        self._edges, self._step = 0, -1
        self._knobs = dict.fromkeys(KNOBS, 0.5)
        self._sources = {jack: Source() for jack in CV}
        self._volts = dict.fromkeys(CV, 0.0)
        self._tempo: float | None = None
        self._next_edge = 0.0
        self._looked = 0.0
        self._drawn = 0.0
        self._image = b""
        # When each switch went down, and when those that are let go may come up.
        self._pressed: dict[int | str, float] = {}
        self._comes_up: dict[int | str, float] = {}
        self._began = time.monotonic()
        self._ends = False
        self._thread = threading.Thread(target=self._run, name="own module", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Switches it off; its flash stays."""
        self._ends = True
        self._asked.put(None)
        self._thread.join()
        self.module.stop()

    def look(self) -> Look:
        """What the panel shows; it is brought up to date while somebody looks."""
        was = self._looked
        self._looked = time.monotonic()
        if self._looked - was > LOOKED_S:
            self._asked.put(None)
        return self._look

    @property
    def sources(self) -> dict[str, Source]:
        """What is patched into each CV input."""
        return dict(self._sources)

    def is_current(self) -> bool:
        """Whether the Latentrack of this computer is on its flash."""
        for name, data in contents_for("x64").items():
            file = self.module.flash / name
            # Behaviours are examples, which may have been changed.
            if name.startswith("behaviours/") and file.is_file():
                continue
            try:
                if file.read_bytes() != data:
                    return False
            except OSError:
                return False
        return True

    # -- what is done to it -----------------------------------------------------------------------

    def turn(self, knob: str, position: float) -> None:
        self._asked.put(partial(self._turn, knob, position))

    def turn_encoder(self, encoder: str, steps: int) -> None:
        self._asked.put(partial(self._panel.turn_encoder, encoder, steps))

    def press(self, control: int | str) -> None:
        self._asked.put(partial(self._press, control))

    def release(self, control: int | str) -> None:
        self._asked.put(partial(self._release, control))

    def pulse(self, jack: str) -> None:
        """One edge at "clock", "reset", "trigger_3" or "trigger_4"."""
        self._asked.put(partial(self._panel.trigger, jack))

    def patch(self, jack: str, source: Source) -> None:
        """Puts a source into a CV input."""
        self._asked.put(partial(self._patch, jack, source))

    def clock(self, tempo: float | None) -> None:
        """Plugs in a clock of this tempo, in beats a minute of four steps; None: no clock."""
        self._asked.put(partial(self._set_clock, tempo))

    # -- the thread -------------------------------------------------------------------------------

    def _turn(self, knob: str, position: float) -> None:
        self._knobs[knob] = position
        self._panel.turn(knob, position)

    def _press(self, control: int | str) -> None:
        self._comes_up.pop(control, None)
        self._pressed[control] = time.monotonic()
        self._panel.press(control)

    def _release(self, control: int | str) -> None:
        self._comes_up[control] = self._pressed.get(control, 0.0) + _PRESS_S

    def _let_up(self, now: float) -> None:
        for control in [each for each, due in self._comes_up.items() if now >= due]:
            del self._comes_up[control]
            self._panel.release(control)

    def _patch(self, jack: str, source: Source) -> None:
        self._sources[jack] = source
        self._sway(time.monotonic())

    def _set_clock(self, tempo: float | None) -> None:
        if tempo is not None and self._tempo is None:
            self._next_edge = time.monotonic()
        self._tempo = tempo

    def _sway(self, now: float) -> None:
        for jack, source in self._sources.items():
            volts = source.at(now - self._began)
            if volts != self._volts[jack]:
                self._volts[jack] = volts
                self._panel.cv(jack, volts)

    def _run(self) -> None:
        while not self._ends:
            try:
                work = self._asked.get(timeout=self._pause())
            except queue.Empty:
                work = None
            if work is not None:
                work()
            now = time.monotonic()
            if self._tempo is not None and now >= self._next_edge:
                self._panel.trigger("clock")
                # What a busy machine has missed is not made up for.
                spacing = 60 / self._tempo / STEPS_PER_BEAT
                self._next_edge = max(self._next_edge + spacing, now)
            self._let_up(now)
            self._sway(now)
            self._see()

    def _pause(self) -> float:
        now = time.monotonic()
        waits = [_IDLE_S]
        if self._tempo is not None:
            waits.append(self._next_edge - now)
        if now - self._looked < LOOKED_S:
            waits.append(_PICTURE_S)
        if any(source.moves for source in self._sources.values()):
            waits.append(_SWAY_S)
        waits += [due - now for due in self._comes_up.values()]
        return max(min(waits), 0)

    def _see(self) -> None:
        try:
            reports = self._panel.settle(_PATIENCE_S)
        except UserError:
            reports = []
        for report in reports:
            self._note(report)
        now = time.monotonic()
        number, picture = self._look.number, self._look.picture
        if now - self._looked < LOOKED_S and now - self._drawn >= _PICTURE_S:
            self._drawn = now
            image = self._panel.screen()
            if image.tobytes() != self._image:
                self._image = image.tobytes()
                number, picture = number + 1, png(image)
        self._levels = list(self._panel.volts())
        self._look = Look(
            number=number,
            picture=picture,
            lamps=tuple(self._panel.lamp(button) for button in BUTTONS),
            lights=tuple(self._lights),
            levels=tuple(self._levels),
            edges=self._edges,
            step=self._step,
            knobs=dict(self._knobs),
            cv=dict(self._volts),
        )

    def _note(self, report: Report) -> None:
        # A light for a gate of a few milliseconds stays on until the next step.
        if report.kind == "step":
            self._lights = [False] * OUTPUTS
            self._edges = (self._edges + 1) & 0xFFFF
            self._step = int(report.value)
        elif report.kind == "rise":
            self._lights[report.jack] = True


def can_be_made() -> str:
    """Why there can be no virtual module on this computer; "" if there can."""
    try:
        assets.micropython()
        assets.latentcore_folder("x64")
    except UserError as error:
        return str(error)
    return ""
