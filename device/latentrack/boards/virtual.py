"""The virtual module: jacks that a computer plugs, turns and reads."""

import latentcore
import machine
import uctypes

NAME = "virtual"
CLOCK = "D36"
RESET = "D35"
KNOBS = {"x": "A7", "y": "A2", "z": "A3", "threshold": "A6"}


def connect():
    # The time is the first word of the board's registers.
    latentcore.time_source(uctypes.addressof(machine.registers))
    latentcore.channel_outputs(machine.outputs)
