"""What can be said over OSC: the addresses, what may stand behind them, what they do.

`ADDRESSES` is what the page shows; everything else here follows it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from latentrack import words
from latentrack.decoder.metadata import DecoderInfo
from latentrack.playing.parameters import DENSITIES, PITCHES, TRACK
from latentrack.playing.schedule import MOST_SWING, STRAIGHT, TEMPO_RANGE

PREFIX = "/latentrack"
Value = float | int | str
AXES = ("x", "y", "z", "w")
FEEL_AXES = ("feel_x", "feel_y")
DENSITY, PITCH = DENSITIES[0], PITCHES[0]


@dataclass(frozen=True)
class Address:
    """A line of the table: what is written behind the prefix, and what it means."""

    name: str
    arguments: str
    meaning: str
    ways: str = "both"


ADDRESSES = (
    Address("x", TRACK["x"].range, "the first latent"),
    Address("y", TRACK["y"].range, "the second latent"),
    Address("z", TRACK["z"].range, "the third latent, if the model has one"),
    Address("w", TRACK["w"].range, "the fourth latent, if the model has one"),
    Address("feel_x", TRACK["feel_x"].range, "the feel's first latent, if the model has one"),
    Address("feel_y", TRACK["feel_y"].range, "the feel's second latent, if the model has one"),
    Address("feel", TRACK["feel"].range, "% of the learned timing, if the model has a feel"),
    Address(
        "dynamics", TRACK["dynamics"].range, "% of the learned dynamics, if the model has a feel"
    ),
    Address("threshold", TRACK["threshold"].range, "how sure the model must be of a hit"),
    Address(
        "density",
        f"group (from 1), {DENSITY.range}",
        f"how much of a group sounds; {DENSITY.default} is as learnt",
    ),
    Address(
        "pitches",
        f"MIDI notes {PITCH.range}, up to {len(PITCHES)}",
        "what a rhythm's hits play, in turn",
    ),
    Address("steps", "1 and up", "how many steps of the pattern are played"),
    Address("tempo", f"{TEMPO_RANGE[0]:g} to {TEMPO_RANGE[1]:g}", "quarter notes per minute"),
    Address("swing", f"{STRAIGHT} to {MOST_SWING}", f"{STRAIGHT} is straight, 0.667 a triplet's"),
    Address("play", "nothing (or 0 for stop)", "from the first step"),
    Address("stop", "nothing", "all notes end"),
    Address("model", "name of a run", "opens it"),
    Address("all", "nothing", "asks for all values to be sent", "in"),
    Address("step", "number from 0", "a step sounds", "out"),
    Address(
        "hit",
        "voice from 0, MIDI pitch, velocity 1 to 127",
        "a voice sounds, with a feel earlier or later than its step",
        "out",
    ),
)


class PlayedClock(Protocol):
    """What OSC does to the transport, and tells of it."""

    @property
    def playing(self) -> bool:
        """Whether steps sound."""

    @property
    def following(self) -> bool:
        """Whether another clock sets the tempo."""

    @property
    def tempo(self) -> float:
        """Quarter notes per minute."""

    @property
    def swing(self) -> float:
        """Share of two steps that the first takes, 0.5 to 0.75."""

    def play(self) -> None:
        """Begin with the first step."""

    def stop(self) -> None:
        """Stop; no step sounds any more."""

    def set_tempo(self, tempo: float) -> None:
        """Set the tempo, clamped to 20 to 400 quarter notes per minute."""

    def set_swing(self, swing: float) -> None:
        """Set the swing, clamped to 0.5 to 0.75."""


class OpenModel(Protocol):
    """The model that plays, and the file or folder that it is called by."""

    @property
    def folder(self) -> Path:
        """The path that it is called by."""

    @property
    def model(self) -> HasInfo:
        """What tells its shape."""


class HasInfo(Protocol):
    """A decoder, as far as OSC asks."""

    @property
    def info(self) -> DecoderInfo:
        """Steps, voices, kind and latent scale."""


class HasModel(Protocol):
    """What OSC does to the pattern, and tells of it."""

    @property
    def run(self) -> OpenModel | None:
        """The model that is open; None: none is."""

    @property
    def knob_values(self) -> tuple[float, ...]:
        """Each latent, -1 to 1, but those of the feel."""

    @property
    def feel_knob_values(self) -> tuple[float, ...]:
        """Each latent of the feel, -1 to 1."""

    @property
    def has_feel(self) -> bool:
        """Whether the open model knows velocity and timing."""

    @property
    def feel(self) -> float:
        """Share of the learned timing that is heard, 0 to 2."""

    @property
    def dynamics(self) -> float:
        """Share of the learned dynamics that is heard, 0 to 2."""

    @property
    def threshold(self) -> float:
        """Probability above which a cell sounds, 0 to 1."""

    @property
    def densities(self) -> tuple[float, ...]:
        """Density of each group of voices, 0 to 1."""

    @property
    def pitches(self) -> tuple[int, ...]:
        """MIDI notes that a rhythm's hits take in turn."""

    @property
    def steps(self) -> int:
        """Steps of the loop."""

    def set_knob_values(self, values: Sequence[float]) -> None:
        """Move to these knob values, -1 to 1 each."""

    def set_feel_knob_values(self, values: Sequence[float]) -> None:
        """Move the latents of the feel to these knob values, -1 to 1 each."""

    def set_feel(self, amount: float) -> None:
        """Set the share of the learned timing, clamped to 0 to 2."""

    def set_dynamics(self, amount: float) -> None:
        """Set the share of the learned dynamics, clamped to 0 to 2."""

    def set_threshold(self, value: float) -> None:
        """Set the threshold, clamped to 0 to 1."""

    def set_density(self, index: int, value: float) -> None:
        """Set the density of a group (from 0), clamped to 0 to 1."""

    def set_pitches(self, pitches: Sequence[int]) -> None:
        """Set the MIDI notes that a rhythm's hits take in turn."""

    def set_steps(self, steps: int) -> None:
        """Set the steps of the loop, clamped to those of the model."""


