"""The state of MIDI: the ports that exist, are chosen and are open, and the settings of sending."""

from __future__ import annotations

from dataclasses import dataclass

from latentrack.midi_ports import plain
from latentrack.studio.signals import Signal
from latentrack.studio.store import Store


@dataclass(frozen=True)
class MidiState:
    """problem: why MIDI is unavailable, a sentence; "" if it is available.  outputs, inputs: names
    of the existing ports.

    output: the port chosen for notes; "" for none.  input: the port whose clock is followed; "" for
    the studio's own clock.  output_open, input_open: whether the chosen port is open.

    sends_clock: whether the studio's clock is sent with the notes.  channel: for notes and rhythms,
    1 to 16; drums use 10.
    """

    problem: str = ""
    outputs: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    output: str = ""
    input: str = ""
    output_open: bool = False
    input_open: bool = False
    sends_clock: bool = False
    channel: int = 1

    @property
    def trouble(self) -> str:
        """Why chosen ports are not open, in sentences; "" if all are open."""
        chosen = ((self.output, self.output_open), (self.input, self.input_open))
        lost = [name for name, is_open in chosen if name and not is_open]
        if self.problem or not lost:
            return self.problem
        return " ".join(
            f"“{plain(name)}” is not there, or another program has it: it is used as soon as it "
            "can be."
            for name in lost
        )


class MidiStore(Store[MidiState]):
    """The latest MidiState and its signals.

    ports_changed: the ports that exist, are chosen or are open have changed.  sending_changed:
    `channel` or `sends_clock` has changed.
    """

    def __init__(self, state: MidiState) -> None:
        self.ports_changed = Signal()
        self.sending_changed = Signal()
        listed = ("problem", "outputs", "inputs")
        chosen = ("output", "input", "output_open", "input_open")
        super().__init__(
            state,
            {
                self.ports_changed: (*listed, *chosen),
                self.sending_changed: ("sends_clock", "channel"),
            },
        )
