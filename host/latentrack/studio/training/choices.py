"""The choices that the form for a training offers, and the Settings that they give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from latentrack.corpus.dataset import Dataset
from latentrack.declared import declarations
from latentrack.decoder.precision import AUTO
from latentrack.model.feel_training import wanted_latents
from latentrack.model.plan import TrainingPlan, plan
from latentrack.model.settings import LATENTS, Settings
from latentrack.model.sizes import in_words, which_modules
from latentrack.model.variations import material
from latentrack.model.verdict import name_of_one
from latentrack.words import count

SIZES: dict[str, dict[str, Any]] = {
    "small": {"taper": "geometric", "hidden_layers": 2},
    "medium": {"hidden_layers": 2},
    "large": {"taper": "linear", "hidden_layers": 3},
}


MORE = tuple(each for each in declarations(Settings).values() if each.more)


@dataclass
class TrainingChoices:
    """The values in the form.

    name: of the run.  knobs: the number of latents.  model: "vae" or "stacked".  size: a key of
    SIZES.  epochs: None for automatic.  more: values by the names of `MORE`.
    """

    name: str = ""
    knobs: int = LATENTS
    model: str = "vae"
    size: str = "medium"
    epochs: float | None = None
    seed: float | None = 0
    earlier: str = ""
    """The name of the run whose training is continued; "" for a new model."""
    more: dict[str, Any] | None = None

    def settings(self) -> Settings:
        """The Settings of these choices. Raises UserError if a value is out of its range.

        For a continued run only the epochs and the seed can be chosen.
        """
        if self.earlier:
            epochs = None if self.epochs is None else round(self.epochs)
            return Settings(epochs=epochs, seed=round(self.seed or 0))
        given: dict[str, Any] = {
            "model": self.model,
            "latent_dim": self.knobs,
            **SIZES[self.size],
            "epochs": self.epochs,
            "seed": self.seed or 0,
        }
        for entry in MORE:
            value = (self.more or {}).get(entry.name)
            if value is None or value == "":
                continue
            given[entry.name] = entry.parse(str(value)) if entry.kind is tuple else value
        table = declarations(Settings)
        for name, value in given.items():
            if value is not None and table[name].kind is int:
                given[name] = round(value)
        return Settings(**given)

    def plan(self, dataset: Dataset) -> TrainingPlan:
        """The plan of the training for a dataset, as its file is written.

        Raises what `settings` raises, and UserError where a feel is asked for and the music has no
        dynamics.
        """
        settings = self.settings()
        feel = wanted_latents(dataset, settings)
        return plan(len(dataset), dataset.steps * dataset.voices, settings, AUTO, feel=feel)

    def variations_in_words(self, dataset: Dataset) -> str:
        """Which variations a small dataset gets, in sentences; "" for none. Raises what `settings`
        raises."""
        said = material(dataset, np.arange(len(dataset)), self.settings()).words
        return f"{said} To train without them: More, Variations." if said else ""

    def size_in_words(self, dataset: Dataset) -> str:
        """The planned size and memory, in sentences. Raises what `plan` raises."""
        planned = self.plan(dataset)
        return (
            f"About {in_words(planned.file_bytes)} on the module, "
            f"{which_modules(planned.file_bytes)}; larger learns more and plays slower. "
            f"{planned.memory_in_words}"
        )


def in_short(dataset: Dataset) -> str:
    """The dataset in a few words; `Dataset.summary` would take too long for a page."""
    files = f", from {count(dataset.files, 'file')}" if dataset.files > 1 else ""
    return (
        f"{count(len(dataset), name_of_one(dataset))} of {count(dataset.steps, 'step')} × "
        f"{count(dataset.voices, 'voice')}{files}"
    )
