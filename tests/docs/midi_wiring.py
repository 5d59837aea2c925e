"""The two MIDI circuits of the wiring picture, for TRS jacks of type A and pins of 3.3 V.

Out: 33 ohm and 10 ohm, as the MIDI Association says for 3.3 V (CA-033). In: an optocoupler with a
logic output that works at 3.3 V.
"""

from __future__ import annotations

from tests.docs.symbols import INK, diode, resistor, text


def _jack(x: float, tip: float, ring: float, sleeve: float, ink: str) -> list[str]:
    """The three contacts of a jack, each a circle with its name."""
    parts = []
    for name, y in (("tip", tip), ("ring", ring), ("sleeve", sleeve)):
        parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="6" {INK}/>')
        parts.append(text(x, y - 10, name, ink, "middle"))
    return parts


def circuits(top: float, colours: dict[str, str]) -> list[str]:
    """MIDI in on the left, MIDI out on the right."""
    ink, midi, power = "#18181b", colours["midi"], colours["power"]
    ring, tip, sleeve = top + 60, top + 120, top + 170
    parts = [
        text(30, top + 14, "the MIDI in jack", midi, bold=True),
        *_jack(40, tip, ring, sleeve, ink),
        f'<path d="M46 {ring}H190M46 {tip}H190M140 {ring}V{tip}" {INK}/>',
        *resistor(95, ring, "220 \u2126"),
        *diode(140, (ring + tip) / 2),
        text(128, (ring + tip) / 2 + 4, "1N4148", ink, "end"),
        text(46, sleeve + 20, "the sleeve stays free", ink),
        f'<rect x="190" y="{ring - 18}" width="80" height="{tip - ring + 36}" {INK}/>',
        text(196, ring + 4, "1", ink),
        text(264, ring + 4, "6", ink, "end"),
        text(223, (ring + tip) / 2 + 4, "H11L1", ink, "middle", bold=True),
        text(196, tip + 4, "2", ink),
        text(264, tip + 4, "5", ink, "end"),
        text(264, (ring + tip) / 2 + 4, "4", ink, "end"),
        f'<path d="M270 {ring}H305V{ring - 22}" {INK}/>',
        text(305, ring - 27, "3.3 V", power, "middle"),
        f'<path d="M270 {(ring + tip) / 2}H400M345 {(ring + tip) / 2}V{ring - 22}" {INK}/>',
        *resistor(345, ring, "470 \u2126", upright=True),
        text(345, ring - 27, "3.3 V", power, "middle"),
        text(406, (ring + tip) / 2 + 4, "pin 0", midi),
        f'<path d="M270 {tip}H305V{tip + 20}" {INK}/>',
        text(305, tip + 34, "ground", power, "middle"),
        text(500, top + 14, "the MIDI out jack", midi, bold=True),
        *_jack(690, tip, ring, sleeve, ink),
        f'<path d="M560 {ring}H684M560 {tip}H684M560 {sleeve}H684" {INK}/>',
        *resistor(620, ring, "33 \u2126"),
        *resistor(620, tip, "10 \u2126"),
        text(552, ring + 4, "3.3 V", power, "end"),
        text(552, tip + 4, "pin 1", midi, "end"),
        text(552, sleeve + 4, "ground", power, "end"),
    ]
    return parts
