"""Boards: which pin is which jack. A board is one module in this folder, a readable table.

    NAME       what it is called
    CLOCK      pin of the clock input       RESET     pin of the reset input
    TRIGGERS   pins of the trigger inputs 3 and 4
    EDGE       what a rising edge at these jacks is at the pin: "rising", or "falling" behind a
               stage that inverts
    PULL       the pull that these pins need: "up", "down", or None where the board has a resistor
    KNOBS      name -> analog input, for "x", "y", "z" and "threshold", and "w" where there is a
               fifth; a missing one stays put
    KNOBS_REVERSED  True where a knob turned clockwise gives the lowest code
    CV         name -> analog input, for "x", "y", "z", "threshold", "5", "6", "7", "8"
    CV_VOLTS   the volts at which a CV input's converter gives its lowest and its highest code
    OUT_VOLTS  the volts of an output at code 0 and at 65535; None: it has gates only
    NOTE_AT_0_V     the MIDI note whose pitch is 0 V
    ACCENT_VOLTS    the volts of the loudest accent; the softest is 0 V
    DRUM_JACKS the order in which drums take the eight jacks (from 0): five triggers, three accents
    BUTTONS    pins of the buttons, low when pressed      LEDS   pins of their lamps
    SAFE       a pin and its level, 0 or 1: read at power-on, it asks for a start without anything
               that a player wrote; or None
    KEPT_AT    address of a 32-bit register that a reset leaves alone, or 0
    ENCODERS   "left", "right" -> pins A, B and push
    MIDI       the number of its machine.UART, and whether that receives, or None: no MIDI
    DISPLAY    its ST7735: SPI number and baudrate, pins "select", "command", "reset", and its
               "glass": "red tab" or "green tab" (drivers/st7735.py); or None
    connect()  tells latentcore where the outputs are and what time it is

A Teensy reads which board it is on from the file /flash/board.txt: `xen` or `bare`, or the name of
another module here. Without it it is on the reference hardware, where no pin is driven that a
breadboard's wires would mind; the other way round, a bare board's gates would drive the reference
hardware's switches.
"""

# Not from files.FLASH: boards import nothing of the rest of the device code.
FILE = "/flash/board.txt"


def board_name():
    """What /flash/board.txt says, or what is most likely."""
    try:
        with open(FILE, "rb") as file:
            # Editors add marks and line ends, and may take two bytes a letter.
            return "".join(chr(byte) for byte in file.read() if 32 < byte < 127) or "xen"
    except OSError:
        return "xen"


def this_board():
    """The board that this module is on. Raises ImportError if no table has its name."""
    name = board_name()
    return __import__("latentrack.boards." + name, None, None, (name,))
