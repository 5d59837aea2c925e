"""Hostile behaviours by the hundred, and what must hold after each.

    python -m tests.hostile --count 200 --workers 2

Each case is a behaviour made from a seed: what it does, when (as it is loaded, at once, after some
frames, at the third bar), how often, and how it comes (a file at power-on, or swapped live). The
module plays meanwhile, clocked in real time. Afterwards: a push works and its model is heard, every
clock edge was counted, unless the chip had to be reset; and the same again after a power cut. Exits
with 1 and names the case if anything else happens; `--seed` makes the same cases again.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import random
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from latentrack.decoder.metadata import attach_info, read_info
from latentrack.errors import UserError
from latentrack.module import library
from latentrack.module.install import install
from latentrack.module.link import Link, ModuleError
from latentrack.module.session import Session
from latentrack.virtual.module import VirtualModule
from tests.decoders import DRUMS, decoders_or_stand_ins
from tests.waiting import spend, until

IN_TIME_S = 5.0
"""How long a push may take, by the clock on the wall."""
PATIENCE_S = 30.0
SPACING_S = 0.025
# So long the module is left alone with it: the third bar has begun, and the guard has ended what
# runs for longer than a second.
ALONE_EDGES = 68
NAME = "hostile"

# What the snippets below may use: the instrument that plays, and a line of text for each call.
_HEAD = """\
import sys, time
def plays():
    return sys.modules["latentrack.instrument"].Instrument.running
"""

# What plays on the first track, and the number of the pattern that the clock plays.
_HEARD = (
    "__import__('latentrack.instrument').instrument.Instrument.running.plays()[0], "
    "__import__('latentcore').count(0, 4)"
)
# How an answer at the prompt fails when a behaviour writes in the middle of it.
_GARBLED = (UserError, ModuleError, ValueError, SyntaxError)


@dataclass(frozen=True)
class Snippet:
    """What a behaviour does: `setup` as it is loaded, `act` when its time comes."""

    kind: str
    act: str
    setup: str = ""


@dataclass(frozen=True)
class Case:
    """A snippet, when it acts, whether it does so in each frame from then on, how it arrives."""

    number: int
    snippet: Snippet
    when: str
    again: bool
    arrival: str

    def __str__(self) -> str:
        often = "again and again" if self.again else "once"
        act = "; ".join(self.snippet.act.splitlines())
        return f"{self.number} {self.snippet.kind} ({self.when}, {often}, by {self.arrival}): {act}"

    @property
    def source(self) -> str:
        """The behaviour's file."""
        lines = [_HEAD, self.snippet.setup, "def act(track):"]
        lines += [f"    {line}" for line in self.snippet.act.splitlines()]
        if self.when == "as it is loaded":
            return "\n".join([*lines, "act(None)", "def frame(controls, track):", "    pass", ""])
        condition = {
            "at once": "True",
            "after 20 frames": "frames > 20",
            "at bar 3": "track.bar >= 3",
        }[self.when]
        lines += [
            "frames = 0",
            "acted = False",
            "def frame(controls, track):",
            "    global frames, acted",
            "    frames += 1",
            f"    if ({condition}) and not acted:",
            f"        acted = {not self.again}",
            "        act(track)",
            "",
        ]
        return "\n".join(lines)


WHEN = ("as it is loaded", "at once", "after 20 frames", "at bar 3")
ARRIVALS = ("file", "live")


