"""A Teensy 4.1 on a breadboard: eight gates on pins, four potentiometers, no display.

Gates are 3.3 V. Clock, reset and triggers want 3.3 V at the most: put a resistor of 100 kOhm before
each and clamp diodes behind it, or a transistor that inverts and change the edge below. There are
no converters: pitches and accents go nowhere, triggers go to their jacks all the same.
"""

import latentcore

NAME = "bare"
CLOCK = "D36"
RESET = "D35"
TRIGGERS = ("D34", "D33")
KNOBS = {"x": "A7", "y": "A2", "z": "A3", "threshold": "A6"}
CV = {}
CV_VOLTS = (0, 3.3)
OUT_VOLTS = None
BUTTONS = ()
LEDS = ()
ENCODERS = {}
DISPLAY = None

# Gate outputs: Teensy pin -> (GPIO port's base address, bit), from the i.MX RT1062's pin table.
_GPIO2, _GPIO4 = 0x401BC000, 0x401C4000
GATES = (
    ("D2", _GPIO4, 4),
    ("D3", _GPIO4, 5),
    ("D4", _GPIO4, 6),
    ("D5", _GPIO4, 8),
    ("D6", _GPIO2, 10),
    ("D7", _GPIO2, 17),
    ("D8", _GPIO2, 16),
    ("D9", _GPIO2, 11),
)
_DR_SET, _DR_CLEAR = 0x84, 0x88
# Stock firmware lets the timer GPT2 count microseconds; this is its counter.
_GPT2_CNT = 0x400F0024


def connect():
    from machine import Pin

    latentcore.time_source(_GPT2_CNT)
    for channel, (pin, base, bit) in enumerate(GATES):
        Pin(pin, Pin.OUT, value=0)
        latentcore.gpio_output(channel, base + _DR_SET, base + _DR_CLEAR, 1 << bit)