class Ignored(Exception):
    """Why a message does nothing, in one sentence."""


class OscControls:
    """What plays and its clock, as OSC sees them."""

    def __init__(
        self, explorer: HasModel, transport: PlayedClock, runs: Callable[[], list[Path]]
    ) -> None:
        self._explorer = explorer
        self._transport = transport
        self._runs = runs

    def state(self) -> dict[str, tuple[Value, ...]]:
        """Everything that may be told: by a name of its own, the address's name and the values."""
        explorer, transport = self._explorer, self._transport
        found: dict[str, tuple[Value, ...]] = {}
        if explorer.run is not None:
            found["model"] = ("model", explorer.run.folder.name.removesuffix(".run"))
            for axis, value in self._axes().items():
                found[axis] = (axis, round(float(value), 5))
            found["threshold"] = ("threshold", round(float(explorer.threshold), 5))
            for group, density in enumerate(explorer.densities, start=1):
                found[f"density {group}"] = ("density", group, round(float(density), 5))
            if explorer.pitches:
                found["pitches"] = ("pitches", *map(int, explorer.pitches))
            found["steps"] = ("steps", int(explorer.steps))
            if explorer.has_feel:
                found["feel"] = ("feel", round(100 * explorer.feel, 3))
                found["dynamics"] = ("dynamics", round(100 * explorer.dynamics, 3))
        found["tempo"] = ("tempo", round(transport.tempo, 2))
        found["swing"] = ("swing", round(transport.swing, 4))
        found["play"] = ("play" if transport.playing else "stop",)
        return found

    def apply(self, address: str, values: Sequence[object]) -> None:
        """Does what a message says. Raises Ignored if it cannot be done."""
        prefix, _, name = address.rpartition("/")
        if prefix != PREFIX or name not in _DOES:
            raise Ignored("there is no such address")
        _DOES[name](self, values)

    def run_of(self, values: Sequence[object]) -> Path:
        """The folder of the run that `/model` names."""
        name = " ".join(str(value) for value in values)
        for folder in self._runs():
            if folder.name in (name, f"{name}.run"):
                return folder
        raise Ignored("there is no run of this name")

    def _open_run(self) -> None:
        if self._explorer.run is None:
            raise Ignored("no model is open")

    def _axes(self) -> dict[str, float]:
        """The addresses of the open model's latents, and their knob values."""
        explorer = self._explorer
        return dict(zip(AXES, explorer.knob_values, strict=False)) | dict(
            zip(FEEL_AXES, explorer.feel_knob_values, strict=False)
        )

    def _axis(self, axis: str, values: Sequence[object]) -> None:
        (value,) = numbers(values, *TRACK[axis].ends, 1)
        self._open_run()
        if axis not in self._axes():
            raise Ignored(f"the model has no {TRACK[axis].title}")
        if axis in AXES:
            knobs = list(self._explorer.knob_values)
            knobs[AXES.index(axis)] = value
            self._explorer.set_knob_values(knobs)
        else:
            knobs = list(self._explorer.feel_knob_values)
            knobs[FEEL_AXES.index(axis)] = value
            self._explorer.set_feel_knob_values(knobs)

    def _feel(self, values: Sequence[object]) -> None:
        (percent,) = numbers(values, *TRACK["feel"].ends, 1)
        self._need_feel()
        self._explorer.set_feel(percent / 100)

    def _dynamics(self, values: Sequence[object]) -> None:
        (percent,) = numbers(values, *TRACK["dynamics"].ends, 1)
        self._need_feel()
        self._explorer.set_dynamics(percent / 100)

    def _need_feel(self) -> None:
        self._open_run()
        if not self._explorer.has_feel:
            raise Ignored("the model has no feel")

    def _threshold(self, values: Sequence[object]) -> None:
        (value,) = numbers(values, *TRACK["threshold"].ends, 1)
        self._open_run()
        self._explorer.set_threshold(value)

    def _density(self, values: Sequence[object]) -> None:
        if len(values) != 2:
            raise Ignored("it needs two numbers: which group, and how dense")
        self._open_run()
        (group,) = whole(values[:1], 1, max(len(self._explorer.densities), 1), 1)
        (value,) = numbers(values[1:], *DENSITY.ends, 1)
        self._explorer.set_density(group - 1, value)

    def _pitches(self, values: Sequence[object]) -> None:
        if not 1 <= len(values) <= len(PITCHES):
            raise Ignored(f"it needs 1 to {len(PITCHES)} notes")
        notes = whole(values, *PITCH.ends, len(values))
        self._open_run()
        self._explorer.set_pitches(notes)

    def _steps(self, values: Sequence[object]) -> None:
        self._open_run()
        run = self._explorer.run
        (steps,) = whole(values, 1, run.model.info.steps if run else 1, 1)
        self._explorer.set_steps(steps)

    def _tempo(self, values: Sequence[object]) -> None:
        (tempo,) = numbers(values, *TEMPO_RANGE, 1)
        if self._transport.following:
            raise Ignored("the tempo comes from the MIDI clock")
        self._transport.set_tempo(tempo)

    def _swing(self, values: Sequence[object]) -> None:
        (swing,) = numbers(values, STRAIGHT, MOST_SWING, 1)
        self._transport.set_swing(swing)

    def _play(self, values: Sequence[object]) -> None:
        if values and not numbers(values, 0, 1, 1)[0]:
            self._transport.stop()
        else:
            self._transport.play()

    def _stop(self, values: Sequence[object]) -> None:
        self._transport.stop()


