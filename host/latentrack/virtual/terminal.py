"""The front panel in a terminal: screen as characters, lamps and jacks as lights, keys as controls.

The size of the terminal decides how the screen is drawn. 160 columns show two pixels a character,
each in its colour. 80 columns and 44 lines show four pixels a character (two by two) in two
colours, enough for letters and boxes. 80 columns and 24 lines show eight pixels a character, as the
dots of Braille.
"""

from __future__ import annotations

import os
import select
import sys
import termios
import time
import tty
from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray
from rich.console import Console, Group
from rich.live import Live
from rich.style import Style
from rich.text import Text

from latentrack.errors import UserError
from latentrack.virtual.clock import Clock

if TYPE_CHECKING:
    from latentrack.virtual.panel import Panel, Report


class Played(Protocol):
    """A module with a panel: the virtual one, or a Teensy in software."""

    port: str
    panel: Panel


# Lines below the screen: jacks, keys, port.
_BELOW = 4
_LEAST_COLUMNS, _LEAST_LINES = 80, 24
# The bits of the dots of a Braille character: four lines of two.
_BRAILLE, _DOTS = 0x2800, np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
# The character for each set of quarters: 1 upper left, 2 upper right, 4 lower left, 8 lower right.
_QUARTERS = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"
KNOB_STEP = 0.02
# The module reads its buttons every 20 ms; a button that is down for 1 s is held.
PRESS_S, HOLD_S = 0.1, 1.3
PICTURE_S = 0.05
_POLL_S = PRESS_S / 5
_HOLD = "h"
KEYS = """\
x y z w t  turn up, with Shift down       1 2 3 4  buttons   h 1  hold button 1
left right  left encoder, Tab its push    up down  right encoder, Enter its push"""
_KNOBS = {"x": "x", "y": "y", "z": "z", "w": "w", "t": "threshold"}
# What turns W on the play page of a board without a knob for it.
_W_ENCODER = "left"
_ENCODERS = {"\x1b[D": ("left", -1), "\x1b[C": ("left", 1),
             "\x1b[B": ("right", -1), "\x1b[A": ("right", 1)}  # fmt: skip
_SWITCHES: dict[str, int | str] = {
    "1": 1, "2": 2, "3": 3, "4": 4, "\t": "left", "\r": "right", "\n": "right",
}  # fmt: skip


def check_terminal() -> None:
    """Raise UserError if stdin is not a terminal."""
    if not sys.stdin.isatty():
        raise UserError("The panel is played with keys: run this in a terminal.")


def play(
    module: Played,
    bpm: float | None,
    hear: Callable[[Report], object] = lambda _: None,
    about: str = "",
) -> None:
    """Show the panel and pass keys to it until Ctrl-C.

    bpm: the tempo at which it is clocked, in beats per minute of four steps; None: no clock.  hear:
    gets each report of the panel, in their order.  about: a line below the panel instead of the
    port. Raises UserError if stdin is not a terminal.
    """
    check_terminal()
    about = about or f"port {module.port}   Ctrl-C switches it off"
    before = termios.tcgetattr(sys.stdin)
    try:
        tty.setcbreak(sys.stdin)
        with nullcontext() if bpm is None else Clock(module.panel, bpm):
            _show(module.panel, hear, about)
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def _show(panel: Panel, hear: Callable[[Report], object], about: str) -> None:
    console, keys = Console(highlight=False), Keys(panel)
    gates: frozenset[int] = frozenset()
    says_steps = False  # a firmware file does not report its steps
    drawn = 0.0
    shown: tuple[object, ...] | None = None
    with Live(console=console, auto_refresh=False, screen=True) as live:
        while True:
            if select.select([sys.stdin], [], [], _POLL_S)[0]:
                for key in split_keys(os.read(sys.stdin.fileno(), 64).decode()):
                    keys.type(key, time.monotonic())
            now = time.monotonic()
            keys.release(now)
            for report in panel.settle():
                hear(report)
                # A gate lasts a few milliseconds; its light stays on until the next step.
                if report.kind == "step":
                    gates, says_steps = frozenset(), True
                elif report.kind == "rise":
                    gates |= {report.jack}
            if now - drawn <= PICTURE_S:
                continue
            image = panel.screen()
            lamps = [panel.lamp(button) for button in panel.board.LAMPS]
            volts = panel.volts()
            drawing = (image.tobytes(), gates, volts, lamps, console.size)
            if drawing == shown:
                continue
            drawn, shown = now, drawing
            if not says_steps:
                gates = frozenset(j for j, v in enumerate(panel.volts()) if v > 1)
            screen = draw_screen(image, *console.size)
            jacks = draw_jacks(gates, volts, lamps)
            if screen is None:
                live.update(Text(too_small(console)), refresh=True)
            else:
                live.update(Group(screen, jacks, KEYS, about), refresh=True)


def draw_screen(image: NDArray[np.uint8], columns: int, lines: int) -> Text | None:
    """The display's picture (height, width, 3) as large as the terminal allows; None: too small."""
    height, width = image.shape[:2]
    tall = lines >= height // 2 + _BELOW
    if tall and columns >= width:
        return _halves(image)
    if tall and columns >= width // 2:
        return _blocks(image, 2, _quarter)
    if lines >= height // 4 + _BELOW and columns >= width // 2:
        return _blocks(image, 4, _braille)
    return None


