"""latentcore in a web page: real MicroPython and the C code, both of WebAssembly, under Node."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from latentrack.decoder.metadata import DecoderInfo, attach_info
from latentrack.virtual.boards import FLOATS, HIGH, LOW
from latentrack.virtual.chip import chip
from tests.docs.page import Page
from tests.docs.pages import DOCS
from tests.firmware import in_node, litert_oracle
from tests.firmware.tflite_models import (
    PRECISIONS,
    FeelShape,
    Shape,
    export,
    export_feel,
    with_feel,
)

DRUMS = DecoderInfo("perdec", 16, 12, 3, (1, 1, 6, 2, 2))
THRESHOLDS = (0.1, 0.3, 0.5, 0.8)
BOUND = 1e-6  # nearer to a threshold LiteRT's own answer is open
POWER_ON = "import boot; boot.power_on((1, 28, 0), (), (), 0)\n"
PLAY = """
import latentcore, machine
from array import array

def load(name):
    global file, memory
    file = open(name, "rb").read()
    memory = bytearray(latentcore.describe(file)[6])
    latentcore.load(0, file, memory)
    machine.Pin("D36").irq(latentcore.clock, machine.Pin.IRQ_RISING, hard=True)

def show():
    feel = bytearray(2 * 192)
    print(latentcore.cells(0)[2].hex(), bytes(feel[:latentcore.read_feel(0, feel)]).hex())
"""


@pytest.fixture(scope="module")
def folder() -> Path:
    return in_node.build()


def number(pin: str) -> int:
    port, bit = chip().pins[pin]
    return port << 5 | bit


def clock(edges: int = 1, drives: tuple[int, int] = (HIGH, LOW)) -> dict[str, Any]:
    return {"edges": edges, "pin": number("D36"), "drives": drives}


def drums(precision: str = "float32", seed: int = 1) -> bytes:
    return attach_info(export(Shape((3, 24, 192), ("relu",)), precision, seed=seed), DRUMS)


def test_the_interface_pages_example_plays_what_litert_says(folder):
    block = next(b for b in Page.read(DOCS / "latentcore.md").blocks if b.language == "python")
    model = drums()
    steps = [
        {"python": POWER_ON + "import machine; machine.Pin('D2', machine.Pin.OUT)"},
        {"python": "\n".join(block.lines)},
    ]
    # The gates are 10 ms long: a clock of 20 ms.
    for _ in range(33):
        steps += [clock(), {"run": 19000}]
    ran = in_node.run(folder, steps, {"funk.tflite": model})
    assert ran.lines == []
    assert [step for _, _, step in ran.steps] == [*range(16), *range(16), 0]
    first = litert_oracle.probabilities(model, np.zeros((1, 3), np.float32)).reshape(16, 12)[:, 0]
    rises = {time for time, pin, level in ran.pins if pin == number("D2") and level}
    played = [time in rises for time, _, _ in ran.steps]
    assert played == [*(first > 0.5), *(first > 0.5), first[0] > 0.5]
    assert 0 < sum(played) < len(played)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_cells_are_those_that_litert_answers(precision, folder):
    model = drums(precision, seed=3)
    latents = np.random.default_rng(6).uniform(-3, 3, (12, 3)).astype(np.float32)
    oracle = litert_oracle.made_float(model) if precision == "dynamic" else model
    expected = litert_oracle.probabilities(oracle, latents)
    steps = [{"python": POWER_ON + PLAY + "load('model.tflite')"}]
    for latent in latents:
        for threshold in THRESHOLDS:
            steps += [
                {
                    "python": f"latentcore.set(0, latentcore.THRESHOLD, {threshold})\n"
                    f"latentcore.decode(0, array('f', {tuple(map(float, latent))}))\n"
                    "latentcore.ask_reset()"
                },
                clock(),
                {"python": "show()"},
            ]
    ran = in_node.run(folder, steps, {"model.tflite": model})
    rows = np.array([list(bytes.fromhex(line.split()[0])) for line in ran.lines], np.uint8)
    bits = np.unpackbits(rows.reshape(-1, 16, 2), axis=2, bitorder="little")[:, :, :12]
    found = bits.reshape(len(latents), len(THRESHOLDS), 192).astype(bool)
    for at, threshold in enumerate(np.float32(THRESHOLDS)):
        unsure = np.abs(expected - threshold) <= (-1 if "int8" in precision else BOUND)
        assert ((found[:, at] == (expected > threshold)) | unsure).all(), threshold
        assert unsure.sum() < 5
    assert 0.1 < found.mean() < 0.9


def test_velocity_and_timing_are_what_litert_answers(folder):
    network = export_feel(FeelShape(2, 1, (20,), (16,), 192), "float32", seed=4)
    model = with_feel(attach_info(network, DRUMS), bytes([1, 1]))
    latents = np.random.default_rng(5).uniform(-3, 3, (10, 3)).astype(np.float32)
    steps = [{"python": POWER_ON + PLAY + "load('feel.tflite')"}]
    for latent in latents:
        source = f"latentcore.decode(0, array('f', {tuple(map(float, latent))}))"
        steps += [{"python": source + "\nlatentcore.ask_reset()"}]
        steps += [clock(), {"python": "show()"}]
    ran = in_node.run(folder, steps, {"feel.tflite": model})
    found = np.array([np.frombuffer(bytes.fromhex(line.split()[1]), np.int8) for line in ran.lines])
    found = found.reshape(len(latents), 2, 192)
    cells = litert_oracle.probabilities(model, latents, "hits") > 0.5
    for which, output in enumerate(("velocity", "timing")):
        expected = 127 * litert_oracle.probabilities(model, latents, output)
        assert np.abs(found[:, which] - expected)[cells].max() < 0.5001
        assert not found[:, which][~cells].any()


REFUSED = """
for call in (
    lambda: latentcore.describe(b"this is no model"),
    lambda: latentcore.set(0, latentcore.THRESHOLD, 2),
    lambda: latentcore.set(4, latentcore.THRESHOLD, 0.5),
    lambda: latentcore.set(0, latentcore.THRESHOLD),
    lambda: latentcore.set(0, None, 0.5),
    lambda: latentcore.read_cells(0, bytes(8)),
    lambda: machine.Pin("D99"),
    lambda: machine.mem32[0x40000000],
):
    try:
        print("returned", call())
    except Exception as error:
        print(type(error).__name__, error)
