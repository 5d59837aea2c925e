"""The whole machine: processor, memory, peripherals, pins, and its own time.

Time advances by instructions, 100 a microsecond (a real core has 600 cycles in that time), and by
accesses to peripherals, ACCESS_US each. Waiting for an interrupt skips to the next event. So all
runs are the same, independent of the computer's speed.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from unicorn import UC_PROT_EXEC, UC_PROT_READ

from latentrack.teensy.adc import Adc
from latentrack.teensy.block import Block
from latentrack.teensy.clocks import Analog, Ccm, Dcdc, Snvs, lpspi_root_mhz
from latentrack.teensy.core import (
    FIRST_INTERRUPT,
    HARD_FAULT,
    SVCALL,
    Dwt,
    Plain,
    Scs,
)
from latentrack.teensy.cpu import Cpu, Lockup, Stop
from latentrack.teensy.devices import Ocotp, Src, Trng, Usb, Usdhc, Watchdog
from latentrack.teensy.firmware import FLASH, FLASH_BYTES, Firmware
from latentrack.teensy.flexspi import FlexSpi
from latentrack.teensy.gpio import Gpio
from latentrack.teensy.gpt import Gpt
from latentrack.teensy.image import OFFSET as IMAGE_OFFSET
from latentrack.teensy.image import SIZE as IMAGE_BYTES
from latentrack.teensy.lpspi import Lpspi, Word
from latentrack.teensy.pads import Iomuxc
from latentrack.teensy.uart import SentByte, Uart
from latentrack.virtual.chip import chip

INSTRUCTIONS_PER_US = 100
ACCESS_US = 0.1
"""The duration of an access to a peripheral, whose bus is slower than the core."""
SLICE_INSTRUCTIONS = 2000
IDLE_US = 100.0  # the longest skip while the core waits for an interrupt
ITCM, DTCM, OCRAM = (0x00000000, 0x20000), (0x20000000, 0x20000), (0x20200000, 0xC0000)
PROMPT_UART = "LPUART1"
"""machine.UART(6): pins 24 and 25. UART(1) is for MIDI."""
_FAULT_US = _RETURN_US = 0.1
_FAULT_PRIORITY = -1


class Edge(NamedTuple):
    """A change of an output pin's level."""

    time_us: float
    pin: str
    level: int
    exception: int
    """The number of the running exception, 0 in thread mode."""


class BusFault(Exception):
    """An access to an address without memory or peripheral."""


class Flash:
    """The flash for its controller, addressed by the offset in bytes."""

    size = FLASH_BYTES

    def __init__(self, machine: Teensy) -> None:
        self._machine = machine

    def read(self, at: int, size: int) -> bytes:
        """The `size` bytes from an offset on."""
        return bytes(self._machine.cpu.uc.mem_read(FLASH + at, size))

    def replace(self, at: int, data: bytes) -> None:
        """Replace the bytes from an offset on, as after erasing and programming."""
        self._machine.cpu.uc.mem_write(FLASH + at, data)
        self._machine.flash_changes += 1


