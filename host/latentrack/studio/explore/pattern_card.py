"""The pattern as a grid to edit, and what makes it sound more or less."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

from nicegui import ui
from nicegui.events import GenericEventArguments, ValueChangeEventArguments

from latentrack.corpus.harmony import pitch_name
from latentrack.playing.cells import MOST_NOTES, MOST_PITCHES
from latentrack.studio.explore.draw_tools import DrawTools
from latentrack.studio.explore.explorer import Explorer
from latentrack.studio.explore.map_card import Tab
from latentrack.studio.explore.named_slider import NamedSlider
from latentrack.studio.explore.pattern_grid import PatternGrid
from latentrack.studio.explore.silence import silence_of
from latentrack.studio.explore.state import ExplorerState
from latentrack.studio.listen.transport import Transport
from latentrack.studio.page_parts import listen
from latentrack.words import agree, count

_PITCH = re.compile(r"([a-g])(#|b)?(-?\d+)", re.IGNORECASE)
_KEYS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}


class PatternCard:
    """The card "Pattern": the cells at the puck's position, and how they are selected."""

    def __init__(self, explorer: Explorer, transport: Transport, tab: Tab) -> None:
        self._explorer, self._transport, self._tab = explorer, transport, tab
        opened = explorer.state.open_run
        assert opened is not None
        self._opened, run = opened, opened.run
        self._ready = False
        self._unanswered: set[str] = set()
        self._answered = 0
        self._step = -1
        self._shown: object = None
        self._drawn = 0
        with ui.element("section").classes("lt-card lt-explore-card").props('aria-label="Pattern"'):
            with ui.element("div").classes("lt-explore-bar"):
                self._words = ui.label().classes("lt-explore-words").props("role=status")
                self._sound = ui.button(icon="arrow_forward", on_click=self._end_silence)
                self._sound.props("unelevated dense no-caps").classes("lt-explore-sound")
            self._grid = PatternGrid()
            self._tools = DrawTools(explorer)
            with ui.element("div").classes("lt-explore-bar lt-explore-knobs"):
                self._threshold = NamedSlider(
                    "Threshold",
                    0,
                    1,
                    0.01,
                    explorer.set_threshold,
                    lambda: explorer.state.threshold,
                    "How probable a hit must be to sound",
                )
                self._steps = NamedSlider(
                    "Steps",
                    1,
                    run.model.info.steps,
                    1,
                    lambda steps: explorer.set_steps(round(steps)),
                    lambda: explorer.state.steps,
                    "So many steps are played in a loop",
                )
                if run.dataset.kind == "notes":
                    many = {n: str(n) for n in range(1, MOST_NOTES + 1)} | {0: "all"}
                    self._notes = ui.select(many, value=explorer.state.notes, label="Notes at once")
                    self._notes.props("dense options-dense").classes("lt-explore-way")
                    self._notes.tooltip("The module has jacks for four")
                    self._notes.on_value_change(lambda e: explorer.set_notes(e.value))
                if run.dataset.kind == "rhythm":
                    self._pitches = ui.input("Pitches, taken in turn", validation=_pitches_fault)
                    self._pitches.props("dense").classes("lt-explore-pitches")
                    self._pitches.on_value_change(self._set_pitches)
        self._grid.on("ready", self._begin)
        self._grid.on("draw", self._draw)
        self._grid.on("select", lambda event: self._tools.select(event.args))
        self._grid.on("act", self._act)
        self._grid.on("voice", self._voice)
        self._grid.on("density", self._density)
        self._grid.on("shape", self._shape)
        self._show()
        listen(explorer.pattern_changed, self._show)
        listen(transport.stepped, self._show_step)
        listen(transport.playing_changed, self._show_step)

    # -- what is shown ----------------------------------------------------------------------------

    _showing = False

    def _begin(self) -> None:
        self._ready = True
        self._shown, self._answered = None, 0
        opened = self._opened
        felt = opened.feel_latents > 0
        self._grid.set_up(opened.run.dataset, opened.density_of, opened.pitches, felt)
        self._tools.select(None)
        self._show()
        self._show_step()

    def _show(self) -> None:
        state = self._explorer.state
        if state.open_run is not self._opened:
            return
        number = self._tab.number
        now = (state.pattern, state.densities, state.layer, state.found, self._drawn)
        news = now != self._shown or number != self._answered or self._unanswered
        if self._ready and news:
            answers = number if number != self._answered else 0
            self._grid.show(state, answers, self._drawn, self._unanswered)
            self._shown, self._answered = now, number
            self._unanswered.clear()
        self._tools.show()
        silence = silence_of(state)
        words = _said(state) if silence is None else silence.words
        if words != self._words.text:
            self._words.set_text(words)
        if silence is not None and silence.way != self._sound.text:
            self._sound.set_text(silence.way)
        self._sound.set_visibility(silence is not None)
        self._showing = True
        self._threshold.show()
        self._steps.show()
        kind = self._opened.run.dataset.kind
        if kind == "notes" and self._notes.value != state.notes:
            self._notes.value = state.notes
        if kind == "rhythm" and _pitches(self._pitches.value) != state.pitches:
            self._pitches.value = " ".join(pitch_name(pitch) for pitch in state.pitches)
        self._showing = False

    def _show_step(self) -> None:
        step = self._transport.step if self._transport.playing else -1
        if self._ready and step != self._step:
            self._step = step
            self._grid.show_step(step)

    # -- what is asked for ------------------------------------------------------------------------

    def _draw(self, event: GenericEventArguments) -> None:
        told = event.args
        if told.get("first"):
            self._explorer.remember()
        self._drawn = int(told["number"])
        with suppress(ValueError):  # another model has been opened meanwhile
            self._explorer.draw((int(s), int(v), bool(struck)) for s, v, struck in told["cells"])
        # What was drawn is on the page already: this says that it is in what plays.
        self._show()

    def _end_silence(self) -> None:
        self._explorer.remember()
        self._explorer.end_silence()

    async def _act(self, event: GenericEventArguments) -> None:
        told = event.args
        await self._tools.act(str(told["act"]), int(told["step"]), int(told["voice"]))

    def _voice(self, event: GenericEventArguments) -> None:
        told = event.args
        change = self._explorer.solo if told["act"] == "solo" else self._explorer.mute
        with suppress(ValueError):  # another model has been opened meanwhile
            change(int(told["voice"]), bool(told["on"]))

    def _shape(self, event: GenericEventArguments) -> None:
        told = event.args
        if told.get("first"):
            self._explorer.remember()
        self._unanswered.add("shape")
        velocity, late = told.get("velocity"), told.get("late")
        with suppress(ValueError):  # another model has been opened meanwhile
            self._explorer.shape_hit(
                int(told["step"]),
                int(told["voice"]),
                None if velocity is None else int(velocity),
                None if late is None else float(late),
            )

    def _density(self, event: GenericEventArguments) -> None:
        self._unanswered.add("density")
        with suppress(ValueError):  # another model has been opened meanwhile
            self._explorer.set_density(int(event.args["index"]), float(event.args["value"]))

    def _set_pitches(self, event: ValueChangeEventArguments[Any]) -> None:
        pitches = _pitches(event.value)
        if pitches and not self._showing and pitches != self._explorer.state.pitches:
            self._explorer.set_pitches(pitches)


