"""The state of MIDI: which ports there are, which are chosen and open, and what is sent."""

from __future__ import annotations

from dataclasses import dataclass

from latentrack.studio.listen.midi_ports import plain
from latentrack.studio.signals import Signal
from latentrack.studio.store import Store


@dataclass(frozen=True)
class MidiState:
    """problem: why there are no ports at all, a sentence; "": there may be.  outputs, inputs: the
    ports that there are, by name.

    output: the port chosen for notes; "": none.  input: the port whose clock is followed; "": our
    own clock.  output_open, input_open: whether the port that was chosen is open.

    sends_clock: whether our clock goes out with the notes.  channel: of notes and rhythms, 1 to 16;
    drums go to 10.
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
        """What is wrong with the ports that are chosen, in sentences; "": nothing."""
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
    """The newest state, and its signals.

    ports_changed: which ports there are, are chosen, and are open.  sending_changed: the channel,
    and whether the clock is sent.
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
