"""What a Teensy's memory and time leave: measured on the virtual module with a Teensy's heap.

MicroPython is the real one; its objects are of 64 bits, so they take up to twice the bytes of a
Teensy's.
"""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from result import Result

ROOT = Path(__file__).resolve().parents[1]
STEPS = 1_000_000
# Clock edges after an action of the session, on average.
EDGES = 2_000
EDGES_BESIDE_DISPLAY = 1_000_000
BURST = 1_000
# The display is written to in each run of the scheduler, so that most edges find it so.
_BUSY = """
import machine
_spi = machine.SPI(0, baudrate=20000000)
_bytes = bytes(2000)
_transfers = 0
def _write(timer):
    global _transfers
    for _ in range(8):
        _spi.write(_bytes)
        _transfers += 1
_busy = machine.Timer(-1, period=1, callback=_write)
"""


def measure(folder: Path) -> list[Result]:
    """The table's rows about registers, outputs and memory."""
    sys.path.insert(0, str(ROOT))
    return [_unknown_addresses(folder), _lost_writes(folder), *_memory(folder)]


def _memory(folder: Path) -> list[Result]:
    """What frames allocate, and what of the largest model fits after a million steps."""
    from latentrack.module.install import install
    from latentrack.module.link import Link
    from latentrack.virtual.module import VirtualModule
    from tests.decoders import CHORALES, DRUMS, decoders_or_stand_ins
    from tests.device.memory import Frames, Soak
    from tests.device.rig import Rig

    models = decoders_or_stand_ins(folder)
    flash = folder / "flash"
    with VirtualModule(flash) as module, Link(module.port) as link:
        install(link)
    (flash / "models" / "perc").mkdir(parents=True)
    for name in (DRUMS, CHORALES):
        shutil.copy(models / f"{name}.tflite", flash / "models" / "perc")

    @contextmanager
    def playing() -> Iterator[Rig]:
        module = VirtualModule(flash, manual_time=True)
        with module, Link(module.port) as link:
            yield Rig(module, link)

    with playing() as rig:
        still = Frames(rig).still() / 1000
    with playing() as rig:
        soak = Soak(rig, models, folder, seed=1)
        at_boot = soak.largest()
        while soak.steps < STEPS:
            soak.play(10, EDGES)
        share = soak.largest() / at_boot
    return [
        Result("silicon.frame_alloc_bytes", still, "bytes", None, 0),
        Result("silicon.largest_block_share", share, "", None, 0.95, at_least=True),
    ]


def _unknown_addresses(folder: Path) -> Result:
    """Addresses without a register that the Teensy's own machine code touches, on all boards."""
    from latentrack.virtual.boards import BOARDS
    from tests.decoders import DRUMS, answers, decoders_or_stand_ins
    from tests.teensy.boards import BoardOnChip

    models = decoders_or_stand_ins(folder)
    latents, _ = answers(models, DRUMS)
    unknown = 0
    for name in BOARDS:
        board = BoardOnChip(name)
        board.play(models / f"{DRUMS}.tflite", latents[0], 0.3)
        for _ in range(16):
            board.step()
        unknown += len(board.chip.unknown_addresses)
    return Result("silicon.unknown_addresses", unknown, "addresses", None, 0)


def _lost_writes(folder: Path) -> Result:
    """Triggers that never reached a jack, while the display is written to without a pause."""
    from latentrack.module.install import install
    from latentrack.module.link import Link
    from latentrack.virtual.module import VirtualModule
    from tests.decoders import DRUMS, decoders_or_stand_ins

    flash = folder / "busy"
    with VirtualModule(flash) as module, Link(module.port) as link:
        install(link)
    (flash / "models" / "perc").mkdir(parents=True)
    shutil.copy(decoders_or_stand_ins(folder) / f"{DRUMS}.tflite", flash / "models" / "perc")
    with VirtualModule(flash, manual_time=True) as module, Link(module.port) as link:
        link.run("track.threshold = 0.2\ntrack.refresh()\nimport latentcore")
        link.run(_BUSY)
        module.panel.settle()
        played = 0
        for _ in range(EDGES_BESIDE_DISPLAY // BURST):
            module.panel.clock(BURST, spacing_us=2000)
            played += sum(report.kind == "step" for report in module.panel.settle())
        link.run("_busy.deinit()")
        late, lost = link.evaluate("latentcore.count(0, 6), latentcore.count(0, 7)")
        transfers = link.evaluate("_transfers")
    print(f"lost writes: {played:,} steps, {transfers:,} transfers, {late:,} writes a tick later")
    lost += EDGES_BESIDE_DISPLAY - played
    return Result("silicon.lost_writes", lost, "writes", None, 0)