def _loops(rng: random.Random) -> Iterator[Snippet]:
    yield Snippet("loop", "while True:\n    pass")
    yield Snippet("loop", "while True:\n    try:\n        while True: pass\n    except: pass")
    yield Snippet("loop", "while True:\n    try:\n        time.sleep(0.01)\n    finally: continue")
    yield Snippet(
        "loop",
        "outer()",
        "def outer():\n    def inner():\n        while True: pass\n    while True: inner()",
    )
    yield Snippet(
        "loop", "for _ in endless(): pass", "def endless():\n    while True:\n        yield 1"
    )
    yield Snippet("loop", "sum(1 for _ in endless())", "def endless():\n    while True: yield 1")
    yield Snippet(
        "loop", f"fib({rng.randrange(40, 90)})", "fib = lambda n: n if n < 2 else fib(n-1)+fib(n-2)"
    )
    yield Snippet("loop", "[x * y for x in range(1 << 20) for y in range(1 << 20) if x > y > x]")
    yield Snippet("loop", "exec('while True: pass')")
    yield Snippet("loop", "sum(range(1 << 29))")
    yield Snippet("loop", f"10 ** (10 ** {rng.randrange(6, 8)})")
    yield Snippet("loop", "while True:\n    sorted(range(2000), key=lambda n: -n)")


def _sleeps(rng: random.Random) -> Iterator[Snippet]:
    for most in (0.02, 0.1, 0.5, 1.5):
        seconds = round(rng.uniform(most / 2, most), 3)
        yield Snippet("sleep", f"time.sleep({seconds})")
        yield Snippet("sleep", f"for _ in range({rng.randrange(2, 200)}): time.sleep_ms(5)")
    yield Snippet("sleep", "time.sleep(100)")
    yield Snippet("sleep", "since = time.ticks_ms()\nwhile time.ticks_ms() - since < 600: pass")


def _allocations(rng: random.Random) -> Iterator[Snippet]:
    size = rng.choice((100, 2000, 20_000))
    yield Snippet("allocation", f"held.append(bytearray({size}))", "held = []")
    yield Snippet("allocation", "while True: held.append([0] * 50)", "held = []")
    yield Snippet("allocation", f"bytearray(1 << {rng.randrange(20, 31)})")
    yield Snippet("allocation", "gc.disable()\nheld = bytearray(5000)", "import gc")
    yield Snippet(
        "allocation",
        "for i in range(300):\n    held[i] = bytearray(16 + i * 7 % 900)\n"
        "for i in range(0, 300, 2): held.pop(i)",
        "held = {}",
    )
    yield Snippet("allocation", "global held\nheld = held + held", "held = 'x' * 1000")
    yield Snippet("allocation", "held[len(held)] = [plays() for _ in range(100)]", "held = {}")


def _exceptions(rng: random.Random) -> Iterator[Snippet]:
    for name in ("SystemExit", "KeyboardInterrupt", "MemoryError", "StopIteration", "OSError(28)"):
        yield Snippet("exception", f"raise {name}")
    yield Snippet("exception", "raise Own('gone')", "class Own(BaseException): pass")
    yield Snippet(
        "exception", "Thing()", "class Thing:\n    def __init__(self):\n        self.x = 1 / 0"
    )
    yield Snippet("exception", "raise Rude", "class Rude(Exception):\n    __repr__ = None")
    yield Snippet("exception", "undefined.thing[0]()")
    yield Snippet("exception", "raise Exception('long ' * 20000)")
    yield Snippet("exception", "try:\n    1 / 0\nfinally:\n    raise ValueError")


def _recursions(rng: random.Random) -> Iterator[Snippet]:
    yield Snippet("recursion", "down()", "def down(): return down()")
    yield Snippet("recursion", "a(1)", "def a(n): return b(n)\ndef b(n): return a(n + 1)")
    yield Snippet(
        "recursion", "down()", "def down():\n    try:\n        down()\n    finally:\n        down()"
    )
    yield Snippet("recursion", "held.append(held)\nrepr(held)", "held = []")
    yield Snippet("recursion", "str(Again())", "class Again:\n    def __str__(s): return str(s)")


