"""The boot code of a module in a web page: the part of stock firmware that MicroPython lacks there.

The page's worker imports it, calls `power_on`, and then runs main.py.
"""

import gc
import sys

from stock import Implementation, mount_flash, replace_module

ROOT = "/store"
"""The folder, in the worker's memory, that is the flash."""
# How much memory the module believes to have: while it takes its arena, which then is as large as
# on a Teensy; and besides, for code and objects, which no collection makes fewer within one call.
_heap = [720 * 1024]
_MORE = 256 * 1024
_KEPT = 0x400D410C


def power_on(version, inputs, analog, kept):
    """Reset the chip's model, and mount the flash.

    version: of the stock MicroPython.  inputs, analog: as `machine.power_on` takes them.
    kept: what the register has that a reset leaves alone.
    """
    import latentcore  # noqa: F401 (from here on /rom cannot be seen)
    import machine
    import micropython
    import virtualboard

    machine.power_on(True, micropython.schedule, version, inputs, analog)
    machine.mem32[_KEPT] = kept
    replace_module("micropython", kbd_intr=_ignore, schedule=machine.schedule)
    replace_module("sys", platform="mimxrt", implementation=Implementation(version))
    replace_module(
        "time", ticks_ms=virtualboard.ticks_ms, ticks_us=virtualboard.ticks_us,
        sleep_us=virtualboard.wait, sleep_ms=_sleep_ms, sleep=_sleep,
    )  # fmt: skip
    # MicroPython's own would count all that a page could still get.
    replace_module("gc", mem_free=_mem_free)
    mount_flash(ROOT, 0)
    try:
        import latentrack.arena  # noqa: F401
    except ImportError:
        pass  # no Latentrack on this flash
    _heap[0] += _MORE
    del sys.modules["boot"]


def _mem_free():
    return max(_heap[0] - gc.mem_alloc(), 0)


def _ignore(_):
    pass


def _sleep_ms(ms):
    import virtualboard

    virtualboard.wait(ms * 1000)


def _sleep(seconds):
    _sleep_ms(int(seconds * 1000))
