"""A run: a trained model with its music and its history, and what can be asked of it."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from latentrack.corpus.dataset import Dataset
from latentrack.declared import declarations
from latentrack.decoder.metadata import Extras
from latentrack.decoder.precision import AUTO
from latentrack.errors import UserError
from latentrack.model.autoencoder import Autoencoder
from latentrack.model.feel import Feel, feel_latents
from latentrack.model.measures import THRESHOLD, Recall, recall
from latentrack.model.reconstruction import Reconstruction
from latentrack.model.settings import Settings
from latentrack.model.sizes import chosen_precision
from latentrack.model.training import Epoch, rows
from latentrack.words import count, listed

if TYPE_CHECKING:
    from latentrack.model.drawing import Picture

SUBSETS = ("all", "training", "validation")


@dataclass(frozen=True)
class Run:
    """Hold a trained model with its music and its history, as they lie in a folder.

    `save_run` writes it and `load_run` reads it back. A notebook shows it as a table and a picture
    of its latent space.

    Attributes
    ----------
    folder : Path
        Where it lies.
    settings : Settings
        As they were used, with the values that None left to the program.
    model : Autoencoder
        Encoder and decoder: `encode` and `decode`.
    history : tuple of Epoch
        One entry per epoch.
    dataset : Dataset
        The music, training set and validation set.
    trained_on, validated_on : np.ndarray [shape=(n,)]
        Indices of the two sets in the dataset; a small corpus has no validation set.
    threshold : float
        The threshold, 0 to 1, at which the model plays as many hits as its music has.
    about : dict
        Where it came from, as `Extras.trained`.
    feel : Feel, default None
        How hard, and how early or late hits are played; None where that was not learnt.

    Examples
    --------
    >>> import latentrack as lt
    >>> run = lt.load_run("groove.run")
    >>> run.recall().cell_share > 0.9
    True
    >>> run.plot_latents().savefig("latents.png")
    """

    folder: Path
    settings: Settings
    model: Autoencoder
    history: tuple[Epoch, ...]
    dataset: Dataset
    trained_on: NDArray[np.intp]
    validated_on: NDArray[np.intp]
    threshold: float
    about: dict[str, str | int | float]
    feel: Feel | None = None

    def __repr__(self) -> str:
        info = self.model.info
        return (
            f"<Run {self.folder.name}: {self.settings.model}, "
            f"{count(self.model.latents, 'latent')} to {count(info.steps, 'step')} × "
            f"{count(info.voices, 'voice')}, trained on {count(len(self.trained_on), 'sequence')}, "
            f"threshold {self.threshold:.2f}>"
        )

    def _repr_html_(self) -> str:
        from latentrack.model.notebook import run_html

        return run_html(self)

    # -- how well it knows its music --------------------------------------------------------------

    def sequences(self, subset: str = "all") -> NDArray[np.uint8]:
        """Give the music of one set.

        Parameters
        ----------
        subset : "all", "training" or "validation", default "all"

        Returns
        -------
        np.ndarray [shape=(n, steps, voices), dtype=uint8]
            0 or 1.

        Raises
        ------
        UserError
            If there is no such set, or the run has no validation set.

        Examples
        --------
        >>> import latentrack as lt
        >>> lt.load_run("groove.run").sequences().shape
        (473, 16, 12)
        """
        if subset not in SUBSETS:
            raise UserError(f"Unknown value {subset!r} for subset: choose {listed(SUBSETS, 'or')}.")
        if subset == "all":
            return self.dataset.sequences
        which = self.trained_on if subset == "training" else self.validated_on
        if not len(which):
            raise UserError(
                f"The run {self.folder} has no validation set, as its corpus is small: ask for "
                'subset="training".'
            )
        return rows(self.dataset.sequences, which)

    def recall(self, *, threshold: float = THRESHOLD, subset: str = "all") -> Recall:
        """Count what comes back when each sequence is encoded and decoded.

        Parameters
        ----------
        threshold : float, default 0.5
            Cells with a probability above this one sound, 0 to 1.
        subset : "all", "training" or "validation", default "all"
            Which music to judge by.

        Returns
        -------
        Recall
            Among others `cell_share`, the share of the cells that are right (silent cells too),
            and `exact_share`, the share of the sequences that come back exactly.

        Raises
        ------
        UserError
            If there is no such set.
        ValueError
            If the threshold is not a number from 0 to 1.

        Examples
        --------
        >>> import latentrack as lt
        >>> found = lt.load_run("groove.run").recall()
        >>> found.cell_share > found.exact_share
        True
        """
        return recall(self.model, self.sequences(subset), _checked(threshold))

    def reconstruct(self, index: int, *, threshold: float | None = None) -> Reconstruction:
        """Encode one sequence of the dataset and decode it again.

        Parameters
        ----------
        index : int
            Which sequence of the dataset, from 0; a negative one counts from the end.
        threshold : float, default None
            Cells with a probability above this one sound, 0 to 1. None is the run's own threshold.

        Returns
        -------
        Reconstruction
            The sequence, its latents, the probabilities and the pattern.

        Raises
        ------
        IndexError
            If the dataset does not have so many sequences.
        ValueError
            If the threshold is not a number from 0 to 1.

        Examples
        --------
        >>> import latentrack as lt
        >>> both = lt.load_run("groove.run").reconstruct(13, threshold=0.5)
        >>> both.sequence.shape == both.pattern.shape == (16, 12)
        True
        """
        known = len(self.dataset)
        if not -known <= index < known:
            raise IndexError(
                f"the dataset has {count(known, 'sequence')}, 0 to {known - 1}, and no {index}"
            )
        number = index % known
        sequence = self.dataset.sequences[number]
        latents = self.model.encode(sequence[np.newaxis])
        return Reconstruction(
            number,
            self.dataset.sources[number],
            latents[0],
            sequence,
            self.model.decode(latents)[0],
            self.threshold if threshold is None else _checked(threshold),
            self.dataset.voice_names,
        )

    # -- pictures ---------------------------------------------------------------------------------

    def plot_latents(self) -> Picture:
        """Draw where the music lies: a scatter plot of every pair of latents.

        Every dot is one sequence of the dataset; styles have colours where they are known.

        Returns
        -------
        matplotlib.figure.Figure
            Without pyplot's state; a notebook shows it.

        Examples
        --------
        >>> import latentrack as lt
        >>> lt.load_run("groove.run").plot_latents().savefig("latents.png")
        """
        from latentrack.model import pictures

        return pictures.latents(self)

    def plot_outputs(self) -> Picture:
        """Draw a histogram of the decoder's probabilities, where the music has hits and where not.

        It is of the validation set, or of all music without one.

        Returns
        -------
        matplotlib.figure.Figure
            Without pyplot's state; a notebook shows it.

        Examples
        --------
        >>> import latentrack as lt
        >>> lt.load_run("groove.run").plot_outputs().savefig("outputs.png")
        """
        from latentrack.model import pictures

        return pictures.outputs(self)

    def plot_pair(self, index: int, *, threshold: float | None = None) -> Picture:
        """Draw one sequence beside its reconstruction; crosses are missing hits, dots extra ones.

        Parameters
        ----------
        index, threshold
            As for `reconstruct`.

        Returns
        -------
        matplotlib.figure.Figure
            Without pyplot's state; a notebook shows it.

        Raises
        ------
        IndexError, ValueError
            As `reconstruct`.

        Examples
        --------
        >>> import latentrack as lt
        >>> lt.load_run("groove.run").plot_pair(13, threshold=0.5).savefig("pair.png")
        """
        from latentrack.model import pictures

        return pictures.pair(self.reconstruct(index, threshold=threshold))

    def plot_patterns(self) -> Picture:
        """Draw what plays all over the first two latents, the others in the middle.

        Returns
        -------
        matplotlib.figure.Figure
            Without pyplot's state; a notebook shows it.

        Examples
        --------
        >>> import latentrack as lt
        >>> lt.load_run("groove.run").plot_patterns().savefig("patterns.png")
        """
        from latentrack.model import pictures

        return pictures.pattern_map(self)

    def plot_history(self) -> Picture:
        """Draw training loss and validation loss, epoch by epoch.

        Returns
        -------
        matplotlib.figure.Figure
            Without pyplot's state; a notebook shows it.

        Examples
        --------
        >>> import latentrack as lt
        >>> lt.load_run("groove.run").plot_history().savefig("history.png")
        """
        from latentrack.model import pictures

        return pictures.history(self)

    # -- the model file ---------------------------------------------------------------------------

    def export(self, path: str | os.PathLike[str], *, precision: str = AUTO) -> None:
        """Write the decoder as a model file, whole or not at all.

        Parameters
        ----------
        path : str or path-like
            Where the `.tflite` goes.
        precision : "auto", "float32", "float16", "dynamic" or "int8", default "auto"
            Of the weights; see docs/training.md.

        Raises
        ------
        UserError
            If the file cannot be written, or there is no such precision.

        Examples
        --------
        >>> import latentrack as lt
        >>> lt.load_run("groove.run").export("small.tflite", precision="float16")
        """
        from latentrack.decoder.export import write_model

        write_model(path, self.to_tflite(precision=precision))

    def to_tflite(self, *, precision: str = AUTO) -> bytes:
        """Give the bytes of the model file, with metadata and extras.

        Parameters
        ----------
        precision : "auto", "float32", "float16", "dynamic" or "int8", default "auto"
            Of the weights.

        Returns
        -------
        bytes
            A whole `.tflite`.

        Raises
        ------
        UserError
            If there is no such precision.

        Examples
        --------
        >>> import latentrack as lt
        >>> lt.Decoder(lt.load_run("groove.run").to_tflite()).latents
        6
        """
        from latentrack.decoder.export import to_tflite

        latents = self.model.encode(self.sequences("training"))
        if self.feel:
            feel = feel_latents(self.model, self.feel, self.dataset, self.trained_on)
            latents = np.concatenate([latents, feel], axis=1)
        return to_tflite(
            self.model,
            precision=self.precision_of_file(precision),
            extras=self.extras,
            representative=latents,
            feel=self.feel,
        )

    def precision_of_file(self, precision: str = AUTO) -> str:
        """Say which precision the model file gets.

        Parameters
        ----------
        precision : "auto", "float32", "float16", "dynamic" or "int8", default "auto"
            "auto" is float32 if a module without PSRAM holds two such files at once, else float16.

        Returns
        -------
        str
            The precision, not "auto".

        Raises
        ------
        UserError
            If there is no such precision.

        Examples
        --------
        >>> import latentrack as lt
        >>> lt.load_run("groove.run").precision_of_file()
        'float16'
        """
        latents = self.feel.latents if self.feel else 0
        return chosen_precision(precision, self.model.sizes, latents)

    @property
    def extras(self) -> Extras:
        """What goes into the model file besides its metadata."""
        pitch = self.dataset.lowest_pitch if self.dataset.kind == "notes" else None
        return Extras(self.dataset.voice_names, pitch, self.threshold, self.about, self.axes)

    @property
    def axes(self) -> tuple[str, ...]:
        """What each latent is ordered by, "" where by nothing, the feel's latents too; () for a
        model without axes."""
        named = self.settings.axes or ()
        latents = self.model.latents + (self.feel.latents if self.feel else 0)
        return (*named, *[""] * (latents - len(named))) if named else ()

    @property
    def checks(self) -> NDArray[np.uint8]:
        """The sequences to judge by: the validation set, or all without one."""
        return self.sequences("validation" if len(self.validated_on) else "training")

    def going_on(self, wanted: Settings) -> Settings:
        """Make the settings for training on from this run.

        Parameters
        ----------
        wanted : Settings
            How to learn from here: what may change in a run that is trained on (epochs, learning
            rates, patience, factor, seed) where it differs from the default.

        Returns
        -------
        Settings
            All others are this run's.
        """
        table = declarations(Settings)
        changes = {n: value for n, value in wanted.changed().items() if table[n].continued}
        changes.setdefault("seed", self.settings.seed + 1)
        return replace(self.settings, **changes)


def _checked(threshold: float) -> float:
    if not 0 <= threshold <= 1:
        raise ValueError(f"expected a threshold from 0 to 1, got {threshold}")
    return threshold
