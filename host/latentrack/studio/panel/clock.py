"""The clock that the hosted module gets: the studio's, one of its own tempo, or none."""

from __future__ import annotations

from latentrack.studio.listen.transport import Transport
from latentrack.studio.panel.connection import Connection
from latentrack.studio.panel.hosted import HostedModule
from latentrack.studio.panel.state import ModuleState
from latentrack.studio.workspace import Workspace

CLOCKS = ("studio", "own", "off")
TEMPO_RANGE = (20.0, 400.0)


class PanelClock:
    """Brings the transport's steps to the hosted module's clock input, or plugs a clock in there.

    May be used from any thread.
    """

    def __init__(
        self,
        workspace: Workspace,
        transport: Transport | None,
        store: ModuleState,
        connection: Connection,
    ) -> None:
        self._workspace, self._transport = workspace, transport
        self._store, self._connection = store, connection
        store.update(
            clock=_known(workspace.setting("module_clock", CLOCKS[0])),
            tempo=_tempo(workspace.setting("module_tempo", 120.0)),
        )
        self._was_playing = False
        self._disconnect = []
        if transport is not None:
            self._disconnect = [
                transport.playing_changed.connect(self._transport_changed),
                transport.stepped.connect(self._stepped),
            ]

    def close(self) -> None:
        """Hear the transport no more."""
        for disconnect in self._disconnect:
            disconnect()

    def choose(self, clock: str, tempo: float | None = None) -> None:
        """One of CLOCKS; tempo: beats a minute of "own", None: as it was."""
        chosen = _known(clock)
        beats = self._store.state.tempo if tempo is None else _tempo(tempo)
        self._workspace.remember("module_clock", chosen)
        self._workspace.remember("module_tempo", beats)
        self._store.update(clock=chosen, tempo=beats)
        self.plug_in()

    def plug_in(self) -> None:
        """Give the module the clock that was chosen."""
        state, module = self._store.state, self._connection.module
        if module is not None:
            module.clock(state.tempo if state.clock == "own" else None)

    def _transport_changed(self) -> None:
        assert self._transport is not None
        playing = self._transport.playing
        begins = playing and not self._was_playing
        self._was_playing = playing
        if begins:
            self._pulse("reset")

    def _stepped(self) -> None:
        assert self._transport is not None
        if self._transport.playing and self._transport.step >= 0:
            self._pulse("clock")

    def _pulse(self, jack: str) -> None:
        module = self._connection.module
        if isinstance(module, HostedModule) and self._store.state.clock == "studio":
            module.pulse(jack)


def _known(clock: object) -> str:
    return str(clock) if clock in CLOCKS else CLOCKS[0]


def _tempo(tempo: object) -> float:
    beats = float(tempo) if isinstance(tempo, int | float) else 120.0
    return min(max(beats, TEMPO_RANGE[0]), TEMPO_RANGE[1])
