"""The boards' tables: complete, consistent, and what they tell latentcore. No hardware is here."""

from __future__ import annotations

import sys
import types
from array import array
from pathlib import Path

import pytest

from tests.conftest import ROOT

BOARDS = ROOT / "device" / "latentrack" / "boards"
NAMES = ("xen", "bare", "virtual")
# Teensy 4.1's pins on the i.MX RT1062's GPIO ports, from the schematic: D2 is EMC_04, ...
PORTS = {
    "D2": (4, 4), "D3": (4, 5), "D4": (4, 6), "D5": (4, 8), "D6": (2, 10), "D7": (2, 17),
    "D8": (2, 16), "D9": (2, 11),
}  # fmt: skip
BASES = {2: 0x401BC000, 4: 0x401C4000}


class Recorder(types.ModuleType):
    """A module every function of which only notes how it was called."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.calls: list[tuple] = []

    def __getattr__(self, name: str):
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *a, **k: self.calls.append((name, *a, *sorted(k.items())))


@pytest.fixture
def board(monkeypatch):
    """board(name) -> (its table, latentcore, machine)"""

    def load(name: str):
        latentcore, machine = Recorder("latentcore"), Recorder("machine")
        machine.Pin = type("Pin", (), {"IN": 0, "OUT": 1, "__init__": lambda *a, **k: None})
        monkeypatch.setitem(sys.modules, "latentcore", latentcore)
        monkeypatch.setitem(sys.modules, "machine", machine)
        monkeypatch.setitem(sys.modules, "uctypes", Recorder("uctypes"))
        table: dict = {"__name__": name}
        exec((BOARDS / f"{name}.py").read_text(), table)
        return types.SimpleNamespace(**table), latentcore, machine

    return load


@pytest.mark.parametrize("name", NAMES)
def test_a_table_has_everything(board, name):
    table, _, _ = board(name)
    assert name == table.NAME
    assert set(table.KNOBS) == {"x", "y", "z", "threshold"}
    assert set(table.CV) in (set(), {"x", "y", "z", "threshold", "5", "6", "7", "8"})
    assert len(table.TRIGGERS) == 2 and len(table.BUTTONS) == len(table.LEDS)
    assert table.CV_VOLTS[0] < table.CV_VOLTS[1]
    pins = [table.CLOCK, table.RESET, *table.TRIGGERS, *table.BUTTONS, *table.LEDS]
    pins += [pin for encoder in table.ENCODERS.values() for pin in encoder]
    pins += [*table.KNOBS.values(), *table.CV.values()]
    if table.DISPLAY is not None:
        pins += [table.DISPLAY[pin] for pin in ("select", "command", "reset")]
    pins += [pin for pin, *_ in getattr(table, "GATES", ())]
    # Analog names are other pins: A7 is D21, and so on from A0, which is D14.
    digital = [f"D{14 + int(p[1:])}" if p[0] == "A" and int(p[1:]) < 10 else p for p in pins]
    assert len(set(digital)) == len(digital), "a pin is used twice"


def test_the_virtual_module_has_the_panel_of_the_reference_hardware(board):
    virtual, xen = board("virtual")[0], board("xen")[0]
    own = ("NAME", "GATE_CODES", "SELECTS")
    names = [n for n in vars(xen) if n.isupper() and n[0] != "_" and n not in own]
    assert len(names) > 10
    for name in names:
        assert getattr(virtual, name) == getattr(xen, name), name


def test_xen_has_two_converters_on_the_bus_of_the_display(board):
    table, latentcore, machine = board("xen")
    table.connect()
    assert ("SPI", 0, ("baudrate", 20000000)) in machine.calls
    calls = {call[0]: call[1:] for call in latentcore.calls}
    base, pins = calls["dac_outputs"]
    assert base == 0x403A0000 and isinstance(pins, array)
    words = []
    for pin in ("D9", "D8", "D5"):
        port, bit = PORTS[pin]
        words += [BASES[port], BASES[port] + 0x84, BASES[port] + 0x88, 1 << bit]
    assert list(pins) == words
    jacks = [call[1:4] for call in latentcore.calls if call[0] == "dac_output"]
    assert jacks == [(n, n // 4, n % 4) for n in range(8)]


def test_bare_has_eight_gates_on_pins(board):
    table, latentcore, _ = board("bare")
    table.connect()
    gates = [call[1:] for call in latentcore.calls if call[0] == "gpio_output"]
    wanted = []
    for channel, pin in enumerate(("D2", "D3", "D4", "D5", "D6", "D7", "D8", "D9")):
        port, bit = PORTS[pin]
        wanted.append((channel, BASES[port] + 0x84, BASES[port] + 0x88, 1 << bit))
    assert gates == wanted


@pytest.mark.parametrize(
    "platform, text, name",
    [
        ("linux", "bare", "virtual"),
        ("mimxrt", None, "xen"),
        ("mimxrt", "bare\n", "bare"),
        ("mimxrt", " my_own \n", "my_own"),
        ("mimxrt", "", "xen"),
    ],
)
def test_a_file_says_which_board_it_is(monkeypatch, tmp_path, platform, text, name):
    table: dict = {"__name__": "boards"}
    exec((BOARDS / "__init__.py").read_text(), table)
    file = tmp_path / "board.txt"
    if text is not None:
        file.write_text(text)
    table["FILE"] = str(file)
    monkeypatch.setattr(sys, "platform", platform)
    assert table["board_name"]() == name
    assert Path(table["FILE"]) == file


def test_the_page_on_adding_a_board_shows_a_whole_table(board):
    """Every name that the tables have is explained there."""
    text = (ROOT / "docs" / "adding-a-board.md").read_text()
    for name in vars(board("bare")[0]):
        if name.isupper() and name[0] != "_":
            assert f"`{name}`" in text, name


def test_a_board_of_ones_own_plays(start, drum_model):
    """The page's example, word for word, put on a virtual module under its own name."""
    from latentrack.module.link import Link

    text = (ROOT / "docs" / "adding-a-board.md").read_text()
    example = text.split("```python\n")[1].split("```")[0]
    assert 'NAME = "breadboard"' in example
    table, latentcore, _ = None, Recorder("latentcore"), None
    names: dict = {}
    machine = Recorder("machine")
    machine.Pin = type("Pin", (), {"OUT": 1, "__init__": lambda *a, **k: None})
    saved = {n: sys.modules.get(n) for n in ("latentcore", "machine")}
    sys.modules |= {"latentcore": latentcore, "machine": machine}
    try:
        exec(example, names)
        names["connect"]()
    finally:
        for n, module in saved.items():
            sys.modules.pop(n) if module is None else sys.modules.__setitem__(n, module)
    gates = [call for call in latentcore.calls if call[0] == "gpio_output"]
    assert table is None and len(gates) == 2
    # The virtual module with that table: no display, no buttons, no CV, two knobs.
    module = start(drum_model, manual_time=True)
    board = module.flash / "latentrack" / "boards" / "virtual.py"
    connect = "def connect" + board.read_text().split("def connect")[1]
    board.write_text(
        example.split("def connect")[0] + "\nimport machine\nimport uctypes\n\n\n" + connect
    )
    with Link(module.port) as link:
        link.restart()
        assert link.evaluate("instrument.board.NAME") == "breadboard"
        link.run("track.threshold = 0.1")
        link.run("track.refresh()")
        module.panel.clock(20)
        assert sum(len(step.gates) for step in module.panel.steps()) > 5
        assert link.evaluate("track.model.name") == drum_model.stem
