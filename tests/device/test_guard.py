"""Code that does not come to an end takes neither the prompt nor the clock away."""

from __future__ import annotations

import ast
import contextlib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from latentrack.assets import DEVICE, micropython
from latentrack.errors import UserError
from latentrack.module.link import Link, ModuleError
from tests.decoders import DRUMS
from tests.device.test_behaviours import write
from tests.waiting import PATIENCE_S, until

FRAME = "def frame(controls, track):\n"
LOOPS = {
    "a loop": FRAME + "    while True: pass\n",
    "a loop that catches everything": FRAME
    + "    while True:\n        try:\n            while True: pass\n        except: pass\n",
    "a generator": "def ones():\n    while True: yield 1\n" + FRAME + "    sum(ones())\n",
    "a function in a function": FRAME + "    def inner():\n        while True: pass\n    inner()\n",
    "a method": "class A:\n    def m(self):\n        while True: pass\n" + FRAME + "    A().m()\n",
    "calls without a loop": "def fib(n): return fib(n - 1) + fib(n - 2) if n > 1 else 1\n"
    + FRAME
    + "    fib(90)\n",
    "a comprehension": "def ones():\n    while True: yield 0\n"
    + FRAME
    + "    any(x for x in ones())\n",
    "a loop with continue": FRAME
    + "    n = 0\n    while n >= 0:\n        n += 1\n        if n % 2: continue\n        n += 2\n",
}

# What behaviours and the prompt share.
SHARED = """
import sys
class shared:
    go = False
    ran = []
sys.modules["shared"] = shared
"""


@pytest.fixture
def patient_link(monkeypatch):
    """A loop holds the prompt up for four of the five seconds after which a link gives up."""
    monkeypatch.setattr("latentrack.module.link.ANSWER_S", PATIENCE_S)


def edges_while(module, what) -> tuple[int, int]:
    """(clock edges sent, edges counted) while `what` goes on, a thousand of them."""
    before = module.get("latentcore.count(0, 0)")
    module.panel.clock(1000, spacing_us=1000)
    what()
    module.panel.settle()
    return 1000, (module.get("latentcore.count(0, 0)") - before) % 65536


@pytest.mark.parametrize("kind", LOOPS)
def test_a_loop_without_an_end_ends(rig, kind):
    """On the scheduler, where Ctrl-C ends nothing; the clock goes on, and so do frames."""
    module = rig(DRUMS, manual_time=False)
    module.link.run("import latentcore")
    module.link.run(f"behaviours.swap('endless', {LOOPS[kind]!r})")

    def off():
        until(lambda: not module.get("behaviours.is_on('endless')"))

    sent, counted = edges_while(module, off)
    assert counted == sent
    assert "endless is off: it held a frame up" in module.get("instrument.message_text")
    module.frames()
    assert module.get("6 * 7") == 42


def test_what_was_stopped_can_be_switched_on_again(rig):
    """Its code is whole again."""
    module = rig(DRUMS, manual_time=False)
    module.link.run(SHARED)
    loop = "    while not shared.go: pass\n    track.modulate('x', 0.25)\n"
    source = "import shared\n" + FRAME + loop
    module.link.run(f"behaviours.swap('endless', {source!r})")
    until(lambda: not module.get("behaviours.is_on('endless')"))
    module.run("track.latents = (0, 0, 0)")
    module.link.run("shared.go = True")
    module.link.run("behaviours.switch('endless')")
    until(lambda: module.get("track.decoded[0]") > 1)
    assert module.get("behaviours.is_on('endless')") is True


BESIDE = {
    "a timer": "import machine\ndef begin():\n    machine.Timer(-1, period=50, callback=stuck)\n",
    "the scheduler": "import micropython\ndef begin():\n    micropython.schedule(stuck, 0)\n",
}
BEGINS = FRAME + "    if shared.go: shared.go = begin()\n"


