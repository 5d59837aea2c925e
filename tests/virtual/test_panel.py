"""The virtual panel is the reference hardware's: the same pins as in the device's board tables."""

from __future__ import annotations

import ast

import pytest

from latentrack.virtual import panel
from latentrack.virtual.wires import DISPLAY_PINS
from tests.conftest import ROOT


def board(name: str) -> dict[str, object]:
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


@pytest.mark.parametrize("name", ["virtual", "xen"])
def test_every_control_hangs_on_the_boards_pin(name):
    table = board(name)

    def digital(pins):
        return {key: f"D{pin}" for key, pin in pins.items()}

    assert {"clock": table["CLOCK"], "reset": table["RESET"]} == digital(panel.TRIGGER_PINS)
    assert table["TRIGGERS"] == tuple(digital(panel.INPUT_PINS).values())
    assert table["KNOBS"] == {knob: f"A{pin}" for knob, pin in panel.ANALOG_PINS.items()}
    assert table["CV"] == {jack: f"A{pin}" for jack, pin in panel.CV_PINS.items()}
    assert table["CV_VOLTS"] == panel.CV_VOLTS
    assert table["BUTTONS"] == tuple(digital(panel.BUTTON_PINS).values())
    assert table["LEDS"] == tuple(digital(panel.LED_PINS).values())
    encoders = {side: tuple(f"D{pin}" for pin in pins) for side, pins in panel.ENCODER_PINS.items()}
    assert table["ENCODERS"] == encoders
    display = table["DISPLAY"]
    assert isinstance(display, dict)
    assert {key: display[key] for key in DISPLAY_PINS} == digital(DISPLAY_PINS)
