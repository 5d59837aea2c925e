"""A thread whose end is waited for, and Ctrl-C comes meanwhile."""

from __future__ import annotations

import signal
import threading

import pytest

from latentrack.lasting import LastingThread
from tests.waiting import PATIENCE_S


def test_after_ctrl_c_one_still_waits_for_its_end() -> None:
    """`Thread.join` returns at once the second time, on Python up to 3.12."""
    may_end, says = threading.Event(), []

    def work() -> None:
        may_end.wait(PATIENCE_S)
        says.append("done")

    thread = LastingThread(work, "work")
    thread.start()
    main = threading.main_thread().ident
    assert main is not None
    threading.Timer(0.2, signal.pthread_kill, (main, signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        thread.wait(PATIENCE_S)
    assert not thread.ended and not thread.wait(0.05)
    may_end.set()
    assert thread.wait(PATIENCE_S) and says == ["done"]


def test_it_has_ended_also_by_an_exception(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda _: None)

    def fail() -> None:
        raise ValueError

    thread = LastingThread(fail, "fails")
    thread.start()
    assert thread.wait(PATIENCE_S) and thread.ended