def _said(state: ExplorerState) -> str:
    """What is drawn, in a sentence."""
    if state.layer is None:
        return "Click a cell to set or remove a hit, drag to draw; drag a hit up or down: how loud."
    drawn = state.layer.count
    cells, verb = count(drawn, "cell"), agree(drawn, "is", "are")
    return f"{cells} {verb} drawn, and {agree(drawn, 'stays', 'stay')} so wherever the puck is."


def _pitches(text: str | None) -> tuple[int, ...]:
    """MIDI notes from numbers or names ("36 Eb2 g#3"); none if there is anything else."""
    found = []
    for word in re.split(r"[\s,;]+", (text or "").strip()):
        named = _PITCH.fullmatch(word)
        if named:
            key, sign, octave = named.groups()
            bend = {"#": 1, "b": -1, None: 0}[sign and sign.lower()]
            found.append(_KEYS[key.lower()] + bend + 12 * (int(octave) + 1))
        elif word.isascii() and word.isdigit():
            found.append(int(word))
        else:
            return ()
    good = 1 <= len(found) <= MOST_PITCHES and all(0 <= pitch <= 127 for pitch in found)
    return tuple(found) if good else ()


def _pitches_fault(text: str) -> str | None:
    if _pitches(text):
        return None
    return f"One to {MOST_PITCHES} notes, such as C2 Eb2 43"
