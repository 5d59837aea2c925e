"""The feel: a pad for how loud and how late hits are, and how much of it is heard."""

from __future__ import annotations

from contextlib import suppress

from nicegui import ui
from nicegui.events import GenericEventArguments

from latentrack.playing.parameters import TRACK
from latentrack.studio.explore.explorer import Explorer
from latentrack.studio.explore.feel_pad import FeelPad
from latentrack.studio.explore.named_slider import NamedSlider
from latentrack.studio.page_parts import listen

_PERCENT = 100


class FeelCard:
    """The card "Feel", of a run that has one."""

    def __init__(self, explorer: Explorer) -> None:
        self._explorer = explorer
        opened = explorer.state.open_run
        assert opened is not None
        self._opened = opened
        self._ready = self._moved = False
        self._shown: tuple[float, ...] | None = None
        with ui.element("section").classes("lt-card lt-explore-feel").props('aria-label="Feel"'):
            self._pad = FeelPad(opened.feel_latents)
            with ui.element("div").classes("lt-explore-amounts"):
                self._feel = NamedSlider(
                    "Feel",
                    *TRACK["feel"].ends,
                    1,
                    lambda percent: explorer.set_feel(percent / _PERCENT),
                    lambda: round(explorer.state.feel * _PERCENT),
                    "How much of the learned timing is heard; 100 %: as learned",
                    unit=" %",
                )
                self._dynamics = NamedSlider(
                    "Dynamics",
                    *TRACK["dynamics"].ends,
                    1,
                    lambda percent: explorer.set_dynamics(percent / _PERCENT),
                    lambda: round(explorer.state.dynamics * _PERCENT),
                    "How far loud and soft hits are apart; 100 %: as learned",
                    unit=" %",
                )
        self._pad.on("ready", self._begin)
        self._pad.on("move", self._move)
        listen(explorer.pattern_changed, self._show)

    def _begin(self) -> None:
        self._ready, self._shown = True, None
        self._show()

    def _show(self) -> None:
        state = self._explorer.state
        if not self._ready or state.open_run is not self._opened:
            return
        if state.feel_knob_values != self._shown or self._moved:
            self._pad.show_values(state.feel_knob_values, self._moved)
            self._shown, self._moved = state.feel_knob_values, False
        self._feel.show()
        self._dynamics.show()

    def _move(self, event: GenericEventArguments) -> None:
        if event.args["first"]:
            self._explorer.remember()
        self._moved = True
        with suppress(ValueError):  # another model has been opened meanwhile
            self._explorer.set_feel_knob_values([float(value) for value in event.args["values"]])
