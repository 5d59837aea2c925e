"""The x64 latentcore.mpy under real MicroPython: each register access goes to the virtual module's
model of the chip, and without one it ends the process."""

from __future__ import annotations

import signal
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from latentrack.assets import latentcore_folder, micropython
from tests.conftest import ROOT
from tests.decoders import DRUMS
from tests.waiting import PATIENCE_S

FIRMWARE = ROOT / "firmware"
READ, WRITE, TRACE = range(3)
# GPT2's counter and GPIO4's DR_SET and DR_CLEAR, from the i.MX RT1060 Reference Manual.
GPT2_CNT, GPIO4_DR_SET, GPIO4_DR_CLEAR = 0x401F0024, 0x401C4084, 0x401C4088

LPSPI4, GPIO2, GPIO4 = 0x403A0000, 0x401BC000, 0x401C4000
CR, SR, DER, FSR, TCR, TDR = 0x10, 0x14, 0x1C, 0x5C, 0x60, 0x64

BOARD = """
import chip
class Board:
    bus = chip.bus()
sys.modules["virtualboard"] = Board
import latentcore
"""
PLAY = f"""
from array import array
model = open("model.tflite", "rb").read()
memory = bytearray(latentcore.describe(model)[6])
latentcore.gpio_output(0, {GPIO4_DR_SET}, {GPIO4_DR_CLEAR}, 1 << 4)
latentcore.load(0, model, memory)
latentcore.set(0, latentcore.THRESHOLD, 0)
latentcore.decode(0, array("f", (0, 0, 0)))
latentcore.time_source({GPT2_CNT})
latentcore.clock(None)
"""


