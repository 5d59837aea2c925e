"""What a behaviour changes of Latentrack's own code is put back by the next command that fails."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from latentrack.module.library import push
from latentrack.module.link import Link, ModuleError
from latentrack.module.session import Session
from tests.programs import latentrack
from tests.waiting import frames_pass, until

RUNNING = "__import__('latentrack.instrument').instrument.Instrument.running"
DEVICE = Path(__file__).resolve().parents[2] / "device"
PUT_BACK = "The module's own code had been changed"

CHANGES = [
    "Instrument.running = None",
    "import builtins; builtins.len = None",
    "import builtins; builtins.__import__ = None",
    "import builtins; builtins.print = builtins.isinstance = builtins.getattr = None",
    "type(track).refresh = None",
    "type(track).play = lambda self, model: 1 / 0",
    "del type(track).play",
    "object.__setattr__(track, 'refresh', None)",
    "track.refresh = lambda: None",
    "del track._now",
    "track.numbers.clear()",
    "latentrack.receive.serve = None",
    "latentrack.receive.MAGIC = 0x20",
    "latentrack.requests.Requests.hello = None",
    "latentrack.track.room = None",
    "instrument.every_frame.clear()",
    "del instrument.tracks",
    "instrument.tracks.clear()",
    "del instrument.library",
    "instrument.frames = 'many'",
    "Instrument.frame = None",
    "del latentcore.guard",
    "latentcore.load = None",
    "sys.modules.clear()",
]


@pytest.fixture
def module(start, drum_model):
    module = start(drum_model)
    yield module


def at_prompt(link: Link, code: str) -> None:
    link.run(
        "import latentcore, latentrack.receive, latentrack.requests, sys\n"
        "from latentrack.instrument import Instrument\n"
        "instrument = Instrument.running\ntrack = instrument.track\n" + code
    )


def behaviour(code: str) -> str:
    lines = "\n".join(f"    {line}" for line in code.splitlines())
    return f"import sys\ndef frame(controls, track):\n{lines}\n"


def swap(link: Link, path: str, source: str) -> None:
    with Session(link) as session:
        session.send(source.encode())
        assert session.call("swap", path) == "plays"


def test_after_any_change_a_push_works_and_the_clock_has_gone_on(module, drum_model, capsys):
    with Link(module.port) as link:
        for change in CHANGES:
            at_prompt(link, change)
            module.panel.clock(10)
            push(link, drum_model)
            frames_pass(link)
            assert link.evaluate(f"{RUNNING}.plays()[0]") == drum_model.stem, change
            # What does no harm to a push is put back, too, as soon as that is asked for.
            link.run(f"{RUNNING}.repair()")
            assert link.evaluate(f"{RUNNING}.repair()") is None, change
        assert capsys.readouterr().err.count(PUT_BACK) > len(CHANGES) / 2
        module.panel.catch_up()
        assert link.evaluate("__import__('latentcore').count(0, 0)") == 10 * len(CHANGES)


def test_the_behaviour_that_did_it_is_named_and_stays_off(module, drum_model):
    change = "type(track).refresh = None"
    with Link(module.port) as link:
        swap(link, "behaviours/still.py", behaviour("pass"))
        link.run("behaviours.switch('still', False)")
        swap(link, "behaviours/sly.py", behaviour(change))
    done = latentrack("push", str(drum_model), "--port", module.port)
    assert done.returncode == 0, done.stderr
    with Link(module.port) as link:
        until(lambda: not link.evaluate("instrument.behaviours.is_on('sly')"))
        # A frame that fails puts it back as well, and says so in the logs.
    said = latentrack("logs", "--port", module.port).stdout
    with Link(module.port) as link:
        assert "sly" in said and "put back" in said and "still" not in said
        link.run("settings.save()")
        link.restart()
        assert link.evaluate("instrument.behaviours.names()").count("sly") == 1
        assert not link.evaluate("instrument.behaviours.is_on('sly')")


def test_a_frame_that_fails_puts_back_what_a_behaviour_changed_without_a_computer(module):
    with Link(module.port) as link:
        swap(link, "behaviours/sly.py", behaviour("type(track).refresh = lambda self: 1 / 0"))
        until(lambda: not link.evaluate("instrument.behaviours.is_on('sly')"))
        frames_pass(link)


def test_what_is_tried_at_the_prompt_stays_while_nothing_fails(module, drum_model, capsys):
    with Link(module.port) as link:
        link.run(
            "count = 0\n_play = type(track).play\n"
            "def play(self, model):\n    global count\n    count += 1\n    _play(self, model)\n"
            "type(track).play = play\n"
            "type(track).shout = lambda self: 42"
        )
        push(link, drum_model)
        assert link.evaluate("count, track.shout()") == (1, 42)
        # A refusal is nothing that has failed.
        with Session(link) as session:
            session.send(b"not a model")
            with pytest.raises(Exception, match="ValueError|model"):
                session.call("audition", "none", 0)
        assert link.evaluate("track.shout()") == 42
    assert PUT_BACK not in capsys.readouterr().err


def test_code_that_was_swapped_live_is_not_taken_back(module, drum_model, capsys):
    source = (DEVICE / "latentrack" / "model.py").read_text()
    new = source.replace('f"<model {self.name}: ', 'f"<wow {self.name}: ')
    assert new != source
    with Link(module.port) as link:
        swap(link, "latentrack/model.py", new)
        at_prompt(link, "type(track).play = None")
        push(link, drum_model)
        assert PUT_BACK in capsys.readouterr().err
        assert link.evaluate("repr(track.model)").startswith("<wow")
        frames_pass(link)
        # Nothing differs any more.
        assert link.evaluate("instrument.repair()") is None
        # And it is still stored when there is time.
        until(lambda: "<wow" in (module.flash / "latentrack" / "model.py").read_text())


def test_what_cannot_be_put_back_takes_a_restart_without_behaviours(module, drum_model):
    change = (
        "import latentrack.receive, latentrack.repair\n"
        "sys.modules['latentrack.repair'].repair = None\n"
        "type(sys.modules['latentrack.instrument'].Instrument.running).repair = None\n"
        "sys.modules['latentrack.receive'].serve = None"
    )
    (module.flash / "behaviours").mkdir(exist_ok=True)
    (module.flash / "behaviours" / "wild.py").write_text(behaviour(change))
    with Link(module.port) as link:
        link.restart()
        frames_pass(link)
    done = latentrack("push", str(drum_model), "--port", module.port)
    assert done.returncode == 0, done.stderr
    assert "restarted without behaviours" in done.stderr
    with Link(module.port) as link:
        assert link.evaluate("instrument.behaviours.names()") == []
        assert link.evaluate("track.model.name") == drum_model.stem


@pytest.mark.parametrize(
    "change",
    [
        "import builtins\nbuiltins.len = None",
        "import latentrack.track\nlatentrack.track.Track.refresh = None",
    ],
)
def test_a_behaviour_that_keeps_latentrack_from_starting_is_left_out(module, drum_model, change):
    (module.flash / "behaviours").mkdir(exist_ok=True)
    file = module.flash / "behaviours" / "early.py"
    file.write_text(f"{change}\ndef frame(controls, track):\n    pass\n")
    with Link(module.port) as link:
        link.run("import machine")
    process = module.process_id
    module.kill()
    until(lambda: module.process_id != process)
    with Link(module.port) as link:
        until(lambda: link.evaluate("'track' in globals() and instrument is not None"))
        assert "early" not in link.evaluate("instrument.behaviours.names()")
        push(link, drum_model)
    assert file.exists()


def test_a_behaviour_that_leaves_no_piece_of_the_heap_makes_room_for_a_push(module, drum_model):
    hoard = (
        "held = {}\ndef frame(controls, track):\n    if held:\n        return\n"
        "    for i in range(300):\n        held[i] = bytearray(16 + i * 7 % 900)\n"
        "    for i in range(0, 300, 2):\n        held.pop(i)\n"
    )
    with Link(module.port) as link:
        # Where the module is short already it refuses it.
        with contextlib.suppress(ModuleError):
            swap(link, "behaviours/hoard.py", hoard)
        frames_pass(link)
        push(link, drum_model)
        frames_pass(link)
        assert link.evaluate("track.model.name") == drum_model.stem
