"""The boards' tables: complete, consistent, and right about the chip's pins and registers."""

from __future__ import annotations

import sys
import types

import pytest

from latentrack.module.install import boards
from latentrack.module.link import Link
from latentrack.virtual.chip import chip
from tests.conftest import ROOT

BOARDS = ROOT / "device" / "latentrack" / "boards"
NAMES = boards()
EXAMPLE = (ROOT / "docs" / "adding-a-board.md").read_text().split("```python\n")[1].split("```")[0]


@pytest.fixture
def board(monkeypatch):
    """board(name) -> the names of its table"""

    def load(name: str) -> types.SimpleNamespace:
        teensy41 = types.ModuleType("latentrack.boards.teensy41")
        exec((BOARDS / "teensy41.py").read_text(), vars(teensy41))
        monkeypatch.setitem(sys.modules, "latentcore", types.ModuleType("latentcore"))
        monkeypatch.setitem(sys.modules, "latentrack.boards", types.ModuleType("boards"))
        monkeypatch.setitem(sys.modules, "latentrack.boards.teensy41", teensy41)
        table: dict = {"__name__": name}
        source = EXAMPLE if name == "breadboard" else (BOARDS / f"{name}.py").read_text()
        exec(source, table)
        return types.SimpleNamespace(**table)

    return load


def test_every_pin_of_the_teensy_has_its_port_and_bit(board):
    """As rt1062.def has them, of which other tests show that it is right."""
    teensy41 = board("bare").port_and_mask.__globals__
    for name, (port, bit) in chip().pins.items():
        assert teensy41["port_and_mask"](name) == (chip().blocks[f"GPIO{port}"], 1 << bit)
    registers = chip().registers["GPIO"]
    for name in ("DR", "PSR", "DR_SET", "DR_CLEAR"):
        assert teensy41[name] == registers[name]
    assert teensy41["TIME_US"] == chip().address("GPT2", "CNT")
    assert teensy41["LPSPI4"] == chip().blocks["LPSPI4"]
    assert teensy41["KEPT"] == chip().address("SNVS", "LPGPR3")


@pytest.mark.parametrize("name", [*NAMES, "breadboard"])
def test_a_table_has_everything(board, name):
    table = board(name)
    assert name == table.NAME
    assert set(table.KNOBS) <= {"x", "y", "z", "w", "threshold"}
    assert set(table.CV) in (set(), {"x", "y", "z", "threshold", "5", "6", "7", "8"})
    assert len(table.TRIGGERS) == 2 and len(table.BUTTONS) == len(table.LEDS)
    assert table.EDGE in ("rising", "falling") and table.PULL in ("up", "down", None)
    assert table.CV_VOLTS[0] != table.CV_VOLTS[1]
    assert sorted(table.DRUM_JACKS) == list(range(8))
    pins = [table.CLOCK, table.RESET, *table.TRIGGERS, *table.BUTTONS, *table.LEDS]
    pins += [pin for encoder in table.ENCODERS.values() for pin in encoder]
    pins += [*getattr(table, "SELECTS", ()), *getattr(table, "UNUSED_SELECTS", ())]
    if table.DISPLAY is not None:
        pins += [table.DISPLAY[pin] for pin in ("command", "reset")]
    pins += getattr(table, "GATES", ())
    analog = [*table.KNOBS.values(), *table.CV.values()]
    assert all(pin in chip().pins for pin in pins)
    assert all(chip().analog_input(pin) for pin in analog)
    pins += [chip().pin(pin) for pin in analog]
    assert len(set(pins)) == len(pins), "a pin is used twice"


@pytest.mark.parametrize(
    "text, name", [(None, "xen"), ("bare\n", "bare"), (" my_own \n", "my_own"), ("", "xen")]
)
def test_a_file_says_which_board_it_is(tmp_path, text, name):
    table: dict = {"__name__": "boards"}
    exec((BOARDS / "__init__.py").read_text(), table)
    file = tmp_path / "board.txt"
    if text is not None:
        file.write_text(text)
    table["FILE"] = str(file)
    assert table["board_name"]() == name


def test_the_page_on_adding_a_board_shows_a_whole_table(board):
    """Every name that the tables have is explained there."""
    text = (ROOT / "docs" / "adding-a-board.md").read_text()
    own = {"DR_CLEAR", "DR_SET", "KEPT", "TIME_US"}
    for name in vars(board("bare")):
        if name.isupper() and name[0] != "_" and name not in own:
            assert f"`{name}`" in text, name


def test_a_board_of_ones_own_plays(start, drum_model):
    """The page's example, word for word, on a virtual module with a breadboard's electronics."""
    module = start(drum_model, board="bare", manual_time=True)
    (module.flash / "latentrack" / "boards" / "breadboard.py").write_text(EXAMPLE)
    (module.flash / "board.txt").write_text("breadboard\n")
    with Link(module.port) as link:
        link.restart()
        assert link.evaluate("instrument.board.NAME") == "breadboard"
        link.run("track.threshold = 0.1")
        link.run("track.refresh()")
        module.panel.clock(20)
        steps = module.panel.steps()
        assert sum(len(step.gates) for step in steps) > 5
        assert {volts for step in steps for volts in step.volts.values()} == {3.3}
        assert link.evaluate("track.model.name") == drum_model.stem


@pytest.mark.parametrize("name", NAMES)
def test_a_boards_own_file_plays_at_its_jacks(start, drum_model, name):
    """The board's own file on its electronics: an edge at the jack ends as volts at jacks."""
    module = start(drum_model, board=name, manual_time=True)
    with Link(module.port) as link:
        link.run("track.threshold = 0.1\ntrack.refresh()")
        before = module.panel.volts()
        assert before == pytest.approx([0.0] * 8, abs=4e-4), "jacks at power-on"
        module.panel.clock(16)
        steps = module.panel.steps()
        assert len(steps) == 16 and sum(len(step.gates) for step in steps) > 5
        assert module.panel.faults == []


def test_a_clock_at_the_wrong_edge_is_seen(start, drum_model):
    """A rising edge at the jack plays, not its falling one: the pulse is 50 ms wide."""
    module = start(drum_model, manual_time=True)
    panel = module.panel
    begin = panel.now_us
    panel.trigger("clock", width_us=50_000)
    (step,) = panel.steps()
    assert step.time_us == begin