def _prints(rng: random.Random) -> Iterator[Snippet]:
    yield Snippet("print", "for i in range(10000): print('line', i)")
    yield Snippet("print", "print('x' * 20000)")
    yield Snippet("print", "while True: print('again')")
    yield Snippet("print", "print('\\x04\\x04>raw REPL; CTRL-B to exit\\r\\n>')")
    yield Snippet("print", "for i in range(200): sys.stdout.write('line\\n')")
    yield Snippet("print", "sys.stdout.write('\\xf5' * 50 + '\\x04>OK')")
    yield Snippet("print", "for i in range(100): plays().message('line ' + str(i))")


def _imports(rng: random.Random) -> Iterator[Snippet]:
    parts = ("track", "requests", "receive", "selftest", "live", "mirror", "version", "breaks")
    yield Snippet("import", f"import latentrack.{rng.choice(parts)}")
    yield Snippet("import", "import nonexistent")
    yield Snippet("import", "import hostile", "sys.path.append('/flash/behaviours')")
    yield Snippet("import", "import behaviours.hostile")
    yield Snippet(
        "import", "import os\nos.listdir('/flash')\nos.getcwd()\nos.chdir('/flash/models')"
    )
    yield Snippet("import", "import machine\nmachine.reset()")
    yield Snippet("import", "import machine\nmachine.soft_reset()")
    yield Snippet("import", "from latentrack.instrument import Instrument\nInstrument()")
    yield Snippet("import", "import main")
    yield Snippet(
        "import", "import latentrack.instrument\nfor _ in range(50): import latentrack.live"
    )


_COVERED = ("len", "print", "isinstance", "getattr", "range", "__import__", "Exception", "open")
_METHODS = (
    ("latentrack.track", "Track", ("refresh", "play", "modulate", "set")),
    ("latentrack.library", "Library", ("audition", "refresh", "models", "remember")),
    ("latentrack.requests", "Requests", ("hello", "begin", "put", "check", "audition", "close")),
    ("latentrack.receive", "Line", ("serve", "_receive", "_send", "_do")),
    (
        "latentrack.instrument",
        "Instrument",
        ("frame", "_refresh", "_show_once", "message", "plays"),
    ),
    ("latentrack.behaviours", "Behaviours", ("frame", "_call", "switch", "end")),
    ("latentrack.screen", "Screen", ("frame",)),
)
_FUNCTIONS = (
    ("latentrack.receive", "serve"),
    ("latentrack.room", "reserve"),
    ("latentrack.files", "hash_of"),
    ("latentrack.scheduler", "on_scheduler"),
    ("latentrack.guard", "mend"),
    ("latentcore", "load"),
    ("latentcore", "count"),
)
_INSTEAD = ("None", "0", "lambda *a: None", "lambda *a: 1 / 0", "'gone'")


def _patches(rng: random.Random) -> Iterator[Snippet]:
    def import_of(module: str) -> str:
        return f"import {module}\nmodule = sys.modules[{module!r}]\n"

    def instead() -> str:
        return rng.choice(_INSTEAD)

    yield Snippet("patch", "plays().__class__.running = None")
    for name in rng.sample(_COVERED, 4):
        yield Snippet("patch", f"import builtins\nbuiltins.{name} = {instead()}")
    for module, kind, methods in _METHODS:
        name = rng.choice(methods)
        yield Snippet("patch", f"{import_of(module)}module.{kind}.{name} = {instead()}")
    for module, name in _FUNCTIONS:
        yield Snippet("patch", f"{import_of(module)}module.{name} = {instead()}")
    # Past what refuses such a slip at the prompt (device/latentrack/names.py).
    for part, name in (("track", "refresh"), ("tracks[1]", "refresh"), ("library", "audition")):
        yield Snippet("patch", f"object.__setattr__(plays().{part}, {name!r}, {instead()})")
    yield Snippet("patch", f"plays().frames = {rng.choice(('None', repr('many')))}")
    yield Snippet("patch", "plays().tracks = None")
    yield Snippet("patch", "plays().every_frame[:] = [lambda: 1 / 0] * 3")
    yield Snippet("patch", "plays().every_frame.append(lambda: 1 / 0)")
    yield Snippet("patch", f"{import_of('latentrack.receive')}module.MAGIC = 0x20")
    yield Snippet("patch", "plays().track.numbers['x'] = 'far'")