def run(folder: Path, *lines: str) -> subprocess.CompletedProcess[bytes]:
    path = ["import sys", f"sys.path[:] = [{str(folder)!r}, {str(latentcore_folder('x64'))!r}]"]
    return subprocess.run(
        [micropython(), "-c", "\n".join([*path, *lines])],
        cwd=folder, capture_output=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def chip(tmp_path_factory: pytest.TempPathFactory, decoders: Path) -> Path:
    """A folder with chip.mpy (test_bus.c) and a model."""
    folder = tmp_path_factory.mktemp("bus")
    mpy = FIRMWARE / "mpy"
    subprocess.run(
        [
            "gcc", "-std=gnu11", "-Os", "-Wall", "-Wextra", "-Werror", "-ffreestanding", "-fpic",
            "-fvisibility=hidden", "-fcf-protection=none", "-fno-stack-protector", "-nostdlib",
            "-shared", "-fno-asynchronous-unwind-tables", "-DLATENTRACK_VIRTUAL", f"-I{mpy}",
            f"-I{FIRMWARE / 'lib' / 'outputs'}", "-T", mpy / "image.ld",
            "-Wl,-Bsymbolic,--hash-style=sysv,--build-id=none,-z,norelro,--no-warn-rwx-segments",
            Path(__file__).with_name("test_bus.c"), mpy / "freestanding.c",
            "-o", folder / "chip.so",
        ],
        check=True,
    )  # fmt: skip
    packed = [sys.executable, mpy / "pack.py", folder / "chip.so", folder / "chip.mpy"]
    subprocess.run(packed, check=True)
    (folder / "model.tflite").write_bytes((decoders / f"{DRUMS}.tflite").read_bytes())
    return folder


def test_every_access_of_an_edge_goes_to_the_model(chip):
    done = run(chip, BOARD, PLAY, "sys.stdout.buffer.write(chip.log())")
    assert done.returncode == 0, done.stderr.decode()
    assert list(struct.iter_unpack("<3I", done.stdout)) == [
        (READ, GPT2_CNT, 0),
        (TRACE, 0, 0),
        (WRITE, GPIO4_DR_SET, 1 << 4),
    ]


def test_without_a_model_an_access_ends_the_process(chip):
    """A computer has no such registers; nothing else needs them."""
    before = PLAY.replace("latentcore.clock(None)\n", "")
    assert run(chip, "import latentcore", before, "print(1)").stdout == b"1\n"
    done = run(chip, "import latentcore", PLAY, "print(1)")
    assert done.returncode == -signal.SIGILL
    assert done.stdout == b""


def test_an_address_of_more_than_32_bits_is_refused(chip):
    done = run(chip, "import latentcore", "latentcore.time_source(1 << 32)")
    assert done.returncode == 1
    assert b"ValueError: a register's address has 32 bits" in done.stdout


def test_counts_and_cells_are_read_without_allocating(chip):
    """Twelve voices take two bytes a step; at threshold 0 each cell sounds."""
    read = """
import gc
cells = bytearray(16 * 2)
none = [latentcore.count(1, which) for which in range(13)], latentcore.read_cells(1, cells)
for edge in range(17):
    latentcore.clock(None)
latentcore.trigger_3(None); latentcore.trigger_4(None); latentcore.trigger_4(None)
gc.disable()
before = gc.mem_alloc()
total = 0
for which in range(13):
    total += latentcore.count(0, which)
written = latentcore.read_cells(0, cells)
allocated = gc.mem_alloc() - before
print(none, [latentcore.count(0, which) for which in range(13)], written, allocated)
print(bytes(cells) == latentcore.cells(0)[2], latentcore.read_cells(0, bytearray(31)))
latentcore.count(0, 16)
"""
    done = run(chip, BOARD, PLAY, read)
    lines = done.stdout.decode().splitlines()
    # 18 edges: two bars begun, step 1 played last, 14 to come; all of 16 x 12 cells sound; no tick
    # has come.
    silent = [1] + [0] * 12
    playing = [18, 2, 1, 2, 1, 1, 0, 0, 16, 12, 16 * 12, 0, 14]
    assert lines[0] == f"({silent}, 0) {playing} 32 0"
    assert lines[1] == "True 0"
    assert lines[-1] == "ValueError: counts are numbered 0 to 15"


# The selects of two converters at GPIO2 bits 11 and 16, no display.
CONVERTERS = f"""
from array import array
dr, dr_set, dr_clear = {GPIO2}, {GPIO2 + 0x84}, {GPIO2 + 0x88}
pins = array("I", (dr, dr_set, dr_clear, 1 << 11, dr, dr_set, dr_clear, 1 << 16, 0, 0, 0, 0))
latentcore.dac_outputs({LPSPI4}, pins, 32768)
"""


def test_converters_get_the_safe_code_before_anything_else(chip):
    on = f"chip.answer({LPSPI4 + CR}, 1)"
    done = run(chip, BOARD, on, CONVERTERS, "sys.stdout.buffer.write(chip.log())")
    assert done.returncode == 0, done.stdout
    accesses = list(struct.iter_unpack("<3I", done.stdout))
    frames = [
        value for kind, address, value in accesses if (kind, address) == (WRITE, LPSPI4 + TDR)
    ]
    # 01: write and update one channel; two bits of channel; the code.
    assert frames == [0b01 << 20 | channel << 17 | 32768 for channel in (0, 1, 2, 3)] * 2
    selects = [
        value for kind, address, value in accesses if (kind, address) == (WRITE, GPIO2 + 0x88)
    ]
    assert selects == [1 << 11] * 4 + [1 << 16] * 4


def test_converters_whose_bus_is_off_are_refused(chip):
    done = run(chip, BOARD, CONVERTERS)
    assert b"ValueError: the converters' bus is off or busy: create its machine.SPI first" in (
        done.stdout
    )


def test_the_tick_reads_encoders(chip):
    """A click to the right, contacts A and B at bits of two ports: 11, 01, 00, 10, 11."""
    a, b = GPIO2 + 0x08, GPIO4 + 0x08
    turns = f"""
def turn(a, b):
    chip.answer({a}, a << 3)
    chip.answer({b}, b << 5)
    latentcore.tick(None)
    return latentcore.turned(0)
turn(1, 1)
latentcore.encoder(0, {a}, 1 << 3, {b}, 1 << 5)
print(turn(0, 1), turn(0, 0), turn(1, 0), turn(1, 1), turn(1, 0), latentcore.turned(1))
latentcore.turned(2)
"""
    lines = run(chip, BOARD, turns).stdout.decode().splitlines()
    assert lines[0] == "1 2 3 4 3 0"
    assert lines[-1] == "ValueError: encoders are numbered 0 and 1"


def test_cycles_measures_each_edge_until_the_array_is_full(chip):
    """The counter counts accesses: of the counter itself, of the time, the trace, and of the gate's
    registers, of which the first edge writes one and the next ones two."""
    measure = """
taken = array("I", (9, 0, 0, 0))
latentcore.cycles(0xE0001004, taken)
chip.answer(0xE0001004, None)
for edge in range(5):
    latentcore.clock(None)
    print(list(taken))
latentcore.cycles(0, None)
print(chip.log().count(b"\\x04\\x10\\x00\\xe0"))
latentcore.clock(None)
print(chip.log().count(b"\\x04\\x10\\x00\\xe0"), list(taken))
latentcore.cycles(0, b"")
latentcore.cycles(0xE0001004, memoryview(bytearray(16))[1:])
"""
    before = PLAY.replace("latentcore.clock(None)\n", "")
    lines = run(chip, BOARD, before, measure).stdout.decode().splitlines()
    assert lines[:5] == [
        "[1, 4, 0, 0]", "[2, 4, 5, 0]", "[3, 4, 5, 5]", "[3, 4, 5, 5]", "[3, 4, 5, 5]",
    ]  # fmt: skip
    assert lines[5:7] == ["10", "10 [3, 4, 5, 5]"]
    assert lines[-1] == "ValueError: expected two slots of 4 bytes, or more"
