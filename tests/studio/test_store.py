"""The store: a state that is replaced whole, and signals that say what of it is different."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from latentrack.studio.signals import Signal
from latentrack.studio.store import Store


@dataclass(frozen=True)
class Weather:
    rain: int = 0
    wind: int = 0
    place: str = "here"


def test_only_the_concerns_of_what_changed_are_told() -> None:
    rained, moved = Signal(), Signal()
    store = Store(Weather(), {rained: ("rain", "wind"), moved: ("place",)})
    heard: list[tuple[str, Weather]] = []
    rained.connect(lambda: heard.append(("rained", store.state)))
    moved.connect(lambda: heard.append(("moved", store.state)))
    before = store.state
    store.update(rain=3, wind=4)
    store.update(rain=3)  # nothing new
    store.update(place="there", wind=5)
    assert heard == [
        ("rained", Weather(3, 4, "here")),
        ("rained", Weather(3, 5, "there")),
        ("moved", Weather(3, 5, "there")),
    ]
    assert before == Weather()


def test_a_field_that_is_not_there_is_refused() -> None:
    store = Store(Weather(), {})
    with pytest.raises(TypeError):
        store.update(snow=1)
    assert store.state == Weather()
