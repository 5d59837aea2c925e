"""Peripherals through their registers; expectations are the reference manual's and data sheets'."""

from __future__ import annotations

import pytest

from latentrack.teensy.teensy import BusFault, Teensy

LPSPI4 = 0x403A0000
CR, SR, CCR, FSR, TCR, TDR, RDR = (LPSPI4 + at for at in (0x10, 0x14, 0x40, 0x5C, 0x60, 0x64, 0x74))
CBCMR = 0x400FC018
WCF, FCF, TCF, MBF = 1 << 8, 1 << 9, 1 << 10, 1 << 24
CONT, CONTC, RXMSK = 1 << 21, 1 << 20, 1 << 19
FLEXSPI = 0x402A8000
GPIO2, GPIO4 = 0x401BC000, 0x401C4000


class Bus:
    """LPSPI4 at 18 MHz (360 MHz / 20), mode 0, bytes, nothing received."""

    BIT_US = 20 / 360

    def __init__(self):
        self.chip = Teensy(access_us=0)
        self.write(CBCMR, 1 << 26 | 1 << 4)  # PLL3's PFD0 (720 MHz), divided by 2
        self.write(CCR, 18)
        self.write(TCR, RXMSK | 7)
        self.write(CR, 1)

    def read(self, address):
        return self.chip.read_register(address)

    def write(self, address, value):
        self.chip.write_register(address, value)

    def after(self, bits):
        self.chip.now += bits * self.BIT_US
        self.read(SR)

    def values(self):
        return [word.value for word in self.chip.words]


@pytest.fixture
def bus():
    return Bus()


def test_a_word_takes_its_bits(bus):
    started = bus.chip.now
    bus.write(TDR, 0x5A)
    assert bus.read(SR) & MBF
    bus.after(7.9)
    assert bus.values() == []
    bus.after(0.2)
    assert bus.values() == [0x5A]
    (word,) = bus.chip.words
    assert word.time_us == pytest.approx(started + 8 * bus.BIT_US)
    assert (word.bus, word.bits, word.mode) == ("LPSPI4", 8, 0)
    assert bus.read(SR) & (WCF | FCF | TCF | MBF) == WCF | FCF | TCF
    bus.write(SR, TCF)
    assert bus.read(SR) & (WCF | FCF | TCF) == WCF | FCF


def test_the_fifo_holds_sixteen_words_back_to_back(bus):
    for value in range(18):
        bus.write(TDR, value)
    # One is in the shift register, sixteen wait, the last was too much.
    assert bus.read(FSR) & 31 == 16
    assert bus.chip.buses["LPSPI4"].overruns == 1
    bus.after(1000)
    assert bus.values() == list(range(17))
    times = [word.time_us for word in bus.chip.words]
    assert [b - a for a, b in zip(times, times[1:], strict=False)] == pytest.approx(
        [8 * bus.BIT_US] * 16
    )


def test_a_full_fifo_does_not_keep_the_reader_waiting(bus):
    for value in range(17):
        bus.write(TDR, value)
    assert bus.read(FSR) & 31 == 16
    assert bus.read(FSR) & 31 == 15


def test_a_continuous_frame_ends_with_a_command(bus):
    bus.write(TCR, CONT | RXMSK | 7)
    bus.write(TDR, 1)
    bus.after(100)
    assert bus.read(SR) & (MBF | FCF | TCF) == MBF
    bus.write(TCR, CONT | CONTC | RXMSK | 7)
    bus.write(TDR, 2)
    bus.after(100)
    assert bus.read(SR) & (MBF | FCF | TCF) == MBF, "CONTC goes on with the frame"
    bus.write(TCR, CONT | RXMSK | 7)
    assert bus.read(SR) & (MBF | FCF | TCF) == FCF | TCF


