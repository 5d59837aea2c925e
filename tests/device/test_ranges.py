"""The table of parameters and the C code agree on ranges: asked of the latentcore that plays."""

from __future__ import annotations

import pytest

from tests.decoders import CHORALES, DRUMS
from tests.device.rig import parameters

# C plays more than the table offers (firmware/lib/sequence/track.h): for it, a bar may have 255
# steps, a step 255 clock edges, and a gate ten seconds.
WIDER_IN_C = {"length", "rotation", "division", "gate"}

ASK = """
import latentcore
def _takes(parameter, value):
    try:
        latentcore.set(0, getattr(latentcore, parameter), value)
    except ValueError:
        return False
    return True
"""


@pytest.fixture
def takes(rig):
    """Whether latentcore takes a value of one of its parameters."""
    module = rig(DRUMS)
    module.link.run(ASK)
    return lambda entry, number: module.get(f"_takes({entry.core!r}, {number * entry.factor!r})")


def in_c():
    """The parameters that latentcore is told of by the table itself."""
    return [entry for entry in parameters().TRACK if entry.core is not None]


def test_latentcore_takes_the_whole_range_of_the_table(takes) -> None:
    refused = [
        (entry.name, number)
        for entry in in_c()
        for number in (entry.least, entry.default, entry.most)
        if not takes(entry, number)
    ]
    assert refused == []
    assert len(in_c()) >= 9


def test_latentcore_refuses_what_the_table_does_not_have(takes) -> None:
    """Right behind its ends, but for what C plays of more."""
    taken = set()
    for entry in in_c():
        step = 1 if entry.whole else (entry.most - entry.least) / 100
        assert not takes(entry, entry.least - step), entry.name
        assert not takes(entry, float("1e9")), entry.name
        if takes(entry, entry.most + step):
            taken.add(entry.name)
    assert taken == WIDER_IN_C


@pytest.mark.parametrize("model", [DRUMS, CHORALES])
def test_every_value_that_the_table_has_comes_to_latentcore(rig, model: str) -> None:
    """By whichever way, in every mode: what C refuses is an exception here."""
    module = rig(model)
    table = parameters()
    for mode in range(4):
        for entry in table.TRACK:
            if entry.name != "mode":
                ends = (entry.least, entry.most, entry.default)
                values = ", ".join(repr(entry.value(number)) for number in ends)
                module.run(
                    f"track.mode = {mode}\n"
                    f"for _value in ({values},):\n"
                    f"    track.set({entry.name!r}, _value)\n    track.refresh()"
                )
    assert module.get("track.waits()") is False
