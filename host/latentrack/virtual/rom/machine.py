"""The `machine` of the virtual module: a part of stock MicroPython's on a Teensy 4.1.

It has what Latentrack uses, with the rules of the stock module: pins by the Teensy's names; hard
interrupts, which call a native function of one argument at any time (or a Python function that must
not allocate); soft interrupts and soft timers, which use MicroPython's scheduler. A feature that
the chosen version of MicroPython lacks raises the same exception as there.

Pins and SPI are register accesses on the model of the chip (firmware/chip), whose wires lead to the
panel (latentrack.virtual.wires).
"""

import virtualboard

# Keeps Python objects alive that only native code refers to.
_kept = {}
_version = (1, 28, 0)
_NATIVE = type(virtualboard.read)  # of one argument
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
        """Set direction and pull. Raises ValueError for another mode than IN or OUT."""
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
        """Return the pin's level, 0 or 1, or drive the pin to a level."""
        if level is None:
            return virtualboard.pin_level(self.number)
        virtualboard.write(self._base + (_DR_SET if level else _DR_CLEAR), self._mask)

    __call__ = value

    def on(self):
        """Drive the pin high."""
        self.value(1)

    def off(self):
        """Drive the pin low."""
        self.value(0)

    def irq(self, handler=None, trigger=IRQ_FALLING | IRQ_RISING, hard=False):
        """Call a handler at each edge; None removes the handler."""
        called = handler
        if handler is not None and not hard:
            called = _scheduled(handler)
        elif handler is not None and not _is_native(handler):
            called = _interrupt(handler)
        edges = (2 if trigger & Pin.IRQ_RISING else 0) | (1 if trigger & Pin.IRQ_FALLING else 0)
        virtualboard.pin_irq(self.number, called, edges, self)
        _kept[self.number] = (self, called)


def _is_native(function):
    return type(function) is _NATIVE


def _interrupt(handler):
    """Wrap a Python function as a hard interrupt's handler, which an exception removes."""

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
    """Wrap a soft interrupt's handler; a call is lost if the scheduler is full, as on a board."""

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
    # The clock in Hz from which NXP's driver derives the half period of the shift clock.
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
        """Send bytes. Raises OSError if the bus stays busy."""
        if self._id == 0:
            virtualboard.spi_write(data)


class UART:
    """machine.UART of the Teensy 4.1: it can be set up; its driver's bytes go nowhere else."""

    def __init__(
        self, id, baudrate=115200, bits=8, parity=None, stop=1, *, flow=0, timeout=0,
        timeout_char=0, invert=0, rxbuf=256, txbuf=256,
    ):  # fmt: skip
        if id not in range(1, 9):
            raise ValueError(f"UART({id}) doesn't exist")
        if (bits, parity, stop, flow, invert) != (8, None, 1, 0, 0):
            raise ValueError("the virtual module has UARTs of 8 bits, no parity, 1 stop bit")
        virtualboard.uart_setup(id, baudrate)


class ADC:
    """machine.ADC of the Teensy 4.1."""

    def __init__(self, pin):
        self.number = virtualboard.analog_number(pin.name if isinstance(pin, Pin) else pin)

    def read_u16(self):
        """The code at the pin, 0 to 65519."""
        # 12 bits, scaled as in stock firmware: the highest code reads 65519.
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
        """Start the timer: call `callback` every `period` milliseconds, or `freq` times a second.

        Raises ValueError for a mode other than PERIODIC, RuntimeError without a free timer.
        """
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
            # The callback gets the timer itself, as on a Teensy.
            def call(_):
                _uninterrupted(callback, self)

            _kept["soft", self._slot] = call
            virtualboard.soft_timer(self._slot, period_us, call)

    def deinit(self):
        """Stop the timer."""
        if self._slot is None:
            return
        if self._hard:
            virtualboard.hard_timer(self._slot, 0, None, None)
        else:
            virtualboard.soft_timer(self._slot, 0, None)
        Timer._free[self._hard].append(self._slot)
        self._slot = None


def _uninterrupted(function, argument):
    """Call a function without Ctrl-C, which a board ignores while the scheduler calls code."""
    virtualboard.hold_interrupts(True)
    try:
        function(argument)
    finally:
        virtualboard.hold_interrupts(False)


def schedule(function, argument):
    """Queue `function(argument)` (micropython.schedule). RuntimeError: the queue is full."""
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
    """End this run of MicroPython; the chip keeps its state."""
    raise SystemExit


def reset():
    """Reset the chip, by its register AIRCR."""
    mem32[0xE000ED0C] = 0x05FA0004


def freq():
    """The processor's frequency in hertz."""
    return 600000000


def power_on(manual, schedule, version, inputs, analog, reports=None):
    """Reset the chip; called once by the boot code, before any other code.

    manual: whether time comes with events.  schedule: micropython.schedule.  `inputs` and `analog`
    are the states of the board's inputs, pairs (number, value).  reports: a file descriptor.
    """
    global _schedule, _version
    _schedule = schedule
    _version = version
    virtualboard.setup(manual, schedule)
    if reports is not None:
        virtualboard.report_to(reports)
    for number, drive in inputs:
        virtualboard.set_input(number, drive)
    for number, code in analog:
        virtualboard.set_analog(number, code)


def start_threads(events, reports):
    """Start interrupts and timers, which are threads; events, reports: file descriptors."""
    import _thread

    _thread.start_new_thread(virtualboard.serve, (events, reports))
    _thread.start_new_thread(_run_timers, ())


def _run_timers():
    while True:
        try:
            virtualboard.run_timers()
        except RuntimeError:
            pass  # the scheduler's queue was full: the next period tries again
