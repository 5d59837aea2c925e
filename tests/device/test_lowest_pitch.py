"""The module reads lowest pitch and axes where the format has them, as the computer does."""

from __future__ import annotations

import json
import runpy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latentrack.decoder.metadata import DecoderInfo, Extras, attach_info, read_extras, with_title
from tests.conftest import ROOT
from tests.decoders import CHORALES

INFO = DecoderInfo("seqdec", 16, 27, 3)
extras = runpy.run_path(str(ROOT / "device" / "latentrack" / "metadata.py"))["extras"]


@pytest.fixture(scope="module")
def model(decoders) -> bytes:
    return (decoders / f"{CHORALES}.tflite").read_bytes()


@pytest.fixture(scope="module")
def ours(model) -> bytes:
    return attach_info(model, INFO, extras=Extras(lowest_pitch=36, trained={"seed": 3}))


def said(data: bytes) -> int:
    return read_extras(data).lowest_pitch or 0


def lowest_pitch(file: memoryview) -> int:
    return extras(file)[0]


def test_it_is_what_the_computer_reads(model):
    assert lowest_pitch(memoryview(model)) == said(model) == 0
    for pitch in (0, 1, 36, 127):
        for voices in ((), tuple(f"voice {i}" for i in range(27))):
            made = attach_info(model, INFO, extras=Extras(voices, pitch))
            assert lowest_pitch(memoryview(made)) == said(made) == pitch
            assert lowest_pitch(memoryview(with_title(made, "夜"))) == pitch


def test_the_same_words_elsewhere_are_not_taken_for_it(model):
    """In another field of the entry, in another entry, behind the file."""
    trained = {"lowest_pitch": 50}
    made = attach_info(model, INFO, extras=Extras(trained=trained))
    words = json.dumps(trained, separators=(",", ":"))
    assert b'"lowest_pitch":50' in made
    for data in (made, with_title(made, words), made + words.encode()):
        assert lowest_pitch(memoryview(data)) == said(data) == 0


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_damaged_file_says_a_note_or_nothing(ours, data):
    broken = bytearray(ours)
    front = st.integers(0, min(len(broken), 1500) - 1)
    for _ in range(data.draw(st.integers(1, 4))):
        back = data.draw(st.booleans())
        at = data.draw(front)
        broken[-1 - at if back else at] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del broken[data.draw(st.integers(0, len(broken) - 1)) :]
    assert 0 <= lowest_pitch(memoryview(bytes(broken))) <= 127


@pytest.mark.parametrize("axes", [(), ("density", "", ""), ("density", "register", "")])
def test_the_axes_are_what_the_computer_reads(model, axes):
    made = attach_info(model, INFO, extras=Extras(lowest_pitch=36, axes=axes))
    assert extras(memoryview(made)) == (36, axes)
    assert read_extras(made).axes == axes


@pytest.mark.parametrize("given", ['"density"', '{"x":"density"}', "7", "null"])
def test_axes_that_are_not_a_list_are_none(model, given):
    made = attach_info(model, INFO, extras=Extras(axes=("syncopation",)))
    words = b'"axes":["syncopation"]'
    broken = made.replace(words, f'"axes":{given}'.encode().ljust(len(words)))
    assert broken != made and len(broken) == len(made)
    assert extras(memoryview(broken))[1] == read_extras(broken).axes == ()
