"""What the play page says of a knob whose latent is ordered by an attribute."""

from __future__ import annotations

import runpy

import pytest

from latentrack.decoder.metadata import Extras, attach_info, read_info
from latentrack.model.attributes import ATTRIBUTES
from tests.conftest import ROOT
from tests.decoders import DRUMS
from tests.device.glass import frames_see
from tests.waiting import until

axes = runpy.run_path(str(ROOT / "device" / "latentrack" / "axes.py"))
LINE = "controls.page.values_line()"


def test_the_ends_are_those_of_the_computer():
    assert axes["ENDS"] == {name: (each.low, each.high) for name, each in ATTRIBUTES.items()}


def test_only_what_is_known_has_a_line():
    lines = axes["lines"]
    assert lines(("density", "", "leaps")) == {"x": "sparse <X> busy", "z": "steps <Z> leaps"}
    assert lines(()) == lines(("loudness", 7, ["density"], None)) == {}
    assert lines(["", "", "", "range", "density"]) == {"w": "narrow <W> wide"}


@pytest.fixture
def named(rig, decoders, tmp_path):
    """A module that plays a model whose X is density and whose Y is syncopation."""
    data = (decoders / f"{DRUMS}.tflite").read_bytes()
    extras = Extras(axes=("density", "syncopation", ""))
    path = tmp_path / "named.tflite"
    path.write_bytes(attach_info(data, read_info(data), extras=extras))
    module = rig(str(path.with_suffix("")))
    module.run("track.latents = (0, 0, 0); track.threshold = 0.05")
    module.edges(17)
    return module


def turn(module, knob):
    for position in (0.2, 0.4, 0.6):
        module.panel.turn(knob, position)
        frames_see(module.module, module.link)


def test_a_knob_that_is_turned_says_what_it_does_for_a_while(named):
    still = named.get(LINE)
    assert still.startswith("thr ")
    turn(named, "x")
    assert named.get(LINE) == "sparse <X> busy"
    turn(named, "y")
    assert named.get(LINE) == "on beat <Y> off beat"
    turn(named, "z")
    assert named.get(LINE) == still
    turn(named, "x")
    until(lambda: named.get(LINE) == still, "the line stays for longer than 2 s")


def test_that_nothing_is_above_the_threshold_is_said_first(named):
    named.run("track.threshold = 1")
    named.edges(17)
    turn(named, "x")
    assert named.get(LINE).startswith("silent")


def test_a_model_that_says_nothing_has_the_values(rig):
    module = rig(DRUMS)
    module.run("track.threshold = 0.05")
    module.edges(17)
    turn(module, "x")
    assert module.get(LINE).startswith("thr ")
