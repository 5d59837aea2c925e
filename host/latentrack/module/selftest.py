"""The self-test: a module measures itself, and each figure is held against what a Teensy should do.

The module's side is device/latentrack/selftest.py. A check is passed, failed with a hint of what to
look at, or skipped with the reason. Figures that a virtual module gives are a computer's: they are
reported, and marked.
"""

from __future__ import annotations

import contextlib
import json
import statistics
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from latentrack.errors import UserError
from latentrack.module.link import Link, ModuleError
from latentrack.words import count

CPU_HZ = 600_000_000
EDGES = 10_000
SPAN_S = 4.0
"""Seconds between the two readings of the module's clocks."""
_PIECE = 500
_DECODES = 20
_FRAMES = 50
_READINGS = 20
# A clock edge comes every millisecond; a busy computer may make a virtual module wait for long.
_STALLED_S = 30.0
# Room for a converter that is not calibrated yet.
VOLTS_OFF = 0.25
_TRIED_VOLTS = (4.0, 0.0, -4.0)
_INPUTS = ("clock", "reset", "trigger 3", "trigger 4")

Say = Callable[["Check"], None]


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.  passed: None if it could not be.  hint: what to look at."""

    name: str
    passed: bool | None
    found: str
    hint: str = ""

    def line(self) -> str:
        """As it is shown: one line, and the hint below a failure."""
        mark = {True: "ok  ", False: "FAIL", None: "--  "}[self.passed]
        text = f"{mark} {self.name}: {self.found}"
        return text + (f"\n     look at: {self.hint}" if self.passed is False else "")


@dataclass
class Result:
    """Everything that was found.  figures: the raw numbers, by name."""

    checks: list[Check] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> int:
        """How many checks passed."""
        return sum(check.passed is True for check in self.checks)

    @property
    def failed(self) -> int:
        """How many checks failed."""
        return sum(check.passed is False for check in self.checks)

    def summary(self) -> str:
        """The last line: what a script looks for."""
        return f"selftest: {self.passed} passed, {self.failed} failed"

    def as_dict(self) -> dict[str, Any]:
        """Everything, for other programs."""
        return {"checks": [vars(check) for check in self.checks], "figures": self.figures}

    def report(self) -> str:
        """A page that can be posted: the lines, and the figures as JSON."""
        lines = "\n".join(check.line() for check in self.checks)
        data = json.dumps(self.as_dict(), indent=1)
        return (
            f"# Latentrack self-test\n\n```text\n{lines}\n{self.summary()}\n```\n\n"
            f"```json\n{data}\n```\n"
        )


class SelfTest:
    """One run over a link.

    say: hears of each check as soon as it is done.  edges: how many clock edges are measured, one
    a millisecond.  span_s: seconds over which the module's clocks are compared with the computer's.
    """

    def __init__(
        self,
        link: Link,
        say: Say = lambda check: None,
        edges: int = EDGES,
        span_s: float = SPAN_S,
    ) -> None:
        self._link = link
        self._say = say
        self._edges = edges
        self._span_s = span_s
        self.result = Result()
        self._virtual = False

    def run(self) -> Result:
        """All checks, in about a minute. A module that is gone ends them, as a failure."""
        try:
            self._link.run("from latentrack import selftest as _selftest")
            self._ask("start_counter()")
        except ModuleError as error:
            self._check(
                "the module", False, str(error),
                "is Latentrack running there? `latentrack logs`, or `latentrack install` again",
            )  # fmt: skip
            return self.result
        for part in (
            self._about, self._memory, self._time, self._inputs, self._edge, self._decoding,
            self._frames, self._writes, self._cables, self._memory,
        ):  # fmt: skip
            try:
                part()
            except ModuleError as error:
                name = part.__name__.strip("_").replace("_", " ")
                self._check(name, False, str(error), "the line above this one says what was done")
            except UserError as error:
                self._check(
                    "the module", False, str(error),
                    "the cable and the power; if it stopped by itself, this report says where",
                )  # fmt: skip
                return self.result
        return self.result

    # -- the checks ---------------------------------------------------------------------------

    def _about(self) -> None:
        about = self.result.figures["about"] = self._ask("about()")
        self._virtual = about["machine"].startswith("Virtual")
        version = tuple(int(part) for part in about["micropython"].split("."))
        self._check(
            "firmware", version >= (1, 27),
            f"MicroPython {about['micropython']}, {about['machine']}",
            "MicroPython 1.27 or newer for the Teensy 4.1",
        )  # fmt: skip
        plays = ", ".join(name for name in about["plays"] if name) or "nothing"
        self._check(
            "board",
            True,
            f"{about['board']}, {count(len(about['models']), 'model')}, plays {plays}",
        )

    def _memory(self) -> None:
        when = "after" if "memory before" in self.result.figures else "before"
        free, largest = self.result.figures[f"memory {when}"] = self._ask("memory()")
        before = self.result.figures["memory before"][1]
        self._check(
            f"memory {when}", when == "before" or largest >= 0.9 * before,
            f"{free:,} bytes free, the largest block has {largest:,}",
            "what was left in the heap: `latentrack reset`, then this test again",
        )  # fmt: skip

    def _time(self) -> None:
        """Two readings, some seconds apart, against the computer's clock."""
        first, began, unsure = self._clocks()
        time.sleep(self._span_s)
        second, ended, unsure_too = self._clocks()
        span = ended - began
        # When on the way a clock was read is not known.
        unsure += unsure_too
        counted = (second[0] - first[0] & 0xFFFFFFFF) / 1e6
        ticks = second[1] - first[1] & 0xFFFF
        frames = second[2] - first[2]
        self.result.figures["time"] = {"seconds": span, "counted": counted, "ticks": ticks,
                                       "frames": frames}  # fmt: skip
        self._check(
            "time source", abs(counted - span) < 0.01 * span + unsure,
            f"{counted / span:.4f} MHz against this computer's clock",
            "the address in the board's connect(): latentcore.time_source()",
        )  # fmt: skip
        self._check(
            "tick", abs(ticks / span / 1000 - 1) < 0.02 or self._virtual,
            f"{ticks / span:.0f} a second" + self._mark(), "machine.Timer(hard=True), see main.py",
        )  # fmt: skip
        wanted = 1000 / self.result.figures["about"]["frame_ms"]
        self._check(
            "frames", frames > 0 and (self._virtual or frames / span > 0.5 * wanted),
            f"{frames / span:.0f} a second, {wanted:.0f} wanted" + self._mark(),
            "a behaviour or a page that takes long: frame times below",
        )  # fmt: skip

    def _inputs(self) -> None:
        found, wanted = self._ask("rest_levels()"), self._ask("rest_levels_wanted()")
        off = [name for name, a, b in zip(_INPUTS, found, wanted, strict=True) if a != b]
        self._check(
            "inputs at rest", not off,
            f"{', '.join(_INPUTS)} at level {found}, expected {wanted}",
            f"what is plugged into {', '.join(off)}; EDGE and PULL in the board's table",
        )  # fmt: skip

    def _edge(self) -> None:
        """Clock edges while frames go on, answers come over USB, and garbage is collected."""
        before, after = self._ask("start_counter()")
        counts = after != before
        self._check(
            "cycle counter", counts, "counts" if counts else "stands still",
            "DWT_CYCCNT: is a debugger attached?",
        )  # fmt: skip
        self._ask(f"start_edges({self._edges})")
        try:
            done, end = 0, time.monotonic() + _STALLED_S
            while done < self._edges and time.monotonic() < end:
                self._link.run("import gc\nfor _ in range(3): gc.collect()")
                before, done = done, self._ask("edges_done()")
                if done > before:
                    end = time.monotonic() + _STALLED_S
        finally:
            with contextlib.suppress(UserError):
                self._ask("stop_edges()")
        cycles: list[int] = []
        for first in range(0, done, _PIECE):
            data = bytes.fromhex(self._ask(f"edge_cycles({first}, {min(_PIECE, done - first)})"))
            cycles += struct.unpack(f"<{len(data) // 4}I", data)
        self._link.run("_selftest.forget_edges(); import gc; gc.collect()")
        self.result.figures["edge cycles"] = _spread(cycles)
        self._check(
            "clock edge", done == self._edges and (self._virtual or max(cycles) < CPU_HZ / 1000),
            f"{count(done, 'edge')}, cycles {_words(cycles)}" + self._mark(),
            "interrupts of your own, or a bus that is always busy: late writes below",
        )  # fmt: skip

    def _decoding(self) -> None:
        about = self.result.figures["about"]
        figures = self.result.figures["decode cycles"] = {}
        if not about["models"]:
            self._check("decoding", None, "no model is stored: `latentrack push --store MODEL`")
            return
        self._ask("keep_playing()")
        try:
            for name in about["models"]:
                cycles = self._ask(f"decode_cycles({name!r}, {_DECODES})")
                figures[name] = _spread(cycles)
                self._check(
                    f"decoding {name}", True, f"{_words(cycles)} cycles, "
                    f"{statistics.median(cycles) / CPU_HZ * 1000:.2f} ms" + self._mark(),
                )  # fmt: skip
        finally:
            self._ask("play_again()")

    def _frames(self) -> None:
        cycles = self._ask(f"frame_cycles({_FRAMES})")
        self.result.figures["frame cycles"] = _spread(cycles)
        budget = self.result.figures["about"]["frame_ms"] * CPU_HZ / 1000
        self._check(
            "frame time", self._virtual or statistics.median(cycles) < budget,
            f"{_words(cycles)} cycles of {budget:,.0f}" + self._mark(),
            "the behaviours that are on: `behaviours.switch(name, False)`",
        )  # fmt: skip

    def _writes(self) -> None:
        late, lost = self._ask("late_and_lost()")
        self.result.figures["late writes"], self.result.figures["lost writes"] = late, lost
        self._check(
            "lost writes", lost == 0, f"{lost} lost, {late} made a tick later",
            "the display's transfers: does it hang on the bus of the converters?",
        )  # fmt: skip

    # -- patch cables -------------------------------------------------------------------------

    def _cables(self) -> None:
        """Finds by itself which output is patched to which input, and compares the volts."""
        volts = self.result.figures["about"]["outputs_have_volts"]
        patched = 0
        for output in range(8):
            for name, passed, found in self._patched(output, volts):
                patched += 1
                self._check(
                    f"output {output + 1} to {name}", passed, found,
                    "the cable; calibration of that output and that input",
                )  # fmt: skip
            self._ask(f"put({output}, 0)")
        if not patched:
            self._check(
                "patch cables", None,
                "none found. Patch outputs 1 to 8 to CV inputs, or to clock, reset and triggers, "
                "and test again: each cable is then measured",
            )  # fmt: skip

    def _patched(self, output: int, volts: bool) -> Iterator[tuple[str, bool, str]]:
        readings = []
        for tried in _TRIED_VOLTS:
            self._ask(f"put({output}, {tried})")
            self._link.run("import time; time.sleep_ms(20)")
            readings.append(self._ask("read_inputs()"))
        (high, levels_high), (_, levels_zero), (low, _) = readings
        for name in high:
            heard = [cv[name] for cv, _ in readings]
            if high[name] - low[name] > 2:
                off = max(abs(a - b) for a, b in zip(heard, _TRIED_VOLTS, strict=True))
                pairs = zip(_TRIED_VOLTS, heard, strict=True)
                found = ", ".join(f"{a:+.0f} V reads {b:+.2f} V" for a, b in pairs)
                yield f"CV {name}", off <= VOLTS_OFF, found
        for name, up, down in zip(_INPUTS, levels_high, levels_zero, strict=True):
            if up != down:
                yield name, True, f"level {down} at 0 V, {up} at {_TRIED_VOLTS[0]:.0f} V"

    # -- the link -----------------------------------------------------------------------------

    def _ask(self, call: str) -> Any:
        return self._link.evaluate(f"_selftest.{call}")

    def _clocks(self) -> tuple[Any, float, float]:
        """The module's clocks, when that was on this computer's, and by how much it may be wrong.

        Of several readings the one whose answer came soonest: it was least held up.
        """
        readings = []
        for _ in range(_READINGS):
            begun = time.monotonic()
            clocks = self._ask("clocks()")
            ended = time.monotonic()
            readings.append((clocks, (begun + ended) / 2, (ended - begun) / 2))
        return min(readings, key=lambda reading: reading[2])

    def _mark(self) -> str:
        return " (this computer's, not a Teensy's)" if self._virtual else ""

    def _check(self, name: str, passed: bool | None, found: str, hint: str = "") -> None:
        check = Check(name, passed, found, hint)
        self.result.checks.append(check)
        self._say(check)


def _spread(numbers: list[int]) -> dict[str, float]:
    if not numbers:
        return {}
    return {"min": min(numbers), "median": statistics.median(numbers), "max": max(numbers)}


def _words(numbers: list[int]) -> str:
    if not numbers:
        return "not measured"
    median = statistics.median(numbers)
    return f"{min(numbers):,} to {max(numbers):,}, half of them below {median:,.0f}"
