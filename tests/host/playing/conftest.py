"""The plain twin of the sequencer in C, which these tests hold the room `playing` against."""

from __future__ import annotations

import importlib.util
import sys
from fractions import Fraction
from types import ModuleType

import pytest

from tests.conftest import ROOT


@pytest.fixture(scope="module")
def twin() -> ModuleType:
    """The plain twin of the sequencer in C, written from its rules by somebody else."""
    path = ROOT / "tests" / "firmware" / "twin.py"
    spec = importlib.util.spec_from_file_location("sequencer_twin", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["sequencer_twin"] = module
    spec.loader.exec_module(module)
    return module


def likely_decoder(twin: ModuleType) -> type:
    """The twin's decoder with probabilities that are never certain, so that they have logits."""

    class Likely(twin.Decoder):  # type: ignore[misc, name-defined]
        @staticmethod
        def probability(score: int) -> Fraction:
            return (score + Fraction(201, 2)) / 212

    return Likely
