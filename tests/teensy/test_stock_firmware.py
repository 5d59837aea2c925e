"""The whole device on MicroPython's own firmware, unchanged.

$LATENTRACK_TEENSY_FIRMWARE names the file: MicroPython 1.27 or newer for the Teensy 4.1, .hex or
.elf, from micropython.org. Without it these tests are skipped.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from latentrack.decoder.litert import Decoder
from latentrack.module.install import contents_for
from latentrack.module.link import Link
from latentrack.teensy.firmware import read_firmware
from latentrack.teensy.image import make_image
from latentrack.teensy.module import TeensyModule
from latentrack.teensy.teensy import Teensy
from tests.decoders import DRUMS
from tests.teensy.boards import (
    BoardOnChip,
    dac_places,
    expected_triggers,
    frame_fields,
    selects,
)
from tests.teensy.prompt import Prompt

NAMED = os.environ.get("LATENTRACK_TEENSY_FIRMWARE")
pytestmark = pytest.mark.skipif(not NAMED, reason="LATENTRACK_TEENSY_FIRMWARE is not set")
CLOCK = "D36"
STEP_US, PULSE_US = 125_000, 5_000
IDLE = {"bare": False, "xen": True}
"""The clock pin's level at rest: on xen a transistor inverts, and pulls it up."""


def fill(folder: Path, board: str | None = None, model: Path | None = None) -> Path:
    """A flash folder: empty, or as `latentrack install` and a push leave it."""
    folder.mkdir(parents=True)
    if board is not None:
        for name, data in contents_for("armv7emdp").items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        (folder / "board.txt").write_text(board)
    if model is not None:
        library = folder / "models" / "perc"
        library.mkdir(parents=True)
        (library / model.name).write_bytes(model.read_bytes())
    return folder


def boot(folder: Path) -> Teensy:
    return Teensy(read_firmware(Path(NAMED)), make_image(folder))


class Clocked:
    """An instrument that plays, and the jacks of its board."""

    def __init__(self, board: str, folder: Path) -> None:
        self.board, self.machine = board, boot(folder)
        for pin in (CLOCK, "D35", "D34", "D33"):
            self.machine.set_pin(pin, IDLE[board])
        self.prompt = Prompt(self.machine)
        self.prompt.enter_raw()
        self._told = BoardOnChip(board)

    def pulse(self) -> None:
        """A clock pulse begins now and ends by itself."""
        self.machine.set_pin(CLOCK, not IDLE[self.board])
        self.machine.later(PULSE_US, lambda: self.machine.set_pin(CLOCK, IDLE[self.board]))

    def keep_clocking(self, period_us: float, edges: int) -> None:
        """Pulses beside whatever runs."""
        for i in range(edges):
            self.machine.later(i * period_us, self.pulse)

    def step(self) -> set[int]:
        """A pulse and the time until the next: the channels that were triggered."""
        self.machine.edges.clear()
        self.machine.words.clear()
        self.pulse()
        self.machine.run_us(STEP_US)
        return self._gates() if self.board == "bare" else self._frames()

    def trigger_jacks(self, groups: int) -> tuple[int, ...]:
        """The jack on which each group of drums triggers."""
        return self._told.board.DRUM_JACKS[:groups]

    def _gates(self) -> set[int]:
        pins = self._told.board.GATES
        return {
            pins.index(edge.pin) for edge in self.machine.edges if edge.level and edge.pin in pins
        }

    def _frames(self) -> set[int]:
        calls = self._told.latentcore.calls
        select, places = selects(calls), dac_places(calls)
        found = set()
        for word in self.machine.words:
            its = set(select) & word.low
            if word.bits != 24 or not its:
                continue
            place, code = frame_fields(word.value)
            channel, _, high = places[select.index(its.pop()), place]
            if code == high:
                found.add(channel)
        return found


