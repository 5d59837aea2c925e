"""The chip behind the virtual module: it refuses what a Teensy's chip refuses.

Register addresses and values here are those of NXP's reference manual, by hand.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from latentrack.errors import UserError
from latentrack.module.link import Link, ModuleError
from latentrack.virtual.chip import chip
from latentrack.virtual.module import VirtualModule

GPIO2, GPIO4, LPSPI4 = 0x401BC000, 0x401C4000, 0x403A0000


@pytest.fixture
def module() -> Iterator[VirtualModule]:
    with VirtualModule() as module:
        yield module


def test_the_table_of_the_chip_has_the_manuals_addresses():
    blocks = chip().blocks
    assert (blocks["GPIO1"], blocks["GPIO2"]) == (0x401B8000, GPIO2)
    assert (blocks["GPT1"], blocks["GPT2"]) == (0x401EC000, 0x401F0000)
    assert (blocks["LPSPI4"], blocks["LPUART6"]) == (LPSPI4, 0x40198000)
    assert chip().registers["GPT"]["CNT"] == 0x24
    assert 0x400F0000 not in blocks.values()
    assert chip().interrupts["GPIO2_16_31"] == 83


def test_the_table_of_pins_is_the_teensys():
    """From PJRC's schematic: D36 is B1_02, which is GPIO2 bit 18, and so on."""
    pins = chip().pins
    assert set(pins) == {f"D{n}" for n in range(42)}
    assert len(set(pins.values())) == 42
    known = {"D36": (2, 18), "D35": (2, 28), "D5": (4, 8), "D9": (2, 11), "D22": (1, 24)}
    assert {name: pins[name] for name in known} == known
    analog = chip().analog_input
    assert (analog("D40"), analog("D41"), analog("A0")) == ((1, 9), (1, 10), (1, 7))
    with pytest.raises(ValueError, match="no pin A14"):
        analog("A14")


@pytest.mark.parametrize(
    "code, address",
    [
        ("machine.mem32[0x400F0024]", "0x400f0024"),
        ("machine.mem32[0x401F0028]", "0x401f0028"),  # GPT2 has no register behind its counter
        ("machine.mem32[0x401BC088 + 0x40] = 1", "0x401bc0c8"),
        ("import latentcore; latentcore.time_source(0x400F0024)\n"
         "latentcore.clock(None)", "0x400f0024"),
    ],
)  # fmt: skip
def test_an_address_without_a_register_ends_the_module_with_one_line(
    installed_flash, code, address
):
    with VirtualModule(installed_flash) as module:
        with Link(module.port) as link:
            # Its output is not waited for: it ends, perhaps before it has said that it begins.
            with contextlib.suppress(UserError):
                link.start(f"import machine\n{code}")
            module.wait_for_fault()
        assert address in module.panel.bus_fault
        assert "\n" not in module.panel.bus_fault
        with pytest.raises(UserError, match=f"Bus fault.*{address}"):
            module.panel.clock(1)
            module.panel.settle()
        with pytest.raises(UserError, match="Bus fault"):
            module.wait()


def test_time_counts_microseconds_at_the_address_of_gpt2(module):
    with Link(module.port) as link:
        for _ in range(5):
            before = module.panel.now_us
            counted = link.evaluate("__import__('machine').mem32[0x401F0024]")
            after = module.panel.now_us
            assert (counted - before) % 2**32 <= after - before


def test_pins_and_registers_are_the_same_thing(module):
    """D9 is bit 11 of GPIO2: Pin moves its register, the register moves its pin."""
    with Link(module.port) as link:
        link.run(
            "import machine\nfrom machine import Pin\nm = machine.mem32\np = Pin('D9', Pin.OUT)"
        )
        assert link.evaluate(f"m[{GPIO2 + 4}] >> 11 & 1") == 1  # GDIR
        for write, level in (
            (f"m[{GPIO2 + 0x84}] = 1 << 11", 1),  # DR_SET
            (f"m[{GPIO2 + 0x88}] = 1 << 11", 0),  # DR_CLEAR
            (f"m[{GPIO2 + 0x8C}] = 1 << 11", 1),  # DR_TOGGLE
            ("p.off()", 0),
        ):
            link.run(write)
            assert link.evaluate(f"p.value(), m[{GPIO2 + 8}] >> 11 & 1") == (level, level)  # PSR


@pytest.mark.parametrize("name", ["A14", "A16", "A17", "D42", "D99", "X1", "LED", ""])
def test_names_of_pins_that_a_teensy_lacks_are_refused(module, name):
    with Link(module.port) as link:
        for maker in ("Pin", "ADC"):
            with pytest.raises(ModuleError, match="Pin doesn't exist"):
                link.run(f"import machine\nmachine.{maker}({name!r})")


def test_a_digital_pin_without_a_converter_is_not_an_analog_input(module):
    with Link(module.port) as link, pytest.raises(ModuleError, match="ADC not supported"):
        link.run("import machine\nmachine.ADC('D2')")


@pytest.mark.parametrize("version, takes", [("1.26.1", False), ("1.27.0", True), ("1.28.0", True)])
def test_a_version_lacks_the_keywords_that_it_lacks(version, takes):
    """machine.Timer has `hard` since MicroPython 1.27."""
    with VirtualModule(version=version) as module, Link(module.port) as link:
        assert link.evaluate("__import__('sys').implementation.version[:2]") == tuple(
            int(part) for part in version.split(".")[:2]
        )
        code = (
            "import machine\nt = machine.Timer(-1, period=1, callback=len, hard=True)\nt.deinit()"
        )
        if takes:
            link.run(code)
        else:
            with pytest.raises(ModuleError, match="TypeError: extra keyword"):
                link.run(code)


def test_unknown_keywords_are_refused(module):
    with Link(module.port) as link:
        for code in (
            "machine.Pin('D2', machine.Pin.OUT, speed=1)",
            "machine.SPI(0, speed=1)",
            "machine.Timer(-1, period=5, callback=len, soft=True)",
        ):
            with pytest.raises(ModuleError, match="TypeError"):
                link.run(f"import machine\n{code}")


def test_an_input_that_nothing_drives_needs_its_pull(module):
    """The transistor of a clock input only pulls down: without a pull-up no edge is ever seen."""
    with Link(module.port) as link:
        link.run("from machine import Pin\npin = Pin('D36', Pin.IN)")
        assert link.evaluate("pin.value()") == 0
        link.run("pin = Pin('D36', Pin.IN, Pin.PULL_UP)")
        assert link.evaluate("pin.value()") == 1


def test_an_spi_transfer_waits_for_the_bus_and_a_busy_one_is_refused(module):
    """A continuous transfer that an interrupt left open: NXP's driver gives up, as on a Teensy."""
    with Link(module.port) as link:
        link.run("import machine\nspi = machine.SPI(0, baudrate=20000000)\nspi.write(b'abc')")
        # TCR with CONT, and one word: the transfer stays open, so the module is busy.
        m = f"machine.mem32[{LPSPI4}"
        link.run(f"{m} + 0x60] = 1 << 21 | 1 << 19 | 7\n{m} + 0x64] = 0x55")
        with pytest.raises(ModuleError, match="OSError"):
            link.run("spi.write(b'abc')")
