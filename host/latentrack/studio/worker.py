"""A worker: one thread with a queue of tasks, for what a page must not wait for."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from latentrack.errors import UserError
from latentrack.studio.signals import Signal

T = TypeVar("T")

_PROGRESS_S = 0.1  # between two reports of progress: a page draws no more often
_RETRY_S = 1.0  # after a poll that failed


class Canceled(Exception):
    """Raised in the running task by `Worker.progress` after `Worker.cancel`."""


@dataclass(eq=False)
class _Task:
    work: Callable[[], object]
    words: str
    due: float
    future: Future[Any] = field(default_factory=Future)
    canceled: bool = False


class Worker:
    """Runs tasks one after another in a thread of its own.

    Threads: tasks, `poll` and `failed` run in the worker's thread, one at a time. Every method may
    be called from any thread; all return at once, except `wait` and `close`. `progress` and `say`
    are for the task that runs. The thread starts with the first task or `wake`.

    Order: tasks run in the order in which they were given. A task that is to wait (`after`) keeps
    the later ones waiting, too.

    Polling: `poll` is called after each task, after `wake`, and when the seconds are over that it
    returned last; None: not before the next task. After `close` it is not called any more.

    Exceptions: an exception ends its task only. It is in the task's future, and `failed` hears it.
    One of the types `expected` is for the user; any other exception is a mistake in the program,
    and is logged, too. After a poll that raised, the next one comes a second later.

    Cancelling: `cancel` drops the tasks that wait and asks the running one to end: its next call of
    `progress` raises Canceled, which `failed` does not hear.

    Closing: `close` takes no more tasks, does those that were given before (at once, without
    `after`), and ends the thread. To drop them, call `cancel` first.

    progress_changed: `busy` or `part` is different; emitted in the thread that changed it.
    """

    def __init__(
        self,
        name: str,
        *,
        poll: Callable[[], float | None] | None = None,
        failed: Callable[[Exception], object] | None = None,
        expected: tuple[type[Exception], ...] = (UserError,),
    ) -> None:
        self.progress_changed = Signal()
        self._name, self._poll = name, poll
        self._failed, self._expected = failed, expected
        self._state = threading.Condition()
        self._waiting: deque[_Task] = deque()
        self._running: _Task | None = None
        self._part: float | None = None
        self._poll_at: float | None = None
        self._told: tuple[str, float | None] = ("", None)
        self._next_report = 0.0
        self._closed = False
        self._thread: threading.Thread | None = None

    @property
    def busy(self) -> str:
        """What the running task does, in words; before it runs, what the next one will do. "":
        nothing, or nothing that has words."""
        with self._state:
            tasks = [self._running, *self._waiting] if self._running else self._waiting
            return next((task.words for task in tasks if task and task.words), "")

    @property
    def part(self) -> float | None:
        """How much of the running task is done, 0 to 1; None: not known."""
        return self._part

    def do(
        self,
        work: Callable[[], T],
        words: str = "",
        *,
        after: float = 0.0,
        instead: bool = False,
    ) -> Future[T]:
        """Add a task to the queue.

        words: what `busy` says of it.  after: seconds from now before which it does not begin.
        instead: all other tasks are cancelled, as `cancel` does.
        The future has the task's result; it is cancelled if the task is dropped, or if the worker
        is closed already.
        """
        task = _Task(work, words, time.monotonic() + after)
        with self._state:
            dropped = self._drop(running=True) if instead else []
            if self._closed:
                dropped.append(task)
            else:
                self._waiting.append(task)
                self._start()
        for each in dropped:
            each.future.cancel()
        self._report()
        return cast("Future[T]", task.future)

    def wake(self) -> None:
        """Call `poll` as soon as the running task has ended."""
        with self._state:
            self._poll_at = 0.0
            if not self._closed:
                self._start()

    def say(self, words: str) -> None:
        """Change what `busy` says of the running task; how much is done is unknown again."""
        self._set(words, None)
        self._report()

    def progress(self, done: int, total: int, words: str = "") -> None:
        """Report how far the running task is; "": its words stay. Raises Canceled after `cancel`.

        May be called as often as there is progress: listeners hear it ten times a second at most.
        """
        task = self._running
        if task is not None and task.canceled:
            raise Canceled
        self._set(words, done / max(total, 1))
        now = time.monotonic()
        if now >= self._next_report or done >= total:
            self._next_report = now + _PROGRESS_S
            self._report()

    def cancel(self, *, running: bool = True) -> None:
        """Drop the tasks that wait; running: the one that runs is asked to end, too."""
        with self._state:
            dropped = self._drop(running)
            self._state.notify_all()
        for task in dropped:
            task.future.cancel()
        self._report()

    def wait(self, seconds: float) -> None:
        """Wait until all tasks are done. TimeoutError if that takes longer."""
        with self._state:
            if not self._state.wait_for(lambda: not (self._waiting or self._running), seconds):
                words = self._running.words if self._running else ""
                raise TimeoutError(f"timed out after {seconds:g} s: {words or 'waiting'}")

    def close(self, seconds: float = 10.0) -> None:
        """Do what is left, and end the thread; wait for that no longer than `seconds`."""
        with self._state:
            self._closed = True
            self._state.notify_all()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(seconds)

    # -- the thread -------------------------------------------------------------------------------

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        self._state.notify_all()

    def _drop(self, running: bool) -> list[_Task]:
        dropped = list(self._waiting)
        self._waiting.clear()
        if running and self._running is not None:
            self._running.canceled = True
        return dropped

    def _run(self) -> None:
        while self._wait_for_work():
            task = self._running
            if task is not None:
                self._report()
                self._carry_out(task)
            if self._poll is not None and not self._closed:
                self._poll_once(self._poll)

    def _wait_for_work(self) -> bool:
        """Wait for a task, which is `_running` then, or for the next poll; False: closed."""
        with self._state:
            while True:
                now = time.monotonic()
                if self._waiting and (self._closed or self._waiting[0].due <= now):
                    self._running, self._next_report = self._waiting.popleft(), 0.0
                    return True
                if self._closed:
                    return False
                if self._poll_at is not None and self._poll_at <= now:
                    return True
                times = [self._waiting[0].due] if self._waiting else []
                times += [self._poll_at] if self._poll_at is not None else []
                self._state.wait(min(times) - now if times else None)

    def _carry_out(self, task: _Task) -> None:
        wanted = task.future.set_running_or_notify_cancel()
        result: object = None
        wrong: Exception | None = None
        try:
            result = task.work() if wanted else None
        except Canceled:
            wrong = CancelledError()
        except Exception as error:
            wrong = error
            self._fail(error)
        # First this, so that whoever waited for the result finds the worker at rest.
        with self._state:
            self._running, self._part = None, None
            self._state.notify_all()
        self._report()
        if wrong is not None:
            task.future.set_exception(wrong)
        elif wanted:
            task.future.set_result(result)

    def _poll_once(self, poll: Callable[[], float | None]) -> None:
        self._poll_at = None
        try:
            seconds = poll()
        except Exception as error:
            seconds = _RETRY_S
            self._fail(error)
        with self._state:
            # A `wake` that came meanwhile stays.
            if self._poll_at is None and seconds is not None:
                self._poll_at = time.monotonic() + seconds

    def _fail(self, error: Exception) -> None:
        if not isinstance(error, self._expected):
            logging.getLogger(__name__).error(
                "A mistake in a task of %s.", self._name, exc_info=error
            )
        if self._failed is not None:
            self._failed(error)

    # -- what is reported -------------------------------------------------------------------------

    def _set(self, words: str, part: float | None) -> None:
        with self._state:
            self._part = part
            if self._running is not None and words:
                self._running.words = words

    def _report(self) -> None:
        with self._state:
            now = (self.busy, self._part)
            if now == self._told:
                return
            self._told = now
        self.progress_changed.emit()
