"""OSC moves the feel of the run that is open, without a socket."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from latentrack.osc.controls import Ignored, OscControls
from latentrack.studio.explore.explorer import Explorer
from tests.studio.explored import explorer_of, made_up_run

SHAPE = ("drums", 16, 12, (1, 1, 6, 2, 2))
CLOCK: Any = SimpleNamespace(playing=False, following=False, tempo=120.0, swing=0.5)


@pytest.fixture
def controls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[int], tuple[Explorer, OscControls]]:
    """OSC and an explorer whose run has so many latents of the feel."""

    def make(feel: int) -> tuple[Explorer, OscControls]:
        explorer = explorer_of(made_up_run(*SHAPE, feel=feel), tmp_path, monkeypatch)
        return explorer, OscControls(explorer, CLOCK, list)

    return make


def test_messages_move_the_feel_and_it_is_told(
    controls: Callable[[int], tuple[Explorer, OscControls]],
) -> None:
    explorer, osc = controls(2)
    for name, value in (
        ("x", 0.25),
        ("feel_x", 0.5),
        ("feel_y", -1),
        ("feel", 50),
        ("dynamics", 200),
    ):
        osc.apply(f"/latentrack/{name}", [value])
    assert explorer.feel_knob_values == (0.5, -1.0) and explorer.knob_values[0] == 0.25
    assert (explorer.feel, explorer.dynamics) == (0.5, 2.0)
    told = osc.state()
    assert [told[name] for name in ("x", "feel_x", "feel_y", "feel", "dynamics")] == [
        ("x", 0.25), ("feel_x", 0.5), ("feel_y", -1.0), ("feel", 50.0), ("dynamics", 200.0),
    ]  # fmt: skip


def test_without_a_feel_there_is_nothing_to_move(
    controls: Callable[[int], tuple[Explorer, OscControls]],
) -> None:
    _, osc = controls(0)
    for name in ("feel", "dynamics"):
        with pytest.raises(Ignored, match="the model has no feel"):
            osc.apply(f"/latentrack/{name}", [100])
    with pytest.raises(Ignored, match="the model has no Feel X"):
        osc.apply("/latentrack/feel_x", [0])
    assert not {"feel_x", "feel", "dynamics"} & set(osc.state())
