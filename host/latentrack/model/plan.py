"""Plan a training: its model's size, memory and time, before it begins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from latentrack.errors import UserError
from latentrack.model.autoencoder import weight_count, weight_shapes
from latentrack.model.settings import Settings
from latentrack.model.sizes import chosen_precision, file_bytes, in_words, remedy, which_modules
from latentrack.model.tapers import hidden_sizes, linear_taper, with_taper
from latentrack.words import count

_SHORT_S = 20
_MEASURED_S = 1.0
_BASE_BYTES = 850_000_000
"""Of a Python with TensorFlow, and what compiling an epoch takes."""
_COPIES_OF_WEIGHTS = 18
"""Of four bytes each: weights and Adam's two moments before and after an epoch, slopes and what
else an epoch computes, the best weights so far, and what the converter makes of them. Measured."""
_COPIES_OF_CELLS = 3
"""A byte each: the dataset, the music that is learnt from, and the dataset of the run."""
_ROWS_OF_A_FEEL = 5
"""A feel keeps hits, velocities and timing of each cell in bytes, and works on them as floats."""
_PIECES_BYTES = 200_000_000
"""Random numbers of a part of an epoch, and what judging a piece of the music takes, at most."""


@dataclass(frozen=True)
class TrainingPlan:
    """A training before it begins.

    layers: the decoder's sizes, latents first.  precision: how its file writes them.
    file_bytes: about how large that will be.  memory_bytes: about what training takes.
    linear: the linear taper, where the decoder was made narrower than that to fit a module.
    feel: latents of the feel, 0: there is none.
    """

    layers: tuple[int, ...]
    precision: str
    file_bytes: int
    memory_bytes: int
    linear: tuple[int, ...] | None = None
    feel: int = 0

    @property
    def words(self) -> str:
        """What is said before the training begins, a sentence or more."""
        said = [
            f"The decoder, layers {_shown(self.layers)}{self._feel_in_words}, will have "
            f"{in_words(self.file_bytes)}, "
            f"{which_modules(self.file_bytes)}."
        ]
        if self.linear:
            whole = in_words(file_bytes(self.linear, self.precision, self.feel))
            said.append(f"(A linear taper, {_shown(self.linear)}, would have {whole}.)")
        elif smaller := remedy(self.file_bytes, self.precision):
            said.append(smaller)
        return " ".join([*said, self.memory_in_words])

    @property
    def _feel_in_words(self) -> str:
        return f" and a feel of {count(self.feel, 'latent')}" if self.feel else ""

    @property
    def memory_in_words(self) -> str:
        """A sentence: "Training takes about 0.9 GB of memory." """
        return f"Training takes about {self.memory_bytes / 1e9:.1f} GB of memory."

    def check_memory(self, available: int | None = None) -> None:
        """UserError if the training would take more memory than `available` bytes, by default
        those that the computer has free.

        A small model needs little more than TensorFlow itself, so its training is never refused.
        """
        if available is None:
            available = free_memory()
        if available is None or self.memory_bytes < 2 * _BASE_BYTES:
            return
        if self.memory_bytes > available:
            raise UserError(
                f"Training a decoder with layers {_shown(self.layers)} takes about "
                f"{in_words(self.memory_bytes)} of memory, and this computer has "
                f"{in_words(available)} free: leave --taper out, choose smaller decoder_layers, "
                "or make a dataset of fewer bars, steps or voices."
            )


def plan(
    sequences: int, cells: int, settings: Settings, precision: str = "float32", *, feel: int = 0
) -> TrainingPlan:
    """The plan of a training on `sequences` of `cells` (steps × voices) each.

    precision: of the model file; "auto" as `sizes.chosen_precision`.  feel: latents of the feel, 0:
    there is none (`feel_training.wanted_latents`).

    UserError where the settings make a decoder that is too large for any computer here.
    """
    used = with_taper(settings, cells, precision)
    encoder, decoder = hidden_sizes(used, cells)
    layers = (settings.latents, *decoder, cells)
    weights = weight_count(weight_shapes(cells, encoder, settings.latents, decoder))
    narrowed = used.decoder_layers is not None and settings.decoder_layers is None
    linear = linear_taper(cells, settings.latents, settings.hidden_layers)[::-1]
    precision = chosen_precision(precision, layers, feel)
    return TrainingPlan(
        layers,
        precision,
        file_bytes(layers, precision, feel),
        training_bytes(sequences * cells * (_ROWS_OF_A_FEEL if feel else 1), weights),
        linear if narrowed else None,
        feel,
    )


def training_bytes(cells: int, weights: int) -> int:
    """About the memory that training takes: cells of all sequences, weights with the encoder's."""
    return (
        _BASE_BYTES
        + 4 * _COPIES_OF_WEIGHTS * weights
        + _COPIES_OF_CELLS * cells
        + min(_PIECES_BYTES, 5 * cells)
    )


class Estimate:
    """How long a training takes, found by its first parts and said once.

    clock: seconds. The first part has the compiling in it, so time is taken from its end on.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._first: tuple[float, float] | None = None
        self._said = False

    def words(self, done: float) -> str:
        """What to say when the share `done` of the training, 0 to 1, is behind: mostly nothing.

        A training that is over within _SHORT_S is not worth a word.
        """
        now = self._clock()
        if self._first is None:
            self._first = done, now
        began, then = self._first
        if self._said or done <= began or now - then < _MEASURED_S:
            return ""
        self._said = True
        whole = (now - then) / (done - began)
        return f"It takes {span(whole)} here." if whole >= _SHORT_S else ""


def span(seconds: float) -> str:
    """A time as people say it: "about 20 s", "about 3 min", "about 1.5 h"."""
    if seconds < 90:
        return f"about {max(1, round(seconds))} s"
    if seconds < 5400:
        return f"about {round(seconds / 60)} min"
    return f"about {seconds / 3600:.1f} h"


def free_memory() -> int | None:
    """Bytes of memory that programs can have, swap with it; None where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        told = {name: int(rest.split()[0]) for name, _, rest in (s.partition(":") for s in lines)}
        return 1024 * (told["MemAvailable"] + told["SwapFree"])
    except (OSError, ValueError, KeyError, IndexError):
        return None


def _shown(layers: tuple[int, ...]) -> str:
    return "-".join(map(str, layers))
