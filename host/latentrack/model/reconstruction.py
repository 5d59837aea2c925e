"""A reconstruction: one sequence, its latents, and what the decoder plays there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentrack.words import count


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """One sequence of a run's dataset beside the pattern that the model plays in its place.

    A notebook shows it as a picture; see `Run.plot_pair`.

    Attributes
    ----------
    index : int
        Which sequence of the dataset it is, from 0.
    source : str
        The file that the sequence came from; empty if that is unknown.
    latents : np.ndarray [shape=(latents,)]
        Where the encoder puts the sequence, in the model's own units, ± latent_scale.
    sequence : np.ndarray [shape=(steps, voices), dtype=uint8]
        The music, 0 or 1.
    probabilities : np.ndarray [shape=(steps, voices), dtype=float32]
        What the decoder makes of it, 0 to 1.
    threshold : float
        Cells with a probability above this one sound, 0 to 1.
    voice_names : tuple of str
        One name per voice.
    """

    index: int
    source: str
    latents: NDArray[np.float32]
    sequence: NDArray[np.uint8]
    probabilities: NDArray[np.float32]
    threshold: float
    voice_names: tuple[str, ...]

    @property
    def pattern(self) -> NDArray[np.bool_]:
        """What sounds, (steps, voices)."""
        return self.probabilities > np.float32(self.threshold)

    @property
    def missing(self) -> NDArray[np.bool_]:
        """The music's hits that do not sound, (steps, voices)."""
        return np.asarray(~self.pattern & (self.sequence != 0))

    @property
    def extra(self) -> NDArray[np.bool_]:
        """What sounds and is not in the music, (steps, voices)."""
        return np.asarray(self.pattern & (self.sequence == 0))

    def __repr__(self) -> str:
        return (
            f"<Reconstruction of sequence {self.index} at threshold {self.threshold:.2f}: "
            f"{count(int(self.sequence.sum()), 'hit')}, {int(self.missing.sum())} missing, "
            f"{int(self.extra.sum())} extra>"
        )

    def _repr_png_(self) -> bytes:
        from latentrack.model.pictures import pair

        return pair(self).png()
