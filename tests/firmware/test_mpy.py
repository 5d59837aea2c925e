"""latentcore.mpy as a file: what the packer wrote, read back by a parser of this test, and run.

The x64 file is imported by real MicroPython in tests/end_to_end. Nobody here has a Teensy, so the
armv7emdp file is loaded and played on the emulated Cortex-M7 by loader.c.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from latentrack.assets import latentcore_folder
from latentrack.decoder.metadata import DecoderInfo, attach_info
from tests.conftest import ROOT
from tests.decoders import DRUMS, answers
from tests.firmware import litert_oracle
from tests.firmware.tflite_models import FeelShape, export_feel, with_feel
from tests.waiting import PATIENCE_S

sys.path.insert(0, str(ROOT / "firmware" / "mpy"))
import pack  # noqa: E402

EXPORTED = {"describe", "load", "set", "decode", "clock", "reset", "tick", "cells", "THRESHOLD"}
ARCHITECTURES = {"x64": (2, 8), "armv7emdp": (8, 4)}  # MicroPython's number, bytes of a word


@dataclass
class Module:
    """What a native .mpy holds."""

    arch: int
    names: list[str]
    image: bytes
    relocations: list[tuple[int, int]]  # word, destination


class Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, count: int) -> bytes:
        taken = self.data[self.at : self.at + count]
        assert len(taken) == count, "the file is cut short"
        self.at += count
        return taken

    def number(self) -> int:
        value = 0
        while True:
            (byte,) = self.take(1)
            value = value << 7 | byte & 0x7F
            if not byte & 0x80:
                return value


def parse(data: bytes) -> Module:
    """Reads the container of format 6.3 with one native function and nothing else."""
    reader = Reader(data)
    magic, version, feature, bits = reader.take(4)
    assert (magic, version, feature & 3, bits) == (ord("M"), 6, 3, 31)
    count, objects = reader.number(), reader.number()
    assert objects == 0
    names = []
    for _ in range(count):
        length = reader.number()
        assert length & 1 == 0, "a name of its own, not one built into MicroPython"
        names.append(reader.take(length >> 1).decode())
        assert reader.take(1) == b"\0"
    kind = reader.number()
    assert kind & 7 == 2, "native code without children"
    image = reader.take(kind >> 3)
    assert reader.number() == 0x10, "relocations, and no memory besides the image"
    relocations, word = [], 0
    while (op := reader.take(1)[0]) != 0xFF:
        if op & 1:
            place = reader.number()
            assert place & 1 == 0, "in the image"
            word = place >> 1
        destination = op >> 1
        repeat = reader.number() if destination == 1 else 1
        for _ in range(repeat):
            relocations.append((word, 0 if destination <= 1 else destination))
            word += 1
    assert reader.at == len(data), "nothing follows"
    return Module(feature >> 2, names, image, relocations)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_container(architecture):
    number, word = ARCHITECTURES[architecture]
    module = parse((latentcore_folder(architecture) / "latentcore.mpy").read_bytes())
    assert module.arch == number
    assert module.names[0] == "latentcore.c"
    assert set(module.names) >= EXPORTED
    assert len(module.image) % word == 0
    words = [place for place, _ in module.relocations]
    assert len(set(words)) == len(words), "no word is relocated twice"
    assert max(words) < len(module.image) // word
    assert {destination for _, destination in module.relocations} == {0, 6, 8}
    for place, destination in module.relocations:
        value = int.from_bytes(module.image[place * word : (place + 1) * word], "little")
        if destination == 0:
            assert value <= len(module.image), "an address inside the image"
        else:
            assert value == 0, "the table itself"


def test_the_teensys_file_is_small_enough_for_the_aim():
    size = (latentcore_folder("armv7emdp") / "latentcore.mpy").stat().st_size
    assert size <= 45_056


def test_the_parser_and_mpy_cross_agree_on_the_header(tmp_path):
    """Another writer of .mpy files, as a check on this test's idea of the header."""
    (tmp_path / "m.py").write_text("def f(a):\n    return a\n")
    for architecture, (number, _) in ARCHITECTURES.items():
        target = tmp_path / f"{architecture}.mpy"
        subprocess.run(
            [
                sys.executable, "-m", "mpy_cross", f"-march={architecture}", "-X", "emit=native",
                "-o", target, tmp_path / "m.py",
            ],
            check=True,
        )  # fmt: skip
        assert target.read_bytes()[:4] == bytes((ord("M"), 6, number << 2 | 3, 31))


@pytest.fixture(scope="module")
def link(tmp_path_factory):
    """Compiles and links a scrap of C as the build does; returns the shared object."""
    folder = tmp_path_factory.mktemp("link")

    def link(source: str) -> Path:
        (folder / "scrap.c").write_text(source)
        linked = folder / "scrap.so"
        subprocess.run(
            [
                "gcc", "-O1", "-fpic", "-ffreestanding", "-fvisibility=hidden", "-nostdlib",
                "-shared", "-fcf-protection=none", "-fno-stack-protector",
                "-fno-asynchronous-unwind-tables",
                "-Wl,-Bsymbolic,--hash-style=sysv,--build-id=none,-z,norelro",
                "-Wl,--no-warn-rwx-segments",
                "-T", ROOT / "firmware" / "mpy" / "image.ld", folder / "scrap.c", "-o", linked,
            ],
            check=True,
        )  # fmt: skip
        return linked

    return link


