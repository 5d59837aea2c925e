"""What happens at power-on: the part of the stock firmware that a Linux process lacks.

It makes the process a board: `/flash` is the only file system, `machine` has pins and timers,
Ctrl-C can be switched off for binary data, and main.py runs unless the REPL is in raw mode.
"""

import os
import sys

rom = __file__.rsplit("/", 1)[0]
sys.path[:] = [rom]


def replace_module(name, **changes):
    """A built-in module cannot be changed; an object with the same attributes takes its place."""

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


def kbd_intr(character):
    """On a board this tells the USB driver; here the terminal makes the interrupt.

    Without it binary data comes; ONLRET, which does nothing here, says so to the bridge.
    """
    import termios

    isig, onlret = 1, 0x20
    attributes = termios.tcgetattr(0)
    if character < 0:
        attributes[1] |= onlret
        attributes[3] &= ~isig
    else:
        attributes[1] &= ~onlret
        attributes[3] |= isig
    termios.tcsetattr(0, termios.TCSANOW, attributes)


def power_on():
    import machine
    import micropython

    events = open(os.getenv("LATENTRACK_EVENTS"), "rb")
    reports = open(os.getenv("LATENTRACK_REPORTS"), "wb")
    wires = open(os.getenv("LATENTRACK_WIRES"), "wb")
    for variable, set_input in (
        ("LATENTRACK_ANALOG", machine.set_analog),
        ("LATENTRACK_PINS", machine.set_pin),
    ):
        for entry in os.getenv(variable).split():
            number, value = entry.split(":")
            set_input(int(number), int(value))
    manual = os.getenv("LATENTRACK_TIME") == "manual"
    machine.power_on(events.fileno(), reports.fileno(), wires, manual, micropython.schedule)
    machine._kept["files"] = (events, reports)
    sys.modules["machine"] = machine
    replace_module("micropython", kbd_intr=kbd_intr)


def mount_flash():
    from flash import Flash

    flash = Flash(os.getenv("LATENTRACK_FLASH"))
    os.umount("/")
    os.mount(flash, "/flash")
    del sys.modules["flash"]
    os.chdir("/flash")
    sys.path[:] = ["", "/flash", "/flash/lib"]


def run_main():
    if os.getenv("LATENTRACK_MAIN") != "run":
        return
    try:
        with open("main.py") as file:
            source = file.read()
    except OSError:
        return
    for name in ("rom", "replace_module", "kbd_intr", "power_on", "mount_flash", "run_main"):
        globals().pop(name, None)
    try:
        exec(compile(source, "main.py", "exec"), globals())
    except Exception as error:
        sys.print_exception(error)


power_on()
mount_flash()
run_main()
