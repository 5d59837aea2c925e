"""OSC in the studio: controls the open model and the transport, and sends their state.

The workspace stores the addresses and whether each direction is on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from latentrack.errors import UserError
from latentrack.osc.controls import OscControls
from latentrack.osc.endpoint import IN, OUT, Endpoint, parsed
from latentrack.playing.sequencer import DueStep
from latentrack.studio.explore.explorer import Explorer
from latentrack.studio.listen.conductor import Action
from latentrack.studio.listen.memory import Memory
from latentrack.studio.listen.osc_state import OscState, OscStore
from latentrack.studio.signals import Signal


class Osc(OscStore):
    """Receives and sends OSC messages for the studio. Thread-safe."""

    def __init__(self, memory: Memory, explorer: Explorer, controls: OscControls) -> None:
        super().__init__(
            OscState(
                address_in=str(memory.kept("osc in", IN)),
                address_out=str(memory.kept("osc out", OUT)),
            )
        )
        self._memory = memory
        self._endpoint = _StudioEndpoint(explorer, controls, self._refresh)
        self._switching = threading.Lock()

    def open(self, *signals: Signal) -> None:
        """Restore the last state; `signals` announce changes that are to be sent."""
        for signal in signals:
            signal.connect(self._endpoint.tell)
        for wanted, switch in (("osc listens", self.listen), ("osc sends", self.send)):
            if self._memory.kept(wanted, False) is True:
                try:
                    switch(True)
                except UserError as error:
                    self._endpoint.ignored = str(error)
        self._refresh()

    def close(self) -> None:
        """Stop receiving and sending, and close both ports."""
        self._endpoint.stop_listening()
        self._endpoint.stop_sending()

    def listen(self, on: bool, address: str | None = None) -> None:
        """Start or stop receiving at `address`, "HOST:PORT". Raises UserError if it cannot."""
        host, port = parsed(address or self.state.address_in)
        with self._switching:
            self._endpoint.stop_listening()
            self._memory.keep("osc in", f"{host}:{port}")
            self._memory.keep("osc listens", on)
            try:
                if on:
                    self._endpoint.start_listening(host, port)
            finally:
                self._refresh(address_in=f"{host}:{port}")

    def send(self, on: bool, address: str | None = None) -> None:
        """Start or stop sending to `address`, "HOST:PORT": all values first, then each change.

        Raises UserError if it is not an address.
        """
        host, port = parsed(address or self.state.address_out)
        with self._switching:
            self._endpoint.stop_sending()
            self._memory.keep("osc out", f"{host}:{port}")
            self._memory.keep("osc sends", on)
            if on:
                self._endpoint.start_sending(host, port)
            self._refresh(address_out=f"{host}:{port}")

    def ahead(self, step: DueStep) -> Iterable[tuple[float, Action]]:
        """See `conductor.Hearer`."""
        if not self._endpoint.sends:
            return []
        # Hits at the step's time are sent after the step's message, the others at their own time.
        on_it = [hit for time, hit in step.timed_hits if time == step.due]
        beside = [(time, hit) for time, hit in step.timed_hits if time != step.due]
        return [
            (step.due, lambda: self._endpoint.say_step(step.number, on_it)),
            *((time, partial(self._endpoint.say, "hit", *hit)) for time, hit in beside),
        ]

    def halted(self) -> None:
        """See `conductor.Hearer`. Nothing to do: the transport's signal announces the stop."""

    def _refresh(self, **addresses: str) -> None:
        end = self._endpoint
        self.update(
            listens=end.listens,
            sends=end.sends,
            heard=end.heard,
            ignored=end.ignored,
            **addresses,
        )


class _StudioEndpoint(Endpoint):
    """An Endpoint that also opens runs in the explorer."""

    def __init__(
        self, explorer: Explorer, controls: OscControls, on_change: Callable[[], None]
    ) -> None:
        super().__init__(controls, on_change)
        self._explorer = explorer

    def open_model(self, values: Sequence[object], address: str) -> None:
        """Open a run in a thread of its own, so that other messages are received meanwhile."""
        folder = self._controls.run_of(values)

        def work() -> None:
            try:
                self.quietly(lambda: self._explorer.open(folder), "model")
            except UserError as error:
                self.ignore(address, str(error))

        threading.Thread(target=work, name="osc model", daemon=True).start()
