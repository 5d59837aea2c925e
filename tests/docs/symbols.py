"""Symbols of circuits, as SVG: lines, resistors, diodes, words."""

from __future__ import annotations

from html import escape

INK = 'stroke="#18181b" stroke-width="1.5" fill="none"'


def text(
    x: float, y: float, words: str, fill: str, anchor: str = "start", *, bold: bool = False
) -> str:
    """Words at a place; anchor: "start", "middle" or "end"."""
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x:g}" y="{y:g}" fill="{fill}" text-anchor="{anchor}"{weight}>'
        f"{escape(words)}</text>"
    )


def resistor(x: float, at: float, value: str, *, upright: bool = False) -> list[str]:
    """A resistor with its middle at a place; its value above it, or beside it."""
    width, high = (10, 32) if upright else (32, 10)
    where = (x + 10, at + 4, "start") if upright else (x, at - 10, "middle")
    return [
        f'<rect x="{x - width / 2:g}" y="{at - high / 2:g}" width="{width}" height="{high}" '
        'stroke="#18181b" stroke-width="1.5" fill="#fef3c7"/>',
        text(where[0], where[1], value, "#18181b", where[2]),
    ]


def diode(x: float, at: float) -> list[str]:
    """Upright, its bar on top: it lets current upwards."""
    return [
        f'<path d="M{x - 6:g} {at + 6:g}H{x + 6:g}L{x:g} {at - 6:g}Z" fill="#18181b"/>',
        f'<path d="M{x - 6:g} {at - 6:g}H{x + 6:g}" {INK}/>',
    ]
