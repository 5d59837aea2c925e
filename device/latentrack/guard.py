"""The guard: limits how long code runs in a frame, and ends code that runs longer.

Frames run on MicroPython's scheduler, during which the prompt waits and Ctrl-C has no effect. So
latentcore's tick, called by a hard timer, watches:

    after STOP_MS   every loop and function of the code that was added here raises (breaks.py)
    after RESET_MS  the chip is reset, to end code that is not Python; a register that keeps its
                    value through the reset tells the next start which code was running

The clock goes on through a stop; a reset interrupts it for the time of a start.
"""

import binascii
from array import array

import latentcore

STOP_MS = 1000
RESET_MS = 4000
# The instruction RAISE_LAST of MicroPython's bytecode: outside any `except` a RuntimeError.
RAISE = 0x64
# The number of running code: PART + i for part i of a frame, _NAMES or more for a named one.
PART = 1
_NAMES = 1 << 12
# The number of code between frames: a function that some behaviour gave to a timer or to the
# scheduler. If the register has it after a failed start, the next start loads no behaviour.
BEHAVIOURS = _NAMES - 1
# Between frames latentcore counts a quarter of the time, as writing a file takes long, too.
BETWEEN_MS = 4 * STOP_MS

_units = {}
# What latentcore has: the addresses, the bytes there, and the objects that keep them in memory.
_addresses = array("L")
_before = bytearray()
_alive = ()
kept_at = 0
# The number of the code that was running when the module was last reset by the guard; 0: none.
culprit = 0


def number_of(name):
    """The number of a name: 4096 to 2^30 - 1, the same at every start."""
    return binascii.crc32(name.encode()) & 0x3FFFFFFF | _NAMES


def begin(kept):
    """Set up the guard, before all else.

    kept: the address of a register that keeps its value through a reset, or 0.
    """
    global kept_at
    kept_at = kept
    _lay()


def add(name, code, whole=True):
    """Make a code object that can be stopped known by a name, in place of an earlier one.

    whole: False adds its functions only, as the body has run and may be collected.
    """
    try:
        from latentrack import breaks

        _units[name] = breaks.addresses(code, whole)
    except (ImportError, ValueError, MemoryError):
        # Code that cannot be stopped is ended by the reset.
        _units.pop(name, None)
    _lay()


def remove(name):
    """Forget the code of that name."""
    if _units.pop(name, None) is not None:
        _lay()


def silence(name):
    """Forget the code of that name, and have its functions return None at once.

    A timer may still call them.
    """
    from latentrack import breaks

    addresses = _units.get(name)
    remove(name)
    if addresses is not None:
        breaks.silence(addresses)


def has(name):
    """Whether code of that name can be stopped (`add`)."""
    return name in _units


def unit(name):
    """The addresses under that name, for `put_back`; None if there are none."""
    return _units.get(name)


def put_back(name, before):
    """Undo an `add`; `before` is what `unit` returned before it."""
    if before is None:
        remove(name)
    else:
        _units[name] = before
        _lay()


def _lay():
    """Give latentcore the addresses at which the code of all units can be stopped."""
    global _addresses, _before, _alive
    mend()
    addresses = array("L")
    for found in _units.values():
        for address in found:
            if not address:
                break
            addresses.append(address)
    before = bytearray(len(addresses))
    for i in range(len(addresses)):
        before[i] = _byte(addresses[i])[0]
    latentcore.guard_code(addresses, RAISE, STOP_MS, RESET_MS, kept_at)
    _addresses, _before, _alive = addresses, before, list(_units.values())


def mend():
    """Restore the bytecode after a stop."""
    for i in range(len(_addresses)):
        _byte(_addresses[i])[0] = _before[i]


def _byte(address):
    import uctypes

    return uctypes.bytearray_at(address, 1)


def run(number, work):
    """Call `work` on the scheduler and return its result; `number` says which code it is.

    Raises RuntimeError if it ran for STOP_MS, 1 s.
    """
    latentcore.guard(number)
    try:
        return work()
    finally:
        if latentcore.guard(0) >= STOP_MS:
            mend()
            raise RuntimeError("it timed out after 1 s")
