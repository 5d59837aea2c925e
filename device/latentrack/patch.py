"""The patch: which parameter each CV input moves, and what the trigger inputs 3 and 4 do.

A CV bends its parameter: 10 V are its whole way, times the input's attenuverter. So 5 V at X move
it from the middle of the latent space to its end, whatever the model's scale is.
"""

import latentcore

from latentrack import parameters
from latentrack.values import Values, properties

WHOLE_WAY_VOLTS = 10
# Less than this is the noise of a converter, or of an input with nothing in it: it moves nothing.
LEAST_VOLTS = 0.01


class Patch(Values):
    TABLE = parameters.PATCH

    def __init__(self, instrument):
        super().__init__()
        self._instrument = instrument
        self._counts = (0, 0)
        self._targets = {}
        # The voltages that count, by input.
        self._volts = {}
        for entry in self.TABLE:
            self.changed(entry.name)

    def changed(self, name):
        if name[-3:] == "_to" or name[:7] == "trigger":
            track, _, parameter = self.get(name).partition(".")
            self._targets[name] = (int(track) - 1, parameter) if parameter else None

    def bend(self, volts):
        """Lets CV act in this frame: `volts` has the inputs' voltages by name."""
        for name in volts:
            target = self._targets.get(f"cv_{name}_to")
            if target is not None:
                held = self._volts.get(name, 0)
                if abs(volts[name] - held) > LEAST_VOLTS:
                    held = self._volts[name] = volts[name]
                amount = held / WHOLE_WAY_VOLTS * self.numbers["cv_" + name]
                if amount:
                    self._instrument.tracks[target[0]].bend(target[1], amount)

    def triggers(self):
        """Does what the trigger inputs 3 and 4 have asked for since the last frame."""
        counts = latentcore.counts(0)[2:]
        for i in range(2):
            for _ in range(min(counts[i] - self._counts[i] & 0xFFFF, 8)):
                self.pull(f"trigger_{i + 3}")
        self._counts = counts

    def pull(self, name):
        """What a pulse at "trigger_3" or "trigger_4" does."""
        target = self._targets[name]
        if target is not None:
            self._instrument.tracks[target[0]].advance(target[1])
        elif self.numbers[name]:
            getattr(self._instrument, self.get(name))()


properties(Patch)
