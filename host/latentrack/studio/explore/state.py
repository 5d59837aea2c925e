"""The state of exploring: which model is open, where the puck is, and what sounds there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from latentrack.model.autoencoder import Array
from latentrack.model.run import Run
from latentrack.playing.cells import FIRST_PITCHES, MOST_NOTES, NEUTRAL, thresholds
from latentrack.playing.feel import Feel
from latentrack.playing.parameters import TRACK
from latentrack.playing.pattern import Pattern
from latentrack.playing.velocity import velocity_limits
from latentrack.studio.explore.layer import Layer
from latentrack.studio.explore.open_run import Cells, Limits, OpenRun, Timing, Velocities
from latentrack.studio.explore.paths import LatentPath
from latentrack.words import count

_DRAWN_VELOCITY = 100


@dataclass(frozen=True, eq=False)
class Heard:
    """What sounds at a position. cells: those that the model plays; hits: the velocities of what
    is shown, drawn cells and all; both of all steps, (steps, voices), read-only.  timing: how late
    each is, in steps; None: on the grid.  pattern: the loop that plays: of the hits the first
    steps, and of those the voices that are not muted."""

    cells: Cells
    hits: Velocities
    timing: Timing | None
    pattern: Pattern


@dataclass(frozen=True, eq=False)
class Found:
    """The position, in units of the model, whose pattern comes nearest to what was drawn; of the
    run in which it was looked for."""

    opened: OpenRun
    latents: tuple[float, ...]


@dataclass(frozen=True)
class Snapshot:
    """What undo brings back."""

    latents: tuple[float, ...]
    feel_knob_values: tuple[float, ...]
    layer: Layer | None
    path: LatentPath | None


def _no_array(kind: npt.DTypeLike) -> Any:
    return field(default_factory=lambda: np.zeros((0, 0), kind))


@dataclass(frozen=True, eq=False)
class ExplorerState:
    """What is set, and what sounds by it.

    open_run: None: no run is open.  busy: what is being opened, in words; "": nothing.

    latents: where the puck is, in units of the model.  threshold: how probable a hit must be to
    sound, 0 to 1.  densities: of each group of voices, 0 to 1; 0.5 is neutral.  pitches: the MIDI
    notes that a rhythm's hits take in turn.  steps: how many of the pattern are played in a loop.
    notes: how many sound at once at the most, 1 to 4 as on the module; 0: all.  layer: what was
    drawn by hand, which stays while the puck moves; None: nothing.  muted, soloed: voices; while
    there are soloed ones only those play.

    feel_knob_values: the latents of the feel, -1 to 1 each; none: the run has no feel.  feel: how
    much of the learned timing is heard, 0 to 2.  dynamics: how much of the learned velocities'
    contrast, 0 to 2.

    logits, cells, hits, timing, pattern: at the puck; see Heard. The pattern is a new object
    whenever it is built again.  learned: velocity and timing there; None: the run has no feel.
    found: what *Find nearest* has found, until the puck moves or something is drawn.

    slots: what is kept in the eight slots; see `slots`.  slot: the one that was kept or recalled
    last; -1: none.  next_slot: the one that waits for the next bar; -1: none;
    and `waiting` is what is in it, with its run.  pair: the two that
    are compared, A and B.

    path: the one on the map.  path_bar: which of its bars is the next one; -1: it is not played.
    back, forth: what undo and redo bring back, the next one last.
    """

    open_run: OpenRun | None = None
    busy: str = ""
    latents: tuple[float, ...] = ()
    threshold: float = TRACK["threshold"].default
    densities: tuple[float, ...] = ()
    pitches: tuple[int, ...] = FIRST_PITCHES
    steps: int = 0
    notes: int = MOST_NOTES
    layer: Layer | None = None
    muted: frozenset[int] = frozenset()
    soloed: frozenset[int] = frozenset()
    feel_knob_values: tuple[float, ...] = ()
    feel: float = 1.0
    dynamics: float = 1.0
    logits: Array = _no_array(np.float32)
    cells: Cells = _no_array(np.bool_)
    hits: Velocities = _no_array(np.uint8)
    learned: Feel | None = None
    timing: Timing | None = None
    pattern: Pattern | None = None
    found: Found | None = None
    slots: tuple[Any, ...] = ()
    slot: int = -1
    next_slot: int = -1
    waiting: tuple[Any, OpenRun] | None = None
    pair: tuple[int, int] = (0, 1)
    path: LatentPath | None = None
    path_bar: int = -1
    back: tuple[Snapshot, ...] = ()
    forth: tuple[Snapshot, ...] = ()

    # -- what follows from it ---------------------------------------------------------------------

    @property
    def run(self) -> Run | None:
        """The run that is open."""
        return None if self.open_run is None else self.open_run.run

    @property
    def scale(self) -> int:
        """The latents go from minus this to this."""
        return 1 if self.run is None else self.run.model.info.latent_scale

    @property
    def knob_values(self) -> tuple[float, ...]:
        """The latents as the module's knobs X, Y, Z, W have them: each -1 to 1."""
        return tuple(value / self.scale for value in self.latents)

    @property
    def meter(self) -> str:
        """The time signature of the loop."""
        return "4/4" if self.open_run is None else self.open_run.meter(self.steps)

    @property
    def silent(self) -> npt.NDArray[np.bool_]:
        """The voices that do not play because they are muted, or others are soloed, (voices,)."""
        return self._silent_of(self.cells.shape[1])

    @property
    def found_there(self) -> Heard | None:
        """What the model alone plays at the position that was found for the drawing."""
        opened, found = self.open_run, self.found
        if opened is None or found is None or found.opened is not opened:
            return None
        learned = opened.feel_at(found.latents, self.feel_knob_values)
        return replace(self, layer=None).heard(opened, opened.logits(found.latents), learned)

    @property
    def path_playing(self) -> bool:
        """Whether a path is played bar by bar."""
        return self.path_bar >= 0

    @property
    def can_undo(self) -> bool:
        """Whether there is something to undo."""
        return bool(self.back)

    @property
    def can_redo(self) -> bool:
        """Whether there is something to redo."""
        return bool(self.forth)

    def limits(self, opened: OpenRun) -> Limits:
        """The probability above which each voice of `opened` sounds."""
        return thresholds(self.threshold, self.densities, opened.density_of)

    def pattern_at(self, knob_values: Sequence[float]) -> Pattern | None:
        """What would play at another position, -1 to 1 each. Raises ValueError."""
        opened = self.open_run
        if opened is None:
            return None
        values = self.position(knob_values, 1)
        latents = tuple(value * self.scale for value in values)
        learned = opened.feel_at(latents, self.feel_knob_values)
        return self.heard(opened, opened.logits(latents), learned).pattern

    def heard(self, opened: OpenRun, logits: Array, learned: Feel | None) -> Heard:
        """What sounds of these logits, by all that is set: the one place that makes the pattern
        that is shown, played, pointed at on the map and exported."""
        limits, layer = self.limits(opened), self.layer
        cells = opened.cells_of(logits, limits, self.notes)
        played = cells if layer is None else layer.over(cells)
        hits = opened.velocities_of(logits, played, limits, learned, self.dynamics)
        timing = None if learned is None else self.feel * learned.timing
        if layer is not None:
            if learned is None:
                # Without a feel a cell that the model does not play has no velocity of its own.
                low, high = velocity_limits(opened.voices)
                drawn = np.clip(np.where(cells, hits, _DRAWN_VELOCITY), low, high)
                hits = np.where(played, drawn, 0).astype(np.uint8)
            hits, timing = layer.shaped(hits), layer.moved(timing)
        loop = hits[: self.steps]
        if self.muted or self.soloed:
            loop = np.where(self._silent_of(hits.shape[1]), 0, loop).astype(np.uint8)
        for array in (cells, hits, loop):
            array.flags.writeable = False
        return Heard(cells, hits, timing, opened.pattern_of(loop, self.pitches, timing))

    def position(self, values: Sequence[float], most: float) -> tuple[float, ...]:
        """A value for each latent, clamped to ± most. Raises ValueError if there are more or less,
        or one is not a number."""
        return _each_clamped(values, len(self.latents), most)

    def _silent_of(self, voices: int) -> npt.NDArray[np.bool_]:
        if self.soloed:
            return np.isin(np.arange(voices), list(self.soloed), invert=True)
        return np.isin(np.arange(voices), list(self.muted))

    # -- the states that come of it ---------------------------------------------------------------

    def with_run(self, opened: OpenRun) -> ExplorerState:
        """Where most of a run's music lies, with its own threshold; undo goes back no further. What
        was drawn, muted and soloed stays if the voices are the same."""
        music, info = opened.run.dataset, opened.run.model.info
        other = self.run is None or (
            self.cells.shape != (info.steps, info.voices)
            or self.run.dataset.voice_names != music.voice_names
        )
        nothing: frozenset[int] = frozenset()
        made = replace(
            self,
            open_run=opened,
            busy="",
            densities=(NEUTRAL,) * opened.groups,
            threshold=opened.run.threshold,
            feel_knob_values=(0.0,) * opened.feel_latents,
            steps=info.steps,
            path=None,
            back=(),
            forth=(),
            layer=None if other else self.layer,
            muted=nothing if other else self.muted,
            soloed=nothing if other else self.soloed,
        )
        return made.moved(opened.densest(made.limits(opened)))

    def moved(self, latents: tuple[float, ...]) -> ExplorerState:
        """With the puck at these latents, and no path that is played. What was drawn stays."""
        if self.open_run is None:
            return replace(self, path_bar=-1)
        logits = self.open_run.logits(latents)
        learned = self.open_run.feel_at(latents, self.feel_knob_values)
        return self.sounding(latents=latents, logits=logits, learned=learned, path_bar=-1)

    def felt(self, feel_knob_values: Sequence[float]) -> ExplorerState:
        """With other latents of the feel: the same hits, played otherwise. A path goes on. Raises
        ValueError as `position` does."""
        values = _each_clamped(feel_knob_values, len(self.feel_knob_values), 1)
        if self.open_run is None:
            return self
        learned = self.open_run.feel_at(self.latents, values)
        return self.sounding(feel_knob_values=values, learned=learned)

    def sounding(self, **changes: Any) -> ExplorerState:
        """With other fields, and what sounds by them. Quick: nothing is decoded."""
        if "latents" in changes or "layer" in changes:
            changes["found"] = None
        made = replace(self, **changes)
        if made.open_run is None:
            return made
        heard = made.heard(made.open_run, made.logits, made.learned)
        return replace(
            made, cells=heard.cells, hits=heard.hits, timing=heard.timing, pattern=heard.pattern
        )


def _each_clamped(values: Sequence[float], wanted: int, most: float) -> tuple[float, ...]:
    """So many values, clamped to ± most. Raises ValueError."""
    if len(values) != wanted:
        raise ValueError(f"expected {count(wanted, 'latent')}, got {len(values)}")
    return tuple(clamped(value, -most, most) for value in values)


def clamped(value: float, low: float, high: float) -> float:
    """The nearest number from `low` to `high`. Raises ValueError if it is not a number."""
    number = float(value)
    if math.isnan(number):
        raise ValueError("not a number")
    return min(max(number, low), high)
