"""How to train: the settings, under the names that the reference's articles gave them."""

from __future__ import annotations

from dataclasses import dataclass, fields

from latentrack.errors import UserError
from latentrack.words import listed

KINDS = ("vae", "stacked")
TAPERS = ("linear", "geometric")

STACKED_LATENTS = 2
"""The stacked autoencoder has the two of the first article: X and Y."""


@dataclass(frozen=True)
class Settings:
    """How to train.

    model: "vae" (variational), or "stacked", the plain autoencoder of the first article, whose
    layers are trained one after the other before they are trained together.
    epochs, batch_size: None chooses by the size of the dataset (about 30,000 steps in all).
    learning_rate: of the first step. It falls along a cosine to min_learning_rate; with a
    `patience` it is instead multiplied by `factor` whenever the loss (of the validation set, if
    there is one) has not improved for so many epochs, and the training ends when it may not fall
    further.
    latent_dim: 1 to 8; None is 3, and 2 for "stacked".  latent_scale: each latent runs from minus
    this to plus this.
    hidden_layers, taper: how many layers lie between the latents and the cells, and whether
    their sizes fall in equal steps ("linear") or equal ratios ("geometric"). None is linear where
    a module holds that decoder, and as much narrower as it takes where none does.
    decoder_layers: their sizes instead, from the latents to the cells.  encoder_layers: the
    encoder's, from the cells to the latents. The encoder never leaves the computer, so its
    size costs nothing on the module.
    kl_warmup: the share of the training during which the KL term grows to its full weight.
    free_bits: nats of KL a latent may have for nothing.  prior_std: the standard deviation
    the KL term pulls the latents towards, 1 in the articles; a wider one fills the space within
    ± latent_scale more evenly.
    input_dropout: the share of the hits that the encoder does not get to see.
    replay: the weight of the encoder's practice on what the decoder makes up (see `loss`).
    weight_decay: the weight of the squares of all weights but the biases.
    boundary_penalty: how strongly the bounds of the space push music back, so that little of it
    is only reached with a knob turned all the way. For these four and for
    encoder_layers, None leaves the choice to `training.IN_LARGE_CORPORA`; in a small corpus, which
    is to be learnt by heart, it is 0, and an encoder that mirrors the decoder.
    validation_split: the share of the sequences, by whole files, that only choose the best weights.
    restarts: how often to begin anew with another seed when a latent has collapsed.
    """

    model: str = "vae"
    epochs: int | None = None
    batch_size: int | None = None
    learning_rate: float = 0.004
    min_learning_rate: float = 0.0
    patience: int | None = None
    factor: float = 0.5
    latent_dim: int | None = None
    hidden_layers: int = 2
    latent_scale: int = 3
    taper: str | None = None
    decoder_layers: tuple[int, ...] | None = None
    encoder_layers: tuple[int, ...] | None = None
    kl_warmup: float = 0.15
    free_bits: float = 0.5
    prior_std: float = 1.45
    input_dropout: float | None = None
    replay: float | None = None
    weight_decay: float | None = None
    boundary_penalty: float | None = None
    validation_split: float = 0.1
    restarts: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        """UserError: a value outside its range."""
        for name, choices in (("model", KINDS), ("taper", TAPERS)):
            left_open = name == "taper" and self.taper is None
            if not left_open and getattr(self, name) not in choices:
                raise UserError(
                    f"{name} is {getattr(self, name)!r}: choose {listed(choices, 'or')}."
                )
        ranges: dict[str, tuple[float, float]] = {
            "epochs": (1, 1_000_000),
            "batch_size": (1, 1_000_000),
            "patience": (1, 1_000_000),
            "latent_dim": (1, 8),
            "hidden_layers": (1, 7),
            "latent_scale": (1, 255),
            "min_learning_rate": (0, 1),
            "factor": (0.01, 0.99),
            "kl_warmup": (0, 1),
            "free_bits": (0, 10),
            "input_dropout": (0, 0.9),
            "replay": (0, 100),
            "weight_decay": (0, 1),
            "boundary_penalty": (0, 100),
            "validation_split": (0, 0.9),
            "restarts": (0, 100),
            "seed": (0, 2**63),
        }
        for name, (low, high) in ranges.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise UserError(f"{name} is {value}: choose {low} to {high}.")
        for name in ("learning_rate", "prior_std"):
            if not 0 < getattr(self, name) < 10:
                raise UserError(
                    f"{name} is {getattr(self, name)}: choose a number above 0 and below 10."
                )
        for name in ("decoder_layers", "encoder_layers"):
            sizes = getattr(self, name)
            if sizes is not None and not (
                1 <= len(sizes) <= 7 and all(1 <= size <= 4096 for size in sizes)
            ):
                raise UserError(
                    f"{name} is {'-'.join(map(str, sizes))}: give 1 to 7 sizes from 1 to 4096."
                )

    @property
    def latents(self) -> int:
        """How many latents the model has."""
        if self.latent_dim is not None:
            return self.latent_dim
        return STACKED_LATENTS if self.model == "stacked" else 3

    def changed(self) -> dict[str, object]:
        """The settings that are not as they are by default."""
        return {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if getattr(self, field.name) != field.default
        }
