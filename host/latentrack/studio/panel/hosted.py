"""The hosted module: a virtual module that the studio has started, with its panel and its clock."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

from latentrack import assets
from latentrack.errors import UserError
from latentrack.module.install import contents_for
from latentrack.studio.panel.look import BUTTONS, CV, KNOBS, OUTPUTS, Look
from latentrack.studio.panel.module import WATCHED_S
from latentrack.studio.panel.source import Source
from latentrack.studio.panel.talk import Talk
from latentrack.studio.worker import Worker
from latentrack.virtual.module import VirtualModule
from latentrack.virtual.panel import Report
from latentrack.virtual.picture import png

TITLE = "Virtual module"
_PICTURE_S = 0.04
_SWAY_S = 0.02
_IDLE_S = 0.25
# Between two questions for what it plays and stores, which its panel does not tell.
_PAUSE_S = 0.3
# The module reads its buttons every 20 ms: a shorter press would not be seen.
_PRESS_S = 0.06
# While it restarts, nobody serves its inputs.
_PATIENCE_S = 1.0
_CLOCK_STEPS_PER_BEAT = 4  # of the clock that the studio sends


class HostedModule:
    """See `module.Module`. Making one switches it on.

    A worker of its own does everything at the panel, in the order in which it was asked for: edges,
    knobs, and reading what came of them.
    """

    kind = "hosted"
    title = TITLE
    hold_s = 0.5

    def __init__(self, flash: Path) -> None:
        self.virtual = VirtualModule(flash)
        self.port = self.virtual.port
        self.talk = Talk(self.port)
        self._panel = self.virtual.panel
        self._look = Look()
        self._lights = [False] * OUTPUTS
        self._edges, self._step = 0, -1
        self._knobs = dict.fromkeys(KNOBS, 0.5)
        self._sources = {jack: Source() for jack in CV}
        self._volts = dict.fromkeys(CV, 0.0)
        self._tempo: float | None = None
        self._next_edge = 0.0
        self._watched_at = 0.0
        self._drawn = 0.0
        self._image = b""
        # When each switch went down, and when those that are let go may come up.
        self._pressed: dict[int | str, float] = {}
        self._comes_up: dict[int | str, float] = {}
        self._began = time.monotonic()
        self._worker = Worker("hosted module", poll=self._poll_panel)
        self._worker.wake()

    def close(self) -> None:
        """Switch it off; its flash stays."""
        self.talk.close()
        self._worker.cancel()
        self._worker.close()
        self.virtual.stop()

    def snapshot(self) -> Look:
        """What the panel shows; read anew if nobody has asked for 2 s."""
        was, self._watched_at = self._watched_at, time.monotonic()
        if self._watched_at - was > WATCHED_S:
            self._worker.wake()
        return self._look

    @property
    def sources(self) -> dict[str, Source]:
        """What is patched into each CV input, by jack."""
        return dict(self._sources)

    def pause(self) -> float:
        """0.3 s: its panel does not tell what it plays and stores."""
        return _PAUSE_S

    def poll(self) -> None:
        """Nothing: its own worker polls the panel, and what it plays is told when it is asked."""

    def is_current(self) -> bool:
        """Whether the Latentrack of this computer is on its flash."""
        for name, data in contents_for("x64").items():
            file = self.virtual.flash / name
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
        """Queue the turn of a knob to 0..1."""
        self._worker.do(partial(self._turn, knob, position))

    def turn_encoder(self, encoder: str, steps: int) -> None:
        """Queue the turn of an encoder by clicks; to the right is positive."""
        self._worker.do(partial(self._panel.turn_encoder, encoder, steps))

    def press(self, control: int | str) -> None:
        """Queue the press of a button (1 to 4) or an encoder."""
        self._worker.do(partial(self._press, control))

    def release(self, control: int | str) -> None:
        """Queue the release of a button or an encoder, 60 ms after its press or later."""
        self._worker.do(partial(self._release, control))

    def pulse(self, jack: str) -> None:
        """Queue one pulse of 5 V at a trigger input."""
        self._worker.do(partial(self._panel.trigger, jack))

    def patch(self, jack: str, source: Source) -> None:
        """Replace the source at a CV input, and have the worker apply its voltage."""
        self._sources[jack] = source
        self._worker.wake()

    def clock(self, tempo: float | None) -> None:
        """Queue the start of a clock of this tempo, in beats a minute; None: stop it."""
        self._worker.do(partial(self._set_clock, tempo))

    # -- the worker -------------------------------------------------------------------------------

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

    def _set_clock(self, tempo: float | None) -> None:
        if tempo is not None and self._tempo is None:
            self._next_edge = time.monotonic()
        self._tempo = tempo

    def _poll_panel(self) -> float:
        """What is due at the panel, and what it shows; the seconds until something is due again."""
        now = time.monotonic()
        if self._tempo is not None and now >= self._next_edge:
            self._panel.trigger("clock")
            # What a busy machine has missed is not made up for.
            spacing = 60 / self._tempo / _CLOCK_STEPS_PER_BEAT
            self._next_edge = max(self._next_edge + spacing, now)
        self._let_up(now)
        self._sway(now)
        self._see()
        return self._pause()

    def _sway(self, now: float) -> None:
        for jack, source in self.sources.items():
            volts = source.at(now - self._began)
            if volts != self._volts[jack]:
                self._volts[jack] = volts
                self._panel.cv(jack, volts)

    def _pause(self) -> float:
        now = time.monotonic()
        waits = [_IDLE_S]
        if self._tempo is not None:
            waits.append(self._next_edge - now)
        if now - self._watched_at < WATCHED_S:
            waits.append(_PICTURE_S)
        if any(source.moves for source in self.sources.values()):
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
        if now - self._watched_at < WATCHED_S and now - self._drawn >= _PICTURE_S:
            self._drawn = now
            image = self._panel.screen()
            if image.tobytes() != self._image:
                self._image = image.tobytes()
                number, picture = number + 1, png(image)
        self._look = Look(
            number=number,
            picture=picture,
            lamps=tuple(self._panel.lamp(button) for button in BUTTONS),
            lights=tuple(self._lights),
            levels=tuple(self._panel.volts()),
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
