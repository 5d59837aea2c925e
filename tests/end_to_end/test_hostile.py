"""A dozen hostile behaviours, some of each kind; `python -m tests.hostile` lets loose hundreds."""

from __future__ import annotations

from itertools import islice

from tests.end_to_end.hostile import ARRIVALS, KINDS, WHEN, Outcome, cases, run_all
from tests.waiting import PATIENCE_S

SEED = 5
COUNT = 12
WORKERS = 4


def test_the_cases_are_of_all_kinds_and_the_same_every_time():
    chosen = list(islice(cases(SEED), COUNT))
    assert chosen == list(islice(cases(SEED), COUNT))
    assert chosen != list(islice(cases(SEED + 1), COUNT))
    assert len({case.snippet.kind for case in chosen}) == len(KINDS)
    assert {case.arrival for case in chosen} == set(ARRIVALS)
    assert {case.when for case in chosen} == set(WHEN)
    for case in islice(cases(SEED), 500):
        compile(case.source, str(case), "exec")


def test_after_each_a_push_works_and_no_edge_is_lost(drum_model, capsys):
    outcomes: list[Outcome] = []
    run_all(list(islice(cases(SEED), COUNT)), WORKERS, outcomes.append, drum_model, PATIENCE_S)
    assert [f"{outcome.case}: {outcome.broken}" for outcome in outcomes if outcome.broken] == []
    with capsys.disabled():
        print(f" [{sum(outcome.edges for outcome in outcomes)} edges] ", end="")
    assert len(outcomes) == COUNT
    assert all(len(outcome.pushes) == 2 for outcome in outcomes)
