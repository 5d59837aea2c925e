"""The boot code: the part of stock firmware that a Linux process lacks.

It makes the process behave like a board: `/flash` is the only file system, `machine` has pins and
timers, Ctrl-C can be disabled for binary data, and main.py runs unless the REPL is in raw mode.
"""

import os
import sys

rom = __file__.rsplit("/", 1)[0]
sys.path[:] = [rom]

from stock import Implementation, mount_flash, replace_module  # noqa: E402 (`rom` is its folder)


def kbd_intr(character):
    """Set the character that interrupts, 3, or -1 for none: micropython.kbd_intr.

    A board sets its USB driver; here the terminal makes the interrupt. Without it data is binary:
    ONLRET, which has no effect here, tells the bridge so.
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
    """Reset the chip's model, and set `machine` and the pins to their state at power-on."""
    import machine
    import micropython
    import virtualboard

    virtualboard.bus = virtualboard.bus_address()
    version = tuple(int(part) for part in os.getenv("LATENTRACK_VERSION").split("."))
    events = open(os.getenv("LATENTRACK_EVENTS"), "rb")
    reports = open(os.getenv("LATENTRACK_REPORTS"), "wb")
    manual = os.getenv("LATENTRACK_TIME") == "manual"
    machine.power_on(
        manual, micropython.schedule, version, pairs("LATENTRACK_PINS"),
        pairs("LATENTRACK_ANALOG"), reports.fileno(),
    )  # fmt: skip
    machine.start_threads(events.fileno(), reports.fileno())
    machine._kept["files"] = (events, reports)
    machine.mem32[0x400D410C] = int(os.getenv("LATENTRACK_KEPT"))
    sys.modules["machine"] = machine
    replace_module("micropython", kbd_intr=kbd_intr, schedule=machine.schedule)
    replace_module("sys", platform="mimxrt", implementation=Implementation(version))


def pairs(variable):
    """Yield (number, value) from an environment variable, "number:value" separated by blanks."""
    for entry in os.getenv(variable).split():
        number, value = entry.split(":")
        yield int(number), int(value)


def tell_bridge(source):
    """Print a mark that main.py begins, which virtual/module.py removes from the output.

    From then on Ctrl-C interrupts main.py as on a board, unless it starts Latentrack.
    """
    starts = any(
        line.strip().startswith((b"from latentrack", b"import latentrack"))
        for line in source.split(b"\n")
    )
    sys.stdout.write("\0latentrack starts\0" if starts else "\0main.py runs\0")


def run_main():
    """Run main.py if LATENTRACK_MAIN is "run"."""
    if os.getenv("LATENTRACK_MAIN") != "run":
        return
    try:
        with open("main.py", "rb") as file:
            source = file.read()
    except OSError:
        return
    tell_bridge(source)
    for name in (
        "rom",
        "replace_module",
        "kbd_intr",
        "power_on",
        "pairs",
        "mount_flash",
        "Implementation",
        "tell_bridge",
        "run_main",
    ):
        globals().pop(name, None)
    try:
        exec(compile(source, "main.py", "exec"), globals())
    except (Exception, KeyboardInterrupt) as error:
        sys.print_exception(error)


power_on()
mount_flash(os.getenv("LATENTRACK_FLASH"), int(os.getenv("LATENTRACK_WRITE_US")))
run_main()
