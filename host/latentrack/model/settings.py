"""The settings of a training, each declared once.

Names are those of the reference's articles where these had one, else Keras's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from latentrack.declared import changed, check, declare, in_short

MODELS = {
    "vae": "variational: it orders the music in space",
    "stacked": "the plain autoencoder, whose layers learn one after the other",
}
TAPERS = {"linear": "equal steps", "geometric": "equal ratios, which makes small models"}

FEELS = {
    "auto": "what the music has",
    "none": "hits only",
    "1": "one latent: how hard",
    "2": "two latents: how hard, and how late",
}
AXES = {
    "density": "how many hits there are",
    "syncopation": "how far hits are off the beat: drums, rhythm",
    "balance": "kick or hats: drums",
    "instruments": "how many of them play: drums",
    "register": "low or high: notes",
    "range": "how far the pitches lie apart: notes",
    "leaps": "how far the melody goes at once: notes",
}
"""What a latent can be ordered by; `attributes` computes it."""
LATENTS = 4
"""X, Y, Z and W. On Groove's test files a fourth latent brings the cross-entropy from 0.126 to
0.118 nats a cell, and a larger decoder nothing."""
LEARNING_RATE = 0.004
VARIATIONS = {"auto": "below 20 sequences", "none": "the music as it is"}
STACKED_LATENTS = 2
"""The stacked autoencoder has two, X and Y, as the rhythm sequencer of its article."""

NETWORK, LEARNING, SPACE = "The network", "Learning", "The latent space"
_LARGE = "from 500 sequences on"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How to train. Raises UserError for a value outside its range.

    `docs/training.md` has a table of all; `declarations(Settings)` has what it says. Settings that
    are None are chosen from the size of the dataset when the training begins.
    """

    epochs: int | None = declare(
        None, label="Epochs", continued=True, low=1, high=1_000_000, hint="as needed",
        automatic="about 30,000 steps",
        help="Number of passes over the training set. By default about 30,000 steps in all, which "
        "is 60 epochs for 16,000 bars and 3,000 for a hundred.",
    )  # fmt: skip
    latent_dim: int | None = declare(
        None, label="Latents", low=1, high=8, option="--latents", automatic="4; 2 if stacked",
        more=True,
        help="Number of latents: the module has X, Y, Z and W. More keep more detail. By default "
        "4, and 2 for a stacked model. The reference project's firmware plays models of 3.",
    )  # fmt: skip
    validation_split: float = declare(
        0.1, label="Validation split", low=0, high=0.9, more=True,
        help="Fraction of the music, by whole files, that is not learnt from but tells when the "
        "model is at its best.",
    )  # fmt: skip
    seed: int = declare(
        0, label="Seed", continued=True, low=0, high=2**63,
        help="Another seed gives another model of the same music; the same, the same.",
    )  # fmt: skip
    model: str = declare(
        "vae", label="Model", choices=MODELS, group=NETWORK,
        help="vae, the variational autoencoder, which orders the music in space; or stacked, the "
        "plain autoencoder, whose layers learn one after the other.",
    )  # fmt: skip
    hidden_layers: int = declare(
        2, label="Hidden layers", low=1, high=7, group=NETWORK,
        help="Number of layers between the latents and the cells; more are slower to play.",
    )  # fmt: skip
    taper: str | None = declare(
        None, label="Taper", choices=TAPERS, group=NETWORK,
        automatic="linear, or as a module needs",
        help="linear: the layers' sizes fall in equal steps; geometric: in equal ratios, which "
        "makes small models. By default linear, or as much narrower as a module needs.",
    )  # fmt: skip
    decoder_layers: tuple[int, ...] | None = declare(
        None, label="Decoder layers", low=1, high=4096, metavar="SIZES", group=NETWORK, more=True,
        automatic="from the taper",
        help="Sizes of the layers instead, from the latents to the cells, such as 66-129.",
    )  # fmt: skip
    encoder_layers: tuple[int, ...] | None = declare(
        None, label="Encoder layers", low=1, high=4096, metavar="SIZES", group=NETWORK, more=True,
        large=(256, 128), automatic="256-128; the decoder's below 500",
        help="Sizes of the encoder's layers, from the cells to the latents. It stays on the "
        "computer, so they cost nothing on the module. By default 256-128; below 500 sequences the "
        "decoder's.",
    )  # fmt: skip
    feel: str = declare(
        "auto", label="Feel", choices=FEELS, group=NETWORK, more=True,
        help="Whether the model also learns how hard, and how early or late each hit is played. By "
        "default with a latent for each of the two that the music has; none; or so many latents. "
        "The latents of the feel come after the others.",
    )  # fmt: skip
    variations: str = declare(
        "auto", label="Variations", choices=VARIATIONS, group=LEARNING, more=True,
        help="Of fewer than 20 sequences, auto also trains on variations that keep the music: "
        "rotated, with a soft hit left out, or with another feel. They count less than the music "
        "itself. none trains on the music alone.",
    )  # fmt: skip
    learning_rate: float | None = declare(
        None, label="Learning rate", continued=True, above=0, high=10, group=LEARNING, more=True,
        automatic=f"{LEARNING_RATE}; 0.002 below 20",
        help="Learning rate of the first step; it falls along a cosine. By default "
        f"{LEARNING_RATE}, or 0.002 below 20 sequences.",
    )  # fmt: skip
    min_learning_rate: float = declare(
        0.0, label="Minimum learning rate", continued=True, low=0, high=1, group=LEARNING,
        more=True,
        help="Learning rate of the last step; with patience, training ends when it is reached.",
    )  # fmt: skip
    patience: int | None = declare(
        None, label="Patience", continued=True, low=1, high=1_000_000, group=LEARNING, more=True,
        automatic="the cosine instead",
        help="Instead of the cosine: after so many epochs without a better loss (of the validation "
        "set, if there is one) the learning rate falls, and training ends when it may fall no "
        "further.",
    )  # fmt: skip
    factor: float = declare(
        0.5, label="Factor", continued=True, low=0.01, high=0.99, group=LEARNING, more=True,
        help="With patience: what the learning rate is multiplied by.",
    )  # fmt: skip
    batch_size: int | None = declare(
        None, label="Batch size", low=1, high=1_000_000, group=LEARNING, more=True,
        automatic="32; 16 below 1,000 sequences",
        help="Sequences per step. By default 32, or 16 below 1,000 sequences.",
    )  # fmt: skip
    input_dropout: float | None = declare(
        None, label="Input dropout", low=0, high=0.9, group=LEARNING, more=True, only=("vae",),
        large=0.0, automatic="0",
        help="Fraction of the hits that is hidden from the encoder, against overfitting. By "
        "default none.",
    )  # fmt: skip
    weight_decay: float | None = declare(
        None, label="Weight decay", low=0, high=1, group=LEARNING, more=True, only=("vae",),
        large=0.001, automatic=f"0.001 {_LARGE}, else 0",
        help="Weight of the sum of the squares of all weights but the biases.",
    )  # fmt: skip
    replay: float | None = declare(
        None, label="Replay", low=0, high=100, group=LEARNING, more=True, only=("vae",),
        large=2.0, automatic=f"2 {_LARGE}, else 0",
        help="Weight of training the encoder on what the decoder makes up (the sleep phase of "
        "Hinton et al. 1995).",
    )  # fmt: skip
    restarts: int = declare(
        3, label="Restarts", low=0, high=100, group=LEARNING, more=True, only=("vae",),
        help="How often to begin again with another seed when a latent has collapsed.",
    )  # fmt: skip
    latent_scale: int = declare(
        3, label="Latent scale", low=1, high=255, group=SPACE, more=True,
        help="Each latent runs from minus this to plus this.",
    )  # fmt: skip
    prior_std: float = declare(
        1.45, label="Prior std", above=0, high=10, group=SPACE, more=True, only=("vae",),
        help="Standard deviation of the prior, 1 in the articles. A wider one fills the space more "
        "evenly, up to its boundary.",
    )  # fmt: skip
    axes: tuple[str, ...] | None = declare(
        None, label="Axes", choices=AXES, separator=",", metavar="NAMES", group=SPACE, more=True,
        only=("vae",), automatic="what suits the kind of music",
        help="What the first latents mean, X first: turned up, each brings more of it. density and "
        "syncopation for drums and rhythm, balance (kick or hats) and instruments for drums, "
        "density, register, range and leaps for notes; or none. By default density and "
        "syncopation, for notes density and register.",
    )  # fmt: skip
    free_bits: float = declare(
        0.5, label="Free bits", low=0, high=10, group=SPACE, more=True,
        only=("vae",), unit="nats",
        help="Free bits per latent, to prevent collapse (Kingma et al. 2016).",
    )  # fmt: skip
    kl_warmup: float = declare(
        0.15, label="KL warm-up", low=0, high=1, group=SPACE, more=True, only=("vae",),
        help="Fraction of the training during which the KL term grows to its full weight.",
    )  # fmt: skip
    boundary_penalty: float | None = declare(
        None, label="Boundary penalty", low=0, high=100, group=SPACE, more=True,
        only=("vae",), large=1.5, automatic=f"1.5 {_LARGE}, else 0",
        help="How strongly the boundary of the space repels the music, so that little of it "
        "needs a knob turned all the way.",
    )  # fmt: skip

    def __post_init__(self) -> None:
        check(self)

    @property
    def latents(self) -> int:
        """How many latents the model has."""
        if self.latent_dim is not None:
            return self.latent_dim
        return STACKED_LATENTS if self.model == "stacked" else LATENTS

    def __repr__(self) -> str:
        return in_short(self)

    def changed(self) -> dict[str, Any]:
        """The settings that are not as they are by default."""
        return changed(self)
