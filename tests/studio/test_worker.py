"""The worker: what its docstring promises of threads, order, errors, cancelling and closing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError

import pytest

from latentrack.errors import UserError
from latentrack.studio.worker import Worker
from tests.waiting import PATIENCE_S, until


class Gate:
    """A task that runs until it is let go."""

    def __init__(self, work: Callable[[], object] = lambda: None) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()
        self._work = work

    def __call__(self) -> object:
        self.begun.set()
        assert self.go_on.wait(PATIENCE_S)
        return self._work()


@pytest.fixture
def worker() -> Iterator[Worker]:
    made = Worker("tested")
    yield made
    made.cancel()
    made.close(PATIENCE_S)


def test_tasks_run_in_order_in_one_thread_of_its_name(worker: Worker) -> None:
    done: list[tuple[int, str]] = []

    def task(number: int) -> Callable[[], int]:
        def work() -> int:
            done.append((number, threading.current_thread().name))
            return number

        return work

    futures = [worker.do(task(number), after=0.05 if number == 0 else 0) for number in range(5)]
    assert [future.result(PATIENCE_S) for future in futures] == [0, 1, 2, 3, 4]
    assert done == [(number, "tested") for number in range(5)]


def test_it_says_what_is_done_and_how_much_of_it(worker: Worker) -> None:
    heard: list[tuple[str, float | None]] = []
    worker.progress_changed.connect(lambda: heard.append((worker.busy, worker.part)))

    def work() -> None:
        worker.progress(1, 4)
        for done in range(2, 4):
            worker.progress(done, 4)  # sooner than it can be seen
        worker.progress(4, 4, "Almost")
        worker.say("Writing")

    gate = Gate()
    worker.do(gate)
    assert gate.begun.wait(PATIENCE_S)
    future = worker.do(work, "Reading")
    assert worker.busy == "Reading" and worker.part is None
    gate.go_on.set()
    future.result(PATIENCE_S)
    assert heard == [
        ("Reading", None),
        ("Reading", 0.25),
        ("Almost", 1.0),
        ("Writing", None),
        ("", None),
    ]


def test_an_exception_ends_its_task_only(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[Exception] = []
    worker = Worker("tested", failed=heard.append)

    def refuse() -> None:
        raise UserError("The file is not there: name another.")

    def slip() -> None:
        raise KeyError("x")

    refused, slipped, after = worker.do(refuse), worker.do(slip), worker.do(lambda: 3)
    assert after.result(PATIENCE_S) == 3
    with pytest.raises(UserError, match="not there"):
        refused.result(PATIENCE_S)
    with pytest.raises(KeyError):
        slipped.result(PATIENCE_S)
    worker.close(PATIENCE_S)
    assert [type(error) for error in heard] == [UserError, KeyError]
    # Only what the program did wrong is logged.
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [KeyError]


def test_a_task_instead_of_all_others(worker: Worker) -> None:
    words: list[str] = []
    gate = Gate(lambda: worker.progress(1, 2))
    running, waiting = worker.do(gate, "Reading"), worker.do(lambda: 1)
    assert gate.begun.wait(PATIENCE_S)
    worker.progress_changed.connect(lambda: words.append(worker.busy))
    newest = worker.do(lambda: 2, "Reading again", instead=True)
    gate.go_on.set()
    assert newest.result(PATIENCE_S) == 2
    assert waiting.cancelled()
    with pytest.raises(CancelledError):
        running.result(PATIENCE_S)
    # It was never idle in between.
    assert words == ["Reading again", ""]


def test_cancel_ends_the_running_task_at_its_next_progress() -> None:
    failed: list[Exception] = []
    worker = Worker("tested", failed=failed.append)
    gate = Gate(lambda: worker.progress(1, 2))
    running, waiting = worker.do(gate, "Reading"), worker.do(lambda: 1)
    assert gate.begun.wait(PATIENCE_S)
    worker.cancel()
    assert waiting.cancelled()
    follows = worker.do(lambda: worker.progress(1, 2))
    gate.go_on.set()
    with pytest.raises(CancelledError):
        running.result(PATIENCE_S)
    follows.result(PATIENCE_S)  # is not meant
    assert failed == []
    worker.close(PATIENCE_S)


def test_cancel_can_leave_the_running_task_alone(worker: Worker) -> None:
    gate = Gate(lambda: worker.progress(1, 2))
    running, waiting = worker.do(gate), worker.do(lambda: 1)
    assert gate.begun.wait(PATIENCE_S)
    worker.cancel(running=False)
    gate.go_on.set()
    running.result(PATIENCE_S)
    assert waiting.cancelled()


def test_close_does_what_was_given_before_and_nothing_after(worker: Worker) -> None:
    done: list[str] = []
    gate = Gate()
    worker.do(gate)
    worker.do(lambda: done.append("before"), after=1000)
    gate.go_on.set()
    worker.close(PATIENCE_S)
    assert done == ["before"]
    assert worker.do(lambda: done.append("after")).cancelled()
    assert "tested" not in [thread.name for thread in threading.enumerate()]


def test_waiting_for_it_has_a_limit(worker: Worker) -> None:
    gate = Gate()
    worker.do(gate, "Reading")
    with pytest.raises(TimeoutError, match=r"timed out after 0.01 s: Reading"):
        worker.wait(0.01)
    gate.go_on.set()
    worker.wait(PATIENCE_S)
    assert worker.busy == ""


def test_poll_comes_after_each_task_and_when_it_asked_to() -> None:
    polls: list[str] = []
    # What the polls return, one after the other, and then None for good.
    pauses: list[float | None] = [0.01, 0.01, None]

    def poll() -> float | None:
        polls.append(threading.current_thread().name)
        return pauses.pop(0) if pauses else None

    worker = Worker("tested", poll=poll)
    worker.wake()
    until(lambda: len(polls) == 3)
    worker.do(lambda: None).result(PATIENCE_S)
    worker.do(lambda: None).result(PATIENCE_S)
    until(lambda: len(polls) == 5)
    worker.close(PATIENCE_S)
    assert polls == ["tested"] * 5


def test_a_poll_that_fails_is_called_again() -> None:
    heard: list[Exception] = []
    polled = threading.Event()

    def poll() -> float | None:
        if not heard:
            raise UserError("The port is gone: plug it in.")
        polled.set()
        return None

    worker = Worker("tested", poll=poll, failed=heard.append)
    worker.wake()
    assert polled.wait(PATIENCE_S)
    assert len(heard) == 1
    worker.close(PATIENCE_S)