@pytest.fixture(scope="module", params=["bare", "xen"])
def clocked(request, tmp_path_factory, decoders):
    """The instrument on a board, started by main.py, with one drum model."""
    folder = tmp_path_factory.mktemp(request.param) / "flash"
    return Clocked(request.param, fill(folder, request.param, decoders / f"{DRUMS}.tflite"))


def test_it_boots_to_the_prompt_and_imports_latentcore(tmp_path):
    folder = fill(tmp_path / "flash", "bare")
    (folder / "main.py").unlink()
    machine = boot(folder)
    prompt = Prompt(machine)
    prompt.enter_raw()
    assert prompt.evaluate("__import__('sys').platform") == "mimxrt"
    prompt.run("import gc, latentcore\ngc.collect()")
    assert prompt.evaluate("gc.mem_free()") > 700_000
    assert machine.faults == []
    assert dict(machine.unknown_addresses) == {}


def test_it_plays_what_litert_says(clocked, decoders):
    prompt = clocked.prompt
    assert prompt.evaluate("instrument.plays()[0]") == DRUMS
    prompt.run("track.latents = (0.5, -1.0, 1.5)\ntrack.threshold = 0.3\ninstrument.reset()")
    clocked.machine.run_us(200_000)
    latents = prompt.evaluate("tuple(track.latents)")
    threshold = prompt.evaluate("track.threshold")
    decoder = Decoder(decoders / f"{DRUMS}.tflite")
    probabilities = decoder.decode(np.array([latents], np.float32))
    shape = (decoder.info.steps, decoder.info.voices)
    wanted = expected_triggers(probabilities.reshape(shape), decoder.info.groups, threshold)
    jacks = clocked.trigger_jacks(len(decoder.info.groups))
    played = [clocked.step() & set(jacks) for _ in range(16)]
    assert played == [{jacks[group] for group in groups} for groups in wanted]
    assert clocked.machine.faults == []


def test_edges_beside_collections_and_flash_writes(clocked):
    prompt, machine = clocked.prompt, clocked.machine
    prompt.run("import latentcore")
    before = prompt.evaluate("latentcore.count(0, 0)")
    clocked.keep_clocking(20_000, 50)
    prompt.run(
        "import gc\n"
        "for i in range(4):\n"
        "    gc.collect()\n"
        "    with open('/flash/scratch', 'wb') as file:\n"
        "        file.write(bytes(3000))\n",
        120,
    )
    machine.run_us(1_100_000)
    after = prompt.evaluate("latentcore.count(0, 0)")
    # A sector erase masks interrupts for 45 ms: of the edges meanwhile one survives.
    assert 20 <= (after - before) & 0xFFFF <= 50
    assert machine.blocks["FLEXSPI"].operations[0x20] > 0
    assert machine.faults == []


def test_two_soft_resets_while_the_clock_runs(clocked):
    prompt, machine = clocked.prompt, clocked.machine
    for _ in range(2):
        clocked.keep_clocking(20_000, 400)
        prompt.soft_reset()
        prompt.enter_raw()
        assert prompt.evaluate("instrument.plays()[0]") == DRUMS
    assert machine.faults == []
    assert dict(machine.unknown_addresses) == {}


def test_a_link_talks_to_it_and_its_flash_comes_back(tmp_path):
    folder = fill(tmp_path / "flash")
    with TeensyModule(Path(NAMED), folder) as module:
        module.wait_for_prompt()
        with Link(module.port) as link:
            assert link.evaluate("40 + 2") == 42
            link.write("/flash/hello.txt", b"hello")
            assert link.read("/flash/hello.txt") == b"hello"
    assert (folder / "hello.txt").read_bytes() == b"hello"
    assert module.failure is None


def test_ctrl_c_interrupts_a_loop(tmp_path):
    machine = boot(fill(tmp_path / "flash"))
    prompt = Prompt(machine)
    prompt.enter_raw()
    machine.later(500_000, lambda: machine.send(b"\x03"))
    with pytest.raises(RuntimeError, match="KeyboardInterrupt"):
        prompt.run("while True:\n    pass\n", 10)
