"""The virtual module: the reference hardware's panel, that a computer plugs, turns and reads."""

import latentcore
import machine
import uctypes

NAME = "virtual"
CLOCK = "D36"
RESET = "D35"
TRIGGERS = ("D34", "D33")
KNOBS = {"x": "A7", "y": "A2", "z": "A3", "threshold": "A6"}
CV = {
    "x": "A11", "y": "A10", "z": "A1", "threshold": "A0",
    "5": "A16", "6": "A17", "7": "A12", "8": "A13",
}  # fmt: skip
CV_VOLTS = (-5, 5)
OUT_VOLTS = (0, 10)
BUTTONS = ("D28", "D38", "D39", "D29")
LEDS = ("D30", "D31", "D32", "D37")
ENCODERS = {"left": ("D22", "D23", "D7"), "right": ("D3", "D4", "D2")}
DISPLAY = {"spi": 0, "baudrate": 20000000, "select": "D5", "command": "D6", "reset": "D0"}


def connect():
    # The time is the first word of the board's registers.
    latentcore.time_source(uctypes.addressof(machine.registers))
    latentcore.channel_outputs(machine.outputs)
