"""A Teensy 4.1 on a breadboard: eight gates on pins, five potentiometers, MIDI, no display.

Gates are 3.3 V. Clock, reset and triggers want 3.3 V at the most: put a resistor of 100 kOhm before
each and clamp diodes behind it, or a transistor that inverts and change EDGE and PULL below.
This board has no converters: it puts out triggers, but no pitches and no accents.
"""

import latentcore

from latentrack.boards.teensy41 import (
    DR_CLEAR,
    DR_SET,
    KEPT,
    TIME_US,
    open_midi,
    port_and_mask,
)

NAME = "bare"
CLOCK = "D36"
RESET = "D35"
TRIGGERS = ("D34", "D33")
EDGE = "rising"
PULL = None
KNOBS = {"x": "A7", "y": "A2", "z": "A3", "w": "A8", "threshold": "A6"}
KNOBS_REVERSED = False
CV = {}
CV_VOLTS = (0, 3.3)
OUT_VOLTS = None
NOTE_AT_0_V = 60
ACCENT_VOLTS = 3.3
DRUM_JACKS = (0, 1, 2, 3, 4, 5, 6, 7)
BUTTONS = ()
# At 3.3 V at power-on: the trigger input 4.
SAFE = ("D33", 1)
KEPT_AT = KEPT
LEDS = ()
# UART 1: in at D0, out at D1.
MIDI = (1, True)
ENCODERS = {}
DISPLAY = None

GATES = ("D2", "D3", "D4", "D5", "D6", "D7", "D8", "D9")


def connect():
    """Tells latentcore the outputs' pins, its time source, and the UART for MIDI."""
    from machine import Pin

    for channel, pin in enumerate(GATES):
        Pin(pin, Pin.OUT, value=0)
        base, mask = port_and_mask(pin)
        latentcore.gpio_output(channel, base + DR_SET, base + DR_CLEAR, mask)
    latentcore.time_source(TIME_US)
    open_midi(*MIDI)