"""


def test_what_is_wrong_is_refused_as_on_a_board(folder):
    ran = in_node.run(folder, [{"python": POWER_ON + PLAY + REFUSED}], {})
    assert ran.lines == [
        "ValueError not a .tflite file",
        "ValueError no such parameter, or a value out of its range",
        "ValueError tracks are numbered 0 to 3",
        "TypeError function takes another number of arguments",
        "TypeError can't convert to int",
        "TypeError object with buffer protocol required",
        "ValueError Pin doesn't exist",
        "RuntimeError the chip has no register there: a Teensy would stand still",
    ]


def test_the_device_code_starts_and_its_frames_run(folder):
    device = in_node.ROOT / "device"
    paths = [path for path in device.rglob("*") if path.is_file() and path.suffix == ".py"]
    files = {path.relative_to(device).as_posix(): path.read_bytes() for path in paths}
    files["models/perc/funk.tflite"] = drums()
    steps = [
        {"python": POWER_ON},
        {"python": files["main.py"].decode()},
        {"run": 100000},
        {"python": "library.play('funk')"},
        {"run": 100000},
        clock(17, (LOW, FLOATS)),
        {"python": "print(track.model.name, instrument.stopped_parts, instrument.failed_parts)"},
    ]
    ran = in_node.run(folder, steps, files)
    assert ran.lines[-1] == "funk {} {}"
    assert [step for _, _, step in ran.steps] == [*range(16), 0]
