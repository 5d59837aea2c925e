"""Some kills of either side; `make bench` makes five hundred, the figure `robust.kills`."""

from __future__ import annotations

from tests.end_to_end.kills import KILLED, run_shared

SECONDS = 60
WORKERS = 2


def test_a_kill_loses_nothing_and_one_command_goes_on(drum_model, capsys):
    kinds, broken = run_shared(
        drum_model, 2 * len(KILLED), seed=7, workers=WORKERS, seconds=SECONDS
    )
    assert not broken
    with capsys.disabled():
        print(f" [{kinds.total()} kills of {len(kinds)} kinds] ", end="")
    assert kinds.total() >= 4
