"""The form in which a training is set up and started."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, fields
from functools import partial
from typing import Any

from nicegui import ui
from nicegui.elements.mixins.value_element import ValueElement

from latentrack.declared import Declaration
from latentrack.errors import UserError
from latentrack.studio.music.music import Music
from latentrack.studio.page_parts import errors_shown, in_background, listen, named
from latentrack.studio.training.choices import MORE, TrainingChoices, in_short
from latentrack.studio.training.training import Trainer
from latentrack.studio.workspace import Workspace

_REMEMBERED = "training"


class Form:
    """The form, shown in the left column while no training is shown.

    earlier: the name of a run whose training is to be continued, "" for a new model.
    """

    def __init__(
        self, workspace: Workspace, training: Trainer, music: Music, earlier: str = ""
    ) -> None:
        self._workspace, self._training, self._music = workspace, training, music
        self._choices = _remembered(workspace)
        self._choices.earlier = earlier
        self._build()

    def _build(self) -> None:
        store, choices = self._music, self._choices
        music, varied = ui.label().classes("lt-muted"), ui.label().classes("lt-muted")
        empty = ui.element("p").classes("lt-train-empty")
        with empty:
            ui.label("No music yet.").classes("lt-train-inline")
            ui.link("Add some on the Corpus page →", "/")
        name = ui.input("Name", value=choices.name, placeholder="drums").props("dense outlined")
        _keep(name, choices, "name")
        runs = {"": "a new model"} | {
            folder.stem: f"train on: {folder.stem}" for folder in self._workspace.run_folders()
        }
        if choices.earlier not in runs:
            choices.earlier = ""
        if len(runs) > 1:
            begin_with = ui.select(runs, label="Begin with", value=choices.earlier)
            begin_with.props("dense outlined")
            _keep(begin_with, choices, "earlier", lambda: refresh())
        ours = ui.element("div").classes("lt-column lt-train-tight")
        with ours:
            _radio(
                "Knobs",
                "How many latents the model has; more keep more detail.",
                {2: "2", 3: "3", 4: "4"},
                choices,
                "knobs",
                lambda: refresh(),
            )
            _radio(
                "Model",
                "Variational orders the music in space. Stacked is the plain autoencoder.",
                {"vae": "variational", "stacked": "stacked"},
                choices,
                "model",
                lambda: refresh(),
            )
            _radio(
                "Size",
                "",
                {"small": "small", "medium": "medium", "large": "large"},
                choices,
                "size",
                lambda: refresh(),
            )
            size = ui.label().classes("lt-muted lt-train-help lt-train-up")
        with ui.element("div").classes("lt-train-pair"):
            _number("Epochs", "as needed", choices, "epochs")
            _number("Seed", "0", choices, "seed")
        ui.label("Once through all the music is an epoch. Another seed, another model.").classes(
            "lt-muted lt-train-help lt-train-up"
        )
        with ui.expansion("More").classes("lt-train-more").props("dense") as more:
            _more(choices, lambda: refresh())
        with ui.row().classes("lt-train-actions"):
            begin = ui.button("Start training", icon="play_arrow", on_click=self._start)
            begin.props("unelevated no-caps")

        def refresh() -> None:
            dataset = store.dataset
            going_on = bool(choices.earlier)
            for part in (ours, more):
                part.set_visibility(not going_on)
            empty.set_visibility(dataset is None and not going_on)
            music.set_visibility(dataset is not None or going_on)
            varied.set_text("")
            begin.set_enabled(going_on or (dataset is not None and not store.busy))
            if going_on:
                music.set_text(f"Goes on where {choices.earlier} ended, with its music.")
            elif store.busy:
                music.set_visibility(True)
                empty.set_visibility(False)
                music.set_text(f"{store.busy} …")
            elif dataset is not None:
                music.set_text(f"Learns {in_short(dataset)}.")
                try:
                    varied.set_text(choices.variations_in_words(dataset))
                    size.set_text(choices.size_in_words(dataset))
                except UserError as error:
                    size.set_text(str(error))

        refresh()
        listen(store.changed, refresh)

    async def _start(self) -> None:
        choices = self._choices
        with errors_shown():
            settings = choices.settings()
            earlier = None
            if choices.earlier:
                earlier = self._workspace.runs / f"{choices.earlier}.run"
            dataset = self._music.dataset
            kind = dataset.kind if dataset is not None else "model"
            name = choices.name.strip() or choices.earlier or kind
            self._workspace.remember(_REMEMBERED, asdict(choices) | {"earlier": ""})
            await in_background(self._training.start, settings, name, earlier)


def _radio(
    label: str,
    about: str,
    options: dict[Any, str],
    choices: TrainingChoices,
    field: str,
    changed: Callable[[], None],
) -> None:
    with named(ui.element("div"), label).props("role=group"):
        with ui.element("div").classes("lt-train-radio"):
            ui.label(label).classes("lt-train-label")
            radio = ui.radio(options, value=getattr(choices, field)).props("inline dense")
            _keep(radio, choices, field, changed)
        if about:
            ui.label(about).classes("lt-muted lt-train-help")


def _number(label: str, hint: str, choices: TrainingChoices, field: str) -> None:
    number = ui.number(label, min=0, step=1, value=getattr(choices, field), placeholder=hint)
    _keep(number.props("dense outlined stack-label"), choices, field)


def _keep(
    field: ValueElement[Any],
    choices: TrainingChoices,
    name: str,
    changed: Callable[[], None] = lambda: None,
) -> None:
    """Copy the field's value to the choice `name` at each change, then call `changed`."""

    def take() -> None:
        setattr(choices, name, field.value)
        changed()

    field.on_value_change(take)


def _more(choices: TrainingChoices, changed: Callable[[], None]) -> None:
    values = choices.more = choices.more or {}

    def take(name: str, field: ValueElement[Any]) -> None:
        values[name] = field.value
        changed()

    for entry in MORE:
        field = _field(entry, values.get(entry.name))
        field.props("dense outlined stack-label")
        field.on_value_change(partial(take, entry.name, field))
        ui.label(entry.help).classes("lt-muted lt-train-help")


def _field(entry: Declaration, value: Any) -> ValueElement[Any]:
    """A list where the setting has choices, else a field that may be left empty."""
    if entry.choices and entry.kind is not tuple:
        chosen = value if value in entry.choices else entry.default
        return ui.select(dict(entry.choices), label=entry.label, value=chosen)
    make: Any = ui.input if entry.kind is tuple else ui.number
    field: ValueElement[Any] = make(entry.label, value=value, placeholder=_placeholder(entry))
    return field


def _placeholder(entry: Declaration) -> str:
    """The value that an empty field stands for, as text."""
    return entry.automatic or f"{entry.default:g}"


def _remembered(workspace: Workspace) -> TrainingChoices:
    """The choices of the last training that was started; the defaults if they are not valid."""
    given = workspace.setting(_REMEMBERED, {})
    names = {field.name for field in fields(TrainingChoices)}
    try:
        choices = TrainingChoices(**{name: given[name] for name in names & given.keys()})
        choices.settings()
    except (AttributeError, TypeError, KeyError, ValueError, UserError):
        return TrainingChoices()
    return choices
