"""The `machine` of the virtual module: what stock MicroPython's has on a Teensy 4.1, and no more.

Only what Latentrack uses is here, with the rules of the stock module: pins by the Teensy's names, a
hard interrupt that takes a native function of one argument and runs while Python does whatever it
does (or a Python function that must not allocate), soft interrupts and soft timers by way of
MicroPython's scheduler. What the chosen version of MicroPython lacks raises what it raises there.

Pins and SPI are register accesses on the model of the chip (firmware/chip); the other end of its
wires is the panel's (latentrack.virtual.wires).
"""

import _thread

import virtualboard

# Native code does not keep Python's objects alive; this does.
_kept = {}
_version = (1, 28, 0)
_GPIO1, _GPIO_SPACING = 0x401B8000, 0x4000
_GDIR, _DR_SET, _DR_CLEAR = 0x04, 0x84, 0x88


class Pin:
    """machine.Pin of the Teensy 4.1, on the model of its GPIO registers."""

    IN = 0
    OUT = 1
    PULL_UP = 1
    PULL_DOWN = 2
    IRQ_RISING = 1
    IRQ_FALLING = 2

    def __init__(self, name, mode=-1, pull=-1, *, value=None, drive=0, alt=-1):
        if isinstance(name, Pin):
            name = name.name
        if not isinstance(name, str):
            raise ValueError("Pin doesn't exist")
        self.number = virtualboard.pin_number(name)
        self.name = name
        self._base = _GPIO1 + ((self.number >> 5) - 1) * _GPIO_SPACING
        self._mask = 1 << (self.number & 31)
        if mode != -1:
            self.init(mode, pull, value=value)
        elif value is not None:
            self.value(value)

    def init(self, mode=-1, pull=-1, *, value=None, drive=0, alt=-1):
        """Sets direction and pull. Raises ValueError for another mode than IN or OUT."""
        if mode not in (Pin.IN, Pin.OUT):
            raise ValueError("invalid mode")
        if value is not None:
            self.value(value)
        virtualboard.pin_pull(self.number, pull if pull in (Pin.PULL_UP, Pin.PULL_DOWN) else 0)
        directions = virtualboard.read(self._base + _GDIR) & ~self._mask
        if mode == Pin.OUT:
            directions |= self._mask
        virtualboard.write(self._base + _GDIR, directions)

    def value(self, level=None):
        """The pin's level, 0 or 1, or drives it."""
        if level is None:
            return virtualboard.pin_level(self.number)
        virtualboard.write(self._base + (_DR_SET if level else _DR_CLEAR), self._mask)

    __call__ = value

    def on(self):
        """Drives the pin high."""
        self.value(1)

    def off(self):
        """Drives the pin low."""
        self.value(0)

    def irq(self, handler=None, trigger=IRQ_FALLING | IRQ_RISING, hard=False):
        """Calls a handler at edges; None: no more."""
        called = handler
        if handler is not None and not hard:
            called = _scheduled(handler)
        elif handler is not None and not _is_native(handler):
            called = _interrupt(handler)
        edges = (2 if trigger & Pin.IRQ_RISING else 0) | (1 if trigger & Pin.IRQ_FALLING else 0)
        virtualboard.pin_irq(self.number, called, edges, self)
        _kept[self.number] = (self, called)


def _is_native(function):
    return type(function) is type(len)  # native, of one argument


def _interrupt(handler):
    """Wrap a Python function as a hard interrupt's handler: an exception switches it off."""

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
    """Wrap a soft interrupt's handler; a call that finds the scheduler full is lost, as there."""

    def call(pin):
        try:
            schedule(handler, pin)
        except RuntimeError:
            pass

    return call


