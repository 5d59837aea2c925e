"""The module that the studio is connected to: what a page may ask of it, and its state."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from latentrack.decoder.precision import AUTO
from latentrack.errors import UserError
from latentrack.module.link import ModuleError
from latentrack.module.session import NoPackage
from latentrack.studio.explore.explorer import Explorer
from latentrack.studio.explore.paths import LatentPath
from latentrack.studio.explore.slot_rack import SlotRack
from latentrack.studio.listen.transport import Transport
from latentrack.studio.panel.actions import Actions
from latentrack.studio.panel.clock import PanelClock
from latentrack.studio.panel.connection import Connection
from latentrack.studio.panel.look import Look
from latentrack.studio.panel.module import WATCHED_S, PanelModule
from latentrack.studio.panel.source import Source
from latentrack.studio.panel.state import ModuleState, State, Stored
from latentrack.studio.training.run_files import RunFiles
from latentrack.studio.worker import Worker
from latentrack.studio.workspace import Workspace

_END_S = 10.0
_HELD_S = 0.5  # between two questions whether the port can be released


class ModuleStore(ModuleState):
    """All methods return at once, from any thread; what goes wrong is in `state`, as `trouble` or
    as a notice. No signal tells what the panel shows, which changes all the time: `snapshot` does.

    One worker has the line to the module. It holds the port while somebody watches the panel or the
    module follows the puck, and releases it a few seconds later, so that other programs get it. The
    hosted module is played through its jacks, and its port is held only while something is sent.
    """

    def __init__(
        self,
        workspace: Workspace,
        files: RunFiles,
        explorer: Explorer,
        transport: Transport | None = None,
        slots: SlotRack | None = None,
    ) -> None:
        super().__init__(State())
        self._watched_at = -WATCHED_S
        self._worker = Worker(
            "module",
            poll=self._poll,
            failed=self._fail,
            expected=(UserError, ModuleError, NoPackage),
        )
        self._worker.progress_changed.connect(self._show_progress)
        self._connection = Connection(workspace, self, self._worker)
        self._actions = Actions(
            files, explorer, self, self._connection, self._worker, transport, slots
        )
        self._clock = PanelClock(workspace, transport, self, self._connection)
        self._disconnect = explorer.pattern_changed.connect(self._puck_moved)
        if self._connection.recall():
            self.switch_on()

    def close(self) -> None:
        """Release the module; switch the hosted one off."""
        self._disconnect()
        self._clock.close()
        # What is being sent is not cut off.
        self._worker.cancel(running=False)
        self._worker.do(self._connection.close)
        self._worker.close(_END_S)

    @property
    def module(self) -> PanelModule | None:
        """The module itself, if there is one; it may not answer."""
        return self._connection.module

    # -- which module -----------------------------------------------------------------------------

    def switch_on(self) -> None:
        """Switch on the hosted module, and bring Latentrack to it if need be."""

        def switch_on() -> None:
            self._connection.switch_on()
            self._clock.plug_in()

        self._worker.do(switch_on, "Switching on")

    def connect(self, port: str) -> None:
        """Take the module at a port; also one that was lost, again."""
        self._worker.do(partial(self._connection.connect, port), "Connecting")

    def leave(self) -> None:
        """Switch the hosted module off, or release the connected one."""
        self._worker.do(self._connection.leave, "Letting go")

    def install(self, board: str | None = None) -> None:
        """Put Latentrack on the module; `board` is what a Teensy sits on (see install.boards)."""
        self._do(partial(self._connection.install, board), "Installing Latentrack")

    def refresh(self) -> None:
        """Find out which modules there are, and what is on this one."""
        self._worker.do(self._connection.refresh, "Looking")

    # -- its panel --------------------------------------------------------------------------------

    def snapshot(self) -> Look:
        """What the panel shows; kept up to date for those who ask again and again."""
        now = time.monotonic()
        before, self._watched_at = self._watched_at, now
        if now - before > WATCHED_S:
            self._worker.wake()
        module = self.module
        return Look() if module is None else replace(module.snapshot(), plays=self.state.plays)

    def turn(self, knob: str, position: float) -> None:
        """Turn a knob to 0..1."""
        if self.module is not None:
            self.module.turn(knob, min(max(float(position), 0.0), 1.0))

    def turn_encoder(self, encoder: str, steps: int) -> None:
        """Turn an encoder by clicks; to the right is positive."""
        if self.module is not None:
            self.module.turn_encoder(encoder, steps)

    def press(self, control: int | str) -> None:
        """Press a button (1 to 4) or an encoder, and hold it."""
        if self.module is not None:
            self.module.press(control)

    def release(self, control: int | str) -> None:
        """Let a button or an encoder come up."""
        if self.module is not None:
            self.module.release(control)

    def pulse(self, jack: str) -> None:
        """One edge at a trigger input. Of a module on USB no cable can be reached from here, but
        what an edge at its reset and trigger inputs does can be done."""
        module = self.module
        if module is not None and self.state.connected:
            try:
                module.pulse(jack)
            except UserError as error:
                self.notice(str(error), good=False)

    def patch(self, jack: str, source: Source) -> None:
        """Put a source into a CV input of the hosted module."""
        if self.module is not None:
            self.module.patch(jack, source)
            self.connection_changed.emit()

    @property
    def sources(self) -> Mapping[str, Source]:
        """What is patched into the hosted module's CV inputs."""
        return self.module.sources if self.module is not None else {}

    def clock(self, clock: str, tempo: float | None = None) -> None:
        """Which clock the hosted module gets: "studio", "own" (at a tempo) or "off"."""
        self._clock.choose(clock, tempo)

    # -- what it plays ----------------------------------------------------------------------------

    def audition(self, precision: str = AUTO, track: int = 0, store: bool = False) -> None:
        """Play what Explore plays, from the next bar on; `store` also keeps the model there."""
        self._do(partial(self._actions.audition, precision, track, store), "Sending the model")

    def play(self, name: str, track: int = 0) -> None:
        """Play a model of its library, from the next bar on."""
        self._do(partial(self._actions.play, name, track))

    def remove(self, model: Stored) -> None:
        """Remove a model from its library; what plays goes on."""
        self._do(partial(self._actions.remove, model.path, model.shown))

    def send_position(self, track: int = 0) -> None:
        """Move a track to where the puck is, with its threshold, densities and the rest."""
        self._do(partial(self._actions.send_position, track))

    def send_preset(self, number: int, track: int = 0) -> None:
        """Move a track to where the puck is, and have the module store that as a preset."""
        self._do(partial(self._actions.send_preset, number, track))

    def send_path(self, path: LatentPath, name: str, track: int = 0) -> None:
        """Store a path on the module by a name, and have a track begin at its beginning."""
        self._do(partial(self._actions.send_path, path, name, track), "Sending the path")

    def send_slots(self, track: int = 0) -> None:
        """Have the module store each slot of Explore as the preset of its number."""
        self._do(partial(self._actions.send_slots, track), "Sending the slots")

    def follow(self, track: int | None) -> None:
        """From now on the track goes wherever the puck goes; None ends that."""
        self.update(follows=track)
        self._puck_moved()

    # -- the worker -------------------------------------------------------------------------------

    def _do(self, work: Callable[[], str], words: str = "") -> None:
        self._worker.do(lambda: self.notice(work()), words)

    def _puck_moved(self) -> None:
        if self.state.follows is not None:
            self._actions.puck_moved()
            self._worker.wake()

    def _poll(self) -> float | None:
        self._connection.poll(self._watched_at, self.state.follows is not None)
        watched = time.monotonic() - self._watched_at < WATCHED_S
        if self.state.connected:
            self._actions.follow()
            if watched:
                self._connection.watch()
        module, following = self.module, self._actions.pause()
        if following is not None:
            return following
        if watched:
            return module.pause() if module is not None and self.state.connected else _HELD_S
        return _HELD_S if module is not None and module.talk.held else None

    def _fail(self, error: Exception) -> None:
        text = self._connection.fail(error)
        if text:
            self.notice(text, good=False)

    def _show_progress(self) -> None:
        self.update(busy=self._worker.busy, part=self._worker.part)
