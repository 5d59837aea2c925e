"""The reference hardware: eight outputs through two DAC8164, a display, encoders, buttons, CV.

The pins are the reference project's. What its input and output stages make of voltages is not
written down anywhere that we know: CV_VOLTS and OUT_VOLTS are what its firmware counts on, and
the calibration page puts them right for each module.
"""

import latentcore

NAME = "xen"
CLOCK = "D36"
RESET = "D35"
TRIGGERS = ("D34", "D33")
KNOBS = {"x": "A7", "y": "A2", "z": "A3", "threshold": "A6"}
CV = {
    "x": "A11", "y": "A10", "z": "A1", "threshold": "A0",
    "5": "A16", "6": "A17", "7": "A12", "8": "A13",
}  # fmt: skip
CV_VOLTS = (-5, 5)  # at the converter's lowest and highest code
OUT_VOLTS = (0, 10)
BUTTONS = ("D28", "D38", "D39", "D29")
LEDS = ("D30", "D31", "D32", "D37")
ENCODERS = {"left": ("D22", "D23", "D7"), "right": ("D3", "D4", "D2")}
DISPLAY = {"spi": 0, "baudrate": 20000000, "select": "D5", "command": "D6", "reset": "D0"}

# The converters hang on the display's SPI: LPSPI4. Selects: (GPIO port's base address, bit) of the
# first chip's pin 9 (outputs 1 to 4), the second's pin 8, and the display's pin 5.
_LPSPI4 = 0x403A0000
_GPIO2, _GPIO4 = 0x401BC000, 0x401C4000
SELECTS = (("D9", _GPIO2, 11), ("D8", _GPIO2, 16), ("D5", _GPIO4, 8))
_DR, _DR_SET, _DR_CLEAR = 0x00, 0x84, 0x88
# Codes of a gate: 0 V and 5 V.
GATE_CODES = (0, 32768)
_GPT2_CNT = 0x400F0024


def connect():
    from array import array

    from machine import SPI, Pin

    latentcore.time_source(_GPT2_CNT)
    # Sets the bus's pins and clock up; the display uses the same object's bus afterwards.
    SPI(DISPLAY["spi"], baudrate=DISPLAY["baudrate"])
    pins = array("I")
    for name, base, bit in SELECTS:
        Pin(name, Pin.OUT, value=1)
        for word in (base + _DR, base + _DR_SET, base + _DR_CLEAR, 1 << bit):
            pins.append(word)
    latentcore.dac_outputs(_LPSPI4, pins)
    for channel in range(8):
        latentcore.dac_output(channel, channel // 4, channel % 4, *GATE_CODES)
