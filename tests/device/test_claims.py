"""A test that claims to show a parameter, and does not, fails."""

from __future__ import annotations

import pytest

from tests.device.claims import CLAIMED, Observation, covers


class Module:
    """Stands for a module: `length` is heard, `colour` is not."""

    def __init__(self) -> None:
        self.values = {"length": 16, "colour": 1, "volts": 0}
        self.observed: list[Observation] = []
        self.observing = False

    def observe(self) -> None:
        self.observing = True

    def play(self, edges: int = 4, way: str = "bar") -> None:
        output = tuple(edge % self.values["length"] + self.values["volts"] for edge in range(edges))
        if self.observing:
            self.observed.append(Observation(way, dict(self.values), output))

    def set(self, **values: int) -> Module:
        self.values |= values
        return self


def empty(rig):
    """Nothing is done."""


def only_made(rig):
    rig().set(length=2)


def never_set(rig):
    module = rig()
    module.play()
    module.play()


def never_played_before(rig):
    rig().set(length=2).play()


def not_heard(rig):
    module = rig()
    for length in (16, 17):
        module.set(length=length).play()


def something_else_was_set(rig):
    module = rig()
    module.set(length=16, volts=0).play()
    module.set(length=17, volts=1).play()


def played_for_longer(rig):
    module = rig()
    module.set(length=16).play(4)
    module.set(length=17).play(5)


def observed_otherwise(rig):
    module = rig()
    module.set(length=16).play()
    module.set(length=2).play(way="edges")


@pytest.mark.parametrize(
    "test",
    [
        empty,
        only_made,
        never_set,
        never_played_before,
        not_heard,
        something_else_was_set,
        played_for_longer,
        observed_otherwise,
    ],
)
def test_a_claim_that_nothing_bears_out_fails(test, unclaimed) -> None:
    with pytest.raises(AssertionError, match=r"claims to cover \['length'\]"):
        covers("length")(test)(rig=Module)


def test_a_claim_that_is_borne_out_passes(unclaimed) -> None:
    def both_lengths(rig):
        module = rig()
        module.set(length=16).play()
        module.set(length=2).play()

    covers("length")(both_lengths)(rig=Module)
    with pytest.raises(AssertionError, match=r"\['colour'\]"):
        covers("length", "colour")(both_lengths)(rig=Module)
    covers("length", moving=["volts"])(something_else_was_set)(rig=Module)


@pytest.fixture
def unclaimed(monkeypatch: pytest.MonkeyPatch):
    """What is claimed here is no claim about the module."""
    claimed = set(CLAIMED)
    yield
    CLAIMED.intersection_update(claimed)
