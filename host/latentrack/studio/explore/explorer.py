"""The explorer: a run that is open, a place in its latent space, and the pattern there."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from latentrack.corpus.voice_pitches import voice_pitches
from latentrack.errors import UserError
from latentrack.model.autoencoder import Array
from latentrack.model.run import Run, load_run
from latentrack.playing.cells import (
    FIRST_PITCHES,
    MOST_NOTES,
    NEUTRAL,
    cells_above,
    cut_offs,
    density_of_voices,
    thresholds,
)
from latentrack.playing.cells import MOST_PITCHES as MOST_PITCHES  # the pages have it from here
from latentrack.playing.kinds import Kind
from latentrack.playing.parameters import DENSITIES, PITCHES, TRACK
from latentrack.playing.pattern import Pattern
from latentrack.playing.velocity import velocities, velocity_limits
from latentrack.playing.voices import Voice, voices_named
from latentrack.studio.explore.midi_file import meter_of
from latentrack.studio.explore.nearest import nearest
from latentrack.studio.explore.paths import LatentPath
from latentrack.studio.signals import Signal
from latentrack.studio.workspace import Workspace
from latentrack.words import count

_STARTS = 8
_LOOKED_THROUGH = 4000
_TOUCHED = 6
_DRAWN_VELOCITY = 100
_UNDO = 200


@dataclass(frozen=True, eq=False)
class Edit:
    """What was drawn by hand.

    wanted: the whole pattern, (steps, voices).  touched: the cells that were set.  kept: it is
    played as it was drawn, until the puck moves.
    """

    wanted: npt.NDArray[np.bool_]
    touched: npt.NDArray[np.bool_]
    kept: bool = False


@dataclass(frozen=True)
class _Snapshot:
    """What undo brings back."""

    latents: tuple[float, ...]
    edit: Edit | None
    path: LatentPath | None


class Explorer:
    """`pattern` is what plays now (None: no run is open); `changed` says that anything is new.

    All may be called from any thread. Numbers beyond their range are brought to its end, as a
    knob would be; ValueError for what is no number, or for the wrong number of numbers.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.RLock()
        self.changed = Signal()
        self.run: Run | None = None
        self.pattern: Pattern | None = None
        self.hits: npt.NDArray[np.uint8] = np.zeros((0, 0), np.uint8)
        """How hard each voice is struck, of all steps of the pattern; not writeable."""
        self.busy = ""
        self.latents: tuple[float, ...] = ()
        self.threshold = TRACK["threshold"].default
        self.densities: tuple[float, ...] = ()
        self.pitches: tuple[int, ...] = FIRST_PITCHES
        self.steps = 0
        self.notes = MOST_NOTES
        self.keep_drawn = False
        self.edit: Edit | None = None
        self.path: LatentPath | None = None
        self.path_bar = -1
        self.density_of: tuple[int, ...] = ()
        self._pitches: tuple[int, ...] = ()
        self._voices: tuple[Voice, ...] = ()
        self._places: Array = np.zeros((0, 0), np.float32)
        self._logits: Array = np.zeros((0, 0), np.float32)
        self._cells: npt.NDArray[np.bool_] = np.zeros((0, 0), bool)
        self._back: list[_Snapshot] = []
        self._forth: list[_Snapshot] = []
        self._chosen = False
        threading.Thread(target=self._open_last, daemon=True).start()

    # -- which run --------------------------------------------------------------------------------

    def open(self, folder: Path) -> None:
        """Reads a run and stands in the middle of its space, with its own threshold. Takes a
        while. Raises UserError."""
        self._chosen = True
        self._open(folder)
        self._workspace.remember("run", folder.name)

    def _open(self, folder: Path, still: Callable[[], bool] = lambda: True) -> None:
        self._say(f"Opening {folder.stem}")
        try:
            run = load_run(folder)
            places = run.model.encode(run.dataset.sequences)
        finally:
            self._say("")
        info, kind = run.model.info, run.dataset.kind
        with self._lock:
            if not still():
                return
            self.run, self._places = run, places
            self.density_of = density_of_voices(kind, info.voices, info.groups)
            self.densities = (NEUTRAL,) * (max(self.density_of) + 1)
            self.threshold, self.steps = run.threshold, info.steps
            self._pitches = voice_pitches(run.dataset)
            self._voices = voices_named(run.dataset.voice_names)
            self._back, self._forth = [], []
            self.path, self.path_bar = None, -1
            self._stand((0.0,) * run.model.latents)
        self.changed.emit()

    def _open_last(self) -> None:
        name = self._workspace.setting("run", "")
        folders = self._workspace.run_folders()
        folders.sort(key=lambda folder: folder.name != name)
        for folder in folders:
            if self._chosen:
                return
            try:
                return self._open(folder, lambda: not self._chosen)
            except UserError:
                continue

    def _say(self, busy: str) -> None:
        self.busy = busy
        self.changed.emit()

    # -- where ------------------------------------------------------------------------------------

    @property
    def scale(self) -> int:
        """The latents go from minus this to this."""
        return 1 if self.run is None else self.run.model.info.latent_scale

    @property
    def knob_values(self) -> tuple[float, ...]:
        """The latents as the module's knobs X, Y, Z have them: each -1 to 1."""
        return tuple(value / self.scale for value in self.latents)

    @property
    def positions(self) -> Array:
        """Where the sequences of the run's music lie: (n, latents), in units of the model."""
        return self._places

    def move(self, latents: Sequence[float]) -> None:
        """To these latents. A path that is played ends, and so does what was drawn by hand."""
        with self._lock:
            self.path_bar = -1
            self._stand(self._within(latents, self.scale))
        self.changed.emit()

    def set_knob_values(self, values: Sequence[float]) -> None:
        """As `move`, for knob values of -1 to 1; latents that are left out stay."""
        with self._lock:
            given = self._within([*values, *self.knob_values[len(values) :]], 1)
            self.path_bar = -1
            self._stand(tuple(value * self.scale for value in given))
        self.changed.emit()

    def _within(self, values: Sequence[float], most: float) -> tuple[float, ...]:
        if len(values) != len(self.latents):
            raise ValueError(f"expected {count(len(self.latents), 'latent')}, got {len(values)}")
        return tuple(_between(value, -most, most) for value in values)

    def _stand(self, latents: tuple[float, ...], edit: Edit | None = None) -> None:
        if self.run is not None:
            self.latents, self.edit = latents, edit
            self._logits = self.run.model.logits([latents])[0]
            self._build()

    # -- what sounds ------------------------------------------------------------------------------

    def set_threshold(self, value: float) -> None:
        """How probable a hit must be to sound, 0 to 1."""
        with self._lock:
            self.threshold = TRACK["threshold"].clamped(value)
            self._build()
        self.changed.emit()

    def set_density(self, index: int, value: float) -> None:
        """How readily a group of voices sounds, 0 to 1; 0.5 is neutral."""
        with self._lock:
            if not 0 <= index < len(self.densities):
                there = count(len(self.densities), "density", "densities")
                raise ValueError(f"expected a group of {there}, got {index + 1}")
            densities = list(self.densities)
            densities[index] = DENSITIES[index].clamped(value)
            self.densities = tuple(densities)
            self._build()
        self.changed.emit()

    def set_pitches(self, pitches: Sequence[int]) -> None:
        """The MIDI notes that a rhythm's hits take in turn, one to eight."""
        given = tuple(int(PITCHES[0].clamped(pitch)) for pitch in pitches)
        if not 1 <= len(given) <= MOST_PITCHES:
            raise ValueError(f"a rhythm has 1 to {MOST_PITCHES} pitches, not {len(given)}")
        with self._lock:
            self.pitches = given
            self._build()
        self.changed.emit()

    def set_steps(self, steps: int) -> None:
        """How many steps of the pattern are played, again and again."""
        with self._lock:
            most = 1 if self.run is None else self.run.model.info.steps
            self.steps = int(_between(steps, 1, most))
            self._build()
        self.changed.emit()

    def set_notes(self, notes: int) -> None:
        """How many notes sound at once at the most: 1 to 4 as on the module; 0: all."""
        with self._lock:
            self.notes = int(_between(notes, 0, MOST_NOTES))
            self._build()
        self.changed.emit()

    def set_keep_drawn(self, keep: bool) -> None:
        """Whether what is drawn by hand is played exactly so, until the puck moves."""
        with self._lock:
            self.keep_drawn = keep
            if self.edit is not None:
                self.edit = replace(self.edit, kept=keep)
            self._build()
        self.changed.emit()

    @property
    def cells(self) -> npt.NDArray[np.bool_]:
        """What sounds where the puck is, all steps of the pattern; not writeable."""
        return self._cells

    def pattern_at(self, place: Sequence[float]) -> Pattern | None:
        """What would play at another place (-1 to 1 each), set as it is."""
        with self._lock:
            if self.run is None:
                return None
            given = self._within(place, 1)
            latents = [value * self.scale for value in given]
            limits = thresholds(self.threshold, self.densities, self.density_of)
            run, most, steps, voices = self.run, self._most, self.steps, self._voices
        logits = run.model.logits([latents])[0]
        cells = cells_above(logits, cut_offs(limits), most)
        hits = velocities(logits, cells, limits, voices)
        return self._pattern(run, hits[:steps])

    @property
    def meter(self) -> str:
        """Of the pattern as it is played: the music's own, if all steps are."""
        if self.run is None:
            return "4/4"
        data = self.run.dataset
        return data.meter if self.steps == data.steps else meter_of(self.steps, data.steps_per_beat)

    @property
    def _most(self) -> int:
        return self.notes if self.run is not None and self.run.dataset.kind == Kind.NOTES else 0

    def _build(self) -> None:
        """The pattern from the logits, and what is set. Quick: nothing is decoded."""
        run = self.run
        if run is None:
            return
        limits = thresholds(self.threshold, self.densities, self.density_of)
        cells = cells_above(self._logits, cut_offs(limits), self._most)
        cells.flags.writeable = False
        hits = velocities(self._logits, cells, limits, self._voices)
        if self.edit is not None and self.edit.kept:
            low, high = velocity_limits(self._voices)
            drawn = np.clip(np.where(hits > 0, hits, _DRAWN_VELOCITY), low, high)
            hits = np.where(self.edit.wanted, drawn, 0).astype(np.uint8)
        hits.flags.writeable = False
        self._cells, self.hits = cells, hits
        self.pattern = self._pattern(run, hits[: self.steps])

    def _pattern(self, run: Run, hits: npt.NDArray[np.uint8]) -> Pattern:
        data = run.dataset
        pitches = self.pitches if data.kind == Kind.RHYTHM else self._pitches
        return Pattern(hits, data.kind, data.voice_names, pitches, data.steps_per_beat)

    # -- drawn by hand ----------------------------------------------------------------------------

    @property
    def wrong(self) -> npt.NDArray[np.bool_] | None:
        """The cells that sound otherwise than they were drawn, (steps, voices); None: nothing was
        drawn here."""
        edit, cells = self.edit, self._cells
        return None if edit is None else edit.wanted != cells

    def draw(self, step: int, voice: int, struck: bool) -> None:
        """Sets a cell, and moves to the place whose pattern comes nearest to all that was drawn
        since the puck was moved; the cells that were set weigh six times as much as the others, for
        else the nearest place is mostly the one where nothing is new. Takes up to 50 ms."""
        with self._lock:
            shape = self._cells.shape
            if self.run is None or not (0 <= step < shape[0] and 0 <= voice < shape[1]):
                raise ValueError(f"there is no cell {step}, {voice}")
            wanted = (self._cells if self.edit is None else self.edit.wanted).copy()
            touched = np.zeros_like(wanted) if self.edit is None else self.edit.touched.copy()
            wanted[step, voice] = struck
            touched[step, voice] = True
        self._seek(wanted, touched)

    def draw_all(self, wanted: npt.NDArray[np.bool_]) -> None:
        """Moves to the place whose pattern comes nearest to a whole one, (steps, voices)."""
        self._seek(np.array(wanted, bool), np.zeros(wanted.shape, bool))

    def _seek(self, wanted: npt.NDArray[np.bool_], touched: npt.NDArray[np.bool_]) -> None:
        with self._lock:
            run, here = self.run, self.latents
            limits = thresholds(self.threshold, self.densities, self.density_of)
            most, places = self._most, self._places
        if run is None or wanted.shape != self._cells.shape:
            raise ValueError("no pattern of this shape is open")
        wanted.flags.writeable = touched.flags.writeable = False
        weights = np.where(touched, np.float32(_TOUCHED), np.float32(1))
        cut = cut_offs(limits)
        starts = [run.model.encode(wanted[np.newaxis])[0], np.asarray(here, np.float32)]
        starts += list(_most_alike(run, places, wanted, weights))
        found = nearest(
            run.model,
            wanted,
            weights,
            starts,
            cut,
            lambda logits: cells_above(logits, cut, most),
        )
        with self._lock:
            if self.run is run:
                self.path_bar = -1
                edit = Edit(wanted, touched, self.keep_drawn)
                self._stand(tuple(map(float, found.latents)), edit)
        self.changed.emit()

    # -- undo -------------------------------------------------------------------------------------

    def remember(self) -> None:
        """Undo leads back to here: call it before a person moves, draws, or changes the path."""
        with self._lock:
            snapshot = _Snapshot(self.latents, self.edit, self.path)
            if not self._back or self._back[-1] != snapshot:
                self._back = [*self._back[1 - _UNDO :], snapshot]
            self._forth = []
        self.changed.emit()

    @property
    def can_undo(self) -> bool:
        """Whether there is something to undo."""
        return bool(self._back)

    @property
    def can_redo(self) -> bool:
        """Whether there is something to redo."""
        return bool(self._forth)

    def undo(self) -> None:
        """Go back to the state before the last change."""
        with self._lock:
            self._forth = self._swap(self._back, self._forth)
        self.changed.emit()

    def redo(self) -> None:
        """Do again what was undone last."""
        with self._lock:
            self._back = self._swap(self._forth, self._back)
        self.changed.emit()

    def _swap(self, source: list[_Snapshot], other: list[_Snapshot]) -> list[_Snapshot]:
        now = _Snapshot(self.latents, self.edit, self.path)
        while source and source[-1] == now:
            source.pop()
        if not source:
            return other
        snapshot = source.pop()
        self.path_bar = -1
        self.path = snapshot.path
        self._stand(snapshot.latents, snapshot.edit)
        return [*other, now]

    # -- paths ------------------------------------------------------------------------------------

    def set_path(self, path: LatentPath | None) -> None:
        """The path that is shown; while one is played the new one goes on from where it was."""
        with self._lock:
            if path is not None and max(path.axes) >= max(2, len(self.latents)):
                raise ValueError("the path lies in latents that this model has not")
            self.path = path
            if path is None:
                self.path_bar = -1
        self.changed.emit()

    def play_path(self, on: bool) -> None:
        """Moves along the path from its beginning, a place for each bar, or stops where it is."""
        with self._lock:
            self.path_bar = -1
            if on and self.path is not None:
                self._go_along(0)
                self.path_bar = 0  # which begins when the pattern does
        self.changed.emit()

    @property
    def path_playing(self) -> bool:
        """Whether a path is played bar by bar."""
        return self.path_bar >= 0

    def path_patterns(self) -> list[Pattern]:
        """What plays along the path, a pattern for each bar until it begins anew."""
        path = self.path
        if path is None:
            return []
        shares = (path.share(bar) for bar in range(path.bars_in_all))
        places = [self._on(path, share) for share in shares if share is not None]
        found = [self.pattern_at(place) for place in places]
        return [pattern for pattern in found if pattern is not None]

    def next_bar(self) -> None:
        """The transport calls it, in its own thread, right before a pattern begins again."""
        if self.path_bar < 0:
            return
        with self._lock:
            if self.path_bar < 0:
                return
            self._go_along(self.path_bar)
        self.changed.emit()

    def _go_along(self, bar: int) -> None:
        """Stands where this bar is on the path; the next one is the next."""
        share = self.path.share(bar) if self.path is not None else None
        if self.path is None or share is None:
            self.path_bar = -1
            return
        self._stand(tuple(value * self.scale for value in self._on(self.path, share)))
        self.path_bar = bar + 1

    def _on(self, path: LatentPath, share: float) -> list[float]:
        place = list(self.knob_values)
        for axis, value in zip(path.axes, path.at(share), strict=True):
            if axis < len(place):
                place[axis] = value
        return place


def _between(value: float, low: float, high: float) -> float:
    number = float(value)
    if math.isnan(number):
        raise ValueError("not a number")
    return min(max(number, low), high)


def _most_alike(run: Run, places: Array, wanted: npt.NDArray[np.bool_], weights: Array) -> Array:
    """Where those sequences of the run's music lie that differ least from `wanted`: half of them
    cell by cell, half by the weights of the cells."""
    every = max(1, len(places) // _LOOKED_THROUGH)
    differing = run.dataset.sequences[::every] != wanted
    found = [
        np.argsort(by, kind="stable")[: _STARTS // 2]
        for by in (differing.sum(axis=(1, 2)), np.tensordot(differing, weights))
    ]
    return np.asarray(places[::every][np.unique(np.concatenate(found))])
