"""Forty faults between the computer and the module; `make faults` makes thousands."""

from __future__ import annotations

from tests.end_to_end.faults import run_shared

COUNT = 40
WORKERS = 2


def test_whatever_goes_wrong_on_the_cable_the_music_goes_on(drum_model, capsys):
    kinds, broken = run_shared(drum_model, COUNT, seed=20, workers=WORKERS)
    assert not broken
    with capsys.disabled():
        print(f" [{kinds.total()} faults of {len(kinds)} kinds] ", end="")
    assert len(kinds) >= 9 and kinds.total() == COUNT