ENTRY = """
__attribute__((used, section(".names"))) static const char names[] = "scrap.c\\0one\\0";
__attribute__((section(".text.entry"), visibility("default"))) void *entry(void) { BODY }
"""


def test_packs_pointers_and_tables(link):
    module = parse(
        pack.pack(
            link(
                "extern void *const mp_fun_table[]; static int a, b;\n"
                "int *volatile pointers[] = {&a, &b, &a};\n"
                + ENTRY.replace("BODY", "return pointers[0] ? mp_fun_table[0] : 0;")
            )
        )
    )
    assert module.names == ["scrap.c", "one"]
    to_image = [place for place, destination in module.relocations if destination == 0]
    assert len(to_image) >= 3
    assert any(destination == 8 for _, destination in module.relocations)


def test_refuses_an_undefined_symbol_by_name(link):
    linked = link(
        "extern int nowhere_to_be_found;\n"
        + ENTRY.replace("BODY", "return (void *)&nowhere_to_be_found;")
    )
    with pytest.raises(pack.PackError, match="nowhere_to_be_found"):
        pack.pack(linked)


def test_refuses_an_entry_that_is_not_first(link):
    linked = link(
        '__attribute__((section(".text.entry"))) int before(void) { return 7; }\n'
        + ENTRY.replace('.text.entry"', '.text.later"').replace("BODY", "return 0;")
    )
    with pytest.raises(pack.PackError, match="entry"):
        pack.pack(linked)


def play_on_m7(folder: Path, model: Path, latents: np.ndarray) -> list[str]:
    """What loader.c prints of the model at these latents."""
    (folder / "latents").write_bytes(latents.astype("<f4").tobytes())
    program = folder / "loader.elf"
    m7 = ROOT / "firmware" / "platform" / "m7"
    paths = {
        "MPY": latentcore_folder("armv7emdp") / "latentcore.mpy",
        "MODEL": model,
        "LATENTS": folder / "latents",
    }
    subprocess.run(
        [
            "arm-none-eabi-gcc", "-O1", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-mthumb",
            "-mcpu=cortex-m7", "-mfpu=fpv5-d16", "-mfloat-abi=hard", "--specs=rdimon.specs",
            "-ffunction-sections", "-nostartfiles", "-Wl,--gc-sections", "-T", m7 / "link.ld",
            *(f'-D{name}="{path}"' for name, path in paths.items()),
            Path(__file__).with_name("loader.c"), m7 / "startup.c", "-o", program,
        ],
        check=True,
    )  # fmt: skip
    done = subprocess.run(
        [
            "qemu-system-arm", "-M", "mps2-an500", "-nographic", "-monitor", "none",
            "-semihosting-config", "enable=on,target=native", "-kernel", program,
        ],
        capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def cells_of(lines: list[str]) -> np.ndarray:
    """The cells of each pattern, (patterns, 16 steps, 12 voices)."""
    played = [bytes.fromhex(line.split()[1]) for line in lines if line.startswith("cells ")]
    rows = np.array([np.frombuffer(each, np.uint8).reshape(16, 2) for each in played])
    return np.unpackbits(rows, axis=2, bitorder="little")[:, :, :12]


def test_plays_on_the_emulated_processor(decoders, tmp_path):
    """Loaded, entered, and played: the cells are those that LiteRT answers."""
    latents, probabilities = answers(decoders, DRUMS)
    lines = play_on_m7(tmp_path, decoders / f"{DRUMS}.tflite", latents)
    assert lines[1].startswith("describe raised "), "half a file is refused"
    assert lines[2] == "describe perdec 3 16 12 3 groups 1 1 6 2 2 feel 0 0"
    assert np.abs(probabilities - 0.3).min() > 1e-6
    assert np.array_equal(cells_of(lines), probabilities > np.float32(0.3))
    assert [line for line in lines if line.startswith("feel")] == ["feel "] * len(latents)


def test_velocity_and_timing_on_the_emulated_processor(tmp_path):
    """As LiteRT answers, rounded; the hits' probabilities decide which cells have any."""
    shape = FeelShape(2, 1, (20,), (16,), 192)
    model = attach_info(
        export_feel(shape, "float32", seed=4), DecoderInfo("perdec", 16, 12, 3, (1, 1, 6, 2, 2))
    )
    model = with_feel(model, bytes([1, 1]))
    (tmp_path / "feel.tflite").write_bytes(model)
    latents = np.random.default_rng(5).uniform(-3, 3, (20, 3)).astype(np.float32)
    lines = play_on_m7(tmp_path, tmp_path / "feel.tflite", latents)
    assert lines[2].endswith(" feel 1 1")
    learned = [bytes.fromhex(line.split()[1]) for line in lines if line.startswith("feel ")]
    found = np.array([np.frombuffer(each, np.int8) for each in learned]).reshape(20, 2, 192)
    cells = cells_of(lines).reshape(20, 192).astype(bool)
    assert np.array_equal(cells, litert_oracle.probabilities(model, latents, "hits") > 0.3)
    for which, output in enumerate(("velocity", "timing")):
        expected = 127 * litert_oracle.probabilities(model, latents, output)
        assert np.abs(found[:, which] - expected)[cells].max() < 0.5001
        assert not found[:, which][~cells].any()