class Teensy:
    """A Teensy 4.1 with a firmware in its flash, stopped at its reset handler.

    firmware: None for a bare chip, whose code native.py calls.  image: the file system's image.
    access_us: the duration of an access to a peripheral.

    An access to an address without memory or peripheral is added to `faults`, and the processor
    takes HardFault.
    """

    def __init__(
        self,
        firmware: Firmware | None = None,
        image: bytes | None = None,
        *,
        access_us: float = ACCESS_US,
    ) -> None:
        self.now = 0.0
        self.access_us = access_us
        self.vectors_at_reset = firmware.vectors if firmware else 0
        self.faults: list[str] = []
        self.unknown_addresses: Counter[int] = Counter()
        """The number of accesses to each address without memory or peripheral."""
        self.edges: list[Edge] = []
        self.words: list[Word] = []
        self.sent = bytearray()
        """The bytes that the prompt's UART has sent."""
        self.resets = 0
        self.slice_instructions = SLICE_INSTRUCTIONS
        """The instructions between two checks for interrupts that software has caused."""
        self.flash_changes = 0
        self.on_edge: Callable[[Edge], None] | None = None
        self.on_word: Callable[[Word], None] | None = None
        self.on_byte: Callable[[int], None] | None = None
        self.on_uart: Callable[[str, SentByte], None] | None = None
        """Called with the name of a UART other than the prompt's, and each byte that it sends."""
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._scheduled = 0
        self._reset_cause: int | None = None
        self._floating: set[tuple[int, int]] = set()
        self._low: tuple[tuple[int, ...], frozenset[str]] = ((), frozenset())

        self.system = Scs(self)
        self.cpu = Cpu(self.system)
        self._map_memory()
        self.blocks = self._make_blocks()
        for block in self.blocks.values():
            self.cpu.uc.mmio_map(
                block.base,
                chip().size(block.name),
                block.read_any,
                None,
                block.write_any,
                None,
            )
        if firmware is not None:
            for address, data in firmware.pieces:
                self.cpu.uc.mem_write(address, data)
        if image is not None:
            self.cpu.uc.mem_write(FLASH + IMAGE_OFFSET, image)
        if firmware is not None:
            self.cpu.reset(firmware.stack, firmware.entry)

    def _map_memory(self) -> None:
        uc = self.cpu.uc
        for start, size in (ITCM, DTCM, OCRAM):
            uc.mem_map(start, size)
        uc.mem_map(FLASH, FLASH_BYTES, UC_PROT_READ | UC_PROT_EXEC)
        uc.mem_write(FLASH, b"\xff" * FLASH_BYTES)

    def _make_blocks(self) -> dict[str, Block]:
        special: dict[str, type[Block]] = {
            "DCDC": Dcdc,
            "CCM": Ccm,
            "ANALOG": Analog,
            "SNVS": Snvs,
            "GPT1": Gpt,
            "GPT2": Gpt,
            "ADC1": Adc,
            "ADC2": Adc,
            "TRNG": Trng,
            "OCOTP": Ocotp,
            "USB": Usb,
            "USDHC1": Usdhc,
            "USDHC2": Usdhc,
            "WDOG1": Watchdog,
            "WDOG2": Watchdog,
            "SRC": Src,
            "FLEXSPI2": FlexSpi,
            "ITM": Plain,
            "FPB": Plain,
            "MCM": Plain,
        }
        blocks: dict[str, Block] = {
            name: special.get(name, Block)(self, name) for name in chip().blocks
        }
        blocks["SCS"] = self.system
        blocks["DWT"] = Dwt(self)
        self.pads = Iomuxc(self, "IOMUXC", self._pads_changed)
        blocks["IOMUXC"] = self.pads
        self.flash = Flash(self)
        blocks["FLEXSPI"] = FlexSpi(self, "FLEXSPI", self.flash)
        self.gpio = {}
        self.uarts = {}
        self.buses = {}
        for name in chip().blocks:
            if name.startswith("GPIO"):
                self.gpio[int(name[4:])] = Gpio(self, name, self._pins_changed)
            elif name.startswith("LPUART"):
                self.uarts[name] = Uart(self, name, self._sender(name), paced=name != PROMPT_UART)
            elif name.startswith("LPSPI"):
                self.buses[name] = Lpspi(
                    self, name, self._spi_root_mhz, self.low_outputs, self._word_left
                )
        self._ports = [self.gpio[port] for port in (1, 2, 3, 4)]
        self._timers = [blocks["GPT1"], blocks["GPT2"]]
        for group in (self.gpio, self.uarts, self.buses):
            blocks.update({block.name: block for block in group.values()})
        return blocks

    # -- what blocks ask (block.Machine) ----------------------------------------------------

    def set_line(self, interrupt: int, level: bool) -> None:
        """Raise or lower an interrupt's line."""
        if level:
            self.system.lines.add(FIRST_INTERRUPT + interrupt)
        else:
            self.system.lines.discard(FIRST_INTERRUPT + interrupt)

    def interrupts_masked(self) -> bool:
        """Whether PRIMASK masks all interrupts."""
        return self.cpu.masked()

    def active_exception(self) -> int:
        """The number of the running exception, 0 in thread mode."""
        return self.cpu.active()

    def settle(self) -> None:
        """Send the words that are complete at the present time, on all buses."""
        for bus in self.buses.values():
            if bus.busy:
                bus.advance()

    def request_reset(self, cause: int) -> None:
        """Restart after the present instruction; cause: a bit of SRC_SRSR."""
        self._reset_cause = cause
        self.cpu.uc.emu_stop()

    def _spi_root_mhz(self) -> float:
        return lpspi_root_mhz(self.blocks["CCM"], self.blocks["ANALOG"])

    def _sender(self, name: str) -> Callable[[SentByte], None]:
        if name == PROMPT_UART:
            return self._byte_sent
        return lambda sent: None if self.on_uart is None else self.on_uart(name, sent)

    def _byte_sent(self, sent: SentByte) -> None:
        self.sent.append(sent.byte)
        if self.on_byte is not None:
            self.on_byte(sent.byte)

    def _word_left(self, word: Word) -> None:
        self.words.append(word)
        if self.on_word is not None:
            self.on_word(word)

    def _pins_changed(self, port: int, changed: int, levels: int) -> None:
        if port > 4:
            return
        exception = self.cpu.active()
        for name, (its_port, bit) in chip().pins.items():
            if its_port == port and changed >> bit & 1:
                edge = Edge(self.now, name, levels >> bit & 1, exception)
                self.edges.append(edge)
                if self.on_edge is not None:
                    self.on_edge(edge)

    # -- pins -------------------------------------------------------------------------------

    def low_outputs(self) -> frozenset[str]:
        """The names of the output pins that are low."""
        masks = tuple(port.low_outputs for port in self._ports)
        if masks != self._low[0]:
            names = frozenset(
                name for name, (port, bit) in chip().pins.items() if masks[port - 1] >> bit & 1
            )
            self._low = (masks, names)
        return self._low[1]

    def set_pin(self, name: str, level: bool) -> None:
        """Drive an input pin. Raises ValueError if the Teensy has no such pin."""
        port, bit = chip().pins[chip().pin(name)]
        self._floating.discard((port, bit))
        self.gpio[port].set_input(bit, bool(level))

    def float_pin(self, name: str) -> None:
        """Stop driving a pin: its pad's pull sets its level, 0 without one."""
        pin = chip().pins[chip().pin(name)]
        self._floating.add(pin)
        self._pads_changed()

    def _pads_changed(self) -> None:
        for port, bit in self._floating:
            self.gpio[port].set_input(bit, self.pads.pulls_up(port, bit))

    def pin(self, name: str) -> int:
        """A pin's level, 0 or 1, whether it is an output or an input."""
        port, bit = chip().pins[chip().pin(name)]
        return self.gpio[port].read(chip().offsets("GPIO")["PSR"]) >> bit & 1

    def set_analog(self, name: str, code: int) -> None:
        """Set the converter's code at a pin, 0 to 4095. ValueError: another pin or code."""
        digital = chip().pin(name)
        if digital not in chip().analog:
            raise ValueError(f"{name} is not an analog input of the Teensy 4.1")
        if not 0 <= code <= 4095:
            raise ValueError(f"expected a code of 12 bits, 0 to 4095, got {code}")
        number, channel = chip().analog[digital]
        converter = self.blocks[f"ADC{number}"]
        assert isinstance(converter, Adc)
        converter.codes[channel] = code

    # -- time -------------------------------------------------------------------------------

    def later(self, us: float, do: Callable[[], None]) -> None:
        """Call `do` after `us` microseconds, between two instructions."""
        self._scheduled += 1
        heapq.heappush(self._events, (self.now + us, self._scheduled, do))

    def step(self) -> Stop:
        """Run until the next event, for `slice_instructions` at most (20 us by default)."""
        self.run_due()
        self.cpu.take()
        count = self.slice_instructions
        upcoming = self._next_event_us()
        if upcoming is not None and upcoming < self.now + count / INSTRUCTIONS_PER_US:
            count = max(1, -int((self.now - upcoming) * INSTRUCTIONS_PER_US // 1))
        stop = self.cpu.run(count)
        if stop is Stop.COUNT:
            self.now += count / INSTRUCTIONS_PER_US
        elif stop is Stop.IDLE:
            until = self.now + IDLE_US if upcoming is None else min(upcoming, self.now + IDLE_US)
            self.now = max(self.now + 1, until)
        else:
            self.now += _RETURN_US
            if stop is Stop.FAULT:
                self._fault()
            elif stop is Stop.SUPERVISOR:
                self.cpu.enter(SVCALL, self.system.priorities.get(SVCALL, 0))
        self.settle()
        if self._reset_cause is not None:
            self.reset(self._reset_cause)
        return stop

    def run_us(self, us: float) -> None:
        """Run for `us` microseconds of the machine's time."""
        end = self.now + us
        while self.now < end:
            self.step()

    def reset(self, cause: int = 0) -> None:
        """Restart from the vector table; memory keeps its contents. cause: a bit of SRC_SRSR."""
        self._reset_cause = None
        self.resets += 1
        for block in self.blocks.values():
            block.reset()
        source = self.blocks["SRC"]
        assert isinstance(source, Src)
        source.note(cause)
        self.cpu.reset(
            self.cpu.word(self.vectors_at_reset), self.cpu.word(self.vectors_at_reset + 4)
        )

    def run_due(self) -> None:
        """Serve the timers and scheduled calls that are due."""
        self.system.tick()
        for timer in self._timers:
            assert isinstance(timer, Gpt)
            timer.compare()
        while self._events and self._events[0][0] <= self.now:
            heapq.heappop(self._events)[2]()

    def _next_event_us(self) -> float | None:
        times = [self._events[0][0]] if self._events else []
        if self.system.next_tick_us is not None:
            times.append(self.system.next_tick_us)
        for timer in self._timers:
            assert isinstance(timer, Gpt)
            compare = timer.next_compare()
            if compare is not None:
                times.append(compare)
        return min(times) if times else None

    def _fault(self) -> None:
        address = self.cpu.fault_address
        if address is not None:
            self.unknown_addresses[address] += 1
        text = f"FAULT {self.cpu.fault_text}, {self.now / 1e6:.6f} s; {self.cpu.describe()}"
        self.faults.append(text)
        if self.cpu.active() == HARD_FAULT:
            raise Lockup(text)
        self.cpu.enter(HARD_FAULT, _FAULT_PRIORITY)

    # -- registers, for code that runs outside of the model -----------------------------------

    def read_register(self, address: int) -> int:
        """Read a word as the processor does. Raises BusFault without a peripheral there."""
        block = self._block_at(address)
        return block.read_any(None, address - block.base, 4, None)

    def write_register(self, address: int, value: int) -> None:
        """Write a word as the processor does. Raises BusFault without a peripheral there."""
        block = self._block_at(address)
        block.write_any(None, address - block.base, 4, value & 0xFFFFFFFF, None)

    def _block_at(self, address: int) -> Block:
        name = chip().block_at(address)
        if name is None:
            self.unknown_addresses[address] += 1
            self.faults.append(f"FAULT access to {address:#x} from outside of the processor")
            raise BusFault(f"there is no peripheral at {address:#x}")
        return self.blocks[name]

    # -- memory -----------------------------------------------------------------------------

    def image(self) -> bytes:
        """The present image of the file system."""
        return bytes(self.cpu.uc.mem_read(FLASH + IMAGE_OFFSET, IMAGE_BYTES))

    def touched(self) -> dict[str, set[int]]:
        """The offsets of the registers that code has accessed, by block."""
        return {name: block.touched for name, block in self.blocks.items() if block.touched}

    # -- the prompt's UART ------------------------------------------------------------------

    def send(self, data: bytes) -> None:
        """Send bytes to the prompt's UART."""
        self.uarts[PROMPT_UART].receive(data)

    def expect(self, text: bytes, seconds: float = 20, since: int = 0) -> bytes:
        """Run until the prompt's UART has sent `text`; return the bytes up to its end.

        seconds: the limit in the machine's time.  since: the index in `sent` at which to begin.
        Raises TimeoutError after that time.
        """
        end = self.now + seconds * 1e6
        while True:
            at = self.sent.find(text, since)
            if at >= 0:
                return bytes(self.sent[since : at + len(text)])
            if self.now > end:
                tail = bytes(self.sent[since:])[-600:]
                raise TimeoutError(
                    f"the UART did not send {text!r} within {seconds} s; the processor is at "
                    f"{self.cpu.pc:#x}; faults: {self.faults[:1]}; sent was {tail!r}"
                )
            self.step()