def test_a_command_waits_for_its_turn(bus):
    bus.write(TDR, 0xAB)
    bus.write(TCR, 1 << 30 | RXMSK | 23)
    bus.write(TDR, 0x123456)
    assert bus.read(FSR) & 31 == 2
    bus.after(8 + 24 + 1)
    assert [(word.bits, word.mode, word.value) for word in bus.chip.words] == [
        (8, 0, 0xAB),
        (24, 1, 0x123456),
    ]


def test_the_prescaler_of_a_command_divides_the_clock(bus):
    bus.write(TCR, 2 << 27 | RXMSK | 7)
    bus.write(TDR, 1)
    bus.after(31)
    assert bus.values() == []
    bus.after(2)
    assert bus.values() == [1]


def test_switched_off_it_keeps_what_waits(bus):
    bus.write(CR, 0)
    bus.write(TDR, 7)
    bus.after(100)
    assert bus.read(FSR) & 31 == 1
    assert bus.values() == []
    bus.write(CR, 1)
    bus.after(9)
    assert bus.values() == [7]


def test_a_flush_throws_away_what_waits(bus):
    bus.write(CR, 0)
    bus.write(TDR, 7)
    bus.write(CR, 1 << 8)  # RTF
    bus.write(CR, 1)
    bus.after(100)
    assert bus.values() == []
    assert bus.read(CR) == 1, "the flush bits read as 0"


def test_a_full_receive_fifo_stops_the_bus(bus):
    bus.write(TCR, 7)
    bus.chip.buses["LPSPI4"].miso = lambda value, bits: value ^ 0xFF
    for value in range(17):
        bus.write(TDR, value)
    bus.after(1000)
    assert bus.read(FSR) == 16 << 16 | 1
    assert bus.read(RDR) == 0xFF
    bus.after(9)
    assert bus.read(FSR) == 16 << 16
    bus.write(CR, 1 | 1 << 9)  # RRF
    assert bus.read(FSR) == 0


def test_a_word_belongs_to_the_pins_that_were_low_throughout(bus):
    pins = 1 << 11 | 1 << 16  # D9 and D8
    bus.write(GPIO2 + 0x84, pins)
    bus.write(GPIO2 + 0x04, pins)
    bus.write(GPIO2 + 0x88, 1 << 11)
    bus.write(TDR, 1)
    bus.chip.now += 9 * bus.BIT_US
    bus.write(GPIO2 + 0x84, 1 << 11)
    bus.write(GPIO2 + 0x88, 1 << 16)
    bus.write(TDR, 2)
    bus.chip.now += 4 * bus.BIT_US
    bus.write(GPIO2 + 0x84, 1 << 16)  # too early
    bus.after(100)
    assert [word.low for word in bus.chip.words] == [frozenset({"D9"}), frozenset()]


# -- flash --------------------------------------------------------------------------------------


def command(chip, operation, address, size=0, data=b""):
    """A flash command as a firmware gives it: a look-up table entry, address, size, trigger."""
    chip.write_register(FLEXSPI + 0x14, 1)
    chip.write_register(FLEXSPI + 0x200 + 16 * 4, operation)
    chip.write_register(FLEXSPI + 0xA0, address)
    chip.write_register(FLEXSPI + 0xA4, 4 << 16 | size)
    chip.write_register(FLEXSPI + 0xB0, 1)
    for at in range(0, len(data), 4):
        chip.write_register(
            FLEXSPI + 0x180, int.from_bytes(data[at : at + 4].ljust(4, b"\0"), "little")
        )
    assert chip.read_register(FLEXSPI + 0x14) & 1, "the command is done"


def is_busy(chip):
    command(chip, 0x05, 0, 1)
    return chip.read_register(FLEXSPI + 0x100) & 1


def flash(chip, at, size):
    return bytes(chip.cpu.uc.mem_read(0x60000000 + at, size))


def test_programming_clears_bits_and_erasing_sets_them():
    chip = Teensy()
    command(chip, 0x32, 0x1010, 8, b"\xf0" * 8)
    command(chip, 0x32, 0x1010, 8, b"\x3f" * 8)
    assert flash(chip, 0x100F, 10) == b"\xff" + b"\x30" * 8 + b"\xff"
    command(chip, 0x20, 0x1FFF)
    assert flash(chip, 0x1000, 4096) == b"\xff" * 4096


