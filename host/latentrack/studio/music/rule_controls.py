"""Controls for the rules; each change starts a reading.

Controls are made from the rules' declarations. Two have code of their own: the percussion map,
whose files the studio stores, and the kind, which decides which other controls are visible.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from itertools import groupby
from typing import Any

from nicegui import ui

from latentrack.corpus.percussion import MAPS
from latentrack.corpus.rules import ABOUT_KINDS, AUDIO, BARS, DRUMS, FILES, NOTES, Rules
from latentrack.declared import Declaration, declarations
from latentrack.errors import UserError
from latentrack.studio.music.music import Music
from latentrack.words import count

_RULES = declarations(Rules)
# Order of the groups on the page.
_GROUPS = (BARS, DRUMS, NOTES, AUDIO, FILES)


class RuleControls:
    """A control for each field of `Rules`. `show` sets them to the present values."""

    def __init__(self, music: Music) -> None:
        self._music = music
        self._controls: dict[str, Any] = {}
        self._wrong = ""
        self._said = ui.label().classes("lt-music-wrong lt-music-said").props('role="alert"')
        self._kind()
        plain = [rule for rule in _RULES.values() if rule.group]
        plain.sort(key=lambda rule: _GROUPS.index(rule.group))
        self._build(rule for rule in plain if not rule.more)
        with ui.expansion("More").classes("lt-music-more").props("dense"):
            self._build(rule for rule in plain if rule.more)
        self.show()

    def show(self) -> None:
        """Set each control to the rule's present value; one with an invalid value is kept."""
        rules = self._music.rules
        self._refresh_choices()
        for name, control in self._controls.items():
            if self._wrong == name:
                continue  # an invalid input stays, for the user to correct
            control.value = self._shown(name)
            only = _RULES[name].only
            control.set_visibility(not only or rules.kind in only)
        self._help.set_text(ABOUT_KINDS[rules.kind])
        if not self._wrong:
            self._say_error()

    def _say_error(self) -> None:
        error = self._music.error
        if error and self._music.dataset:
            error += " What you see is from before."
        self._said.set_text(error)

    def _shown(self, name: str) -> Any:
        if name == "percussion":
            return self._music.map_name
        if name == "bars":
            return self._music.rules.sequence_bars
        value = getattr(self._music.rules, name)
        return list(value) if isinstance(value, tuple) else value

    def _refresh_choices(self) -> None:
        maps = {
            name: f"{name} ({count(len(MAPS[name].voices), 'voice')})" if name in MAPS else name
            for name in self._music.map_names
        }
        if self._controls["percussion"].options != maps:
            self._controls["percussion"].set_options(maps)
        meter = self._music.rules.meter
        if meter not in self._controls["meter"].options:
            self._controls["meter"].set_options(self._controls["meter"].options | {meter: meter})

    def _set(self, name: str, value: Any) -> None:
        if self._shown(name) == value:
            self._right(name)
            return
        if _RULES[name].kind is int and not _RULES[name].choices:
            # An empty field becomes 0; the rules decide whether that is valid.
            value = int(value) if value is not None else 0
        try:
            self._music.change_rules(**{"map_name" if name == "percussion" else name: value})
        except UserError as error:
            self._wrong = name
            self._said.set_text(str(error))
        else:
            self._right(name)

    def _right(self, name: str) -> None:
        if self._wrong == name:
            self._wrong = ""
            self._say_error()

    def _kind(self) -> None:
        options = {kind: kind.capitalize() for kind in ABOUT_KINDS}
        kind = ui.toggle(options, on_change=self._changes("kind")).props(
            'no-caps unelevated aria-label="What is made of the music" role="group"'
        )
        self._controls["kind"] = kind
        self._help = ui.label().classes("lt-muted lt-music-help")

    def _build(self, rules: Iterable[Declaration]) -> None:
        """Add controls in order; consecutive short ones of a group are placed side by side."""
        for (_, short), row in groupby(rules, lambda rule: (rule.group, _is_short(rule))):
            beside = ui.element("div").classes("lt-music-pair") if short else nullcontext()
            with beside:
                for rule in row:
                    control = self._control(rule).classes("lt-music-control")
                    self._controls[rule.name] = control.props("dense outlined options-dense")

    def _control(self, rule: Declaration) -> Any:
        changes = self._changes(rule.name)
        if rule.name == "percussion":
            return _with_hint(ui.select([], label=rule.label, on_change=changes), rule)
        if rule.name == "meter":
            return ui.select(
                _meters(rule),
                label=rule.label,
                with_input=True,
                new_value_mode="add-unique",
                key_generator=lambda text: text,
                on_change=changes,
            )
        if rule.choices:
            return ui.select(_options(rule), label=rule.label, on_change=changes)
        if rule.kind is bool:
            return ui.switch(rule.label, on_change=changes)
        if rule.kind is tuple:
            chips = ui.input_chips(rule.label, on_change=changes, new_value_mode="add-unique")
            return _with_hint(chips, rule)
        number = ui.number(
            rule.label,
            min=rule.low,
            max=rule.high,
            step=1 if rule.kind is int else None,
            precision=0 if rule.kind is int else None,
            placeholder=rule.hint or None,
            on_change=changes,
        )
        return number if rule.default is not None else number.props("clearable stack-label")

    def _changes(self, name: str) -> Callable[[Any], None]:
        def change(event: Any) -> None:
            self._set(name, event.value)

        return change


def _with_hint(control: Any, rule: Declaration) -> Any:
    control.props["hint"] = rule.hint
    return control.props("hide-bottom-space")


def _is_short(rule: Declaration) -> bool:
    return rule.name in ("bars", "meter") or (rule.group == AUDIO and rule.kind is float)


def _meters(rule: Declaration) -> dict[str, str]:
    """Return the meters of the list; others can be typed."""
    *meters, any_meter = rule.hint.replace(" or ", ", ").split(", ")
    return {meter: meter for meter in meters} | {any_meter: "the one most bars are in"}


def _options(rule: Declaration) -> dict[Any, str]:
    if rule.kind is int and rule.name == "steps_per_beat":
        return {value: f"{value}: {words}" for value, words in rule.choices.items()}
    return {value: words for value, words in rule.choices.items()}