@pytest.mark.usefixtures("patient_link")
@pytest.mark.parametrize("kind", BESIDE)
def test_a_loop_beside_the_frames_ends(rig, kind):
    """In a function that a behaviour has handed on: whose it was, nothing says then."""
    module = rig(DRUMS, manual_time=False)
    module.link.run("import latentcore\n" + SHARED)
    loop = "def stuck(_):\n    shared.ran.append(1)\n    while True: pass\n"
    source = "import shared\n" + loop + BESIDE[kind] + BEGINS
    write(module, "stored", FRAME + "    pass")
    module.link.run(f"behaviours.swap('endless', {source!r})")
    module.link.run(f"behaviours.swap('stored', {FRAME + '    pass'!r})")

    def off():
        # Asked on the module: Ctrl-C comes with each new question, and its Linux port ends by it
        # what a Teensy's would not. And MicroPython prints the traceback, whoever is talking.
        module.link.run(
            "import time\nshared.go = True\nwhile behaviours.is_on('endless'): time.sleep_ms(10)"
        )

    sent, counted = edges_while(module, off)
    assert counted == sent
    said = module.get("instrument.message_text")
    assert said == "off, as one held the frames up: endless, stored"
    # The timer calls it still; it returns at once, and says nothing at the prompt.
    module.frames(20)
    assert module.get("len(shared.ran)") == 1
    assert "stopped stored" in module.get("settings.text()")
    # A new version plays.
    module.link.run(f"behaviours.swap('endless', {FRAME + '    track.modulate(chr(121), 0.25)'!r})")
    module.run("track.latents = (0, 0, 0)")
    until(lambda: module.get("track.decoded[1]") > 1)


def test_what_is_not_pythons_to_stop_beside_the_frames_takes_a_reset(rig):
    module = rig(DRUMS, manual_time=False)
    source = "def stuck(_):\n    sum(range(1 << 33))\n"
    late = "n = 0\n" + FRAME + "    global n\n    n += 1\n    if n == 50: begin()\n"
    write(module, "deaf", source + BESIDE["the scheduler"] + late)
    restart(module)
    off = "'behaviours are off' in instrument.message_text"
    with started(module, off) as link:
        assert link.evaluate("behaviours.names()") == []


def test_a_reset_between_frames_leaves_no_behaviour_out(rig):
    """Only the guard's own reset says that one of them was it."""
    module = rig(DRUMS, manual_time=False)
    write(module, "good", FRAME + "    pass\n")
    module.link.restart()
    module.frames()
    # What it says is not waited for: it is not there any more.
    with contextlib.suppress(UserError):
        module.link.start("__import__('machine').reset()")
    with started(module) as link:
        assert link.evaluate("behaviours.is_on('good')")


def test_one_that_takes_longer_than_a_frame_is_switched_off_and_says_how_long(rig):
    module = rig(DRUMS, manual_time=False)
    begun = time.monotonic()
    module.link.run(
        "behaviours.swap('slow', 'import time\\n"
        "def frame(controls, track):\\n    time.sleep_ms(30)\\n')"
    )
    assert module.get("6 * 7") == 42
    until(lambda: not module.get("behaviours.is_on('slow')"))
    said = module.get("instrument.message_text")
    assert said.startswith("behaviour slow is off: it takes ")
    assert 20 <= int(said.split()[6]) <= 1000 * (time.monotonic() - begun)
    assert "behaviour slow off" in module.get("settings.text()")


def test_of_several_the_slowest_goes(rig):
    module = rig(DRUMS, manual_time=False)
    for name, ms in (("a", 4), ("b", 9), ("c", 3)):
        source = f"import time\ndef frame(controls, track):\n    time.sleep_ms({ms})\n"
        module.link.run(f"behaviours.swap({name!r}, {source!r})")
    until(lambda: not module.get("behaviours.is_on('b')"))
    module.frames(60)
    assert module.get("[behaviours.is_on(n) for n in 'abc']") == [True, False, True]


