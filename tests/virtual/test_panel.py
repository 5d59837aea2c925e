"""The electronics of the virtual boards, and the device's board tables held against them.

The facts are those of the reference hardware's schematics, written out here by hand.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from latentrack.errors import UserError
from latentrack.module.install import boards
from latentrack.virtual.boards import BOARDS, DEFAULT, FLOATS, HIGH, LOW, make_board
from latentrack.virtual.boards.xen import Xen
from latentrack.virtual.module import VirtualModule
from latentrack.virtual.panel import Panel
from tests.conftest import ROOT, wait_until_playing
from tests.waiting import spend


def test_what_was_sent_before_the_power_went_is_heard_before_it(
    start: Callable[..., VirtualModule], drum_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the pins of the last moment count as those of a board that has just been reset.

    A slow computer is a listener that is slow; the fixture asks for faults.
    """
    module = start(drum_model)
    heard = Panel.words_sent

    def slow(panel: Panel, *told: Any) -> None:
        spend(0.002)
        heard(panel, *told)

    monkeypatch.setattr(Panel, "words_sent", slow)
    for _ in range(3):
        module.panel.clock(2, spacing_us=5_000)
        module.kill()
        wait_until_playing(module)


def table_of(name: str) -> dict[str, object]:
    """The constants of a board's table."""
    tree = ast.parse((ROOT / "device" / "latentrack" / "boards" / f"{name}.py").read_text())
    table = {}
    for line in tree.body:
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
            try:
                table[line.targets[0].id] = ast.literal_eval(line.value)
            except ValueError:
                continue
    return table


def test_a_board_is_a_file_here_and_one_on_the_device():
    """What else needs their names finds them in these folders."""
    files = (ROOT / "host" / "latentrack" / "virtual" / "boards").glob("*.py")
    assert set(BOARDS) == {path.stem for path in files} - {"__init__", "board"}
    assert sorted(BOARDS) == boards()
    assert next(iter(BOARDS)) == DEFAULT
    assert BOARDS["xen"] is Xen
    assert all(table_of(name)["NAME"] == name for name in BOARDS)
    with pytest.raises(UserError, match="'toaster'; name one of xen, bare"):
        make_board("toaster")


@pytest.mark.parametrize("name", BOARDS)
def test_every_control_hangs_on_the_boards_pin(name):
    table, board = table_of(name), BOARDS[name]
    triggers = [table["CLOCK"], table["RESET"], *table["TRIGGERS"]]
    assert triggers == [board.TRIGGERS[j] for j in ("clock", "reset", "trigger_3", "trigger_4")]
    assert (table["KNOBS"], table["CV"]) == (board.KNOBS, board.CV)
    assert table["BUTTONS"] == tuple(board.BUTTONS.values())
    assert table["LEDS"] == tuple(board.LAMPS.values())
    assert table["ENCODERS"] == board.ENCODERS


def send(board: Xen, select: str, frame: int) -> list[tuple[int, float]]:
    """A frame to a converter, as the chip sends it."""
    for pin in ("D8", "D9", "D5", "D1", "D10"):
        board.pin(pin, True)
    board.pin(select, False)
    board.spi([frame], 24, 1)
    return board.pin(select, True)


@pytest.mark.parametrize(
    "select, channels", [("D8", (1, 2, 3, 0)), ("D9", (3, 0, 1, 2))], ids=["triggers", "notes"]
)
def test_jacks_hang_on_these_channels_of_the_converters(select, channels):
    """Trigger outputs 1 to 4 and note outputs 1 to 4, each with its chip's channel."""
    board = Xen()
    for output, channel in enumerate(channels):
        frame = 1 << 20 | channel << 17 | 0x8000
        (written,) = send(board, select, frame)
        assert written[0] == output + (4 if select == "D9" else 0)
    assert board.faults == []


def test_output_stages_invert():
    board = Xen()
    assert board.volts == [5.0] * 8  # as the converters stand at power-on
    for code, volts in ((0, 5.0), (0xFFFC, -5.0), (0x8000, 0.0), (0x4000, 2.5)):
        ((_, heard),) = send(board, "D8", 1 << 20 | code)
        assert heard == pytest.approx(volts, abs=4e-4)


@pytest.mark.parametrize(
    "frame, bits, mode, says",
    [
        (1 << 20, 16, 1, "in 16 bits"),
        (1 << 20, 24, 0, "SPI mode 0"),
        (1 << 20 | 1 << 22, 24, 1, "was sent 0x500000"),  # another address
        (1 << 20 | 1 << 16, 24, 1, "was sent 0x110000"),  # powered down
        (2 << 20, 24, 1, "was sent 0x200000"),  # updates all channels
    ],
)
def test_a_converter_refuses_what_is_not_its_frame(frame, bits, mode, says):
    board = Xen()
    for pin in ("D8", "D9", "D5", "D1", "D10"):
        board.pin(pin, True)
    board.pin("D8", False)
    board.spi([frame], bits, mode)
    board.pin("D8", True)
    assert any(says in fault for fault in board.faults)


def test_what_shares_the_bus_must_not_listen():
    board = Xen()
    for pin in ("D8", "D9", "D5"):
        board.pin(pin, True)
    board.spi([0], 8, 0)
    assert board.faults == ["the select of the expander (D10) is not driven high"]


def test_inputs_of_the_reference_hardware_pull_down_and_invert():
    xen = make_board("xen")
    assert (xen.trigger(5.0), xen.trigger(0.0)) == (LOW, FLOATS)
    assert (xen.cv(5.0), xen.cv(-5.0), xen.cv(9.0)) == (0, 4095, 0)
    assert xen.cv(0.0) in (2047, 2048)
    assert (xen.knob(0.0), xen.knob(1.0)) == (4095, 0)


def test_inputs_of_the_breadboard_are_direct():
    bare = make_board("bare")
    assert (bare.trigger(3.3), bare.trigger(0.0)) == (HIGH, LOW)
    assert (bare.knob(0.0), bare.knob(1.0)) == (0, 4095)
    assert bare.pin("D4", True) == [(2, 3.3)]
    assert bare.pin("D4", False) == [(2, 0.0)]
    assert bare.pin("D30", True) == []
