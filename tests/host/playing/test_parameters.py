"""The host's view of the module's table of parameters."""

from __future__ import annotations

import math
import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from latentrack.assets import DEVICE
from latentrack.playing.parameters import (
    CV_INPUTS,
    DENSITIES,
    PATCH,
    PITCHES,
    PRESETS,
    TRACK,
    TRIGGERS,
    Parameter,
    numbered,
)


def test_the_table_is_the_devices_own() -> None:
    device = runpy.run_path(str(DEVICE / "latentrack" / "parameters.py"))
    for host, lines in ((TRACK, device["TRACK"]), (PATCH, device["PATCH"])):
        assert list(host) == [line.name for line in lines]
        for line in lines:
            found = host[line.name]
            assert found.ends == (line.least, line.most)
            assert found.choices == tuple(line.choices or ())
            for attribute in ("title", "default", "about", "unit", "whole"):
                assert getattr(found, attribute) == getattr(line, attribute)
    assert (CV_INPUTS, PRESETS) == (device["CV_INPUTS"], device["PRESETS"])


def test_reading_it_leaves_nothing_in_the_folder_that_is_installed(tmp_path: Path) -> None:
    """What an import would: compiled files, which would go onto the module. Here they are kept
    elsewhere, by their paths."""
    keeps = os.environ | {"PYTHONPYCACHEPREFIX": str(tmp_path), "PYTHONDONTWRITEBYTECODE": ""}
    code = "import latentrack.playing.parameters"
    subprocess.run([sys.executable, "-c", code], env=keeps, check=True)
    compiled = list(tmp_path.rglob("*.pyc"))
    assert any("playing" in file.parts for file in compiled)
    # The name of the checkout's own folder says nothing.
    installed = str(DEVICE.resolve()).lstrip(os.sep)
    assert not [file for file in compiled if installed in str(file)]


def test_numbered_parameters_are_found_in_their_order() -> None:
    assert [pitch.name for pitch in PITCHES] == [f"pitch{n}" for n in range(1, 17)]
    assert [density.name for density in DENSITIES] == [f"density{n}" for n in range(1, 9)]
    assert numbered("cv_") == ()


def test_trigger_inputs_that_the_patch_assigns_come_after_the_fixed_ones() -> None:
    assert TRIGGERS == ("clock", "reset", "trigger_3", "trigger_4")


def test_a_value_beyond_the_range_becomes_its_end() -> None:
    share = Parameter("share", "Share", -1, 1, 0, "how much")
    steps = Parameter("steps", "Steps", 1, 4, 4, "how many", whole=True)
    assert [share.clamped(value) for value in (-math.inf, -0.25, 2)] == [-1, -0.25, 1]
    assert [steps.clamped(value) for value in (0, 3.9, 9)] == [1, 3, 4]
    assert isinstance(steps.clamped(2.0), int)
    for parameter in (share, steps):
        with pytest.raises(ValueError, match="not a number"):
            parameter.clamped(math.nan)
    assert (share.range, steps.range) == ("-1 to 1", "1 to 4")
