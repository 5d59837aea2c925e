"""The virtual board's own hardware, without any device code: a Teensy fresh from the shop."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from latentrack.module.link import Link
from latentrack.virtual.module import VirtualModule
from tests import waiting


@pytest.fixture
def module() -> Iterator[VirtualModule]:
    with VirtualModule() as module:
        yield module


def until(link: Link, expression: str, value: object) -> None:
    """Waits until an expression on the module has that value."""
    waiting.until(
        lambda: link.evaluate(expression) == value,
        lambda: f"{expression} is {link.evaluate(expression)!r}, not {value!r}",
    )


def test_lamps_are_what_the_pins_say(module):
    with Link(module.port) as link:
        link.run("from machine import Pin\nlamps = [Pin('D30', Pin.OUT), Pin('D37', Pin.OUT)]")
        assert not any(module.panel.lamp(n) for n in (1, 2, 3, 4))
        link.run("lamps[0].value(1); lamps[1].on()")
        assert [module.panel.lamp(n) for n in (1, 2, 3, 4)] == [True, False, False, True]
        link.run("lamps[0].off(); lamps[0](1); lamps[0](0)")
        assert [module.panel.lamp(n) for n in (1, 2, 3, 4)] == [False, False, False, True]
        assert (module.panel.flashes(1), module.panel.flashes(4)) == (2, 1)
        assert link.evaluate("[pin.value() for pin in lamps]") == [0, 1]


def test_buttons_pull_their_pins_down_and_stay_where_they_are_over_a_reset(module):
    with Link(module.port) as link:
        link.run("from machine import Pin")
        pins = "[Pin(p, Pin.IN, Pin.PULL_UP).value() for p in ('D28', 'D38', 'D39', 'D29', 'D7')]"
        assert link.evaluate(pins) == [1, 1, 1, 1, 1]
        module.panel.press(2)
        module.panel.press("left")
        until(link, pins, [1, 0, 1, 1, 0])
        link.restart()
        link.run("from machine import Pin")
        assert link.evaluate(pins) == [1, 0, 1, 1, 0]
        module.panel.release(2)
        module.panel.release("left")
        until(link, pins, [1, 1, 1, 1, 1])


def test_cv_inputs_have_codes_from_five_to_minus_five_volts(module):
    with Link(module.port) as link:
        code = "__import__('machine').ADC('A11').read_u16()"
        # The amplifier inverts, and stock firmware makes 65519 of the converter's 4095.
        assert link.evaluate(code) == 32767
        for volts, wanted in ((5, 0), (-5, 65519), (2.5, 16383), (9, 0), (-9, 65519)):
            module.panel.cv("x", volts)
            until(link, code, wanted)
        module.panel.cv("8", 1)
        until(link, "__import__('machine').ADC('A13').read_u16()", 26207)


def test_a_hard_interrupt_in_python_misses_no_edge(module):
    """Clicks as fast as they can be written, while Python computes and collects garbage."""
    with Link(module.port) as link:
        link.run(
            "from machine import Pin\n"
            "class Count:\n"
            "    def __init__(self):\n"
            "        self.edges = self.low = 0\n"
            "    def edge(self, pin):\n"
            "        self.edges += 1\n"
            "        if not pin.value():\n"
            "            self.low += 1\n"
            "count = Count()\n"
            "for name in ('D22', 'D23'):\n"
            "    Pin(name, Pin.IN, Pin.PULL_UP).irq(count.edge, hard=True)\n"
        )
        module.panel.turn_encoder("left", 500)
        link.run("import gc\nfor i in range(200):\n    gc.collect()\n    x = [i] * 50")
        module.panel.turn_encoder("left", -250)
        until(link, "count.edges, count.low", (3000, 1500))


def test_a_soft_interrupt_comes_through_the_scheduler(module):
    with Link(module.port) as link:
        link.run(
            "from machine import Pin\n"
            "seen = []\n"
            "pin = Pin('D34', Pin.IN, Pin.PULL_UP)\n"
            "pin.irq(lambda pin: seen.append(pin.name), Pin.IRQ_FALLING)\n"
        )
        module.panel.trigger("trigger_3")
        until(link, "(__import__('time').sleep_ms(1), seen)[1]", ["D34"])


def test_a_mistake_in_a_hard_interrupt_is_shown_and_ends_it(module):
    """As on a board, whose firmware takes the handler away."""

    def pull_when_lit():
        waiting.until(lambda: module.panel.lamp(1), "the lamp stays dark")
        module.panel.trigger("trigger_3")
        module.panel.press(2)

    with Link(module.port) as link:
        link.run(
            "import time\n"
            "from machine import Pin\n"
            "count = 0\n"
            "button = Pin('D38', Pin.IN, Pin.PULL_UP)\n"
            "lamp = Pin('D30', Pin.OUT)\n"
            "def bad(pin):\n"
            "    global count\n"
            "    count += 1\n"
            "    raise ValueError('in the interrupt')\n"
            "Pin('D34', Pin.IN, Pin.PULL_UP).irq(bad, Pin.IRQ_FALLING, hard=True)\n"
        )
        for first in (True, False):
            # It must not speak before the code runs that listens to it.
            threading.Thread(target=pull_when_lit).start()
            shown = link.run(
                "lamp.on()\nwhile button.value(): time.sleep_ms(1)\nlamp.off()\nprint(count)"
            )
            assert shown.strip().endswith("1")
            assert ("ValueError: in the interrupt" in shown) == first
            module.panel.release(2)
            until(link, "button.value()", 1)


def test_the_display_hears_spi_only_while_it_is_selected(module):
    """The very bytes, in the order in which pins and SPI spoke."""
    with Link(module.port) as link:
        link.run(
            "from machine import Pin, SPI\n"
            "spi = SPI(0, baudrate=20000000)\n"
            "for p in ('D1', 'D10', 'D8', 'D9'): Pin(p, Pin.OUT, value=1)\n"
            "cs, dc, rst = (Pin(p, Pin.OUT, value=1) for p in ('D5', 'D6', 'D0'))\n"
            "def say(command, *data):\n"
            "    dc(0); spi.write(bytes([command])); dc(1); spi.write(bytes(data))\n"
            "def wake():\n"
            "    for line in ((0x11,), (0x3A, 5), (0x36, 0x68), (0x20,), (0x29,)):\n"
            "        say(*line)\n"
            "wake()\n"
        )
        assert not module.panel.screen().any()
        link.run(
            "cs(0); wake(); say(0x2A, 0, 0, 0, 159); say(0x2B, 0, 24, 0, 103)\n"
            "say(0x2C); spi.write(bytes([0xF8, 0]) * 12800); cs(1)\n"
        )
        assert (module.panel.screen() == (255, 0, 0)).all()
        assert module.panel.faults == []
        assert module.panel.display_bytes >= 25600
        link.run("rst(0)")
        assert not module.panel.screen().any()
    module.kill()
    with Link(module.port) as link:
        assert link.evaluate("1")
        assert not module.panel.screen().any()


def test_collections_beside_timers_and_interrupts_leave_every_object_alone(start, drum_model):
    """The signal that wakes the prompt must not wake the collector while it waits for a thread.

    It did: then two threads marked at once, objects in use were freed, and the module crashed.
    """
    module = start(drum_model, manual_time=True)
    with Link(module.port) as link:
        link.run(
            "import machine\n"
            "spi = machine.SPI(0, baudrate=20000000)\n"
            "data = bytes(2000)\n"
            "busy = machine.Timer(-1, period=1, callback=lambda timer: spi.write(data))\n"
            "litter = machine.Timer(-1, period=1, callback=lambda timer: [0] * 500)\n"
        )
        for _ in range(150):
            module.panel.clock(1000, spacing_us=2000)
            module.panel.settle()
        assert link.evaluate("instrument.frames") > 0


LONG_CALL = """
import machine, micropython, time
whole = began = 0
def call(_):
    global whole, began
    began += 1
    if began == 1:
        print('it runs')
        end = time.ticks_add(time.ticks_ms(), 300)
        while time.ticks_diff(end, time.ticks_ms()) > 0: pass
        whole += 1
{begin}
while not whole: pass
while True: pass
"""


@pytest.mark.parametrize(
    "begin", ["machine.Timer(-1, period=5, callback=call)", "micropython.schedule(call, 0)"]
)
def test_interrupts_are_for_what_the_prompt_runs(module, begin):
    """py/scheduler.c locks the scheduler around a call, and py/vm.c looks at what is pending, so at
    Ctrl-C, only where it is not locked."""
    with Link(module.port) as link:
        link.start(LONG_CALL.format(begin=begin))
        link.serial.timeout = waiting.PATIENCE_S
        assert link.serial.read_until(b"it runs").endswith(b"it runs")
        link.serial.write(b"\x03")
        assert b"KeyboardInterrupt" in link.serial.read_until(b"\x04>")
        assert link.evaluate("whole") == 1


def test_what_comes_after_a_pause_is_not_taken_for_what_nobody_takes(module):
    """A board drops output that waits for half a second, not output that comes after one."""
    with Link(module.port) as link:
        for number in range(5):
            assert link.evaluate("6 * 7") == 42
            module.freeze()
            thaw = threading.Timer(0.5, module.thaw)
            thaw.start()
            assert link.run(f"print({number})").strip() == str(number)
            thaw.join()
