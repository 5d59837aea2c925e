"""Tell whether a model file was built by a recipe as it is now, from the same music."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from latentrack import __version__
from latentrack.corpus.dataset import Dataset
from latentrack.decoder.metadata import read_extras
from latentrack.errors import UserError
from latentrack.factory.recipes import Recipe
from latentrack.model.settings import Settings

STAMP = "recipe"
"""The entry of the metadata in which a factory model has its stamp."""
_BATCH = 16


def settings_of(recipe: Recipe, music: Dataset, seed: int = 0) -> Settings:
    """The settings with which a recipe is trained on its music."""
    batch = min(_BATCH, len(music))
    return Settings(
        epochs=max(1, round(recipe.steps / (len(music) // batch))),
        batch_size=batch,
        latent_dim=recipe.latents,
        decoder_layers=recipe.decoder_layers,
        feel=recipe.feel,
        validation_split=0.0,  # all of it is to be learnt by heart
        seed=seed,
    )


def stamp(recipe: Recipe, music: Dataset) -> str:
    """A digest of all that decides what a factory model is, but for the code that trains it.

    That is the recipe, the settings that follow from it, the music, and the version of Latentrack.
    """
    said = [asdict(recipe), asdict(settings_of(recipe, music)), music.digest, __version__]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


def is_current(file: Path, recipe: Recipe, music: Dataset) -> bool:
    """Whether a file is the model of this recipe and music; False if it is not there."""
    try:
        return read_extras(file).trained.get(STAMP) == stamp(recipe, music)
    except UserError:
        return False
