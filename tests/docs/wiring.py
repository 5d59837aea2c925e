"""Draws docs/pictures/bare.svg: a Teensy 4.1 from above, and what goes to which pin of it.

The pins come from device/latentrack/boards/bare.py; where they sit on the board is PJRC's card.
`python -m tests.docs --write` draws it anew.
"""

from __future__ import annotations

import ast

from latentrack.virtual.chip import chip
from tests.conftest import ROOT
from tests.docs import midi_wiring
from tests.docs.symbols import INK, diode, resistor, text

PICTURE = ROOT / "docs" / "pictures" / "bare.svg"
BOARD = ROOT / "device" / "latentrack" / "boards" / "bare.py"
# From the USB socket downwards, as printed on the board.
LEFT = ("GND", *(str(pin) for pin in range(13)), "3.3V", *(str(pin) for pin in range(24, 33)))
RIGHT = (
    *("5V", "GND", "3.3V"),
    *(str(pin) for pin in range(23, 12, -1)),
    "GND",
    *(str(pin) for pin in range(41, 32, -1)),
)
# Analog inputs that have the number of another pin: A0 is pin 14, and so on; A10 is pin 24.
ANALOG = {f"A{n}": str(14 + n if n < 10 else 14 + n if n < 14 else 24 + n) for n in range(18)}

_PITCH, _TOP, _LEFT_EDGE, _RIGHT_EDGE = 19, 58, 285, 455
_COLOURS = {"gate": "#c2410c", "knob": "#1d4ed8", "edge": "#9333ea", "power": "#52525b",
            "midi": "#0f766e"}  # fmt: skip


def pins() -> dict[str, tuple[str, str]]:
    """Pin as printed on the board -> (what goes there, its kind)."""
    table: dict[str, object] = {}
    for statement in ast.parse(BOARD.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            name, value = statement.targets[0].id, statement.value
            if name in ("CLOCK", "RESET", "TRIGGERS", "KNOBS", "GATES", "MIDI"):
                table[name] = ast.literal_eval(value)
    found = {
        _printed(table["CLOCK"]): ("clock in", "edge"),
        _printed(table["RESET"]): ("reset in", "edge"),
    }
    for number, pin in enumerate(table["TRIGGERS"], start=3):  # type: ignore[arg-type, var-annotated]
        found[_printed(pin)] = (f"trigger {number} in", "edge")
    for knob, pin in table["KNOBS"].items():  # type: ignore[attr-defined]
        found[_printed(pin)] = (f"knob {knob if len(knob) > 1 else knob.upper()}", "knob")
    for number, pin in enumerate(table["GATES"], start=1):  # type: ignore[arg-type, var-annotated]
        found[_printed(pin)] = (f"output {number}", "gate")
    _, sends, receives = chip().uarts[table["MIDI"][0]]  # type: ignore[index]
    found[_printed(receives)] = ("MIDI in", "midi")
    found[_printed(sends)] = ("MIDI out", "midi")
    return found


def draw() -> str:
    """The whole picture, as SVG."""
    used = pins()
    height = _TOP + _PITCH * len(LEFT) + 480
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 740 {height}" '
        'font-family="sans-serif" font-size="13">',
        "<title>A Teensy 4.1 from above: which pins of it are used</title>",
        f'<rect width="740" height="{height}" rx="8" fill="#ffffff"/>',
        f'<rect x="{_LEFT_EDGE}" y="30" width="{_RIGHT_EDGE - _LEFT_EDGE}" '
        f'height="{_TOP - 30 + _PITCH * len(LEFT)}" rx="8" fill="#14532d"/>',
        '<rect x="345" y="18" width="50" height="34" rx="3" fill="#a1a1aa"/>',
        text(370, 40, "USB", "#18181b", "middle"),
        text(370, _TOP + 12 * _PITCH - 6, "Teensy 4.1", "#ffffff", "middle", bold=True),
    ]
    for side, names in (("left", LEFT), ("right", RIGHT)):
        for row, name in enumerate(names):
            parts += _pin(side, row, name, used.get(name), names)
    parts += _circuits(_TOP + _PITCH * len(LEFT) + 30)
    parts += midi_wiring.circuits(_TOP + _PITCH * len(LEFT) + 250, _COLOURS)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _printed(name: object) -> str:
    return ANALOG[str(name)] if str(name)[0] == "A" else str(name)[1:]


