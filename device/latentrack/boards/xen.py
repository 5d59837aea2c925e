"""The reference hardware: eight outputs through two DAC8164, a display, encoders, buttons, CV.

Pins, stages and polarities are those of its schematics. Its inputs are transistors with an open
collector: a rising edge at the jack is a falling edge at the pin, which needs the pull-up. Its
output and CV amplifiers invert: the lowest code is +5 V, the highest -5 V. Which way its
potentiometers are wired is not certain: `patch.knobs = "reversed"` turns all four round.

Jacks 1 to 4 are the trigger outputs, 5 to 8 the note outputs.
"""

import latentcore

from latentrack.boards.teensy41 import (
    DR,
    DR_CLEAR,
    DR_SET,
    KEPT,
    LPSPI4,
    TIME_US,
    open_midi,
    port_and_mask,
)

NAME = "xen"
CLOCK = "D36"
RESET = "D35"
TRIGGERS = ("D34", "D33")
EDGE = "falling"
PULL = "up"
KNOBS = {"x": "A7", "y": "A2", "z": "A3", "threshold": "A6"}
KNOBS_REVERSED = True
CV = {
    "x": "A11", "y": "A10", "z": "A1", "threshold": "A0",
    "5": "D40", "6": "D41", "7": "A12", "8": "A13",
}  # fmt: skip
CV_VOLTS = (5, -5)
OUT_VOLTS = (5, -5)
# In the middle of what the outputs reach: notes 0 to 120 are -5 V to +5 V.
NOTE_AT_0_V = 60
ACCENT_VOLTS = 5
# As the panel of the reference hardware names them: kick, snare, toms, hi-hats, cymbals, and the
# accents of the last three.
DRUM_JACKS = (0, 4, 1, 2, 3, 5, 6, 7)
BUTTONS = ("D28", "D38", "D39", "D29")
# Held at power-on: the first button.
SAFE = ("D28", 0)
KEPT_AT = KEPT
LEDS = ("D30", "D31", "D32", "D37")
ENCODERS = {"left": ("D22", "D23", "D7"), "right": ("D3", "D4", "D2")}
# LPSPI4, for the display and the converters.
SPI_NUMBER, SPI_BAUDRATE = 0, 20000000
DISPLAY_RESET = "D0"
DISPLAY = {
    "spi": SPI_NUMBER, "baudrate": SPI_BAUDRATE, "select": "D5", "command": "D6",
    "reset": DISPLAY_RESET, "glass": "red tab",
}  # fmt: skip

# UART 1 has out only, at D1, the select of an SD card that must not be there; its other pin, D0, is
# the display's reset.
MIDI = (1, False)

# Selects: the first chip's (trigger outputs), the
# second's (note outputs), the display's.
SELECTS = ("D8", "D9", "D5")
# The select of an expander on the same bus, which is not used. That of the SD card, D1, is high
# while no MIDI byte goes out.
UNUSED_SELECTS = ("D10",)
# The chip and the chip's channel of jacks 1 to 8.
OUTPUTS = ((0, 1), (0, 2), (0, 3), (0, 0), (1, 3), (1, 0), (1, 1), (1, 2))
# Codes of a gate: 0 V and 5 V.
GATE_CODES = (32768, 0)


def connect():
    """Puts 0 V at all jacks; tells latentcore the converters, its time source, and MIDI's UART."""
    from array import array

    from machine import SPI, Pin

    # Takes D0, too, which is given back at once.
    open_midi(*MIDI)
    Pin(DISPLAY_RESET, Pin.OUT, value=1)
    # Sets the bus's pins and clock up; the display uses the same object's bus afterwards.
    SPI(SPI_NUMBER, baudrate=SPI_BAUDRATE)
    for name in SELECTS + UNUSED_SELECTS:
        Pin(name, Pin.OUT, value=1)
    pins = array("I")
    for name in SELECTS:
        base, mask = port_and_mask(name)
        for word in (base + DR, base + DR_SET, base + DR_CLEAR, mask):
            pins.append(word)
    # 0 V at all jacks before anything else: at power-on they stand at +5 V.
    latentcore.dac_outputs(LPSPI4, pins, GATE_CODES[0])
    for channel in range(8):
        latentcore.dac_output(channel, *(OUTPUTS[channel] + GATE_CODES))
    latentcore.time_source(TIME_US)
