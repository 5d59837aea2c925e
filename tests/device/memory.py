"""What tests and benchmarks of the module's memory share: the heap of a Teensy, and allocations.

MicroPython's own collector is what counts here: `gc.mem_alloc` with collections off.
"""

from __future__ import annotations

import random
from pathlib import Path

from latentrack.assets import DEVICE
from latentrack.errors import UserError
from latentrack.module.library import push
from latentrack.module.link import Link
from latentrack.module.session import Session
from tests.decoders import CHORALES, DRUMS
from tests.device.rig import Rig
from tests.end_to_end.cable import TO_MODULE, Cable, Fault

LARGE = "large"
BURST = 1000

# Frames are called at the prompt; the display takes its bytes.
_PROMPT = """
import gc, virtualboard, latentcore
def _allocated(count, frame):
    for _ in range(30): frame()
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    for _ in range(count): frame()
    used = gc.mem_alloc() - before
    gc.enable()
    return used
_code = 0
def _turned():
    global _code
    _code = (_code + 44) % 4096
    virtualboard.set_analog(_knob, _code)
    instrument.frame()
def _clocked():
    latentcore.clock(None)
    instrument.frame()
instrument.stop()
instrument.history.close()
while not instrument.screen.display.ready(): pass
for _ in range(100): instrument.frame()
"""


class Frames:
    """A module whose frames are called one by one."""

    def __init__(self, module: Rig) -> None:
        self._module = module
        module.link.run(_PROMPT)

    def still(self, count: int = 1000) -> int:
        """Bytes that frames allocate while nothing changes."""
        return int(self._module.get(f"_allocated({count}, instrument.frame)"))

    def clocked(self, count: int = 320) -> float:
        """Bytes a frame with a clock edge each, the screen drawing."""
        return float(self._module.get(f"_allocated({count}, _clocked)")) / count

    def turned(self, knob: str, count: int = 100) -> float:
        """Bytes a frame while a knob turns."""
        pin = f"instrument.board.KNOBS[{knob!r}]"
        self._module.link.run(f"_knob = virtualboard.analog_number({pin})")
        return float(self._module.get(f"_allocated({count}, _turned)")) / count


class Soak:
    """A session that does everything with models that a player may do, in any order."""

    def __init__(self, module: Rig, models: Path, folder: Path, seed: int) -> None:
        self._module, self._models = module, models
        # Clock edges so far.
        self.steps = 0
        self._rng = random.Random(seed)
        self._damaged = folder / "damaged.tflite"
        data = bytearray((models / f"{DRUMS}.tflite").read_bytes())
        # The metadata stays readable, so the computer sends it; the network refers to nowhere.
        data[4:8] = b"TFL3"
        data[0:4] = (0x7FFFFFF0).to_bytes(4, "little")
        self._damaged.write_bytes(data)

    def largest(self) -> int:
        """The largest file that fits beside the drum model on the first track."""
        self._alone()
        room = self._module.get("instrument.room()")
        memory = self._module.get("track.model.memory")
        return int(room - -(-memory // 16) * 16)

    def store(self, size: int) -> None:
        """Puts a model of exactly that size into the module's library."""
        data = (self._models / f"{DRUMS}.tflite").read_bytes()
        folder = self._module.module.flash / "models" / "perc"
        (folder / f"{LARGE}.tflite").write_bytes(data + bytes(size - len(data)))

    def fits(self) -> bool:
        """Whether the stored model plays beside the drum model; then it is stopped."""
        self._alone()
        code = (
            f"try:\n    library.play({LARGE!r}, track=1, remember=False)\n    print('plays')\n"
            "except MemoryError:\n    print('refused')"
        )
        fitted = self._module.run(code).strip() == "plays"
        self._alone()
        return fitted

    def _alone(self) -> None:
        for code in ("tracks[1].stop()", f"library.play({DRUMS!r}, remember=False)"):
            self._module.run(code)
            self.clock(64)

    def clock(self, edges: int) -> None:
        for at in range(0, edges, BURST):
            self._module.panel.clock(min(BURST, edges - at), spacing_us=1000)
            self._module.panel.settle()
        self.steps += edges
        self._module.frames(2)

    def play(self, actions: int, edges: int = 100) -> None:
        does = (self._swap, self._swap, self._line, self._reload, self._push, self._fail)
        for _ in range(actions):
            self._rng.choice(does)()
            if self._rng.random() < 0.7:
                self.clock(self._rng.randint(1, 2 * edges))

    def _swap(self) -> None:
        name, track = self._rng.choice((DRUMS, CHORALES)), self._rng.randrange(2)
        self._module.run(f"library.play({name!r}, track={track}, remember=False)")

    def _line(self) -> None:
        number = self._rng.randrange(1000)
        self._module.run(
            self._rng.choice(
                (
                    f"_text{number % 20} = 'a line at the prompt' * {number // 10}",
                    f"track.threshold = {number / 1000}",
                    f"presets.store({number % 16 + 1})",
                    f"_list{number % 10} = [str(n) for n in range({number // 20})]",
                    f"instrument.message('message {number}')",
                    f"tracks[{number % 2}].stop()",
                    f"library.load({DRUMS!r}).release()",
                )
            )
        )

    def _reload(self) -> None:
        name = self._rng.choice(("track", "dice", "arena", "screen"))
        path = f"latentrack/{name}.py"
        source = (DEVICE / path).read_bytes() + b"\n# %d\n" % self._rng.randrange(10**6)
        with Session(self._module.link) as session:
            session.send(source)
            assert session.call("swap", path) == "plays"
            # What waits to be stored takes room; `latentrack live` has it stored in the end.
            assert session.call("write_now") <= 1

    def _push(self) -> None:
        name = self._rng.choice((DRUMS, CHORALES))
        push(self._module.link, self._models / f"{name}.tflite", track=self._rng.randrange(2))

    def _fail(self) -> None:
        self._rng.choice((self._push_damaged, self._push_too_large, self._pull_the_cable))()

    def _push_damaged(self) -> None:
        with Session(self._module.link) as session:
            session.send(self._damaged.read_bytes())
            refused(session, "audition", "damaged", 0)

    def _push_too_large(self) -> None:
        with Session(self._module.link) as session:
            refused(session, "begin", 1_900_000)

    def _pull_the_cable(self) -> None:
        """In the middle of a model; the next who comes asks for the prompt, which ends the old."""
        model = self._models / f"{CHORALES}.tflite"
        cut = Fault("cut", TO_MODULE, self._rng.randint(5_000, 100_000))
        with Cable(self._module.module.port, cut) as cable:
            try:
                with Link(cable.port) as link:
                    push(link, model)
            except UserError:
                pass
            else:
                raise AssertionError("the cable was not pulled")
        self._module.link.enter()


def refused(session: Session, *call: object) -> None:
    from latentrack.module.link import ModuleError

    try:
        session.call(*call)
    except ModuleError:
        return
    raise AssertionError(f"the module does not refuse {call}")
