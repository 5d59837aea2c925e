"""The cable: how fast a model goes over it, what an unchanged library costs, what the clock feels.

All against the virtual module on this computer, in one run with mpremote's own copy (what
`mpremote cp` does once it is connected) as the other side. So the ratios mean something, and the
seconds only that the protocol is not in the way: a Teensy's USB and flash have their own speed.

The push is a whole one: start of the receiver, transfer, check, and the first pattern decoded. The
clock is a program of its own that sends an edge every millisecond, while models are pushed, a
library is synchronised, code is swapped, and a raw prompt collects garbage without end.
"""

import contextlib
import itertools
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from result import Result

ROOT = Path(__file__).resolve().parents[1]
EDGES = 100_000
IDLE_EDGES = 20_000
EDGE_US = 1000
MODELS = 100

# Sends edges as records of firmware/virtual/board.h and prints when each was sent.
CLOCK = """
import os, struct, sys, time
path, edges, every_us, pin, high, low = sys.argv[1], *map(int, sys.argv[2:])
event = struct.Struct("<QBBHI")
events, sent = os.open(path, os.O_WRONLY), []
up, down = event.pack(0, 1, pin, high, 0), event.pack(0, 1, pin, low, 0)
start = time.monotonic_ns()
for edge in range(edges):
    left = start + edge * every_us * 1000 - time.monotonic_ns()
    if left > 0:
        time.sleep(left / 1e9)
    sent.append(time.monotonic_ns() // 1000)
    os.write(events, up)
    os.write(events, down)
sys.stdout.write("\\n".join(map(str, sent)))
"""


def measure(folder: Path) -> list[Result]:
    """The table's rows about USB."""
    from latentrack.module.install import install
    from latentrack.module.link import Link
    from latentrack.virtual.module import VirtualModule

    large, small = _models(folder)
    with VirtualModule() as module:
        with Link(module.port) as link:
            install(link)
        results = _push(module.port, large)
        results += _sync(module, folder, small)
        results += _clock(module, folder, large, small)
    return results


def _models(folder: Path) -> tuple[Path, bytes]:
    """A drum decoder of 150 KB, and the bytes of one of 40 KB."""
    sys.path.insert(0, str(ROOT / "tests" / "firmware"))
    from tflite_models import Shape, export

    from latentrack.decoder.metadata import DecoderInfo, attach_info

    info = DecoderInfo("perdec", 16, 12, 3, (1, 1, 6, 2, 2))
    sizes = {"large": (3, 70, 141, 192), "small": (3, 24, 42, 192)}
    data = {}
    for name, layers in sizes.items():
        shape = Shape(layers, ("relu", "relu"))
        data[name] = attach_info(export(shape, "float32", seed=1), info, name)
    large = folder / "large.tflite"
    large.write_bytes(data["large"])
    return large, data["small"]


def _push(port: str, model: Path) -> list[Result]:
    """The best of five on each side, on the same kind of link."""
    from latentrack.module import library
    from latentrack.module.link import Link

    size, ours, theirs = model.stat().st_size, [], []
    data = model.read_bytes()
    with Link(port) as link:
        for _ in range(5):
            began = time.perf_counter()
            library.push(link, model)
            ours.append(time.perf_counter() - began)
            link.run("pass")  # back at the prompt, which is no part of either
            began = time.perf_counter()
            link._transport.fs_writefile("/flash/copied", data)
            theirs.append(time.perf_counter() - began)
        link.run("import os; os.remove('/flash/copied')")
    speed, peer = size / min(ours), size / min(theirs)
    return [
        Result("usb.push", speed / 1000, "KB/s", peer / 1000, at_least=True),
        Result("usb.push_ratio", speed / peer, "times", None, 10, at_least=True),
    ]


def _sync(module, folder: Path, small: bytes) -> list[Result]:
    """From opening the port to knowing that nothing has to be done, local files included."""
    from latentrack.decoder.metadata import attach_info, read_info
    from latentrack.module import library
    from latentrack.module.files import as_listing
    from latentrack.module.link import Link
    from latentrack.module.session import Session

    models = folder / "models"
    models.mkdir()
    there = module.flash / "models" / "perc"
    there.mkdir(parents=True, exist_ok=True)
    for number in range(MODELS):
        file = models / f"m{number:03d}.tflite"
        file.write_bytes(attach_info(small, read_info(small), f"m{number}"))
        shutil.copy(file, there)
    seconds, trips = [], 0
    for _ in range(5):
        began = time.perf_counter()
        found, _ = library.models_in(models)
        with Link(module.port) as link:
            with Session(link, "files", library.MODELS) as session:
                made = library.plan(found, as_listing(session.first))
        seconds.append(time.perf_counter() - began)
        trips = link.round_trips
        assert len(made.same) == MODELS and not made.to_send and not made.gone
    return [
        Result("usb.sync_unchanged_s", min(seconds), "s", None, 0.5),
        Result("usb.sync_unchanged_trips", trips, "round trips", None, 2),
    ]


