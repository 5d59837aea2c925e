"""A Teensy 4.1 in software: stock MicroPython firmware boots in it, unchanged.

The processor is the package `unicorn`; memory, peripherals and interrupts are modelled here. What
the model leaves out is listed in docs/architecture.md.
"""
