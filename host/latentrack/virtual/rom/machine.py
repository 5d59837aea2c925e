"""The `machine` of the virtual module: pins, analog inputs, SPI and timers, as on a Teensy.

Only what Latentrack's device code uses, with the names and the rules of the stock module: a hard
interrupt takes a native function of one argument and runs while Python does whatever it does, or a
Python function that must not allocate; a soft one, and a soft timer's callback, comes through
MicroPython's scheduler.

What the processor says on its pins and on SPI goes to the panel as records, in the order in which
it is said (latentrack.virtual.wires reads them).
"""

import _thread
import struct

import virtualboard

# The board's registers and its output channel. Their layout is virtualboard.c's.
registers = bytearray(4 + 4 + 2 * 32 + 64)
outputs = bytearray(8 * 1024)
_ANALOG = 8
_PINS = 8 + 2 * 32

_WIRE = "<BBH"  # kind, index, value; of SPI the value is the number of bytes that follow
_WIRE_PIN, _WIRE_SPI = 0, 1
# A FIFO takes so many bytes in one piece, whoever is killed when.
_PIECE = 4096 - 4

# Native code does not keep Python's objects alive; these lists do.
_kept = {}


def _number(name, letter):
    if isinstance(name, str) and name[:1] == letter and name[1:].isdigit():
        return int(name[1:])
    raise ValueError(f"no pin {name!r}; pins are called {letter}0, {letter}1, ...")


class Pin:
    IN = 0
    OUT = 1
    PULL_UP = 1
    PULL_DOWN = 2
    IRQ_FALLING = 1
    IRQ_RISING = 2

    def __init__(self, name, mode=None, pull=None, value=None):
        self.number = _number(name, "D")
        if mode == Pin.OUT:
            self.value(registers[_PINS + self.number] if value is None else value)

    def value(self, level=None):
        if level is None:
            return registers[_PINS + self.number]
        level = 1 if level else 0
        registers[_PINS + self.number] = level
        _wire(_WIRE_PIN, self.number, level)

    __call__ = value

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)

    def irq(self, handler=None, trigger=IRQ_FALLING | IRQ_RISING, hard=False):
        called = handler
        if handler is not None and not hard:
            called = _scheduled(handler)
        elif handler is not None and not _is_native(handler):
            called = _interrupt(handler)
        virtualboard.pin_irq(self.number, called, trigger, self)
        _kept[self.number] = (self, called)


def _is_native(function):
    return type(function) is type(len)  # native, of one argument


def _interrupt(handler):
    """A Python function as a hard interrupt's handler: as on a board, a mistake in it ends it."""

    def call(pin):
        try:
            handler(pin)
        except Exception as error:
            import sys

            pin.irq(None, hard=True)
            print("Uncaught exception in IRQ callback handler")
            sys.print_exception(error)

    return call


def _scheduled(handler):
    """A soft interrupt's handler; when the scheduler's queue is full it is lost, as on a board."""

    def call(pin):
        try:
            _schedule(handler, pin)
        except RuntimeError:
            pass

    return call


def _wire(kind, index, value, data=b""):
    if "wires" in _kept:
        _kept["wires"].write(struct.pack(_WIRE, kind, index, value) + data)


class SPI:
    MSB = 0
    LSB = 1

    def __init__(self, id, baudrate=1000000, *, polarity=0, phase=0, bits=8, firstbit=MSB):
        if id not in (0, 1):
            raise ValueError(f"SPI({id}) doesn't exist")
        self._id = id

    def write(self, data):
        data = memoryview(data)
        for start in range(0, len(data), _PIECE):
            piece = data[start : start + _PIECE]
            _wire(_WIRE_SPI, self._id, len(piece), bytes(piece))


class ADC:
    def __init__(self, name):
        self.number = _number(name, "A")

    def read_u16(self):
        at = _ANALOG + 2 * self.number
        return registers[at] | registers[at + 1] << 8


class Timer:
    ONE_SHOT = 0
    PERIODIC = 1
    _free = [0, 1, 2, 3]

    def __init__(self, id=-1, **settings):
        self._slot = None
        self._hard = False
        if settings:
            self.init(**settings)

    def init(self, *, mode=PERIODIC, period=-1, freq=-1, callback=None, hard=False):
        if mode != Timer.PERIODIC:
            raise ValueError("the virtual board has periodic timers only")
        self.deinit()
        period_us = int(1000000 / freq) if freq > 0 else period * 1000
        self._hard = hard
        if hard:
            virtualboard.hard_timer(period_us, callback, self)
            _kept["timer"] = (self, callback)
        else:
            if not Timer._free:
                raise RuntimeError("all timers are in use")
            self._slot = Timer._free.pop()

            # Like a board's timer the callback gets the timer itself.
            def call(_):
                return callback(self)

            _kept["timer", self._slot] = call
            virtualboard.soft_timer(self._slot, period_us, call)

    def deinit(self):
        if self._hard:
            virtualboard.hard_timer(0, None, None)
            self._hard = False
        if self._slot is not None:
            virtualboard.soft_timer(self._slot, 0, None)
            Timer._free.append(self._slot)
            self._slot = None


def soft_reset():
    raise SystemExit


def set_analog(number, code):
    """Where a knob stands before anybody turns it."""
    at = _ANALOG + 2 * number
    registers[at] = code & 0xFF
    registers[at + 1] = code >> 8


def set_pin(number, level):
    """What is at an input before anything happens: a button at rest is high."""
    registers[_PINS + number] = level


def power_on(events, reports, wires, manual, schedule):
    """Starts the interrupts and the timers; called once, before anything else runs."""
    global _schedule
    _schedule = schedule
    _kept["wires"] = wires
    virtualboard.setup(registers, outputs, manual, schedule)
    _thread.start_new_thread(virtualboard.serve, (events, reports))
    _thread.start_new_thread(_run_timers, ())


def _run_timers():
    while True:
        try:
            virtualboard.run_timers()
        except RuntimeError:
            pass  # the scheduler's queue was full: the next period tries again
