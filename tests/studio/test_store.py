"""The store: a state that is replaced whole, and signals that say what of it is different."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace

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


def test_no_change_is_lost_between_threads() -> None:
    store = Store(Weather(), {})
    # All have read the state before the first one replaces it, unless changes come one by one.
    together = threading.Barrier(4)

    def rain_more(state: Weather) -> Weather:
        with suppress(threading.BrokenBarrierError):
            together.wait(0.05)
        return replace(state, rain=state.rain + 1)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: store.change(rain_more), range(8)))
    assert store.state.rain == 8


def test_a_change_that_fails_changes_nothing() -> None:
    rained = Signal()
    store = Store(Weather(), {rained: ("rain",)})
    heard: list[None] = []
    rained.connect(lambda: heard.append(None))

    def refuse(_: Weather) -> Weather:
        raise ValueError("too wet")

    with pytest.raises(ValueError, match="too wet"):
        store.change(refuse)
    assert store.state == Weather() and not heard
    store.update(rain=1)
    assert store.state.rain == 1 and len(heard) == 1
