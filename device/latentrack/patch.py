"""The patch: the clock, what each CV input moves, what triggers do and outputs carry.

A CV modulates its parameter: 10 V are the parameter's whole range, times the input's attenuverter.
So 5 V at X move X from the middle of the latent space to its end, whatever the model's scale is.
"""

import latentcore

from latentrack import parameters
from latentrack.boards.teensy41 import PSR, port_and_mask
from latentrack.values import Values, properties

WHOLE_WAY_VOLTS = 10
# Less than this is the noise of a converter, or of an input with nothing in it: it moves nothing.
LEAST_VOLTS = 0.01
SLOT = parameters.TARGETS.index("slot")
RUN_GATE = parameters.TARGETS.index(parameters.RUN_GATE)
_NO_PARAMETERS = (SLOT, RUN_GATE)
_TEMPO_TAP = parameters.ACTIONS.index("tap")
_TRIGGER_GATE = parameters.ACTIONS.index(parameters.RUN_GATE)
# A run gate that comes by CV is high from here on, and low from here down.
HIGH_VOLTS, LOW_VOLTS = 1, 0.5
# The values that are latentcore's, in its order.
_PARTS = {
    "tap": "tempo", "run": "tempo", "mutate": "history", "undo": "history", "redo": "history",
    "keep": "slots", "next_slot": "slots",
}  # fmt: skip
_CLOCK = ("clock_from", "tempo", "run", "bridge")
# The arguments of latentcore.midi_clock().
_MIDI_CLOCK = ("midi_clocks", "midi_clock")


class Input:
    """What a CV input adds to its parameter; worked out only when its inputs have changed."""

    def __init__(self, name):
        self.attenuverter = "cv_" + name
        self.target = f"cv_{name}_to"
        # The voltage that counts.
        self._held = 0
        self._volts = self._by = None
        self._amount = 0

    def amount(self, volts, by):
        """Of the parameter's whole way, for the voltage at the jack and its attenuverter."""
        if volts != self._volts or by != self._by:
            self._volts, self._by = volts, by
            if abs(volts - self._held) > LEAST_VOLTS:
                self._held = volts if abs(volts) > LEAST_VOLTS else 0
            self._amount = self._held / WHOLE_WAY_VOLTS * by
        return self._amount


