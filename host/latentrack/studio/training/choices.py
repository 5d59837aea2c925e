"""What one may choose for a training, and the Settings that it comes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from latentrack.corpus.dataset import Dataset
from latentrack.errors import UserError
from latentrack.model.plan import Plan, plan
from latentrack.model.settings import Settings
from latentrack.model.sizes import in_words, which_modules
from latentrack.model.verdict import name_of_one
from latentrack.words import count

SIZES: dict[str, dict[str, Any]] = {
    "small": {"taper": "geometric", "hidden_layers": 2},
    "medium": {"hidden_layers": 2},
    "large": {"taper": "linear", "hidden_layers": 3},
}


@dataclass(frozen=True)
class Field:
    """A setting under "More": a number, or a list of sizes. None leaves it as it is by default."""

    name: str
    label: str
    help: str
    sizes: bool = False


MORE = (
    Field("latent_dim", "Latents", "1 to 8, instead of the knobs above; the module has three."),
    Field(
        "validation_split",
        "Validation split",
        "Fraction of the files for the validation set.",
    ),
    Field("learning_rate", "Learning rate", "How large the first steps are; they shrink."),
    Field("batch_size", "Batch size", "Sequences a step."),
    Field("patience", "Patience", "End after so many epochs without getting better."),
    Field("prior_std", "Prior std", "How far the music spreads in the space; 1.45 is usual."),
    Field("free_bits", "Free bits", "Free bits per latent, to prevent collapse."),
    Field("kl_warmup", "Warm-up", "Share of the training in which order in space counts less."),
    Field("input_dropout", "Hidden hits", "Share of the hits that the encoder does not see."),
    Field("weight_decay", "Weight decay", "Keeps weights small; 0.001 in large corpora."),
    Field("replay", "Replay", "Weight of training the encoder on what the decoder makes up."),
    Field("boundary_penalty", "Boundary penalty", "How strongly the boundary of the space repels."),
    Field("restarts", "Restarts", "Other seeds to try when a latent has collapsed."),
    Field("decoder_layers", "Decoder layers", "Sizes such as 66-129, instead of Size.", True),
    Field("encoder_layers", "Encoder layers", "It stays on the computer: 256-128, say.", True),
)
_WHOLE = {"latent_dim", "batch_size", "patience", "restarts", "epochs", "seed"}


@dataclass
class Choices:
    """How the form is filled in. more: by the names of `MORE`."""

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
            given[entry.name] = _sizes(entry, str(value)) if entry.sizes else value
        for name in _WHOLE & given.keys():
            if given[name] is not None:
                given[name] = round(given[name])
        return Settings(**given)

    def plan(self, dataset: Dataset) -> Plan:
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


def _sizes(entry: Field, text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split("-"))
    except ValueError:
        raise UserError(f"{entry.label} {text} is no list of sizes: write it as 66-129.") from None


def in_short(dataset: Dataset) -> str:
    """What is learnt from; `Dataset.summary` says more and takes longer than a page may."""
    files = f", from {count(dataset.files, 'file')}" if dataset.files > 1 else ""
    return (
        f"{count(len(dataset), name_of_one(dataset))} of {count(dataset.steps, 'step')} × "
        f"{count(dataset.voices, 'voice')}{files}"
    )