@pytest.mark.parametrize(
    ("operation", "data", "lasts_us"), [(0x20, b"", 45_000), (0x02, b"\0" * 4, 700)]
)
def test_flash_is_busy_for_its_time(operation, data, lasts_us):
    """W25Q64JV: a sector is erased in 45 ms, a page programmed in 0.7 ms, typically."""
    chip = Teensy()
    assert not is_busy(chip)
    began = chip.now
    command(chip, operation, 0, len(data), data)
    assert is_busy(chip)
    chip.now = began + lasts_us - 20
    assert is_busy(chip)
    chip.now = began + lasts_us + 20
    assert not is_busy(chip)


def test_asking_with_interrupts_masked_skips_the_wait():
    chip = Teensy()
    chip.cpu.reset(0x20020000, 0)
    chip.cpu.uc.reg_write(3, chip.cpu.uc.reg_read(3) | 0x80)  # UC_ARM_REG_CPSR: PRIMASK
    began = chip.now
    command(chip, 0x20, 0)
    assert is_busy(chip)
    assert not is_busy(chip)
    assert 45_000 <= chip.now - began < 45_010


def test_the_flash_says_what_it_is():
    chip = Teensy()
    command(chip, 0x9F, 0, 3)
    assert chip.read_register(FLEXSPI + 0x100) & 0xFFFFFF == 0x1740EF


# -- the rest -----------------------------------------------------------------------------------


def test_an_analog_input_is_read_by_its_channel():
    chip = Teensy()
    chip.set_analog("A7", 1234)  # D21: ADC1's channel 0
    chip.set_analog("D38", 77)  # ADC2's channel 1
    chip.write_register(0x400C4000, 0)
    assert chip.read_register(0x400C4020) & 1, "the conversion is complete"
    assert chip.read_register(0x400C4024) == 1234
    chip.write_register(0x400C8000, 1)
    assert chip.read_register(0x400C8024) == 77


def test_an_edge_is_latched_until_it_is_acknowledged():
    chip = Teensy()
    chip.write_register(GPIO2 + 0x10, 3 << 4)  # falling edges of bit 18: D36
    chip.set_pin("D36", True)
    assert chip.read_register(GPIO2 + 0x18) == 0
    chip.set_pin("D36", False)
    chip.set_pin("D36", True)
    assert chip.read_register(GPIO2 + 0x18) == 1 << 18
    chip.write_register(GPIO2 + 0x18, 1 << 18)
    assert chip.read_register(GPIO2 + 0x18) == 0


def test_the_cycle_counter_runs_at_600_mhz():
    chip = Teensy()
    chip.write_register(0xE0001004, 0)
    chip.now += 10
    assert chip.read_register(0xE0001004) == 6000


def test_where_there_is_nothing_an_access_is_a_fault():
    chip = Teensy()
    with pytest.raises(BusFault, match="0x400f0024"):
        chip.read_register(0x400F0024)
    assert dict(chip.unknown_addresses) == {0x400F0024: 1}


def test_a_watchdog_resets_when_asked_to():
    """machine.reset() clears SRS of WDOG1's WCR."""
    chip = Teensy()
    assert chip.read_register(0x400B8000) & 0xFFFF == 0x30
    chip.write_register(GPIO4 + 0x84, 0x10)
    chip.write_register(0x400B8000, 0x20)
    chip.cpu.uc.mem_write(0, (0x20020000).to_bytes(4, "little") + (0x401).to_bytes(4, "little"))
    chip.cpu.uc.mem_write(0x400, b"\xfe\xe7")
    chip.step()
    assert chip.resets == 1
    assert chip.read_register(0x400F8008) == 1 << 4, "the cause of the reset: a watchdog"
    assert chip.read_register(GPIO4) == 0
