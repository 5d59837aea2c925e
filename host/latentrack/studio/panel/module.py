"""What the studio does with a module, hosted here or plugged in by USB."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from latentrack.studio.panel.look import Look
from latentrack.studio.panel.source import Source
from latentrack.studio.panel.talk import Talk

WATCHED_S = 2.0
"""A snapshot that was asked for is kept up to date for so long, in case the next one follows."""


class PanelModule(Protocol):
    """A module: its panel, and the line to it.

    The panel may be used from any thread, and returns at once. `talk`, `pause`, `poll` and `close`
    are for the worker that has the line.
    """

    kind: str
    """"hosted" or "usb"."""
    title: str
    """What it is called on the page."""
    port: str
    talk: Talk
    hold_s: float
    """Seconds for which its port stays in use here after it was used last."""

    @property
    def sources(self) -> Mapping[str, Source]:
        """What is patched into each CV input; empty where that is not known."""

    def snapshot(self) -> Look:
        """What its panel shows."""

    def turn(self, knob: str, position: float) -> None:
        """Turn a knob to 0..1."""

    def turn_encoder(self, encoder: str, steps: int) -> None:
        """Turn an encoder by clicks; to the right is positive."""

    def press(self, control: int | str) -> None:
        """Press a button (1 to 4) or an encoder, and hold it."""

    def release(self, control: int | str) -> None:
        """Let a button or an encoder come up."""

    def pulse(self, jack: str) -> None:
        """One edge at a trigger input: "clock", "reset", "trigger_3" or "trigger_4". UserError if
        no edge can be brought there."""

    def patch(self, jack: str, source: Source) -> None:
        """Put a source into a CV input, where that is possible from here."""

    def clock(self, tempo: float | None) -> None:
        """Plug in a clock of this tempo, in beats a minute of four steps, where that is possible
        from here; None: no clock."""

    def pause(self) -> float:
        """Seconds until `poll` has something to do."""

    def poll(self) -> tuple[str | None, ...] | None:
        """Bring the snapshot up to date over the line. Returns the model that each track plays;
        None: the panel does not tell that, only the module's own answer to a question."""

    def close(self) -> None:
        """Release the port, and end what was started for the module."""
