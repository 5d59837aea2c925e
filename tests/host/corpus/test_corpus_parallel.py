"""Work spread over processes comes back whole, whatever happens in them."""

import operator
import os
from functools import partial

import pytest

from latentrack.corpus.parallel import on_all_cores


@pytest.mark.parametrize("processes", [1, 2])
def test_every_item_is_done_once(processes):
    items = list(range(203))
    results = dict(on_all_cores(partial(operator.mul, 3), items, processes))
    assert results == {i: 3 * i for i in items}


def test_several_processes_do_the_work():
    results = dict(on_all_cores(_process, range(200), 2))
    assert os.getpid() not in results.values()
    assert 1 <= len(set(results.values())) <= 2


def test_few_items_need_no_process():
    assert set(dict(on_all_cores(_process, range(10), 2)).values()) == {os.getpid()}


@pytest.mark.parametrize("processes", [1, 2])
def test_an_error_of_the_function_comes_through(processes):
    with pytest.raises(ZeroDivisionError):
        dict(on_all_cores(partial(operator.floordiv, 1), [1] * 150 + [0], processes))


def test_a_process_that_dies_is_noticed():
    with pytest.raises(EOFError):
        dict(on_all_cores(os._exit, [0] * 100, 2))


def test_whoever_stops_early_leaves_nothing_running():
    work = on_all_cores(_process, range(1000), 2)
    _, process = next(work)
    work.close()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_what_the_function_prints_does_no_harm():
    assert len(dict(on_all_cores(partial(print, "printed"), range(100), 2))) == 100


def _process(_item):
    return os.getpid()
