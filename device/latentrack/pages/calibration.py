"""Calibration: which code of a converter is which voltage, measured at two voltages or more.

The further apart the voltages are, the better the line through them.

    CV inputs             on an input's line: feed it a whole number of volts
    outputs               on an output's line: measure it with a meter
    left encoder          choose a line: the inputs first, then the outputs
    right encoder         of an output: its code, until the meter shows the volts on the line
    right push            of an input: what comes in counts as the nearest whole volt; of an output:
                          this code is the volts on the line, and the next volt follows;
                          held: forget all that was measured there
    knob X                of an output: which whole number of volts
    buttons, left push    as on every page (base.py)
"""

from latentrack.pages.base import ListPage
from latentrack.parameters import CV_INPUTS

# A click at an output: one step of a converter of 14 bits. Fast turns go faster.
CLICK = 4


class Page(ListPage):
    """The page of calibration; `volts` and `code` are those of the chosen output."""

    title = "Calibrate"
    empty = "nothing to do here"

    def __init__(self, instrument, controls):
        super().__init__(instrument, controls)
        self._inputs = [name for name in CV_INPUTS if name in instrument.calibration.inputs]
        # The whole volts that an output reaches, the least and the most.
        self._range = sorted(int(volts) for volts in instrument.board.OUT_VOLTS or (0, 0))
        # At the outputs: the voltage that is wanted, and the code that is out there for it.
        self.volts = 0
        self.code = 0

    def count(self):
        """The number of calibrated inputs and outputs."""
        calibration = self.instrument.calibration
        return len(calibration.inputs) + len(calibration.outputs)

    def line(self, at):
        """An input and its volts, or an output and its volts and code, or how many are measured."""
        output = self._output(at)
        if output is None:
            name = self._input(at)
            volts = self.controls.cv.get(name, 0)
            return (f"In {name}", f"{volts:.2f}V")
        if at == self.chosen:
            return (f"Out {output + 1}", f"{self.volts}V {self.code}")
        measured = len(self.instrument.calibration.outputs[output].measured)
        return (f"Out {output + 1}", f"{measured} set")

    def source(self, at):
        """Volts of an input; code and volts of the chosen output; else how many are measured."""
        output = self._output(at)
        if output is None:
            return self.controls.cv.get(self._input(at), 0)
        if at == self.chosen:
            return self.code << 4 | self.volts
        return len(self.instrument.calibration.outputs[output].measured)

    def choose(self, at):
        """Choose a line; an output gets 0 V."""
        super().choose(at)
        self._try(0)

    def turn(self, encoder, steps):
        """The left encoder chooses a line; the right one changes the chosen output's code."""
        output = self._output(self.chosen)
        if encoder == "left":
            super().turn(encoder, steps)
        elif output is not None:
            # Clockwise is up in volts, whichever way the output's amplifier turns the codes.
            up = 1 if self.instrument.calibration.outputs[output].per_volt > 0 else -1
            self.code = min(max(self.code + up * CLICK * steps * abs(steps), 0), 65535)
            self.instrument.calibration.try_out(output, self.code)

    def knob(self, knob, position):
        """Knob X chooses which whole number of volts the output is set to."""
        if knob == "x":
            least, most = self._range
            self._try(least + int(position * (most - least) + 0.5))

    def release(self, button):
        """The right push stores a measured point of the chosen input or output."""
        if button != "right":
            super().release(button)
            return
        calibration = self.instrument.calibration
        output = self._output(self.chosen)
        if output is None:
            name = self._input(self.chosen)
            volts = self.controls.cv[name]
            volts = int(volts + 0.5 if volts > 0 else volts - 0.5)
            calibration.take_in(name, volts)
            self.tell(f"in {name} is {volts} V")
        else:
            calibration.take_out(output, self.volts, self.code)
            self.tell(f"out {output + 1} is {self.volts} V")
            least, most = self._range
            self._try(self.volts + 1 if self.volts < most else least)

    def hold(self, button):
        """Holding the right push forgets all measured points of the chosen input or output."""
        if button != "right":
            super().hold(button)
            return
        output = self._output(self.chosen)
        self.instrument.calibration.forget(self._input(self.chosen) if output is None else output)
        self.tell("as the board says")
        self._try(self.volts)

    def _input(self, at):
        return self._inputs[at]

    def _output(self, at):
        """The number of the output on that line; None: it is an input."""
        return at - len(self._inputs) if at >= len(self._inputs) else None

    def _try(self, volts):
        """Puts a voltage out at the chosen output, as far as it is known which code that is."""
        output = self._output(self.chosen)
        if output is not None:
            self.volts = volts
            self.code = self.instrument.calibration.outputs[output].code(volts)
            self.instrument.calibration.try_out(output, self.code)
