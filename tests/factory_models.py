"""A factory library for tests: two models after a few steps of training, and copies of them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from latentrack.factory import building
from latentrack.factory.library import RUN
from latentrack.factory.recipes import recipe_named

COPIES = {"house": ("funk", "breaks", "claves"), "bass": ("arpeggios",)}
"""Model that is trained -> other names under which its file is there, too."""
STEPS = 60


def write_library(folder: Path) -> None:
    """Write the models into a folder; they say where they come from, and play nothing sensible."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(building, "RECALL", 0.0)
        for name, copies in COPIES.items():
            recipe = replace(recipe_named(name), decoder_layers=(8, 16), steps=STEPS)
            file = building.build(recipe, folder).path
            for copy in copies:
                shutil.copy(file, file.with_stem(copy))
                run = file.with_suffix(RUN)
                shutil.copytree(run, run.with_stem(copy))
