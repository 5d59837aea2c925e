"""Calibration: which code of a converter is which voltage, for each CV input and each output.

One measures at 1 V steps: give an input 0 V, 1 V, 2 V and say so (`take_in`); try codes at an
output until the meter shows 0 V, 1 V, 2 V (`try_out`, `take_out`). Two points or more make a
straight line (least squares). What was measured is kept in a file of the board's own.
"""

import latentcore

from latentrack.boards.teensy41 import ADC_TOP
from latentrack.files import FLASH
from latentrack.names import Part

_FOLDER = FLASH + "/"
CODES = 65535
OUTPUTS = 8


class Line:
    """code = zero + per_volt * volts, through what was measured, or as the board's table says.

    `low` and `high` are the volts at code 0 and at `codes`; an amplifier that inverts has low above
    high, and a negative slope.
    """

    def __init__(self, low, high, codes=CODES):
        self.measured = {}
        self._per_volt = codes / (high - low)
        self._zero = -low * self._per_volt
        self.fit()

    def fit(self):
        """Lays the line through the points: the one with the least sum of squared distances."""
        self.zero, self.per_volt = self._zero, self._per_volt
        self._code = None
        points = self.measured
        if not points:
            return
        count = len(points)
        mean_volts = sum(points) / count
        mean_code = sum(points.values()) / count
        across = sum((volts - mean_volts) ** 2 for volts in points)
        if across:
            rise = sum((v - mean_volts) * (points[v] - mean_code) for v in points)
            if rise:
                self.per_volt = rise / across
        # One point shifts the line, and leaves its slope.
        self.zero = mean_code - self.per_volt * mean_volts

    def code(self, volts):
        """The nearest code for a voltage."""
        return min(max(int(self.zero + self.per_volt * volts + 0.5), 0), CODES)

    def volts(self, code):
        """The voltage for a code of 0 to CODES."""
        # Cached with its input: frames ask for the same again and again, and a float allocates.
        if code != self._code:
            self._code = code
            self._volts = (code - self.zero) / self.per_volt
        return self._volts


class Calibration(Part):
    """instrument.calibration"""

    def __init__(self, instrument):
        self._instrument = instrument
        board = instrument.board
        self._path = f"{_FOLDER}calibration_{board.NAME}.txt"
        self.inputs = {name: Line(*board.CV_VOLTS, codes=ADC_TOP) for name in board.CV}
        outputs = OUTPUTS if board.OUT_VOLTS else 0
        self.outputs = [Line(*board.OUT_VOLTS) for _ in range(outputs)]
        # The codes that the inputs gave last.
        self._codes = {}
        self._load()
        self._seal()

    def volts(self, name, code):
        """The voltage at a CV input, from its converter's 16-bit code."""
        self._codes[name] = code
        return self.inputs[name].volts(code)

    def take_in(self, name, volts):
        """What the CV input gives now is so many volts."""
        line = self.inputs[name]
        line.measured[volts] = self._codes[name]
        line.fit()
        self._save()

    def try_out(self, channel, code):
        """Puts a code out at an output (0 to 7), to be measured, at once."""
        latentcore.level(channel, code)

    def take_out(self, channel, volts, code):
        """That code is so many volts at the output."""
        line = self.outputs[channel]
        line.measured[volts] = code
        line.fit()
        self._apply(channel)
        self._save()

    def forget(self, which):
        """An input (its name) or an output (its number) is as the board's table says again."""
        line = self.inputs[which] if isinstance(which, str) else self.outputs[which]
        line.measured.clear()
        line.fit()
        if not isinstance(which, str):
            self._apply(which)
        self._save()

    def _apply(self, channel):
        line = self.outputs[channel]
        # A semitone is a twelfth of a volt; latentcore counts them from MIDI note 0.
        board = self._instrument.board
        semitone = line.per_volt / 12
        note_0 = line.zero - semitone * board.NOTE_AT_0_V
        latentcore.calibrate(channel, note_0, semitone, line.code(0), line.code(board.ACCENT_VOLTS))
        for track in self._instrument.tracks:
            track.build()

    def _save(self):
        text = ""
        for name in self.inputs:
            for volts in sorted(self.inputs[name].measured):
                text += f"in {name} {volts} {self.inputs[name].measured[volts]}\n"
        for channel, line in enumerate(self.outputs):
            for volts in sorted(line.measured):
                text += f"out {channel} {volts} {line.measured[volts]}\n"
        self._instrument.storage.write(self._path, text)

    def _load(self):
        for line in (self._instrument.storage.read(self._path) or "").split("\n"):
            try:
                kind, which, volts, code = line.split(" ")
                lines = self.inputs if kind == "in" else self.outputs
                which = which if kind == "in" else int(which)
                lines[which].measured[float(volts)] = int(code)
            except (ValueError, KeyError, IndexError):
                pass
        for line in self.inputs.values():
            line.fit()
        for channel in range(len(self.outputs)):
            self.outputs[channel].fit()
            self._apply(channel)
