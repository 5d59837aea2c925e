"""The processor, its exceptions and its time, on programs that run from the emulated flash."""

from __future__ import annotations

import struct

import pytest

from latentrack.teensy.cpu import Stop
from latentrack.teensy.teensy import ITCM
from tests.teensy.programs import BARE, build, start, to_hex


@pytest.fixture(scope="module")
def exceptions(tmp_path_factory):
    """The program exceptions.c as an ELF file."""
    return build(tmp_path_factory.mktemp("bare"), BARE / "exceptions.c")


def lines(machine):
    """What a program has printed, by the first word of each line."""
    said = bytes(machine.sent).decode().splitlines()
    return {line.split()[0]: line.split()[-1] for line in said}


def work(rounds):
    """The answer of work() in conditions.c."""
    value, total = 1, 0.0
    for i in range(rounds):
        if value & 4:
            value = (value + 5) & 0xFFFFFFFF ^ i
        else:
            value = (value + value + 3) & 0xFFFFFFFF
        total = struct.unpack("f", struct.pack("f", total + (i & 7) * 0.5))[0]
    return value ^ int(total)


@pytest.mark.parametrize("kind", ["elf", "hex"])
def test_exceptions_are_those_of_a_cortex_m7(exceptions, kind):
    machine = start(exceptions if kind == "elf" else to_hex(exceptions))
    machine.expect(b"ready\n", 2)
    found = lines(machine)
    assert found["thread"] == "00000000"
    assert found["ticks-wfi"] == "00000002"
    assert found["ticks-wfe"] == "00000004"
    assert found["order"] == "00001212", "PendSV follows each SysTick"
    assert found["deepest"] == "00000001", "the lowest priority interrupts nothing"
    assert found["worked-ticks"] == "00000001"
    assert (found["primask"], found["masked"], found["unmasked"]) == (
        "00000001",
        "00000000",
        "00000001",
    )
    assert (found["basepri-holds"], found["basepri"], found["basepri-frees"]) == (
        "00000000",
        "00000040",
        "00000001",
    )
    assert found["svcall"] == f"{11:08x}"

    machine.edges.clear()
    machine.set_pin("D36", True)
    machine.expect(b"compares 00000001\n", 1)
    assert lines(machine)["edges"] == "00000001"
    assert [(edge.pin, edge.level, edge.exception) for edge in machine.edges] == [
        ("D2", 1, 99),
        ("D2", 0, 99),
    ]

    # SYSRESETREQ: the same RAM, from the vector table.
    machine.expect(b"restarted 00000002\n", 1)
    assert machine.resets == 1
    assert machine.faults == []


def test_registers_flags_and_conditions_survive_interrupts_anywhere(tmp_path):
    machine = start(build(tmp_path, BARE / "conditions.c"))
    machine.expect(b"ready\n", 1)
    level = False

    def toggle():
        nonlocal level
        level = not level
        machine.set_pin("D36", level)
        machine.later(7.03, toggle)  # 703 instructions: another place in the loop each time

    machine.later(7.03, toggle)
    machine.expect(b"wrong", 1)
    machine.expect(b"\n", 1, machine.sent.find(b"wrong"))
    found = lines(machine)
    assert found["work"] == f"{work(200000):08x}"
    assert int(found["edges"], 16) > 2000
    assert found["wrong"] == "00000000"


def test_an_edge_is_taken_when_it_comes(exceptions):
    """An edge in the middle of a slice is taken there, not when the slice ends."""
    machine = start(exceptions)
    machine.expect(b"ready\n", 2)
    asked = machine.now + 7.31
    machine.later(7.31, lambda: machine.set_pin("D36", True))
    machine.edges.clear()
    machine.expect(b"edges", 1)
    assert asked <= machine.edges[0].time_us < asked + 2


def test_idling_skips_time_but_no_tick(exceptions):
    machine = start(exceptions)
    machine.expect(b"ready\n", 2)
    before, taken = machine.now, machine.cpu.taken[15]
    machine.run_us(100_000)
    assert machine.cpu.taken[15] - taken == 100
    assert machine.now - before < 100_150
    stops = [machine.step() for _ in range(100)]
    assert stops.count(Stop.IDLE) > 50, "it does not run through the time that it waits"


def test_an_address_without_a_peripheral_is_a_fault(tmp_path):
    machine = start(build(tmp_path, BARE / "fault.c"))
    machine.run_us(2000)
    assert bytes(machine.sent) == b"before\nhard fault\n"
    assert len(machine.faults) == 1
    assert machine.faults[0].startswith("FAULT read of 0x400f0024 at pc 0x6000")
    assert dict(machine.unknown_addresses) == {0x400F0024: 1}


def test_touched_blocks_are_listed(exceptions):
    machine = start(exceptions)
    machine.expect(b"ready\n", 2)
    touched = machine.touched()
    assert 0x14 in touched["GPIO2"]
    assert touched["LPUART1"] == {0x1C}
    assert "LPSPI4" not in touched


def test_code_runs_from_fast_memory(exceptions):
    """Start-up code has copied the function there: nothing but the program put it in place."""
    machine = start(to_hex(exceptions))
    assert bytes(machine.cpu.uc.mem_read(ITCM[0], 8)) == bytes(8)
    machine.expect(b"ticks-wfe", 2)
    assert bytes(machine.cpu.uc.mem_read(ITCM[0], 8)) != bytes(8)


def test_input_pins_and_analog_inputs_are_those_of_the_board(exceptions):
    machine = start(exceptions)
    machine.set_pin("A7", True)
    assert machine.pin("D21") == 1
    with pytest.raises(ValueError, match="no pin D42"):
        machine.set_pin("D42", True)
    with pytest.raises(ValueError, match="D2 is not an analog input"):
        machine.set_analog("D2", 1)
    with pytest.raises(ValueError, match="4096"):
        machine.set_analog("A0", 4096)