@pytest.mark.usefixtures("patient_link")
def test_what_is_not_pythons_to_stop_takes_a_reset_and_is_off_at_the_next_start(rig):
    """One call of C that goes on for ever; and the reset register is the only witness."""
    module = rig(DRUMS, manual_time=False)
    write(module, "deaf", "n = 0\n" + FRAME + "    sum(range(1 << 29)) if track.model else 0\n")
    write(module, "good", FRAME + "    track.modulate('y', 0.25)\n")
    module.link.run("instrument.settings.save()")
    restart(module)
    with started(module) as link:
        assert link.evaluate("behaviours.is_on('deaf'), behaviours.is_on('good')") == (False, True)
        assert "deaf is off: it stopped the module" in link.evaluate(
            "__import__('latentrack.logs', None, None, ('x',)).since(0)[1][-1][1]"
        )
        # That is remembered, over power-off too, until it is asked for.
        link.run("instrument.settings.save()")
    module.module.kill()
    with started(module) as link:
        assert link.evaluate("behaviours.is_on('deaf')") is False
        assert "stopped deaf" in link.evaluate("settings.text()")
        link.run(f"behaviours.swap('deaf', {FRAME + '    pass'!r})")
        assert link.evaluate("behaviours.is_on('deaf')") is True
        assert "stopped deaf" not in link.evaluate("settings.text()")


def restart(module) -> None:
    """Start the module with a behaviour that stops it: on a busy computer that may be before its
    prompt has come. `started` waits for what follows."""
    with contextlib.suppress(UserError):
        module.link.restart()


@contextlib.contextmanager
def started(module, when="instrument.frames > 20") -> Iterator[Link]:
    """A link to the module, once it has started again and that is so."""
    module.link.__exit__()

    def plays() -> bool:
        try:
            with Link(module.module.port) as link:
                return bool(link.evaluate(when))
        except (UserError, ModuleError):
            return False

    until(plays)
    with Link(module.module.port) as link:
        yield link


@pytest.mark.parametrize("why", ["SystemExit", "KeyboardInterrupt", "MemoryError", "BaseException"])
def test_whatever_is_raised_switches_that_one_off(rig, why):
    module = rig(DRUMS, manual_time=False)
    module.link.run(f"behaviours.swap('bad', {FRAME + f'    raise {why}'!r})")
    until(lambda: not module.get("behaviours.is_on('bad')"))
    module.frames()


def test_one_that_fills_the_memory_is_taken_away(rig):
    module = rig(DRUMS, manual_time=False)
    hoard = "kept = []\n" + FRAME + "    kept.append(bytearray(3000))\n"
    free = module.get("__import__('gc').collect() or __import__('gc').mem_free()")
    module.link.run(f"behaviours.swap('hoard', {hoard!r})")
    until(lambda: "hoard" not in module.get("behaviours.names()"))
    assert "memory is short: off are hoard" in module.get("instrument.message_text")
    assert module.get("__import__('gc').collect() or __import__('gc').mem_free()") > free - 20000


def test_what_it_prints_does_not_stand_in_an_answer(rig):
    module = rig(DRUMS, manual_time=False)
    lines = FRAME + "    for n in range(10000): print('a line of many', n)\n"
    module.link.run("instrument.quiet = False")
    module.link.run(f"behaviours.swap('prints', {lines!r})")
    for number in range(20):
        assert module.get(f"{number} + 1") == number + 1


def test_a_part_of_the_frame_that_does_not_end_is_taken_out_until_its_code_is_new(rig):
    """A part that a player has added; and a live swap puts all in again."""
    module = rig(DRUMS, manual_time=False)
    source = "def part():\n    while stuck: pass\n"
    module.link.run(
        "from latentrack import guard\n"
        f"code = compile({source!r}, 'part', 'exec')\n"
        "stuck = False\nguard.add('part', code)\nexec(code)\n"
        "instrument.every_frame.append(part)\nstuck = True"
    )
    until(lambda: module.get("len(instrument.stopped_parts)") == 1)
    assert "of the frame is off" in module.get("instrument.message_text")
    module.frames()
    module.link.run("stuck = False\ninstrument.put_in()")
    module.frames()
    assert module.get("instrument.every_frame[-1] is part, len(instrument.stopped_parts)") == (
        True,
        0,
    )