def _pin(
    side: str, row: int, name: str, use: tuple[str, str] | None, names: tuple[str, ...]
) -> list[str]:
    """One pin: its number on the board, and a line to what goes there if anything does."""
    y = _TOP + _PITCH * row + 8
    outward = -1 if side == "left" else 1
    edge = _LEFT_EDGE if side == "left" else _RIGHT_EDGE
    # The supply that the knobs hang on, and the ground of the jacks.
    if side == "right" and name == "3.3V":
        use = ("to one end of each knob, and the diodes", "power")
    elif name == "GND" and row < 2:
        use = ("to the other end of each knob" if side == "right" else "sleeves of the jacks",
               "power")  # fmt: skip
    colour = _COLOURS[use[1]] if use else "#d4d4d8"
    anchors = ("start", "end") if side == "left" else ("end", "start")
    parts = [f'<circle cx="{edge - outward * 9}" cy="{y}" r="5" fill="{colour}"/>']
    parts.append(text(edge - outward * 20, y + 4, name, "#ffffff", anchors[0]))
    if use:
        far = edge + outward * 34
        parts.append(
            f'<path d="M{edge - outward * 4} {y}H{far}" stroke="{colour}" stroke-width="2"/>'
        )
        parts.append(text(far + outward * 6, y + 4, use[0], colour, anchors[1]))
    return parts


def _circuits(top: float) -> list[str]:
    """What lies between a jack or a knob and its pin, three times."""
    y = top + 95

    parts = [
        text(30, top + 14, "each input jack", _COLOURS["edge"], bold=True),
        f'<circle cx="38" cy="{y}" r="6" {INK}/>',
        f'<path d="M44 {y}H260M150 {y - 55}V{y + 60}M205 {y}V{y + 60}" {INK}/>',
        *resistor(95, y, "100 kΩ"),
        *diode(150, y - 28),
        *diode(150, y + 32),
        *resistor(205, y + 32, "1 MΩ", upright=True),
        text(150, y - 60, "3.3 V", _COLOURS["power"], "middle"),
        text(150, y + 76, "ground", _COLOURS["power"], "middle"),
        text(205, y + 76, "ground", _COLOURS["power"], "middle"),
        text(266, y + 4, "pin", _COLOURS["edge"]),
        text(330, top + 14, "each knob", _COLOURS["knob"], bold=True),
        f'<path d="M360 {y - 45}V{y + 50}M372 {y}H440" {INK}/>',
        f'<path d="M372 {y}l9 -4v8Z" fill="#18181b"/>',
        *resistor(360, y, "", upright=True),
        text(352, y + 4, "10 kΩ", "#18181b", "end"),
        text(360, y - 50, "3.3 V", _COLOURS["power"], "middle"),
        text(360, y + 66, "ground", _COLOURS["power"], "middle"),
        text(446, y + 4, "pin", _COLOURS["knob"]),
        text(540, top + 14, "each output jack", _COLOURS["gate"], bold=True),
        f'<path d="M570 {y}H690" {INK}/>',
        *resistor(630, y, "1 kΩ"),
        text(562, y + 4, "pin", _COLOURS["gate"], "end"),
        f'<circle cx="697" cy="{y}" r="6" {INK}/>',
        text(540, top + 165, "3.3 V when it sounds, else 0 V", "#18181b"),
        text(30, top + 200, "The diodes are Schottky ones, such as BAT85: they keep what comes "
              "in between ground and 3.3 V.", "#18181b"),
    ]  # fmt: skip
    return [part for part in parts if part]


if __name__ == "__main__":
    print(draw())