class Patch(Values):
    """instrument.patch: its values are parameters.PATCH."""

    TABLE = parameters.PATCH

    def __init__(self, instrument):
        super().__init__()
        self._instrument = instrument
        self._counts = [0, 0]
        self._targets = {}
        # What CV adds to `preset_morph` in this frame.
        self._morph_cv = 0
        self._taps = {}
        # Whether the run gate is high, of those that come by CV.
        self._gate_is_high = True
        self._inputs = {name: Input(name) for name in parameters.CV_INPUTS}
        for entry in self.TABLE:
            self.changed(entry.name)
        self._seal()

    def changed(self, name):
        """Tells latentcore of the clock; keeps what an input acts on: (track, parameter)."""
        number = self.numbers[name]
        if name in _CLOCK:
            latentcore.clock_set(_CLOCK.index(name), number)
        elif name in _MIDI_CLOCK:
            latentcore.midi_clock(*[self.numbers[each] for each in _MIDI_CLOCK])
        elif name[:3] == "out":
            self._carry()
        elif name[-3:] == "_to" or name[:7] == "trigger":
            track, _, parameter = self.get(name).partition(".")
            number = -1 if track == "patch" else int(track) - 1 if parameter else 0
            self._targets[name] = (number, parameter) if parameter else None
            if name[:7] == "trigger":
                # The voice that it plays in, from 1; 0: none.
                self._taps[name] = int(track[4:]) if track[:4] == "tap " else 0
            self._connect_gate()

    def _connect_gate(self):
        """Tells latentcore which pin is the run gate, or whether that of the CV inputs is high."""
        board = self._instrument.board
        for i in range(2):
            if self.numbers[f"trigger_{i + 3}"] == _TRIGGER_GATE:
                base, mask = port_and_mask(board.TRIGGERS[i])
                latentcore.run_gate(base + PSR, mask, int(board.EDGE == "falling"))
                return
        for name in self._inputs:
            if self.numbers[self._inputs[name].target] == RUN_GATE:
                latentcore.run_gate(0, 0, int(self._gate_is_high))
                return
        self._gate_is_high = True
        latentcore.run_gate(0, 0, 1)

    def _take(self, source, volts):
        """A voltage that moves no parameter: it points at a slot, or is the run gate.

        Apart from `modulate`, whose variables would be on the heap if they were more.
        """
        by = self.numbers[source.attenuverter]
        if self.numbers[source.target] == SLOT:
            self._instrument.slots.select(source.amount(volts, by))
            return
        volts *= by
        is_high = volts > (LOW_VOLTS if self._gate_is_high else HIGH_VOLTS)
        if is_high != self._gate_is_high:
            self._gate_is_high = is_high
            self._connect_gate()

    def _carry(self):
        """Tells latentcore what outputs carry, and the tracks which they leave alone."""
        taken = 0
        for i in range(parameters.VOICES):
            what = parameters.OUT_CODES[self.numbers[f"out{i + 1}"]]
            latentcore.clock_set(len(_CLOCK) + i, what)
            taken |= (what != 0) << i
        for track in self._instrument.tracks:
            track.take_jacks(taken)

    def midi_learn(self, target):
        """Assigns the next MIDI control change or note to a target, "1.x"; see midi.py."""
        self._instrument.midi.learn(target)

    def midi_forget(self, target):
        """Takes the assignment of a target away. KeyError: it has none."""
        self._instrument.midi.forget(target)

    def midi_assigned(self):
        """What is assigned, by target: "cc 74, channel 1"."""
        return self._instrument.midi.assigned()

    def modulate(self, volts):
        """Adds the CV inputs' modulation for this frame: `volts` is name -> volts at the jack."""
        self._morph_cv = 0
        for name in volts:
            source = self._inputs[name]
            target = self._targets[source.target]
            if self.numbers[source.target] in _NO_PARAMETERS:
                self._take(source, volts[name])
            elif target is not None:
                amount = source.amount(volts[name], self.numbers[source.attenuverter])
                if amount and target[0] < 0:
                    before = self._morph_cv
                    self._morph_cv = before + amount if before else amount
                elif amount:
                    self._instrument.tracks[target[0]].modulate(target[1], amount)

    def preset_morph_now(self):
        """`preset_morph` with what CV adds in this frame, 0 to 1."""
        amount = self.numbers["preset_morph"]
        if self._morph_cv:
            amount = min(max(amount + self._morph_cv, 0), 1)
        return amount

    def triggers(self):
        """Does what the trigger inputs 3 and 4 have asked for since the last frame."""
        for i in range(2):
            count = latentcore.count(0, 2 + i)
            pulses = count - self._counts[i] & 0xFFFF
            self._counts[i] = count
            if pulses:
                name = f"trigger_{i + 3}"
                if self._taps[name]:
                    self._tap(self._taps[name], i + 3)
                elif self.numbers[name] == _TEMPO_TAP:
                    self._instrument.tempo.tap_at_pulse(i + 3)
                else:
                    for _ in range(min(pulses, 8)):
                        self.fire(name)

    def _tap(self, voice, number):
        """Plays a voice in at the steps at which pulses came at trigger input `number`."""
        step = latentcore.tapped(number)
        while step >= 0:
            self._instrument.play_in.tap_at(voice, step)
            step = latentcore.tapped(number)

    def fire(self, name):
        """Does what a pulse at trigger input `name` ("trigger_3" or "trigger_4") does."""
        target = self._targets[name]
        if target is not None:
            self._instrument.tracks[target[0]].advance(target[1])
        elif self._taps[name]:
            self._instrument.play_in.tap(self._taps[name])
        elif self.numbers[name]:
            self.act(self.get(name))

    def act(self, action):
        """Does one of parameters.PLAIN_ACTIONS or LOCKS."""
        instrument = self._instrument
        if action == "play in":
            instrument.play_in.toggle()
            return
        if action in parameters.LOCKS:
            instrument.toggle_lock(parameters.LOCKS.index(action) + 1)
            return
        if action == parameters.RUN_GATE:
            return  # its level counts, not its pulses
        part = _PARTS.get(action)
        getattr(getattr(instrument, part) if part else instrument, action)()


properties(Patch)
