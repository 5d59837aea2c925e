"""The `machine` of the virtual module: pins, analog inputs and timers, as on a Teensy.

Only what Latentrack's device code uses, with the names and the rules of the stock module: a hard
interrupt takes a native function of one argument and runs while Python does whatever it does; a
soft timer's callback comes through MicroPython's scheduler.
"""

import _thread

import virtualboard

# The board's registers and its output channel. Their layout is virtualboard.c's.
registers = bytearray(4 + 4 + 2 * 32 + 64)
outputs = bytearray(8 * 1024)
_ANALOG = 8
_PINS = 8 + 2 * 32

# Native code does not keep Python's objects alive; these lists do.
_kept = {}


def _number(name, letter):
    if isinstance(name, str) and name[:1] == letter and name[1:].isdigit():
        return int(name[1:])
    raise ValueError("no pin {!r}; pins are called {}0, {}1, ...".format(name, letter, letter))


class Pin:
    IN = 0
    OUT = 1
    PULL_UP = 1
    PULL_DOWN = 2
    IRQ_FALLING = 1
    IRQ_RISING = 2

    def __init__(self, name, mode=IN, pull=None, value=None):
        self.number = _number(name, "D")

    def value(self):
        return registers[_PINS + self.number]

    def irq(self, handler=None, trigger=IRQ_FALLING | IRQ_RISING, hard=False):
        if handler is not None and not hard:
            raise ValueError("the virtual board has hard pin interrupts only")
        virtualboard.pin_irq(self.number, handler, trigger, self)
        _kept[self.number] = (self, handler)


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
            call = lambda _: callback(self)
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


def power_on(events, reports, manual, schedule):
    """Starts the interrupts and the timers; called once, before anything else runs."""
    virtualboard.setup(registers, outputs, manual, schedule)
    _thread.start_new_thread(virtualboard.serve, (events, reports))
    _thread.start_new_thread(_run_timers, ())


def _run_timers():
    while True:
        try:
            virtualboard.run_timers()
        except RuntimeError:
            pass  # the scheduler's queue was full: the next period tries again
