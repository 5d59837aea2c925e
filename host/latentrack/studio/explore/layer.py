"""What is drawn by hand: a layer over the model's pattern, which stays while the puck moves.

A cell that was drawn sounds as it was drawn; every other cell sounds as the model has it. All
arrays are (steps, voices), and are never changed: drawing makes another layer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from latentrack.studio.explore.open_run import Cells, Timing, Velocities


@dataclass(frozen=True, eq=False)
class Layer:
    """drawn: the cells that were set.  struck: those of them that sound.  velocities: of hits that
    were given one, 1 to 127; else 0.  timing: of hits that were given one, in steps, + is late;
    else NaN."""

    drawn: Cells
    struck: Cells
    velocities: Velocities
    timing: npt.NDArray[np.float64]

    @classmethod
    def empty(cls, shape: tuple[int, ...]) -> Layer:
        """A layer on which nothing was drawn."""
        no, nan = np.zeros(shape, bool), np.full(shape, np.nan, np.float64)
        return cls(no, no.copy(), np.zeros(shape, np.uint8), nan)

    @property
    def count(self) -> int:
        """How many cells were drawn."""
        return int(np.count_nonzero(self.drawn))

    # -- over a pattern ---------------------------------------------------------------------------

    def over(self, cells: Cells) -> Cells:
        """The cells that sound, with those that were drawn."""
        return np.where(self.drawn, self.struck, cells)

    def shaped(self, velocities: Velocities) -> Velocities:
        """The velocities of what sounds, with those that were drawn."""
        return np.where((velocities > 0) & (self.velocities > 0), self.velocities, velocities)

    def moved(self, timing: Timing | None) -> Timing | None:
        """The timing of what sounds, with what was drawn; None: all is on the grid."""
        given = ~np.isnan(self.timing)
        if not given.any():
            return timing
        played = np.zeros(self.timing.shape) if timing is None else timing
        return np.where(given, self.timing, played)

    # -- drawing ----------------------------------------------------------------------------------

    def with_cell(self, step: int, voice: int, struck: bool | None) -> Layer:
        """With one cell drawn; None: it is the model's again."""
        made = self._copy()
        made.drawn[step, voice] = struck is not None
        made.struck[step, voice] = bool(struck)
        if not struck:
            made.velocities[step, voice], made.timing[step, voice] = 0, np.nan
        return made

    def with_shape(self, step: int, voice: int, velocity: int | None, late: float | None) -> Layer:
        """With a hit that has a velocity or a timing of its own."""
        made = self.with_cell(step, voice, True)
        if velocity is not None:
            made.velocities[step, voice] = velocity
        if late is not None:
            made.timing[step, voice] = late
        return made

    def with_area(self, area: Area, content: Content) -> Layer:
        """With all cells of an area drawn."""
        made, at = self._copy(), area.index
        made.drawn[at], made.struck[at] = True, content.struck
        made.velocities[at] = np.where(content.struck, content.velocities, 0)
        made.timing[at] = np.where(content.struck, content.timing, np.nan)
        return made

    def without(self, area: Area) -> Layer | None:
        """With the cells of an area as the model has them; None: nothing is drawn any more."""
        made, at = self._copy(), area.index
        made.drawn[at] = made.struck[at] = False
        made.velocities[at], made.timing[at] = 0, np.nan
        return made if made.drawn.any() else None

    def _copy(self) -> Layer:
        copied = self.drawn.copy(), self.struck.copy()
        return Layer(*copied, self.velocities.copy(), self.timing.copy())


@dataclass(frozen=True)
class Area:
    """Some steps of some voices. first, last: steps, both in it.  voices: in the order in which
    they are shown, the upper one first."""

    first: int
    last: int
    voices: tuple[int, ...]

    def __post_init__(self) -> None:
        if not 0 <= self.first <= self.last or not self.voices or min(self.voices) < 0:
            raise ValueError(f"there are no such cells: {self}")

    @property
    def index(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """What finds the area in an array (steps, voices)."""
        steps = np.arange(self.first, self.last + 1)
        return np.ix_(steps, np.array(self.voices, np.intp))  # type: ignore[return-value]


@dataclass(frozen=True, eq=False)
class Content:
    """What sounds in an area, (steps, voices), voices as the area has them. velocities: 0 and
    timing: NaN where a hit has none of its own."""

    struck: Cells
    velocities: Velocities
    timing: npt.NDArray[np.float64]

    @classmethod
    def of(cls, area: Area, hits: Velocities, timing: Timing | None) -> Content:
        """From what sounds, (steps, voices) of the whole pattern."""
        loud = hits[area.index]
        late = np.full(loud.shape, np.nan) if timing is None else timing[area.index]
        return cls(loud > 0, loud, np.where(loud > 0, late, np.nan).astype(np.float64))

    def rolled(self, later: int, lower: int) -> Content:
        """Shifted by steps and by rows; what leaves at one end comes in at the other."""
        return Content(
            np.roll(self.struck, (later, lower), (0, 1)),
            np.roll(self.velocities, (later, lower), (0, 1)),
            np.roll(self.timing, (later, lower), (0, 1)),
        )

    def cut_to(self, steps: int, voices: int) -> Content:
        """Its first steps and voices."""
        here = np.s_[:steps, :voices]
        return Content(self.struck[here], self.velocities[here], self.timing[here])


def every(area: Area, stride: int, offset: int = 0) -> Content:
    """A hit at each `stride`-th step of the area, counted from the pattern's first step."""
    steps = np.arange(area.first, area.last + 1)
    shape = (len(steps), len(area.voices))
    struck = np.broadcast_to(((steps - offset) % stride == 0)[:, np.newaxis], shape).copy()
    return Content(struck, np.zeros(shape, np.uint8), np.full(shape, np.nan, np.float64))
