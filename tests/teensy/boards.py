"""The device's own board files, run as they are on a chip in software with latentcore.mpy.

`latentcore` is the native module itself; `machine` is a stand-in that acts on the registers.
"""

from __future__ import annotations

import importlib
import sys
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import numpy as np

from latentrack.assets import DEVICE, latentcore_folder
from latentrack.teensy.machine_module import make_machine
from latentrack.teensy.native import NativeModule
from latentrack.teensy.teensy import Teensy
from latentrack.virtual.boards import make_board
from latentrack.virtual.chip import chip

FOLDER = DEVICE / "latentrack" / "boards"
TICK_US = 1000


@contextmanager
def device_modules(latentcore, machine) -> Iterator[None]:
    """Lets a board import `latentcore`, `machine` and its neighbours, as on the device."""
    package = ModuleType("latentrack.boards")
    package.__path__ = [str(FOLDER)]
    given = {"latentcore": latentcore, "machine": machine, "latentrack.boards": package}
    before = dict(sys.modules)
    sys.modules.update(given)
    try:
        yield
    finally:
        for name in set(sys.modules) - set(before):
            if name.startswith("latentrack.boards") or name in given:
                del sys.modules[name]
        sys.modules.update({name: before[name] for name in given if name in before})


class BoardOnChip:
    """A board that is connected, and its instrument's inputs; no frames run."""

    def __init__(self, name: str, **patches: object) -> None:
        file = latentcore_folder("armv7emdp") / "latentcore.mpy"
        self.chip = Teensy()
        self.electronics = make_board(name)
        self.written: dict[int, float] = {}
        """Jack -> the volts that were written last, since it was cleared."""
        self.chip.on_edge = lambda edge: self._at_jacks(
            self.electronics.pin(edge.pin, bool(edge.level))
        )
        self.chip.on_word = lambda word: self._at_jacks(
            self.electronics.spi([word.value], word.bits, word.mode)
        )
        self.latentcore = NativeModule(self.chip, file.read_bytes())
        self.machine = make_machine(self.latentcore)
        with device_modules(self.latentcore, self.machine):
            self.board = importlib.import_module(f"latentrack.boards.{name}")
            for attribute, value in patches.items():
                setattr(self.board, attribute, value)
            self.board.connect()
        self.chip.edges.clear()
        self.chip.words.clear()

    def _at_jacks(self, volts) -> None:
        self.written.update(volts)

    def route_drums(self) -> None:
        """What the device code does for drums on all jacks: their order, and accents of 5 V."""
        core, jacks = self.latentcore, self.board.DRUM_JACKS
        core.route(0, _packed(jacks[:5]), _packed(jacks[5:]))
        for channel in range(8):
            core.calibrate(channel, 65535.0, -65535 / 120, 32768, 0)

    def play(self, model: Path, latents, threshold: float) -> None:
        """Loads a model, decodes it, and listens to the clock input."""
        core = self.latentcore
        self._model = model.read_bytes()
        self._memory = bytearray(core.describe(self._model)[6])
        core.load(0, self._model, self._memory)
        core.set(0, core.THRESHOLD, threshold)
        core.decode(0, array("f", latents))
        pin = self.machine.Pin(self.board.CLOCK, self.machine.Pin.IN)
        edge = getattr(self.board, "EDGE", "rising")
        self._idle_level = edge == "falling"
        self.chip.set_pin(self.board.CLOCK, self._idle_level)
        trigger = self.machine.Pin.IRQ_FALLING if self._idle_level else self.machine.Pin.IRQ_RISING
        pin.irq(core.clock, trigger, hard=True)

    def edge(self) -> None:
        """A clock pulse begins at the jack."""
        self.chip.set_pin(self.board.CLOCK, not self._idle_level)

    def release(self) -> None:
        """The clock pulse ends."""
        self.chip.set_pin(self.board.CLOCK, self._idle_level)

    def step(self) -> tuple[list, list]:
        """A clock edge and 20 ms with ticks: output edges and SPI words until then."""
        self.chip.edges.clear()
        self.chip.words.clear()
        self.edge()
        for _ in range(20):
            self.latentcore.run_us(TICK_US)
            self.latentcore.tick(None)
        self.release()
        return list(self.chip.edges), list(self.chip.words)


def _packed(channels) -> int:
    padded = (*channels, *[15] * 8)[:8]
    return sum(channel << 4 * place for place, channel in enumerate(padded))


def selects(calls) -> tuple[str, str]:
    """The pins that select the two converters, from what the board told latentcore."""
    (words,) = [values[1] for name, values in calls if name == "dac_outputs"]
    by_place = {place: name for name, place in chip().pins.items()}
    found = []
    for i in (0, 1):
        base, mask = words[4 * i], words[4 * i + 3]
        port = int(chip().block_at(base).removeprefix("GPIO"))
        found.append(by_place[port, mask.bit_length() - 1])
    return found[0], found[1]


def dac_places(calls) -> dict[tuple[int, int], tuple[int, int, int]]:
    """(chip, its channel) -> (channel, code of a low gate, of a high one)."""
    told = [values for name, values in calls if name == "dac_output"]
    return {(which, place): (channel, low, high) for channel, which, place, low, high, *_ in told}


def frame_fields(value: int) -> tuple[int, int]:
    """(the converter's channel, code) of a 24-bit frame. (DAC8164 data sheet, SBAS410.)"""
    assert value >> 20 & 3 == 1, "write one channel and put it out at once"
    return value >> 17 & 3, value & 0xFFFF


def expected_triggers(probabilities, groups, threshold) -> list[frozenset[int]]:
    """The channels that trigger at each step, from LiteRT's probabilities."""
    from latentrack.playing.jacks import drum_steps

    return [step.triggers for step in drum_steps(np.asarray(probabilities), groups, threshold)]