def too_small(console: Console) -> str:
    """The message that replaces the panel in a terminal that is too small."""
    columns, lines = console.size
    return (
        f"The panel needs {_LEAST_COLUMNS} columns and {_LEAST_LINES} lines; this terminal has "
        f"{columns} and {lines}: make it larger, or its letters smaller."
    )


def draw_jacks(gates: frozenset[int], volts: list[float], lamps: list[bool]) -> Text:
    """A line with the eight outputs, their volts, and the lamps of the buttons.

    gates: the outputs (from 0) whose light is on.
    """
    line = Text("out ")
    for jack, level in enumerate(volts):
        style = "bold cyan" if jack in gates else "dim"
        line.append("●" if jack in gates else "○", style)
        line.append(f"{round(level, 1) + 0.0:4.1f}V ", style)
    if lamps:
        line.append(" ")
    for lit in lamps:
        line.append("■ " if lit else "□ ", "bold yellow" if lit else "dim")
    return line


def split_keys(typed: str) -> list[str]:
    """Split the terminal's input into keys; an arrow key is three characters."""
    keys = []
    while typed:
        size = 3 if typed[:3] in _ENCODERS else 1
        keys.append(typed[:size])
        typed = typed[size:]
    return keys


class Keys:
    """Translates keys to the panel's controls. Keys of controls that the board lacks are ignored.

    A terminal does not report the release of a key, so a press lasts PRESS_S, or HOLD_S after "h".
    """

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self._positions = dict.fromkeys(panel.board.KNOBS, 0.5)
        self._long = False
        # When each pressed switch will be released, in seconds.
        self._down: dict[int | str, float] = {}

    def type(self, key: str, now: float) -> None:
        """Take a key at time `now`, in seconds; unknown keys are ignored."""
        board = self._panel.board
        if key.lower() in _KNOBS:
            self._turn(_KNOBS[key.lower()], 1 if key.islower() else -1)
        elif key in _ENCODERS:
            encoder, steps = _ENCODERS[key]
            if encoder in board.ENCODERS:
                self._panel.turn_encoder(encoder, steps)
        elif key in _SWITCHES:
            switch = _SWITCHES[key]
            if switch not in self._down and (switch in board.BUTTONS or switch in board.ENCODERS):
                self._panel.press(switch)
                self._down[switch] = now + (HOLD_S if self._long else PRESS_S)
        self._long = key == _HOLD

    def _turn(self, knob: str, steps: int) -> None:
        """Turn a knob by KNOB_STEP a step, or, without a knob W, the encoder that turns W."""
        if knob in self._positions:
            self._positions[knob] = min(max(self._positions[knob] + KNOB_STEP * steps, 0.0), 1.0)
            self._panel.turn(knob, self._positions[knob])
        elif knob == "w" and _W_ENCODER in self._panel.board.ENCODERS:
            self._panel.turn_encoder(_W_ENCODER, steps)

    def release(self, now: float) -> None:
        """Release the switches whose time has come, at time `now`, in seconds."""
        for switch, until in list(self._down.items()):
            if now >= until:
                del self._down[switch]
                self._panel.release(switch)


def _colour(pixel: NDArray[np.integer[Any]]) -> str:
    red, green, blue = (int(value) for value in pixel)
    return f"#{red:02x}{green:02x}{blue:02x}"


def _halves(image: NDArray[np.uint8]) -> Text:
    text = Text()
    for upper, lower in zip(image[::2], image[1::2], strict=True):
        for above, below in zip(upper, lower, strict=True):
            text.append("▀", Style(color=_colour(above), bgcolor=_colour(below)))
        text.append("\n")
    text.right_crop()
    return text


def _blocks(
    image: NDArray[np.uint8], height: int, character: Callable[[NDArray[np.bool_]], str]
) -> Text:
    """Draw blocks of `height` by two pixels as characters in two colours.

    character: gives the character for the pixels in the brighter colour, (2 * height,).
    """
    text = Text()
    for y in range(0, image.shape[0], height):
        for x in range(0, image.shape[1], 2):
            block = image[y : y + height, x : x + 2].reshape(2 * height, 3).astype(int)
            brightness = block.sum(axis=1)
            ink, paper = block[brightness.argmax()], block[brightness.argmin()]
            # Each pixel gets the nearer colour.
            to_ink, to_paper = (np.abs(block - colour).sum(axis=1) for colour in (ink, paper))
            is_ink = to_ink < to_paper
            if character is _braille and is_ink.sum() > height:
                # Dots do not fill their character: use the more frequent colour as its ground.
                ink, paper, is_ink = paper, ink, ~is_ink
            text.append(character(is_ink), Style(color=_colour(ink), bgcolor=_colour(paper)))
        text.append("\n")
    text.right_crop()
    return text


def _quarter(is_ink: NDArray[np.bool_]) -> str:
    return _QUARTERS[sum(1 << i for i in range(4) if is_ink[i])]


def _braille(is_ink: NDArray[np.bool_]) -> str:
    dots = int(_DOTS[is_ink.reshape(4, 2)].sum())
    return chr(_BRAILLE + dots) if dots else " "