def _deletions(rng: random.Random) -> Iterator[Snippet]:
    yield Snippet("delete", "plays().every_frame.clear()")
    yield Snippet("delete", "del plays().tracks")
    yield Snippet("delete", "plays().tracks.clear()")
    yield Snippet("delete", "del plays().library")
    yield Snippet("delete", "del plays().track._now")
    yield Snippet("delete", "plays().track.numbers.clear()")
    yield Snippet("delete", "del plays().track.numbers['threshold']")
    modules = ("receive", "requests", "instrument", "room", "guard", "library")
    yield Snippet("delete", f"del sys.modules['latentrack.{rng.choice(modules)}']")
    yield Snippet("delete", "sys.modules.clear()")
    yield Snippet(
        "delete", "import latentrack.receive\ndel sys.modules['latentrack.receive'].serve"
    )
    yield Snippet("delete", "del type(plays().track).refresh")
    yield Snippet("delete", "import latentcore\ndel latentcore.guard")
    yield Snippet("delete", f"import os\nos.remove('/flash/behaviours/{NAME}.py')")
    yield Snippet(
        "delete",
        "import os\nfor file in os.listdir('/flash/behaviours'):\n"
        "    os.remove('/flash/behaviours/' + file)",
    )
    yield Snippet("delete", "globals().clear()")


KINDS: tuple[Callable[[random.Random], Iterator[Snippet]], ...] = (
    _loops,
    _sleeps,
    _allocations,
    _exceptions,
    _recursions,
    _prints,
    _imports,
    _patches,
    _deletions,
)


def cases(seed: int) -> Iterator[Case]:
    """All kinds in turn, for ever; the snippets of a kind in another order each time round."""
    rng = random.Random(seed)
    left: list[list[Snippet]] = [[] for _ in KINDS]
    number = 0
    while True:
        for kind, snippets in zip(KINDS, left, strict=True):
            # There is more to patch than of the rest.
            for _ in range(2 if kind is _patches else 1):
                if not snippets:
                    snippets += kind(rng)
                    rng.shuffle(snippets)
                when, arrival = rng.choice(WHEN), rng.choice(ARRIVALS)
                yield Case(number, snippets.pop(), when, rng.random() < 0.6, arrival)
                number += 1


class Broken(AssertionError):
    """Something that must hold does not."""


@dataclass
class Outcome:
    """What came of one case: seconds of its pushes, whether the chip was reset, and what broke."""

    case: Case
    pushes: list[float] = field(default_factory=list)
    resets: int = 0
    edges: int = 0
    broken: str = ""

    @property
    def in_time(self) -> bool:
        return not self.broken and all(seconds <= IN_TIME_S for seconds in self.pushes)


class Clock:
    """Clocks a module in real time, and counts how many edges it has sent."""

    def __init__(self, module: VirtualModule) -> None:
        self._module = module
        self._stop = threading.Event()
        self.sent = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(SPACING_S):
            self._module.panel.trigger("clock")
            self.sent += 1

    def wait_for(self, edges: int) -> None:
        """Return when it has sent so many."""
        until(lambda: self.sent >= edges, "the clock has stopped", SPACING_S)

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()


def template(model: Path, folder: Path) -> Path:
    """A flash with Latentrack and a model on it, from which all cases begin."""
    flash = folder / "template"
    with VirtualModule(flash) as module, Link(module.port) as link:
        install(link)
        library.push(link, model, store=True)
    return flash