def test_a_held_button_starts_without_anything_that_the_player_wrote(rig):
    module = rig(DRUMS, manual_time=False)
    write(module, "mine", FRAME + "    track.modulate('y', 0.25)\n")
    track = module.module.flash / "latentrack" / "track.py"
    installed = track.read_bytes()
    edited = installed + b"\nMINE = True\n"
    module.link.run(
        "from latentrack import safe\nsafe.keep_installed('/flash/latentrack/track.py')"
    )
    track.write_bytes(edited)
    module.run("track.length = 12")
    module.link.run("instrument.settings.save()")
    module.panel.press(1)
    module.module.kill()
    with started(module) as link:
        assert link.evaluate("behaviours.names(), track.length") == ([], 0)
        assert track.read_bytes() == installed
        assert (module.module.flash / "edited" / "latentrack" / "track.py").read_bytes() == edited
    module.panel.release(1)
    module.module.kill()
    with started(module) as link:
        assert "mine" in link.evaluate("behaviours.names()")
        assert link.evaluate("track.length") == 12


def test_stored_code_that_does_not_start_makes_way(rig):
    module = rig(DRUMS, manual_time=False)
    track = module.module.flash / "latentrack" / "track.py"
    installed = track.read_bytes()
    module.link.run(
        "from latentrack import safe\nsafe.keep_installed('/flash/latentrack/track.py')"
    )
    track.write_bytes(installed.replace(b"super().__init__()", b"raise ValueError", 1))
    module.module.kill()
    with started(module) as link:
        assert link.evaluate("track.model is None") is False
        assert track.read_bytes() == installed


SOURCES = """
import sys
sys.path.append({device!r})
import latentrack.breaks as breaks
import os, uctypes
def walk(folder):
    for name, kind, *_ in os.ilistdir(folder):
        path = folder + "/" + name
        if kind & 0x4000:
            if name[0] not in "._": yield from walk(path)
        elif name.endswith(".py"): yield path
for path in sorted(walk({device!r})):
    with open(path) as file: source = file.read()
    found = list(breaks.addresses(compile(source, path, "exec")))
    found = found[: found.index(0)]
    ops = [uctypes.bytearray_at(at, 1)[0] for at in found]
    print(path, len(found), sum(op in (0x40, 0x42, 0x43, 0x44) for op in ops))
"""


def goes_round(node: ast.AST) -> bool:
    """Whether it is a loop that may begin again: its body does not always leave."""
    if not isinstance(node, (ast.While, ast.For)):
        return False
    leaves = isinstance(node.body[-1], (ast.Return, ast.Raise, ast.Break))
    return not leaves or any(isinstance(n, ast.Continue) for n in ast.walk(node))


def test_every_function_and_loop_of_the_devices_code_is_found():
    """Counted by CPython's compiler: functions, lambdas, classes, comprehensions and the module
    are one address each; each loop has at least one jump back."""
    made = (ast.FunctionDef, ast.Lambda, ast.ClassDef, ast.GeneratorExp, ast.ListComp)
    made += (ast.SetComp, ast.DictComp)
    done = subprocess.run(
        [micropython(), "-X", "heapsize=8m", "-c", SOURCES.format(device=str(DEVICE))],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
    )
    lines = done.stdout.splitlines()
    assert len(lines) > 40
    for line in lines:
        path, count, jumps = line.rsplit(" ", 2)
        nodes = list(ast.walk(ast.parse(Path(path).read_text())))
        functions = 1 + sum(isinstance(node, made) for node in nodes)
        loops = sum(isinstance(node, ast.comprehension) or goes_round(node) for node in nodes)
        assert int(count) >= functions + loops, path
        assert int(count) <= functions + int(jumps), path


def test_the_numbers_of_parts_and_names_are_different(rig):
    module = rig(DRUMS)
    module.link.run("from latentrack import guard")
    names = [f"name {n}" for n in range(50)]
    numbers = module.get(f"[guard.number_of(n) for n in {names!r}]")
    assert len(set(numbers)) == 50
    assert min(numbers) > module.get("guard.PART + len(instrument.every_frame)")
    assert max(numbers) < 1 << 30
