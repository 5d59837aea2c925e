"""What one may choose for a training, and the Settings that it comes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from latentrack.corpus.dataset import Dataset
from latentrack.declared import declarations
from latentrack.model.plan import TrainingPlan, plan
from latentrack.model.settings import Settings
from latentrack.model.sizes import in_words, which_modules
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
    """How the form is filled in. more: values by the names of `MORE`."""

    name: str = ""
    knobs: int = 3
    model: str = "vae"
    size: str = "medium"
    epochs: float | None = None
    seed: float | None = 0
    earlier: str = ""
    """The name of the run that is trained on from; "" for a new model."""
    more: dict[str, Any] | None = None

    def settings(self) -> Settings:
        """UserError where a value is out of its range.

        Of a run that is trained on from only the epochs and the seed can be others.
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
        """What the training will make, in float32, and what it takes. UserError as `settings`."""
        return plan(len(dataset), dataset.steps * dataset.voices, self.settings())

    def size_in_words(self, dataset: Dataset) -> str:
        """What is said of that before it begins. UserError as `settings`."""
        planned = self.plan(dataset)
        return (
            f"About {in_words(planned.file_bytes)} on the module, "
            f"{which_modules(planned.file_bytes)}; larger learns more and plays slower. "
            f"{planned.memory_in_words}"
        )


def in_short(dataset: Dataset) -> str:
    """What is learnt from; `Dataset.summary` says more and takes longer than a page may."""
    files = f", from {count(dataset.files, 'file')}" if dataset.files > 1 else ""
    return (
        f"{count(len(dataset), name_of_one(dataset))} of {count(dataset.steps, 'step')} × "
        f"{count(dataset.voices, 'voice')}{files}"
    )