class Bench:
    """A flash that is copied for each case, and models to push."""

    def __init__(self, flash: Path, model: Path, folder: Path, patience_s: float) -> None:
        self._flash = flash
        self._folder = folder
        self._patience_s = patience_s
        data, info = model.read_bytes(), read_info(model)
        self._models = []
        for name in ("one", "two"):
            file = folder / f"{name}.tflite"
            file.write_bytes(attach_info(data, info, name))
            self._models.append(file)

    def run(self, case: Case) -> Outcome:
        """Lets a behaviour loose on a module, and looks at what holds."""
        outcome = Outcome(case)
        flash = Path(shutil.copytree(self._flash, self._folder / f"flash-{case.number}"))
        file = flash / "behaviours" / f"{NAME}.py"
        if case.arrival == "file":
            file.write_text(case.source)
        try:
            with VirtualModule(flash) as module:
                self._phase(module, outcome, case.source if case.arrival == "live" else "")
                self._cut_power(module)
                self._phase(module, outcome, "")
        except AssertionError as error:
            outcome.broken = str(error)
        shutil.rmtree(flash, ignore_errors=True)
        return outcome

    def _cut_power(self, module: VirtualModule) -> None:
        process = module.process_id
        module.kill()
        until(lambda: module.process_id != process, "the power does not come back")

    def _phase(self, module: VirtualModule, outcome: Outcome, source: str) -> None:
        """From power-on to a model that was pushed and is heard."""
        before = self._switch_on(module)
        process = module.process_id
        clock = Clock(module)
        try:
            if source:
                self._swap(module, source)
            clock.wait_for(clock.sent + ALONE_EDGES)
            outcome.pushes.append(self._push(module))
        finally:
            clock.stop()
        if module.process_id != process:
            outcome.resets += 1
            return
        outcome.edges += clock.sent
        module.panel.settle(self._patience_s)
        counted = self._counted(module)
        if counted != before + clock.sent:
            lost = before + clock.sent - counted
            raise Broken(f"{lost} of {clock.sent} clock edges were lost")
        if source:
            # What waits for the clock to stop is stored before the power goes.
            with contextlib.suppress(ModuleError), Link(module.port) as link:
                with Session(link) as session:
                    session.call("write_now")

    def _counted(self, module: VirtualModule) -> int:
        """How many clock edges the module has counted since it was switched on."""
        end = time.monotonic() + self._patience_s
        while time.monotonic() < end:
            with contextlib.suppress(*_GARBLED), Link(module.port) as link:
                return int(link.evaluate("__import__('latentcore').count(0, 0)"))
        raise Broken("the prompt does not answer")

    def _switch_on(self, module: VirtualModule) -> int:
        """Clocks it until it plays; returns how many edges it has counted."""
        # What was said before the power cut is forgotten.
        module.panel.settle(self._patience_s)

        def counted(timeout_s: float) -> int:
            spend(SPACING_S)  # to the next edge, if there is one
            with contextlib.suppress(UserError):
                return len({r.events for r in module.panel.settle(timeout_s) if r.kind == "step"})
            return 0

        def clocked() -> int:
            module.panel.trigger("clock")
            return counted(0.5)

        steps = until(clocked, "it does not start", 0, self._patience_s)
        # Also those that were put out a tick later.
        return steps + counted(5.0)

    def _swap(self, module: VirtualModule, source: str) -> None:
        """As `latentrack live` does; the module may refuse it."""
        try:
            with Link(module.port) as link:
                try:
                    with Session(link) as session:
                        session.send(source.encode())
                        session.call("swap", f"behaviours/{NAME}.py")
                except ModuleError:
                    return
                except UserError:
                    link.enter()
        except UserError:
            return  # it was reset meanwhile

    def _push(self, module: VirtualModule) -> float:
        """Seconds until a model was pushed; then waits until it is heard."""
        self._models.reverse()
        model = self._models[0]
        _, before = self._ask(module)
        began = time.monotonic()
        why: Exception | None = None

        def pushed() -> bool:
            nonlocal why
            try:
                with Link(module.port) as link:
                    library.push(link, model)
            except (UserError, ModuleError) as error:
                why = error
                return False
            return True

        until(pushed, lambda: f"a push fails: {why}", 0.1, self._patience_s)
        took = time.monotonic() - began
        heard = ("", 0)

        def is_heard() -> bool:
            nonlocal heard
            heard = self._ask(module)
            return heard[0] == model.stem and heard[1] > before

        until(
            is_heard,
            lambda: f"{model.stem} was pushed and is not heard: (plays, pattern) is {heard}",
            SPACING_S,
            self._patience_s,
        )
        return took

    def _ask(self, module: VirtualModule) -> tuple[str, int]:
        """What plays, and the number of the pattern that does; ("", 0) when that cannot be asked.

        What a behaviour writes itself may come in the middle of an answer.
        """
        with contextlib.suppress(*_GARBLED), Link(module.port) as link:
            plays, pattern = link.evaluate(_HEARD)
            return plays, pattern
        return "", 0


