"""`latentrack selftest` on a module that is all right, and on ones that are not."""

from __future__ import annotations

import json
import re

import pytest

from latentrack.module.link import Link, ModuleError
from latentrack.module.selftest import Check, SelfTest
from tests.decoders import CHORALES
from tests.programs import latentrack
from tests.waiting import frames_pass, until

EDGES = 300


def checks(module, edges: int = EDGES) -> dict[str, object]:
    """Name of a check -> the check."""
    with Link(module.port) as link:
        result = SelfTest(link, edges=edges, span_s=1.0).run()
    return {check.name: check for check in result.checks}


def failed(found) -> set[str]:
    return {name for name, check in found.items() if check.passed is False}


@pytest.mark.parametrize("board", ["xen", "bare"])
def test_the_command_says_what_it_found_and_writes_one_report(start, drum_model, tmp_path, board):
    module = start(drum_model, board=board)
    report = tmp_path / "report.md"
    done = latentrack("selftest", module.port, "--report", str(report), "--edges", str(EDGES))
    assert done.returncode == 0, done.stdout + done.stderr
    last = done.stdout.splitlines()[-1]
    count = re.fullmatch(r"selftest: (\d+) passed, 0 failed", last)
    assert count and int(count[1]) >= 11
    assert "not a Teensy's" in done.stdout, "its cycles are marked as a computer's"
    text = report.read_text()
    assert last in text
    data = json.loads(text.split("```json\n")[1].split("\n```")[0])
    assert data["figures"]["about"]["board"] == board
    assert set(data["figures"]["decode cycles"]) == {drum_model.stem}
    assert len([check for check in data["checks"] if check["passed"]]) == int(count[1])
    with Link(module.port) as link:
        assert link.evaluate("track.model.name") == drum_model.stem


def test_patch_cables_are_found_and_measured(start, drum_model):
    """Outputs to CV inputs and to a trigger; one jack's calibration is a volt off."""
    module = start(drum_model)
    module.panel.plug(0, "x")
    module.panel.plug(2, "7")
    module.panel.plug(5, "reset")
    found = checks(module)
    cables = {name for name in found if name.startswith("output")}
    assert cables == {"output 1 to CV x", "output 3 to CV 7", "output 6 to reset"}
    assert failed(found) == set()
    with Link(module.port) as link:
        # One measured point: code 26214 is said to be 2 V, and is 1 V.
        link.run("calibration.take_out(2, 2, 26214)")
    assert failed(checks(module)) == {"output 3 to CV 7"}


def test_what_is_plugged_in_at_rest_is_named(start, drum_model):
    module = start(drum_model)
    module.panel.plug(4, "clock")
    with Link(module.port) as link:
        link.run("__import__('latentcore').level(4, 0)")  # 5 V
    assert "inputs at rest" in failed(checks(module))


def test_memory_that_is_gone_afterwards_fails(start, drum_model, monkeypatch):
    """Something of the player's that keeps what it allocates while the test goes on."""
    module = start(drum_model)
    with Link(module.port) as link:
        link.run(
            "kept = []\n"
            "def hoard():\n"
            "    if len(kept) < 40: kept.append(bytearray(2048))\n"
            "instrument.every_frame.append(hoard)"
        )
    assert "memory after" in failed(checks(module))


def test_a_module_without_latentrack_is_said(tmp_path):
    from latentrack.virtual.module import VirtualModule

    with VirtualModule(tmp_path / "flash") as module:
        done = latentrack("selftest", module.port, "--report", str(tmp_path / "report.md"))
    assert done.returncode == 3 and done.stderr.count("\n") == 1
    assert "without Latentrack; `latentrack install" in done.stderr
    assert not (tmp_path / "report.md").exists()


def test_a_folder_that_is_not_there_is_said_before_anything_is_measured(start, drum_model):
    module = start(drum_model)
    done = latentrack("selftest", module.port, "--report", "/nowhere/report.md")
    assert done.returncode == 2 and "no folder /nowhere" in done.stderr


