"""The explorer: what a hand, a program or the transport may do to the pattern that plays."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from latentrack.errors import UserError
from latentrack.factory import library
from latentrack.factory.recipes import FIRST
from latentrack.model.run import Run
from latentrack.playing.cells import MOST_NOTES, MOST_PITCHES
from latentrack.playing.parameters import DENSITIES, PITCHES, TRACK
from latentrack.playing.pattern import Pattern
from latentrack.studio.explore import drawing, path_player, search, slots, undo
from latentrack.studio.explore.layer import Area, Content, Layer
from latentrack.studio.explore.open_run import OpenRun
from latentrack.studio.explore.paths import LatentPath
from latentrack.studio.explore.silence import silence_of
from latentrack.studio.explore.slots import Slot
from latentrack.studio.explore.state import ExplorerState, clamped
from latentrack.studio.explore.store import ExplorerStore
from latentrack.studio.workspace import Workspace
from latentrack.words import count

_PERCENT = 100


class Explorer(ExplorerStore):
    """Thread-safe. `state` has what is set and what sounds.

    Values outside a parameter's range are clamped. Raises ValueError if a value is not a number, or
    if there are not as many values as expected.
    """

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._chosen = False
        self.copied: Content | None = None
        """What was copied last."""
        self._layers: dict[Path, Layer | None] = {}
        threading.Thread(target=self._open_last, daemon=True).start()

    # -- what the sequencer and OSC ask; see ExplorerState ----------------------------------------

    @property
    def run(self) -> Run | None:
        """The run that is open."""
        return self.state.run

    @property
    def pattern(self) -> Pattern | None:
        """What plays now; None: no run is open."""
        return self.state.pattern

    @property
    def knob_values(self) -> tuple[float, ...]:
        """Each latent, -1 to 1."""
        return self.state.knob_values

    @property
    def feel_knob_values(self) -> tuple[float, ...]:
        """Each latent of the feel, -1 to 1; none: the run has no feel."""
        return self.state.feel_knob_values

    @property
    def has_feel(self) -> bool:
        """Whether the open run knows velocity and timing."""
        return self.state.learned is not None

    @property
    def feel(self) -> float:
        """Share of the learned timing that is heard, 0 to 2."""
        return self.state.feel

    @property
    def dynamics(self) -> float:
        """Share of the learned velocities' contrast that is heard, 0 to 2."""
        return self.state.dynamics

    @property
    def threshold(self) -> float:
        """Probability above which a cell sounds, 0 to 1."""
        return self.state.threshold

    @property
    def densities(self) -> tuple[float, ...]:
        """Density of each group of voices, 0 to 1."""
        return self.state.densities

    @property
    def pitches(self) -> tuple[int, ...]:
        """MIDI notes that a rhythm's hits take in turn."""
        return self.state.pitches

    @property
    def steps(self) -> int:
        """Steps of the loop."""
        return self.state.steps

    # -- which run --------------------------------------------------------------------------------

    def open(self, folder: Path) -> None:
        """Read a run and go where most of its music lies, with its own threshold. Takes a while.
        Raises UserError."""
        self._chosen = True
        self._open(folder)
        self._workspace.remember("run", folder.name)

    def open_supplied(self) -> None:
        """Open a model that comes with Latentrack, if no run is open and one is built; it becomes
        one of the studio's own. Takes a while. Raises UserError."""
        runs = library.runs()
        if self.state.run is None and not self.state.busy and runs:
            name = next((name for name in FIRST if name in runs), next(iter(runs)))
            self.open(self._workspace.take_run(runs[name]))

    def _open(self, folder: Path, still: Callable[[], bool] = lambda: True) -> None:
        self.update(busy=f"Opening {folder.stem}")
        try:
            opened = OpenRun.read(folder)
            self.change(lambda state: self._with_run(state, opened) if still() else state)
        finally:
            self.update(busy="")

    def recall(self, index: int, slot: Slot, opened: OpenRun, at_bar: bool) -> None:
        """Play what was kept in a slot, whose run is `opened`: at once, or from the next bar on."""

        def now(state: ExplorerState) -> ExplorerState:
            if state.run is not None:
                self._layers[state.run.folder] = state.layer
            waiting = replace(state, next_slot=index, waiting=(slot, opened))
            return waiting if at_bar else slots.arrived(waiting)

        self.change(now)

    def _with_run(self, state: ExplorerState, opened: OpenRun) -> ExplorerState:
        """With what was drawn over this run when another was opened, if nothing is there now."""
        if state.run is not None:
            self._layers[state.run.folder] = state.layer
        made = state.with_run(opened)
        layer = self._layers.get(opened.run.folder)
        if made.layer is None and layer is not None and layer.drawn.shape == made.cells.shape:
            made = made.sounding(layer=layer)
        return made

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

    # -- where ------------------------------------------------------------------------------------

    def move(self, latents: Sequence[float]) -> None:
        """Move the puck to these latents. A path that is played ends; what was drawn stays."""
        self.change(lambda state: state.moved(state.position(latents, state.scale)))

    def set_knob_values(self, values: Sequence[float]) -> None:
        """As `move`, for knob values of -1 to 1; latents that are left out stay."""

        def moved(state: ExplorerState) -> ExplorerState:
            given = state.position([*values, *state.knob_values[len(values) :]], 1)
            return state.moved(tuple(value * state.scale for value in given))

        self.change(moved)

    # -- how it is played ------------------------------------------------------------------------

    def set_feel_knob_values(self, values: Sequence[float]) -> None:
        """Move the latents of the feel, -1 to 1 each: the same hits, harder or later. The puck
        stays, and so does a path that is played."""
        self.change(lambda state: state.felt(values))

    def set_feel(self, amount: float) -> None:
        """How much of the learned timing is heard: 0 (none) to 2 (twice); 1: as learned."""
        feel = TRACK["feel"].clamped(_PERCENT * amount) / _PERCENT
        self.change(lambda state: state.sounding(feel=feel))

    def set_dynamics(self, amount: float) -> None:
        """How much of the learned velocities' contrast is heard: 0 (none) to 2 (twice)."""
        dynamics = TRACK["dynamics"].clamped(_PERCENT * amount) / _PERCENT
        self.change(lambda state: state.sounding(dynamics=dynamics))

    # -- what sounds ------------------------------------------------------------------------------

    def set_threshold(self, value: float) -> None:
        """How probable a hit must be to sound, 0 to 1."""
        threshold = TRACK["threshold"].clamped(value)
        self.change(lambda state: state.sounding(threshold=threshold))

    def set_density(self, index: int, value: float) -> None:
        """How readily a group of voices sounds, 0 to 1; 0.5 is neutral."""

        def with_density(state: ExplorerState) -> ExplorerState:
            if not 0 <= index < len(state.densities):
                there = count(len(state.densities), "density", "densities")
                raise ValueError(f"expected a group of {there}, got {index + 1}")
            densities = list(state.densities)
            densities[index] = DENSITIES[index].clamped(value)
            return state.sounding(densities=tuple(densities))

        self.change(with_density)

    def set_pitches(self, pitches: Sequence[int]) -> None:
        """The MIDI notes that a rhythm's hits take in turn, one to eight."""
        given = tuple(int(PITCHES[0].clamped(pitch)) for pitch in pitches)
        if not 1 <= len(given) <= MOST_PITCHES:
            raise ValueError(f"a rhythm has 1 to {MOST_PITCHES} pitches, not {len(given)}")
        self.change(lambda state: state.sounding(pitches=given))

    def set_steps(self, steps: int) -> None:
        """How many steps of the pattern are played, again and again."""

        def with_steps(state: ExplorerState) -> ExplorerState:
            most = 1 if state.run is None else state.run.model.info.steps
            return state.sounding(steps=int(clamped(steps, 1, most)))

        self.change(with_steps)

    def set_notes(self, notes: int) -> None:
        """How many notes sound at once at the most: 1 to 4 as on the module; 0: all."""
        most = int(clamped(notes, 0, MOST_NOTES))
        self.change(lambda state: state.sounding(notes=most))

    def mute(self, voice: int, on: bool) -> None:
        """Whether a voice is silent. Raises ValueError."""
        self.change(lambda state: state.sounding(muted=_chosen(state, state.muted, voice, on)))

    def solo(self, voice: int, on: bool) -> None:
        """Whether a voice is soloed: while any are, the others are silent. Raises ValueError."""
        self.change(lambda state: state.sounding(soloed=_chosen(state, state.soloed, voice, on)))

    def end_silence(self) -> None:
        """Do what makes something sound again, see `silence`; if something does: nothing."""

        def ended(state: ExplorerState) -> ExplorerState:
            why = silence_of(state)
            return state if why is None else why.ended()

        self.change(ended)

    # -- drawn by hand; all quick; ValueError if there are no such cells ---------------------------

    def draw(self, cells: Iterable[tuple[int, int, bool]]) -> None:
        """Draw cells (step, voice, struck): they sound so wherever the puck is. See `drawing`."""
        drawn = tuple(cells)
        self.change(lambda state: drawing.cells_drawn(state, drawn))

    def shape_hit(
        self, step: int, voice: int, velocity: int | None = None, late: float | None = None
    ) -> None:
        """Give a hit a velocity, 1 to 127, or a timing, -0.5 to 0.5 of a step (+ is late), and
        draw it. None leaves it as it is."""
        self.change(lambda state: drawing.hit_shaped(state, step, voice, velocity, late))

    def clear(self, area: Area) -> None:
        """Nothing sounds in the area."""
        self.change(lambda state: drawing.cleared(state, area))

    def forget(self, area: Area) -> None:
        """The area sounds as the model has it."""
        self.change(lambda state: drawing.forgotten(state, area))

    def shift(self, area: Area, way: str) -> None:
        """What sounds in the area goes "left", "right", "up" or "down", around its ends."""
        self.change(lambda state: drawing.shifted(state, area, way))

    def fill(self, area: Area, stride: int, offset: int = 0) -> None:
        """A hit at every `stride`-th step of the area."""
        self.change(lambda state: drawing.filled(state, area, stride, offset))

    def copy(self, area: Area) -> None:
        """Keep what sounds in the area, for `paste`, also into another model."""
        self.copied = drawing.content_of(self.state, area)

    def paste(self, area: Area) -> None:
        """Put what was copied into the area, from its first cell on; nothing was: nothing."""
        content = self.copied
        if content is not None:
            self.change(lambda state: drawing.pasted(state, area, content))

    # -- what the model makes of it ---------------------------------------------------------------

    def find_nearest(self) -> None:
        """Search for the position whose pattern comes nearest to what sounds, for `state.found`.
        Takes up to 50 ms. Raises ValueError if no run is open."""
        found = search.found_nearest(self.state)
        self.change(lambda state: search.shown(state, found))

    def forget_found(self) -> None:
        """What was found is not wanted."""
        self.change(lambda state: state.sounding(found=None))

    def take_over(self) -> None:
        """Move to what was found; the model's pattern there takes the drawing's place."""
        self.change(search.taken_over)

    # -- undo -------------------------------------------------------------------------------------

    def remember(self) -> None:
        """Undo leads back to here: call it before a person moves, draws, or changes the path."""
        self.change(undo.remembered)

    def undo(self) -> None:
        """Go back to the state before the last change."""
        self.change(undo.undone)

    def redo(self) -> None:
        """Do again what was undone last."""
        self.change(undo.redone)

    # -- paths ------------------------------------------------------------------------------------

    def set_path(self, path: LatentPath | None) -> None:
        """The path that is shown; while one is played the new one goes on from where it was."""
        self.change(lambda state: path_player.with_path(state, path))

    def play_path(self, on: bool) -> None:
        """Move along the path from its beginning, a position for each bar, or stop where it is."""
        self.change(path_player.begun if on else path_player.stopped)

    def next_bar(self) -> None:
        """The transport calls it, in its own thread, right before a pattern begins again."""
        if self.state.next_slot >= 0:
            self.change(slots.arrived)
        if self.state.path_playing:
            self.change(path_player.next_bar)


def _chosen(state: ExplorerState, voices: frozenset[int], voice: int, on: bool) -> frozenset[int]:
    if not 0 <= voice < state.cells.shape[1]:
        raise ValueError(f"there is no voice {voice}")
    return voices | {voice} if on else voices - {voice}
