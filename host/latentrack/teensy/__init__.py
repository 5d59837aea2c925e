"""A Teensy 4.1 in software, which boots unchanged stock MicroPython firmware.

The package `unicorn` runs the processor's instructions; this package models memory, peripherals and
interrupts. docs/architecture.md lists what the model lacks.
"""