def _clock(module, folder: Path, large: Path, small: bytes) -> list[Result]:
    """Edges lost or out of order while everything goes on, and how late the outputs are."""
    from latentrack.module import library
    from latentrack.module.link import Link

    with Link(module.port) as link:
        library.push(link, large)
    idle, _ = _edges(module, folder, IDLE_EDGES, None)
    busy, lost = _edges(module, folder, EDGES, _Disturbance(module.port, folder, large, small))
    return [
        Result("usb.edges_lost", lost, f"of {EDGES:,}", None, 0),
        Result("usb.edge_p50_us", _percentile(busy, 50), "µs", _percentile(idle, 50)),
        # The peer is the same module when nothing else happens.
        Result(
            "usb.edge_p99_9_us",
            _percentile(busy, 99.9),
            "µs",
            _percentile(idle, 99.9),
            2 * _percentile(idle, 99.9),
        ),
    ]


def _edges(module, folder: Path, count: int, disturb) -> tuple[list[int], int]:
    """Delays from edge to output in microseconds, and how many edges were lost or out of order."""
    from latentrack.virtual.chip import chip

    panel, board = module.panel, module.panel.board
    port, bit = chip().pins[board.TRIGGERS["clock"]]
    drives = (board.trigger(5.0), board.trigger(0.0))
    panel.trigger("reset")
    panel.settle()
    numbers = (count, EDGE_US, port << 5 | bit, *drives)
    arguments = [str(module.wires.events_path), *map(str, numbers)]
    with (folder / "sent").open("wb") as out:
        clock = subprocess.Popen([sys.executable, "-c", CLOCK, *arguments], stdout=out)
        _give_way_to_interrupts(module, clock.pid)
        reports = []
        while clock.poll() is None:
            if disturb is not None:
                disturb()
            else:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    clock.wait(0.2)
            reports += panel.settle()
    reports += panel.settle()
    sent = [int(line) for line in (folder / "sent").read_text().split()]
    played = [report for report in reports if report.kind == "step" and report.jack == 0]
    wanted = [edge % 16 for edge in range(count)]
    in_order = sum(a.value == b for a, b in zip(played, wanted, strict=False))
    lost = count - in_order + abs(len(played) - count)
    return [r.time_us - at for r, at in zip(played, sent, strict=False)], lost


def _give_way_to_interrupts(module, clock: int) -> None:
    """On the module an interrupt comes before all else: so here, where the system lets us."""
    process = module.process_id
    threads = {int(task.name) for task in Path(f"/proc/{process}/task").iterdir()} - {process}
    for thread in (*threads, clock):
        try:
            os.sched_setscheduler(thread, os.SCHED_FIFO, os.sched_param(10))
        except OSError:
            print("no real-time priority here: delays say more of this computer's load")
            return


class _Disturbance:
    """A push, a change of the library, a swap of code, and a raw prompt, one after the other."""

    def __init__(self, port: str, folder: Path, large: Path, small: bytes) -> None:
        from latentrack.decoder.metadata import attach_info, read_info

        self._port, self._large = port, large
        info = read_info(small)
        self._versions = []
        for version in ("odd", "even"):
            where = folder / version
            shutil.copytree(folder / "models", where)
            (where / "m000.tflite").write_bytes(attach_info(small, info, version))
            self._versions.append(where)
        self._code = folder / "code" / "latentrack"
        self._code.mkdir(parents=True)
        self._turn = itertools.count()

    def __call__(self) -> None:
        from latentrack.assets import DEVICE
        from latentrack.module import library
        from latentrack.module.files import FramedFiles, as_listing
        from latentrack.module.link import Link
        from latentrack.module.session import Session

        turn = next(self._turn)
        with Link(self._port) as link:
            library.push(link, self._large)
            found, _ = library.models_in(self._versions[turn % 2])
            with Session(link, "files", library.MODELS) as session:
                made = library.plan(found, as_listing(session.first))
                library.sync(FramedFiles(session, {}), made, delete=True)
                source = (DEVICE / "latentrack" / "track.py").read_bytes()
                session.send(source + f"\n# {turn}\n".encode())
                session.call("swap", "latentrack/track.py")
            link.run("import gc\nfor _ in range(20): gc.collect()")


def _percentile(values: list[int], per_cent: float) -> int:
    return sorted(values)[min(len(values) - 1, int(len(values) * per_cent / 100))]