def test_a_test_that_is_cut_leaves_no_clock_behind(start, drum_model):
    """As by a kill of the computer's side, which says no goodbye."""
    module = start(drum_model)
    with Link(module.port) as link:
        link.run("from latentrack import selftest as _selftest\n_selftest.start_counter()")
        link.run("_selftest.UNASKED_MS = 500\n_selftest.start_edges(10_000)")

        def rests() -> bool:
            """Of a clock with an edge each millisecond."""
            edges = link.evaluate("__import__('latentcore').count(0, 0)")
            frames_pass(link, 20)
            return link.evaluate("__import__('latentcore').count(0, 0)") == edges

        until(rests, "the clock goes on")
        assert 0 < link.evaluate("_selftest.edges_done()") < 10_000
        link.run("_selftest.UNASKED_MS = 5000")
    found = checks(module)
    assert failed(found) == set(), found


@pytest.mark.parametrize("plays", ["pushed", None])
def test_what_played_before_plays_afterwards(start, drum_model, decoders, tmp_path, plays):
    """A model that was pushed and not stored, and silence."""
    module = start(drum_model)
    if plays:
        other = tmp_path / f"{plays}.tflite"
        other.write_bytes((decoders / f"{CHORALES}.tflite").read_bytes())
        assert latentrack("push", str(other), "--port", module.port).returncode == 0
    else:
        with Link(module.port) as link:
            link.run("track.stop()")
    assert failed(checks(module)) == set()
    with Link(module.port) as link:
        assert link.evaluate("instrument.plays()[0]") == plays


class ManualTime:
    """Stands for the module `time`: it passes only where somebody sleeps."""

    def __init__(self) -> None:
        self._now = 100.0

    def monotonic(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        self._now += seconds


class LateLink:
    """A module of which only the clocks are there, at a rate; most answers are late, on their way
    there or back, as on a computer that is busy."""

    ANSWERS = {
        "_selftest.about()": {
            "machine": "Teensy 4.1",
            "micropython": "1.28.0",
            "board": "bare",
            "plays": [],
            "models": [],
            "frame_ms": 20,
            "outputs_have_volts": False,
        },
        "_selftest.start_counter()": (0, 1),
    }

    def __init__(self, rate: float, time: ManualTime) -> None:
        self._rate, self._time, self._asked = rate, time, 0

    def run(self, code: str) -> None:
        """Nothing."""

    def evaluate(self, call: str) -> object:
        if call in self.ANSWERS:
            return self.ANSWERS[call]
        if call != "_selftest.clocks()":
            raise ModuleError("not here")
        self._asked += 1
        late = 0.001 + 0.1 * (self._asked % 7 > 0)
        self._time.sleep(late if self._asked % 2 else 0.001)
        now = self._time.monotonic() * self._rate
        self._time.sleep(0.001 if self._asked % 2 else late)
        return int(now * 1e6) & 0xFFFFFFFF, int(now * 1e3), int(now * 50)


@pytest.mark.parametrize("rate, right", [(1.0, True), (0.98, False), (1.02, False)])
def test_the_time_source_is_judged_by_the_answers_that_are_not_late(monkeypatch, rate, right):
    time = ManualTime()
    monkeypatch.setattr("latentrack.module.selftest.time", time)
    checks = SelfTest(LateLink(rate, time)).run().checks
    (found,) = [check for check in checks if check.name == "time source"]
    assert found.passed is right, found.found


def test_a_module_that_goes_away_ends_in_a_report(start, drum_model, monkeypatch):
    module = start(drum_model)

    def freeze(check: Check) -> None:
        if check.name == "board":
            module.freeze()
            # It does not answer, however long one waits.
            monkeypatch.setattr("latentrack.module.link.ANSWER_S", 0.5)

    with Link(module.port) as link:
        try:
            result = SelfTest(link, freeze).run()
        finally:
            module.thaw()
    assert [check.passed for check in result.checks] == [True, True, False]
    assert "stopped answering" in result.report()
