"""Faults by the thousand between the computer and the module, and what must hold after each.

    python -m tests.faults --count 2000 --workers 2

Each fault spoils one command. Afterwards: the command has said what happened and ended in time; the
module plays, without having restarted unless its power was cut; its library holds only whole
models, old or new; and the next push works. Exits with 1 and names the fault if anything else
happens; `--seed` makes the same faults again.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from latentrack.decoder.metadata import attach_info, read_info
from latentrack.errors import UserError
from latentrack.module import library
from latentrack.module import link as usb
from latentrack.module.frames import Reader
from latentrack.module.install import install
from latentrack.module.link import Link
from latentrack.virtual.module import VirtualModule
from tests.decoders import DRUMS, decoders_or_stand_ins
from tests.end_to_end.cable import TO_HOST, TO_MODULE, Cable, Fault
from tests.waiting import until

ANSWER_S = 2.0  # shorter than the real one, so that thousands fit into an hour
LIMIT_S = 60.0  # a busy computer may take its time; what hangs does so for ever
STEPS = 16
FLASH = 7 * 1024 * 1024

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.end_to_end.faults"])


@dataclass(frozen=True)
class Case:
    """A command and what spoils it: a fault of the cable, who is killed, or a full flash."""

    command: str
    fault: Fault | None
    victim: str = ""
    free: int | None = None

    def __str__(self) -> str:
        if self.fault is None:
            return f"{self.command}, {self.free} bytes of flash free"
        what = f"{self.fault.kind} {self.victim}".strip()
        return f"{self.command}: {what} at byte {self.fault.at} {self.fault.direction}" + (
            f" ({self.fault.size})" if self.fault.size != 1 else ""
        )


class Broken(AssertionError):
    """Something that must hold does not."""


class Bench:
    """A module with a model in its library, models to send, and the commands that send them."""

    commands: tuple[str, ...] = ("push", "store", "sync", "pull")

    def __init__(self, model: Path) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="latentrack-faults-"))
        data, info = model.read_bytes(), read_info(model)

        def make(path: str, name: str) -> Path:
            file = self._folder / path
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(attach_info(data, info, name))
            return file

        self._kept = make("kept.tflite", "kept")
        # Two of the same name, so that each time there is something to store.
        self._pushed = [make(f"{n}/pushed.tflite", f"pushed {n}") for n in ("odd", "even")]
        self._next = [make("next/one.tflite", "one"), make("next/two.tflite", "two")]
        self._versions = [
            [make(f"{version}/{name}.tflite", f"{name} {version}") for name in ("a", "b")]
            for version in ("old", "new")
        ]
        files = [self._kept, *self._pushed, *self._next, *itertools.chain(*self._versions)]
        self._known = {hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
        self._pulled = self._folder / "pulled"
        self._turn = 0
        self.module = VirtualModule(self._folder / "flash")
        try:
            self._set_up()
        except BaseException:
            # Nobody else would: a module left behind is found by the tests that follow.
            self.close()
            raise

    def _set_up(self) -> None:
        with Link(self.module.port) as link:
            install(link)
            library.push(link, self._kept, store=True)
            for file in self._versions[0]:
                library.push(link, file, store=True)
        self._slow_flash_down()
        self._prepare()
        self.sizes = {command: self._measure(command) for command in self.commands}

    def _prepare(self) -> None:
        """What has to be there for the commands."""

    def _slow_flash_down(self) -> None:
        """So that power can fail in the midst of storing."""
        self.module.write_us = 2000
        with Link(self.module.port) as link:
            link.restart()

    def close(self) -> None:
        self.module.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    # -- commands -------------------------------------------------------------------------------

    def _arguments(self, command: str, port: str) -> list[str]:
        self._turn = 1 - self._turn
        if command == "push":
            return ["push", str(self._pushed[self._turn]), "--port", port]
        if command == "store":
            return ["push", "--store", str(self._pushed[self._turn]), "--port", port]
        if command == "sync":
            folder = self._versions[self._turn][0].parent
            shutil.copy(self._kept, folder)
            return ["sync", str(folder), "--delete", "--port", port]
        shutil.rmtree(self._pulled, ignore_errors=True)
        return ["pull", str(self._pulled), "--port", port]

    def _check_done(self, command: str) -> None:
        """A command that says nothing of trouble has done what it should."""
        stored = self.module.flash / "models" / "perc"
        if command in ("push", "store"):
            with Link(self.module.port) as link:
                link.run("import hashlib; _model = instrument.track.model")
                playing = link.evaluate("_model.name, hashlib.sha256(_model.file).digest()")
            pushed = self._pushed[self._turn].read_bytes()
            if playing != ("pushed", hashlib.sha256(pushed).digest()):
                raise Broken(f"{playing} plays after a push that succeeded")
        wanted = {"store": [self._pushed[self._turn]], "sync": self._versions[self._turn]}
        for file in wanted.get(command, []):
            if (stored / file.name).read_bytes() != file.read_bytes():
                raise Broken(f"{file.name} is not what was stored with success")
        if command == "sync" and (stored / "pushed.tflite").exists():
            raise Broken("sync with success has left what it should remove")
        if command == "pull":
            pulled = {path.name: path.read_bytes() for path in self._pulled.rglob("*.tflite")}
            if pulled != {path.name: path.read_bytes() for path in stored.glob("*.tflite")}:
                raise Broken("pull with success has not fetched the library")

    def _measure(self, command: str) -> dict[str, tuple[int, list[int]]]:
        """Of a command that nothing spoils: bytes, and where its frames end, by direction."""
        with Cable(self.module.port) as cable:
            code, said, _ = self._run(command, cable, usb.ANSWER_S)
        if code != 0:
            raise Broken(f"{command} fails without a fault: {said}")
        return {way: (len(data), _frame_ends(bytes(data))) for way, data in cable.passed.items()}

    def _run(
        self, command: str, cable: Cable, answer_s: float = ANSWER_S
    ) -> tuple[int, str, float]:
        """Exit code (negative: a signal), what was said on stderr, and seconds."""
        began = time.monotonic()
        with tempfile.NamedTemporaryFile() as said:
            process = FORKS.Process(
                target=_command, args=(self._arguments(command, cable.port), said.name, answer_s)
            )
            self._process = process
            process.start()
            process.join(LIMIT_S + 5)
            took = time.monotonic() - began
            if process.exitcode is None:
                process.kill()
                raise Broken(f"the command did not end within {LIMIT_S + 5} s")
            return process.exitcode, Path(said.name).read_text(), took

    # -- a fault and what must hold ---------------------------------------------------------------

    def run(self, case: Case) -> str:
        """Makes the fault; what the command said. Raises Broken."""
        process = self.module.process_id
        junk = self.module.flash / "junk"
        if case.free is not None:
            self._fill(junk, case.free)

        def kill() -> None:
            if case.victim == "the module":
                self.module.kill()
            else:
                until(lambda: self._process.pid is not None, between_s=0.001)
                self._process.kill()

        try:
            with Cable(self.module.port, case.fault, kill) as cable:
                code, said, took = self._run(case.command, cable)
        finally:
            junk.unlink(missing_ok=True)
        self._check_command(case, code, said, took)
        if code == 0 and case.victim != "the module":
            self._check_done(case.command)
        if case.victim != "the module" and self.module.process_id != process:
            raise Broken("the module has restarted")
        self._check_library()
        self._check_playing()
        self._check_next_push()
        return said.strip()

    def _fill(self, junk: Path, free: int) -> None:
        blocks = 4096
        used = sum(
            -(-path.stat().st_size // blocks) * blocks if path.is_file() else 2 * blocks
            for path in self.module.flash.rglob("*")
        )
        with junk.open("wb") as file:
            file.truncate(max(0, FLASH - 2 * blocks - used - free))

    def _check_command(self, case: Case, code: int, said: str, took: float) -> None:
        if took > LIMIT_S:
            raise Broken(f"the command took {took:.1f} s")
        if case.victim == "the computer" and code == -signal.SIGKILL:
            return
        lines = said.strip().splitlines()
        if code == 0 and not lines:
            return
        if (
            code not in (2, 3)
            or not lines
            or not lines[-1].startswith("latentrack: ")
            or len(lines) > 1
        ):
            raise Broken(f"the command ended with {code} and said {said!r}")

    def _check_library(self) -> None:
        names = set()
        for path in (self.module.flash / "models").rglob("*.tflite"):
            names.add(path.name)
            if hashlib.sha256(path.read_bytes()).hexdigest() not in self._known:
                raise Broken(f"{path.name} in the library is no whole model")
        if self._kept.name not in names:
            raise Broken("a model that nobody touched has gone from the library")

    def _check_playing(self) -> None:
        panel = self.module.panel
        steps: list[int] = []

        def plays() -> bool:
            nonlocal steps
            try:
                panel.settle(1.0)
                panel.clock(STEPS)
                steps = [step.number for step in panel.steps() if step.track == 0]
            except UserError:
                steps = []  # it is starting
            return len(steps) == STEPS

        until(plays, lambda: f"the module does not play: {steps}", 0.05)
        first = steps[0]
        if steps != [(first + i) % STEPS for i in range(STEPS)]:
            raise Broken(f"the steps are {steps}")

    def _check_next_push(self) -> None:
        model = next(self._nexts)
        try:
            with Link(self.module.port) as link:
                library.push(link, model)
                playing = link.evaluate("instrument.track.model.name")
        except UserError as error:
            raise Broken(f"the next push fails: {error}") from error
        if playing != model.stem:
            raise Broken(f"{playing} plays after {model.stem} was pushed")

    @property
    def _nexts(self) -> Iterator[Path]:
        self._next.reverse()
        return iter(self._next)


def _command(arguments: list[str], stderr: str, answer_s: float) -> None:
    """The command line, in a process of its own."""
    from latentrack import cli

    usb.ANSWER_S = answer_s
    file = os.open(stderr, os.O_WRONLY)
    os.dup2(file, 2)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.argv = ["latentrack", *arguments]
    cli.main()


def _frame_ends(data: bytes) -> list[int]:
    reader, ends = Reader(), []
    for frame in reader.feed(data):
        encoded = frame.encode()
        ends.append(data.index(encoded) + len(encoded))
    return ends


def cases(sizes: dict[str, dict[str, tuple[int, list[int]]]], seed: int) -> Iterator[Case]:
    """First a cut at every frame of every command, then faults of all kinds for ever."""
    rng = random.Random(seed)
    ends = [
        Case(command, Fault("cut", way, end))
        for command, ways in sizes.items()
        for way, (_, frames) in ways.items()
        for end in frames
    ]
    rng.shuffle(ends)
    mixed = _mixed(sizes, rng)
    # Both from the start, so that a short run has some of each.
    for end in ends:
        yield next(mixed)
        yield end
    yield from mixed


def _mixed(
    sizes: dict[str, dict[str, tuple[int, list[int]]]], rng: random.Random
) -> Iterator[Case]:
    kinds = (
        "cut",
        "flip",
        "drop",
        "double",
        "delay",
        "silence",
        "kill host",
        "kill module",
        "full",
    )
    while True:
        for kind in rng.sample(kinds, len(kinds)):
            command = rng.choice(Bench.commands)
            way = rng.choice((TO_MODULE, TO_HOST))
            at = rng.randrange(sizes[command][way][0])
            if rng.random() < 0.25:
                at = rng.randrange(min(at + 1, 120))  # where the prompt is asked and code is sent
            if kind == "full":
                yield Case(rng.choice(("store", "sync")), None, free=rng.randrange(0, 90_000))
            elif kind.startswith("kill"):
                victim = "the module" if kind == "kill module" else "the computer"
                later = 1
                if rng.random() < 0.5:
                    # While the module does what the last frames asked, such as storing.
                    command, way = rng.choice(("store", "sync")), TO_MODULE
                    at = rng.choice(sizes[command][way][1][-12:]) - 1
                    later = rng.randrange(1, 60_000)
                yield Case(command, Fault("kill", way, at, later), victim)
            else:
                size = {
                    "flip": rng.choice((1, 1, 2, 20)),
                    "drop": rng.choice((1, 3, 60, 2000)),
                    "double": rng.choice((1, 14, 300, 4000)),
                    "delay": rng.randrange(1, 1500),
                }.get(kind, 1)
                yield Case(command, Fault(kind, way, at, size))


def run(
    model: Path,
    count: int,
    seed: int,
    *,
    seconds: float | None = None,
    show: bool = False,
    only: str = "",
) -> tuple[Counter[str], list[str]]:
    """Makes `count` faults (or as many as fit into `seconds`); kinds, and what did not hold."""
    bench = Bench(model)
    kinds: Counter[str] = Counter()
    broken: list[str] = []
    end = time.monotonic() + seconds if seconds is not None else None
    try:
        chosen = (case for case in cases(bench.sizes, seed) if only in _kind(case))
        for number, case in enumerate(itertools.islice(chosen, count), start=1):
            if end is not None and time.monotonic() > end:
                break
            try:
                said = bench.run(case)
                if show:
                    print(f"{number:5d}  {case}\n       {said or 'done'}", flush=True)
            except AssertionError as error:
                broken.append(f"seed {seed}, {case}: {error}")
                print(broken[-1], flush=True)
                bench.close()
                bench = Bench(model)
            kinds[_kind(case)] += 1
    finally:
        bench.close()
    return kinds, broken


def _kind(case: Case) -> str:
    return "full" if case.fault is None else f"{case.fault.kind} {case.victim}".strip()


def run_shared(
    model: Path, count: int, seed: int, workers: int, *, show: bool = False, only: str = ""
) -> tuple[Counter[str], list[str]]:
    """The same with several modules at once: each waits for most of the time. Their seeds are
    `seed`, `seed + 1`, and so on."""
    share = -(-count // workers)
    with ThreadPoolExecutor(workers) as pool:
        results = list(
            pool.map(
                lambda n: run(model, share, seed + n, show=show, only=only),
                range(workers),
            )
        )
    kinds = sum((result[0] for result in results), Counter[str]())
    return kinds, list(itertools.chain(*(result[1] for result in results)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", action="store_true", help="what each command said")
    parser.add_argument("--only", default="", help="one kind: cut, flip, kill the module, ...")
    parser.add_argument("--model", type=Path, help="a model of drums to send")
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        model = options.model or decoders_or_stand_ins(Path(folder)) / f"{DRUMS}.tflite"
        kinds, broken = run_shared(
            model,
            options.count,
            options.seed,
            options.workers,
            show=options.show,
            only=options.only,
        )
    for kind, number in sorted(kinds.items()):
        print(f"{number:6d}  {kind}")
    print(
        f"{kinds.total()} faults in {time.monotonic() - began:.0f} s, "
        f"{len(broken)} after which something did not hold"
    )
    for line in broken:
        print(line)
    sys.exit(bool(broken))
