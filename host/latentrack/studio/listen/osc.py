"""OSC in the studio: drives what is open there, and tells what it does; kept in the workspace."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence

from latentrack.errors import UserError
from latentrack.osc.controls import OscControls
from latentrack.osc.endpoint import IN, OUT, Endpoint, parsed
from latentrack.playing.sequencer import DueStep
from latentrack.studio.explore.explorer import Explorer
from latentrack.studio.listen.conductor import Action
from latentrack.studio.listen.memory import Memory
from latentrack.studio.signals import Signal


class Osc(Endpoint):
    """Everything may be called from any thread. `changed`: it was set otherwise, or has heard."""

    def __init__(self, memory: Memory, explorer: Explorer, controls: OscControls) -> None:
        self.changed = Signal()
        super().__init__(controls, self.changed.emit)
        self._memory = memory
        self._explorer = explorer
        self._in = str(memory.kept("osc in", IN))
        self._out = str(memory.kept("osc out", OUT))
        self._switching = threading.Lock()

    @property
    def address_in(self) -> str:
        return self._in

    @property
    def address_out(self) -> str:
        return self._out

    def open(self, *signals: Signal) -> None:
        """Begins as it was left; `signals` say that there may be something to tell."""
        for signal in signals:
            signal.connect(self.tell)
        for wanted, switch in (("osc listens", self.listen), ("osc sends", self.send)):
            if self._memory.kept(wanted, False) is True:
                try:
                    switch(True)
                except UserError as error:
                    self.ignored = str(error)

    def close(self) -> None:
        self.stop_listening()
        self.stop_sending()

    def listen(self, on: bool, address: str | None = None) -> None:
        """Hears messages at `address`, "HOST:PORT". UserError if that cannot be."""
        host, port = parsed(address or self._in)
        with self._switching:
            self.stop_listening()
            self._in = f"{host}:{port}"
            self._memory.keep("osc in", self._in)
            self._memory.keep("osc listens", on)
            if on:
                self.start_listening(host, port)
        self.changed.emit()

    def send(self, on: bool, address: str | None = None) -> None:
        """Tells `address`, "HOST:PORT", of everything, now and when it changes. UserError."""
        host, port = parsed(address or self._out)
        with self._switching:
            self.stop_sending()
            self._out = f"{host}:{port}"
            self._memory.keep("osc out", self._out)
            self._memory.keep("osc sends", on)
            if on:
                self.start_sending(host, port)
        self.changed.emit()

    def open_model(self, values: Sequence[object], address: str) -> None:
        """Opening takes a while, and other messages come meanwhile."""
        folder = self._controls.run_of(values)

        def work() -> None:
            try:
                self.quietly(lambda: self._explorer.open(folder), "model")
            except UserError as error:
                self.ignore(address, str(error))

        threading.Thread(target=work, name="osc model", daemon=True).start()

    def ahead(self, step: DueStep) -> Iterable[tuple[float, Action]]:
        """See `conductor.Hearer`."""
        if not self.sends:
            return []
        return [(step.due, lambda: self.say_step(step.number, step.hits))]

    def halted(self) -> None:
        """See `conductor.Hearer`: the change of the transport is told like any other."""
