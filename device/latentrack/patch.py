"""The patch: which parameter each CV input moves, and what the trigger inputs 3 and 4 do.

A CV modulates its parameter: 10 V are the parameter's whole range, times the input's attenuverter.
So 5 V at X move X from the middle of the latent space to its end, whatever the model's scale is.
"""

import latentcore

from latentrack import parameters
from latentrack.values import Values, properties

WHOLE_WAY_VOLTS = 10
# Less than this is the noise of a converter, or of an input with nothing in it: it moves nothing.
LEAST_VOLTS = 0.01


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
        self._inputs = {name: Input(name) for name in parameters.CV_INPUTS}
        for entry in self.TABLE:
            self.changed(entry.name)
        self._seal()

    def changed(self, name):
        """Keeps what a CV or trigger input acts on: (track from 0, parameter), or None."""
        if name[-3:] == "_to" or name[:7] == "trigger":
            track, _, parameter = self.get(name).partition(".")
            number = -1 if track == "patch" else int(track) - 1 if parameter else 0
            self._targets[name] = (number, parameter) if parameter else None
            if name[:7] == "trigger":
                # The voice that it plays in, from 1; 0: none.
                self._taps[name] = int(track[4:]) if track[:4] == "tap " else 0

    def modulate(self, volts):
        """Adds the CV inputs' modulation for this frame: `volts` is name -> volts at the jack."""
        self._morph_cv = 0
        for name in volts:
            source = self._inputs[name]
            target = self._targets[source.target]
            if target is not None:
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
        elif self.get(name) == "play in":
            self._instrument.play_in.toggle()
        elif self.numbers[name]:
            getattr(self._instrument, self.get(name))()


properties(Patch)
