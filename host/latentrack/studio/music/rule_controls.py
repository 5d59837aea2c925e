"""The rules as controls: what is changed here is read at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nicegui import ui

from latentrack.corpus.percussion import MAPS
from latentrack.corpus.rules import MOST_BARS
from latentrack.errors import UserError
from latentrack.studio.music.music import Music
from latentrack.words import count

_KINDS = {"drums": "Drums", "notes": "Notes", "rhythm": "Rhythm"}
_STEPS = {
    3: "3: triplet eighths",
    4: "4: sixteenths",
    6: "6: triplet sixteenths",
    12: "12: sixteenths and triplets",
}
_METERS = ["4/4", "3/4", "2/4", "6/8", "5/4", "7/8", "12/8"]
_ANY_METER = {"any": "the one most bars are in"}
_OFF_GRID = {
    "nearest": "move to the nearest step",
    "drop": "leave the note out",
    "discard": "leave the whole sequence out",
}
_MERGE = {None: "as usual for the kind", True: "together", False: "each for itself"}
_HELP = {
    "drums": "A lane for each drum. Drums are what plays on MIDI channel 10, or looks like a kit.",
    "notes": "A lane for each pitch, from the parts that are no drums.",
    "rhythm": "One lane: when something is struck. Also from audio loops.",
}


class RuleControls:
    """All of `Rules`, one control each. `show` sets them to what holds now."""

    def __init__(self, music: Music) -> None:
        self._music = music
        self._controls: dict[str, Any] = {}
        self._only: dict[str, tuple[Any, ...]] = {}
        self._wrong = ""
        self._said = ui.label().classes("lt-music-wrong lt-music-said").props('role="alert"')
        self._kind()
        self._grid()
        self._voices()
        self._filters()
        self._more()
        self.show()

    def show(self) -> None:
        rules = self._music.rules
        self._refresh_choices()
        for name, control in self._controls.items():
            if self._wrong == name:
                continue  # what was typed and made no sense stays to be mended
            control.value = self._shown(name)
        for kind, parts in self._only.items():
            for part in parts:
                part.set_visibility(kind == rules.kind)
        self._help.set_text(_HELP[rules.kind])
        if not self._wrong:
            self._say_error()

    def _say_error(self) -> None:
        error = self._music.error
        if error and self._music.dataset:
            error += " What you see is from before."
        self._said.set_text(error)

    def _shown(self, name: str) -> Any:
        if name == "map_name":
            return self._music.map_name
        if name == "bars":
            return self._music.rules.sequence_bars
        value = getattr(self._music.rules, name)
        return list(value) if isinstance(value, tuple) else value

    def _refresh_choices(self) -> None:
        maps = {
            name: f"{name} ({count(len(MAPS[name].voices), 'lane')})" if name in MAPS else name
            for name in self._music.map_names
        }
        if self._controls["map_name"].options != maps:
            self._controls["map_name"].set_options(maps)
        meter = self._music.rules.meter
        if meter not in self._controls["meter"].options:
            self._controls["meter"].set_options(self._controls["meter"].options | {meter: meter})

    def _set(self, name: str, value: Any) -> None:
        if self._shown(name) == (list(value) if isinstance(value, tuple) else value):
            self._right(name)
            return
        try:
            self._music.change_rules(**{name: value})
        except UserError as error:
            self._wrong = name
            self._said.set_text(str(error))
        else:
            self._right(name)

    def _right(self, name: str) -> None:
        if self._wrong == name:
            self._wrong = ""
            self._say_error()

    def _add(self, name: str, control: Any) -> Any:
        self._controls[name] = control
        return control.classes("lt-music-control").props("dense outlined options-dense")

    def _changes(self, name: str, made: Callable[[Any], Any] = lambda value: value) -> Any:
        def change(event: Any) -> None:
            self._set(name, made(event.value))

        return change

    def _kind(self) -> None:
        kind = ui.toggle(_KINDS, on_change=self._changes("kind")).props(
            'no-caps unelevated aria-label="What is made of the music" role="group"'
        )
        self._controls["kind"] = kind
        self._help = ui.label().classes("lt-muted lt-music-help")

    def _grid(self) -> None:
        with ui.element("div").classes("lt-music-pair"):
            self._add(
                "bars",
                ui.select(
                    list(range(1, MOST_BARS + 1)),
                    label="Bars each",
                    on_change=self._changes("bars"),
                ),
            )
            self._add(
                "meter",
                ui.select(
                    {meter: meter for meter in _METERS} | _ANY_METER,
                    label="Meter",
                    with_input=True,
                    new_value_mode="add-unique",
                    key_generator=lambda text: text,
                    on_change=self._changes("meter"),
                ),
            )
        self._add(
            "steps_per_beat",
            ui.select(_STEPS, label="Steps per beat", on_change=self._changes("steps_per_beat")),
        )
        self._add(
            "off_grid",
            ui.select(_OFF_GRID, label="Notes off the grid", on_change=self._changes("off_grid")),
        )
        self._add(
            "minimum_notes",
            ui.number(
                "Minimum notes per sequence",
                min=1,
                max=999,
                step=1,
                precision=0,
                on_change=self._changes("minimum_notes", _whole),
            ),
        )

    def _voices(self) -> None:
        percussion = self._add(
            "map_name",
            ui.select(
                self._music.map_names,
                label="Percussion map",
                on_change=self._changes("map_name"),
            ).props('hint="Drop a TOML file for one of your own" hide-bottom-space'),
        )
        with ui.element("div").classes("lt-music-switches") as notes:
            self._switch("octaves", "Move all to one octave")
            self._switch("common_key", "Transpose to C major or A minor")
            self._switch("trim", "Lanes only for the range that is played")
        with ui.element("div").classes("lt-music-pair") as rhythm:
            self._add(
                "bpm",
                ui.number(
                    "Tempo of audio",
                    min=20,
                    max=400,
                    placeholder="as heard",
                    on_change=self._changes("bpm"),
                ).props("clearable stack-label"),
            )
            self._add(
                "loop_bars",
                ui.number(
                    "Bars of a loop",
                    min=0,
                    max=256,
                    placeholder="as heard",
                    on_change=self._changes("loop_bars"),
                ).props("clearable stack-label"),
            )
        self._only = {"drums": (percussion,), "notes": (notes,), "rhythm": (rhythm,)}

    def _filters(self) -> None:
        self._switch("unique", "Skip duplicate sequences")
        for name, label, hint in (
            (
                "include",
                "Only these parts or files",
                "bass, file:*rock* …, then Enter",
            ),
            ("exclude", "Leave out these parts or files", "program:33-40 …, then Enter"),
        ):
            chips = ui.input_chips(
                label, on_change=self._changes(name, tuple), new_value_mode="add-unique"
            )
            chips.props["hint"] = hint
            self._add(name, chips.props("hide-bottom-space"))

    def _more(self) -> None:
        with ui.expansion("More").classes("lt-music-more").props("dense"):
            self._add(
                "max_offset",
                ui.number(
                    "Furthest from a step (0 to 0.5)",
                    min=0,
                    max=0.5,
                    step=0.05,
                    placeholder="as usual",
                    on_change=self._changes("max_offset"),
                ).props("clearable stack-label"),
            )
            transpose = self._add(
                "transpose",
                ui.number(
                    "Transpose drums by semitones",
                    min=-48,
                    max=48,
                    step=1,
                    precision=0,
                    on_change=self._changes("transpose", _whole),
                ),
            )
            self._only["drums"] = (*self._only["drums"], transpose)
            self._add(
                "merge",
                ui.select(
                    _MERGE, label="The parts of a file", on_change=self._changes("merge")
                ).props("stack-label"),
            )

    def _switch(self, name: str, label: str) -> None:
        self._add(name, ui.switch(label, on_change=self._changes(name)))


def _whole(value: Any) -> int:
    # An empty field is no number; the rules say what one is.
    return int(value) if value is not None else 0