def run(bench: Bench, chosen: list[Case], report: Callable[[Outcome], None]) -> list[Outcome]:
    """Run the cases one after the other."""
    outcomes = []
    for case in chosen:
        outcomes.append(bench.run(case))
        report(outcomes[-1])
    return outcomes


def run_all(
    chosen: list[Case],
    workers: int,
    report: Callable[[Outcome], None],
    model: Path | None = None,
    patience_s: float = PATIENCE_S,
) -> list[Outcome]:
    """Run the cases with several modules at a time: they wait for their clocks mostly."""
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(workers) as pool:
        folder = Path(name)
        model = model or decoders_or_stand_ins(folder) / f"{DRUMS}.tflite"
        flash = template(model, folder)
        jobs = []
        for worker in range(workers):
            mine = folder / f"worker-{worker}"
            mine.mkdir()
            bench = Bench(flash, model, mine, patience_s)
            jobs.append(pool.submit(run, bench, chosen[worker::workers], report))
        # What pushes say of repairs would be all that there is to read.
        with contextlib.redirect_stderr(io.StringIO()):
            return [outcome for job in jobs for outcome in job.result()]


def summary(outcomes: list[Outcome]) -> str:
    """Lines: the kinds, and what held."""
    kinds = Counter(outcome.case.snippet.kind for outcome in outcomes)
    pushes = [seconds for outcome in outcomes for seconds in outcome.pushes]
    late = [outcome for outcome in outcomes if not outcome.broken and not outcome.in_time]
    broken = [outcome for outcome in outcomes if outcome.broken]
    lines = [f"{number:6d}  {kind}" for kind, number in sorted(kinds.items())]
    lines += [f"late, {max(o.pushes):.1f} s: {o.case}" for o in late]
    lines += [f"BROKEN, {o.broken}: {o.case}" for o in broken]
    lines.append(
        f"{len(outcomes)} hostile behaviours: {len(broken)} broken, {len(late)} with a push that "
        f"took more than {IN_TIME_S:.0f} s (the longest {max(pushes, default=0):.1f} s), "
        f"{sum(o.resets > 0 for o in outcomes)} that took a reset of the chip, "
        f"{sum(o.edges for o in outcomes):,} edges counted without one"
    )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, nargs="*", help="the numbers of some cases")
    parser.add_argument("--show", action="store_true", help="the files of these behaviours")
    options = parser.parse_args()
    chosen = [c for c in islice(cases(options.seed), options.count)]
    if options.only:
        chosen = [case for case in chosen if case.number in options.only]
    if options.show:
        print("\n\n".join(f"# {case}\n{case.source}" for case in chosen))
        return

    def report(outcome: Outcome) -> None:
        pushes = ", ".join(f"{seconds:.1f} s" for seconds in outcome.pushes)
        reset = ", reset" if outcome.resets else ""
        print(
            f"{outcome.case}\n      {outcome.broken or 'ok'}{reset}, pushes: {pushes}", flush=True
        )

    outcomes = run_all(chosen, options.workers, report)
    print(summary(outcomes))
    sys.exit(any(outcome.broken for outcome in outcomes))