class SPI:
    """machine.SPI of the Teensy 4.1: SPI 0, on LPSPI4."""

    MSB = 0
    LSB = 1
    # Half periods of the shift clock, as NXP's driver works them out of 132 MHz.
    _CLOCK = 132000000

    def __init__(
        self, id, baudrate=1000000, *, polarity=0, phase=0, bits=8, firstbit=MSB, gap_ns=-1,
        cs=-1, drive=6, sck=None, mosi=None, miso=None,
    ):  # fmt: skip
        if id not in (0, 1, 2):
            raise ValueError(f"SPI({id}) doesn't exist")
        self._id = id
        if id == 0:
            virtualboard.spi_setup(polarity << 1 | phase, max(SPI._CLOCK // baudrate - 2, 0))

    def write(self, data):
        """Sends bytes. Raises OSError if the bus stays busy."""
        if self._id == 0:
            virtualboard.spi_write(data)


class ADC:
    """machine.ADC of the Teensy 4.1."""

    def __init__(self, pin):
        self.number = virtualboard.analog_number(pin.name if isinstance(pin, Pin) else pin)

    def read_u16(self):
        """The code at the pin, 0 to 65519."""
        # Twelve bits, scaled as the stock firmware does it: the highest code reads 65519.
        return virtualboard.analog(self.number) * 0xFFFF >> 12


class Timer:
    """machine.Timer: virtual timers only, hard or soft."""

    ONE_SHOT = 0
    PERIODIC = 1
    _free = {False: [0, 1, 2, 3], True: [0, 1, 2, 3]}  # hard or not -> slots

    def __init__(self, id=-1, **settings):
        if id != -1:
            raise ValueError("only virtual timers are supported")
        self._slot = None
        self._hard = False
        if settings:
            self.init(**settings)

    def init(self, *, mode=PERIODIC, period=-1, freq=-1, tick_hz=1000, callback=None, **more):
        """Starts it; it runs every `period` milliseconds, or once."""
        hard = _take_hard(more)
        if more:
            raise TypeError("extra keyword arguments given")
        if mode != Timer.PERIODIC:
            raise ValueError("the virtual module has periodic timers only")
        self.deinit()
        period_us = int(1000000 / freq) if freq > 0 else period * 1000
        if not Timer._free[hard]:
            raise RuntimeError("the virtual module has no more timers")
        self._hard = hard
        self._slot = Timer._free[hard].pop()
        if hard:
            _kept["hard", self._slot] = (self, callback)
            virtualboard.hard_timer(self._slot, period_us, callback, self)
        else:
            # As on a Teensy the callback gets the timer itself.
            def call(_):
                _uninterrupted(callback, self)

            _kept["soft", self._slot] = call
            virtualboard.soft_timer(self._slot, period_us, call)

    def deinit(self):
        """Stops it."""
        if self._slot is None:
            return
        if self._hard:
            virtualboard.hard_timer(self._slot, 0, None, None)
        else:
            virtualboard.soft_timer(self._slot, 0, None)
        Timer._free[self._hard].append(self._slot)
        self._slot = None


def _uninterrupted(function, argument):
    """On a board nothing looks at Ctrl-C while the scheduler calls something."""
    virtualboard.hold_interrupts(True)
    try:
        function(argument)
    finally:
        virtualboard.hold_interrupts(False)


def schedule(function, argument):
    """micropython.schedule"""
    _schedule(lambda _: _uninterrupted(function, argument), None)


def _take_hard(keywords):
    """The keyword `hard`, which MicroPython's timers have since 1.27."""
    return keywords.pop("hard", False) if _version >= (1, 27) else False


class _Memory:
    """machine.mem32: the chip's registers by address."""

    def __getitem__(self, address):
        return virtualboard.read(address)

    def __setitem__(self, address, value):
        virtualboard.write(address, value)


mem32 = _Memory()


def soft_reset():
    """Ends this run of MicroPython; the chip keeps its state."""
    raise SystemExit


def reset():
    """Resets the chip."""
    mem32[0xE000ED0C] = 0x05FA0004


def freq():
    """The processor's frequency in hertz."""
    return 600000000


def power_on(events, reports, manual, schedule, version, inputs, analog):
    """Start the interrupts and the timers. boot.py calls it once, before anything else runs.

    `inputs` and `analog` say how the board's switches and knobs stand: pairs (number, value).
    """
    global _schedule, _version
    _schedule = schedule
    _version = version
    virtualboard.setup(manual, schedule)
    virtualboard.report_to(reports)
    for number, drive in inputs:
        virtualboard.set_input(number, drive)
    for number, code in analog:
        virtualboard.set_analog(number, code)
    _thread.start_new_thread(virtualboard.serve, (events, reports))
    _thread.start_new_thread(_run_timers, ())


def _run_timers():
    while True:
        try:
            virtualboard.run_timers()
        except RuntimeError:
            pass  # the scheduler's queue was full: the next period tries again
