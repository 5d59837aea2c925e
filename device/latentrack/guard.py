"""The guard: how long code may run in a frame, and what ends it when it runs longer.

Frames run on MicroPython's scheduler. While one runs the prompt waits, and nothing there looks at
Ctrl-C. So latentcore's tick, a hard timer's, watches:

    after STOP_MS   every loop and function of the code that is added here raises (breaks.py)
    after RESET_MS  the chip is reset, for code that is not Python's to stop; a register that the
                    reset leaves alone says at the next start what was running

The clock goes on through the first; the second costs it the time of a start.
"""

import binascii
from array import array

import latentcore

STOP_MS = 1000
RESET_MS = 4000
# The instruction RAISE_LAST of MicroPython's bytecode: outside any `except` a RuntimeError.
RAISE = 0x64
# Numbers of what runs: the parts of a frame from here on; names have larger ones.
PART = 1
_NAMES = 1 << 12
# Any of the behaviours, so the number of what runs between frames: a function that one of them
# gave to a timer or to the scheduler. In the register after a failed start: no behaviour is
# loaded at the next one.
BEHAVIOURS = _NAMES - 1
# latentcore counts time between frames more slowly: a file that is written takes a while too.
BETWEEN_MS = 4 * STOP_MS

_units = {}
# What latentcore was told last: the addresses, what stands there, and what keeps that in memory.
_addresses = array("L")
_before = bytearray()
_alive = ()
kept_at = 0
# The number of what ran when the module was stopped last.
culprit = 0


def number_of(name):
    """The number of a name: a small integer, the same at every start."""
    return binascii.crc32(name.encode()) & 0x3FFFFFFF | _NAMES


def begin(kept):
    """Before anything else. `kept`: the address of a register that a reset leaves alone, or 0."""
    global kept_at
    kept_at = kept
    _lay()


def add(name, code, whole=True):
    """What `compile` gave can be stopped from now on; in place of what had that name.

    Without `whole` its functions only: the body has run and may go.
    """
    try:
        from latentrack import breaks

        _units[name] = breaks.addresses(code, whole)
    except (ImportError, ValueError, MemoryError):
        # It cannot be stopped: then it takes a reset.
        _units.pop(name, None)
    _lay()


def remove(name):
    """Takes that code away again."""
    if _units.pop(name, None) is not None:
        _lay()


def silence(name):
    """Removes that code, and whoever still calls it, as a timer does, gets None at once."""
    from latentrack import breaks

    addresses = _units.get(name)
    remove(name)
    if addresses is not None:
        breaks.silence(addresses)


def has(name):
    """Whether code of that name can be stopped (`add`)."""
    return name in _units


def unit(name):
    """What `put_back` takes: the code of that name, or None."""
    return _units.get(name)


def put_back(name, before):
    """Undoes an `add`."""
    if before is None:
        remove(name)
    else:
        _units[name] = before
        _lay()


def _lay():
    """Tells latentcore where the code of all units can be stopped."""
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
    """After a stop: the code is again as it was."""
    for i in range(len(_addresses)):
        _byte(_addresses[i])[0] = _before[i]


def _byte(address):
    import uctypes

    return uctypes.bytearray_at(address, 1)


def run(number, work):
    """What `work` returns, on the scheduler. RuntimeError: it did not come to an end."""
    latentcore.guard(number)
    try:
        return work()
    finally:
        if latentcore.guard(0) >= STOP_MS:
            mend()
            raise RuntimeError("it timed out after 1 s")
