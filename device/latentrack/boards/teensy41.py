"""The Teensy 4.1 below `machine.Pin`: addresses of the i.MX RT1062 that latentcore uses.

Numbers: NXP, i.MX RT1060 Processor Reference Manual; PJRC's schematic for the pins. A test compares
them with firmware/chip/rt1062.def.
"""

# Stock firmware lets the timer GPT2 count microseconds from power-on; this is its counter.
TIME_US = 0x401F0024
LPSPI4 = 0x403A0000
# A register that a reset leaves alone (SNVS_LPGPR3); without power it is 0.
KEPT = 0x400D410C
# Registers of a GPIO port: data, levels at the pins, set, clear.
DR, PSR, DR_SET, DR_CLEAR = 0x00, 0x08, 0x84, 0x88
# The highest value of read_u16(): 4095 of the converter's 4096 codes, as stock firmware scales it.
ADC_TOP = 65519

_GPIO1, _SPACING = 0x401B8000, 0x4000
_LPUART1, _MIDI_BAUD = 0x40184000, 31250
# The LPUART of machine.UART(1) to UART(8).
_LPUARTS = b"\x06\x04\x02\x03\x08\x01\x07\x05"
# Pin D<n>: the number of its GPIO port << 5 | its bit there, for D0 to D41.
_PLACES = (
    b"\x23\x22\x84\x85\x86\x88\x4a\x51\x50\x4b\x40\x42\x41\x43\x32\x33\x37\x36\x31\x30\x3a"
    b"\x3b\x38\x39\x2c\x2d\x3e\x3f\x72\x9f\x77\x76\x4c\x87\x5d\x5c\x52\x53\x3c\x3d\x34\x35"
)


def port_and_mask(pin):
    """(base address of its GPIO port, mask of its bit) of a pin, "D0" to "D41"."""
    number = _PLACES[int(pin[1:])]
    return _GPIO1 + ((number >> 5) - 1) * _SPACING, 1 << (number & 31)


def open_midi(number, receives):
    """Gives latentcore machine.UART(number) for MIDI; `receives`: its second pin is an input.

    The UART takes both its pins: make a machine.Pin of one that is used otherwise afterwards.
    """
    import latentcore
    from machine import UART

    UART(number, _MIDI_BAUD)
    base = _LPUART1 + (_LPUARTS[number - 1] - 1) * _SPACING
    latentcore.midi_port(base, receives)
