"""A module on the bench: set something at its prompt, clock it, and see what came out of the jacks.

And what the rules of latentrack.playing.jacks mean in volts at its jacks: what the tests hold the
module against. The probabilities are LiteRT's.
"""

from __future__ import annotations

import runpy
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from types import SimpleNamespace

from latentrack.module.link import Link
from latentrack.playing.jacks import drum_steps, note_steps, rhythm_steps
from latentrack.virtual.module import VirtualModule
from tests.conftest import ROOT
from tests.device.claims import Observation
from tests.waiting import frames_pass

# The reference hardware's drum mode: kick, snare, toms, hi-hats, cymbals, and three accents.
DRUM_JACKS = (0, 4, 1, 2, 3, 5, 6, 7)
GATE = 5.0
# A higher note stands at the end of what an output reaches, 5 V.
HIGHEST_NOTE = 120


@dataclass
class Edge:
    """What one clock edge did: the step of each track, and the volts written to each jack."""

    time_us: int
    steps: dict[int, int] = field(default_factory=dict)
    jacks: dict[int, float] = field(default_factory=dict)
    gates: frozenset[int] = frozenset()


class Rig:
    """A virtual module with manual time, and its prompt."""

    def __init__(self, module: VirtualModule, link: Link) -> None:
        self.module, self.link, self.panel = module, link, module.panel
        self.observed: list[Observation] = []
        self._observing = False

    def run(self, code: str) -> str:
        """Runs code at the prompt and brings what it set to the jacks."""
        return self.link.run(f"{code}\nfor _track in tracks: _track.refresh()")

    def get(self, expression: str):
        return self.link.evaluate(expression)

    def frames(self, count: int = 3) -> None:
        """Lets some frames pass."""
        frames_pass(self.link, count)

    def observe(self) -> None:
        """From now on what comes out is noted in `observed`, with what is set."""
        self._observing = True

    def saw(self, way: object, output: Iterable[object]) -> None:
        """Notes what came out, and how it was asked for."""
        if self._observing:
            track, patch = self.get("track.numbers, patch.numbers")
            self.observed.append(
                Observation((way, self.panel.standing), track | patch, tuple(output))
            )

    def edges(self, count: int, spacing_us: int = 20_000) -> list[Edge]:
        """Clocks the module and returns what each edge did."""
        return self._edges(count, spacing_us, "edges")

    def _edges(self, count: int, spacing_us: int, way: str) -> list[Edge]:
        self.panel.settle()
        self.panel.clock(count, spacing_us=spacing_us)
        played = edges_of(self.panel.settle())
        first = played[0].time_us if played else 0
        self.saw((way, spacing_us), ((edge.time_us - first, edge.jacks) for edge in played))
        return played

    def bar(self, code: str = "", steps: int = 16, spacing_us: int = 20_000) -> list[Edge]:
        """Sets something, and plays from the beginning of a new bar."""
        if code:
            self.run(code)
        self.panel.advance(50_000)
        self.panel.trigger("reset")
        self.panel.advance(50_000)
        return self._edges(steps, spacing_us, "bar")

    def jacks(self, code: str = "", steps: int = 16) -> list[dict[int, float]]:
        return [edge.jacks for edge in self.bar(code, steps)]


def edges_of(reports) -> list[Edge]:
    found: list[Edge] = []
    for report in reports:
        if report.kind == "step":
            if not found or found[-1].time_us != report.time_us:
                found.append(Edge(report.time_us))
            found[-1].steps[report.jack] = report.value
        elif found and found[-1].time_us == report.time_us:
            found[-1].jacks[report.jack] = report.value
            if report.kind == "rise":
                found[-1].gates |= {report.jack}
    return found


def parameters() -> SimpleNamespace:
    """The device's own table of parameters."""
    path = ROOT / "device" / "latentrack" / "parameters.py"
    return SimpleNamespace(**runpy.run_path(str(path)))


# -- the rules


def at_jack(volts: Fraction | float) -> float:
    """What comes out of a converter of 14 bits, +5 V at code 0 and -5 V at its highest."""
    wanted = Fraction(65535) * (5 - Fraction(volts)) / 10
    code = int(min(max(wanted, 0), 65535) + Fraction(1, 2))
    return 5 - 10 * (code >> 2) / 16383


def pitch_volts(note: Fraction | int) -> float:
    """A MIDI note, or one between, at a jack: 1 V/octave, note 60 at 0 V, as far as it reaches."""
    return at_jack(Fraction(note - 60) / 12)


def drums(probabilities, groups, threshold, jacks=range(8)):
    """Volts of each step: triggers, then accents, on these jacks as far as they go.

    With all eight, in the order of the reference hardware's panel.
    """
    jacks = dict(enumerate(DRUM_JACKS if len(jacks) == 8 else jacks))
    levels = range(len(groups), 8)
    return [
        {jacks[t]: GATE for t in step.triggers if t in jacks}
        | {jacks[levels[a]]: at_jack(5 * v) for a, v in step.accents.items() if levels[a] in jacks}
        for step in drum_steps(probabilities, groups, threshold)
    ]


def notes(probabilities, threshold, *, most=4, pitch=lambda voice: voice, keep=True, jacks=None):
    """Volts of each step: the most probable notes, low to high, their triggers and their pitches.

    With keep a note at which a jack still stands, since step 0, stays there.
    """

    def reached(voice):
        return min(pitch(voice), HIGHEST_NOTE)

    steps = note_steps(probabilities, most, threshold, reached, keep=keep)
    return [volts(step, *(jacks or (range(most), range(4, 4 + most)))) for step in steps]


def rhythm(probabilities, threshold, pitches, *, jacks=((0,), (1,))):
    """Volts of each step: each hit takes the next pitch of the list, from the first in step 0."""
    steps = rhythm_steps(probabilities, pitches, threshold, outputs=len(jacks[0]))
    return [volts(step, *jacks) for step in steps]


def volts(step, triggers, levels):
    """What a step of notes or of a rhythm puts out on these jacks."""
    return {triggers[k]: GATE for k in step.triggers} | {
        levels[k]: pitch_volts(pitch) for k, pitch in step.pitches.items()
    }
