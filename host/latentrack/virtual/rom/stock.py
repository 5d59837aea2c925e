"""What stock firmware has built in, for the boot code of modules that are not hardware."""

import os
import sys


def replace_module(name, **changes):
    """Replace a built-in module, which cannot be changed, by an object with its attributes."""

    class Module:
        pass

    module = Module()
    original = __import__(name)
    for attribute in dir(original):
        if attribute[:2] != "__":
            setattr(module, attribute, getattr(original, attribute))
    for attribute in changes:
        setattr(module, attribute, changes[attribute])
    sys.modules[name] = module


class Implementation:
    """sys.implementation of the chosen version of MicroPython.

    `_mpy` is the computer's own, as native code runs on the computer.
    """

    def __init__(self, version):
        self.name = sys.implementation.name
        self.version = version + ("",)
        self._machine = "Virtual Teensy 4.1 with MIMXRT1062DVJ6A"
        self._mpy = sys.implementation._mpy


def mount_flash(root, write_us):
    """Mount the flash; make it the current folder and the path of imports.

    root: its folder.  write_us: how long a write takes, in microseconds.
    """
    from flash import Flash

    flash = Flash(root, write_us)
    os.umount("/")
    os.mount(flash, "/flash")
    del sys.modules["flash"], sys.modules["stock"]
    os.chdir("/flash")
    sys.path[:] = ["", "/flash", "/flash/lib"]
