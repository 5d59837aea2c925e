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
from latentrack.studio.explore.open_run import Cells, Limits, OpenRun, Timing, Velocities
from latentrack.studio.explore.paths import LatentPath
from latentrack.words import count

_DRAWN_VELOCITY = 100


@dataclass(frozen=True, eq=False)
class Edit:
    """What was drawn by hand, until the puck moves. All arrays are (steps, voices).

    wanted: the whole pattern; None: no cell was set.  touched: the cells that were set.  kept: the
    cells sound as they were drawn.  velocities: of hits that were given one, 1 to 127; else 0.
    timing: of hits that were given one, in steps, + is late; else NaN.
    """

    wanted: Cells | None = None
    touched: Cells | None = None
    kept: bool = False
    velocities: Velocities | None = None
    timing: Timing | None = None

    def shaped(self, velocities: Velocities) -> Velocities:
        """Velocities of what sounds, with those that were drawn."""
        if self.velocities is None:
            return velocities
        drawn = (velocities > 0) & (self.velocities > 0)
        return np.where(drawn, self.velocities, velocities)

    def moved(self, timing: Timing | None) -> Timing | None:
        """The timing of a pattern, None if all is on the grid, with what was drawn."""
        if self.timing is None:
            return timing
        played = np.zeros(self.timing.shape) if timing is None else timing
        return np.where(np.isnan(self.timing), played, self.timing)


@dataclass(frozen=True)
class Snapshot:
    """What undo brings back."""

    latents: tuple[float, ...]
    feel_knob_values: tuple[float, ...]
    edit: Edit | None
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
    notes: how many sound at once at the most, 1 to 4 as on the module; 0: all.  keep_drawn: what is
    drawn by hand is played exactly so, until the puck moves.

    feel_knob_values: the latents of the feel, -1 to 1 each; none: the run has no feel.  feel: how
    much of the learned timing is heard, 0 to 2.  dynamics: how much of the learned velocities'
    contrast, 0 to 2.

    logits, cells, hits: at the puck, of all steps of the pattern, (steps, voices); read-only. cells
    are those that the model plays, hits the velocities of what sounds.  learned: velocity and
    timing there; None: the run has no feel.  pattern: the loop that plays, a new object whenever it
    is built anew.  edit: None: nothing was drawn here.

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
    keep_drawn: bool = False
    feel_knob_values: tuple[float, ...] = ()
    feel: float = 1.0
    dynamics: float = 1.0
    logits: Array = _no_array(np.float32)
    cells: Cells = _no_array(np.bool_)
    hits: Velocities = _no_array(np.uint8)
    learned: Feel | None = None
    pattern: Pattern | None = None
    edit: Edit | None = None
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
    def wrong(self) -> Cells | None:
        """The cells that sound otherwise than they were drawn, (steps, voices); None: no cell was
        set here."""
        wanted = self.edit.wanted if self.edit else None
        return None if wanted is None else wanted != self.cells

    @property
    def timing(self) -> Timing | None:
        """How late each cell's hit sounds, of all steps; None: all are on the grid."""
        learned = self._timing_of(self.learned)
        return self.edit.moved(learned) if self.edit else learned

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
        logits, learned = opened.logits(latents), opened.feel_at(latents, self.feel_knob_values)
        limits = self.limits(opened)
        cells = opened.cells_of(logits, limits, self.notes)
        hits = opened.velocities_of(logits, cells, limits, learned, self.dynamics)
        return opened.pattern_of(hits[: self.steps], self.pitches, self._timing_of(learned))

    def position(self, values: Sequence[float], most: float) -> tuple[float, ...]:
        """A value for each latent, clamped to ± most. Raises ValueError if there are more or less,
        or one is not a number."""
        return _each_clamped(values, len(self.latents), most)

    def _timing_of(self, learned: Feel | None) -> Timing | None:
        return None if learned is None else self.feel * learned.timing

    # -- the states that come of it ---------------------------------------------------------------

    def with_run(self, opened: OpenRun) -> ExplorerState:
        """In the middle of a run's space, with its own threshold; undo goes back no further."""
        return replace(
            self,
            open_run=opened,
            busy="",
            densities=(NEUTRAL,) * opened.groups,
            threshold=opened.run.threshold,
            feel_knob_values=(0.0,) * opened.feel_latents,
            steps=opened.run.model.info.steps,
            path=None,
            back=(),
            forth=(),
        ).moved((0.0,) * opened.run.model.latents)

    def moved(self, latents: tuple[float, ...], edit: Edit | None = None) -> ExplorerState:
        """With the puck at these latents, and no path that is played; edit: what was drawn that led
        there."""
        if self.open_run is None:
            return replace(self, path_bar=-1)
        logits = self.open_run.logits(latents)
        learned = self.open_run.feel_at(latents, self.feel_knob_values)
        return self.sounding(
            latents=latents, edit=edit, logits=logits, learned=learned, path_bar=-1
        )

    def felt(self, feel_knob_values: Sequence[float]) -> ExplorerState:
        """With other latents of the feel: the same hits, played otherwise. A path goes on, and what
        was drawn stays. Raises ValueError as `position` does."""
        values = _each_clamped(feel_knob_values, len(self.feel_knob_values), 1)
        if self.open_run is None:
            return self
        learned = self.open_run.feel_at(self.latents, values)
        return self.sounding(feel_knob_values=values, learned=learned)

    def sounding(self, **changes: Any) -> ExplorerState:
        """With other fields, and what sounds by them. Quick: nothing is decoded."""
        made = replace(self, **changes)
        opened, logits, edit = made.open_run, made.logits, made.edit
        if opened is None:
            return made
        limits = made.limits(opened)
        cells = opened.cells_of(logits, limits, made.notes)
        drawn_cells = edit.wanted if edit is not None and edit.kept else None
        played = cells if drawn_cells is None else drawn_cells
        hits = opened.velocities_of(logits, played, limits, made.learned, made.dynamics)
        if played is not cells and made.learned is None:
            # Without a feel a cell that the model does not play has no velocity of its own.
            low, high = velocity_limits(opened.voices)
            drawn = np.clip(np.where(cells, hits, _DRAWN_VELOCITY), low, high)
            hits = np.where(played, drawn, 0).astype(np.uint8)
        if edit is not None:
            hits = edit.shaped(hits)
        cells.flags.writeable = hits.flags.writeable = False
        pattern = opened.pattern_of(hits[: made.steps], made.pitches, made.timing)
        return replace(made, cells=cells, hits=hits, pattern=pattern)


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