_DOES: dict[str, Callable[[OscControls, Sequence[object]], None]] = {
    "x": lambda controls, values: controls._axis("x", values),
    "y": lambda controls, values: controls._axis("y", values),
    "z": lambda controls, values: controls._axis("z", values),
    "w": lambda controls, values: controls._axis("w", values),
    "feel_x": lambda controls, values: controls._axis("feel_x", values),
    "feel_y": lambda controls, values: controls._axis("feel_y", values),
    "feel": OscControls._feel,
    "dynamics": OscControls._dynamics,
    "threshold": OscControls._threshold,
    "density": OscControls._density,
    "pitches": OscControls._pitches,
    "steps": OscControls._steps,
    "tempo": OscControls._tempo,
    "swing": OscControls._swing,
    "play": OscControls._play,
    "stop": OscControls._stop,
}


def numbers(values: Sequence[object], low: float, high: float, count: int) -> list[float]:
    """That many numbers within bounds. Raises Ignored."""
    if len(values) != count:
        raise Ignored(f"it needs {words.count(count, 'number')}, not {len(values)}")
    found: list[float] = []
    for value in values:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise Ignored(f"{str(value)[:20]!r} is not a number")
        if not (math.isfinite(value) and low <= value <= high):
            raise Ignored(f"{value:g} is not from {low:g} to {high:g}")
        found.append(float(value))
    return found


def whole(values: Sequence[object], low: float, high: float, count: int) -> list[int]:
    """The same for whole numbers; Pure Data sends them with a decimal point."""
    found = numbers(values, low, high, count)
    for value in found:
        if value != int(value):
            raise Ignored(f"{value:g} is not a whole number")
    return [int(value) for value in found]
