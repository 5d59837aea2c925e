"""Map a function over many items on all cores, in processes.

Python's own pool starts its processes by importing the caller's main module anew, which a
short script or a notebook does not survive. These import nothing but the function's own module,
so `read(...)` may be called from anywhere.
"""

from __future__ import annotations

import os
import pickle
import queue
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import IO, Any

_CHUNK = 8  # items a process gets at a time: enough to be quick, few enough to share evenly
_WORTH_A_PROCESS = 32  # fewer items than this are done sooner than a process has started

_START = "from latentrack.corpus.parallel import _serve; _serve()"


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def on_all_cores(
    function: Callable[[Any], Any], items: Sequence[Any], processes: int | None = None
) -> Iterator[tuple[int, Any]]:
    """Yield (index, function(item)) for every item, in the order in which they are done.

    The function, the items and the results can be pickled (so the function is a module's own,
    or a partial of one). An exception of the function is raised here.
    """
    wanted = cores() if processes is None else processes
    wanted = min(wanted, len(items) // _WORTH_A_PROCESS)
    if wanted < 2 or not sys.executable:
        for index, item in enumerate(items):
            yield index, function(item)
        return

    chunks: queue.SimpleQueue[list[tuple[int, Any]]] = queue.SimpleQueue()
    for start in range(0, len(items), _CHUNK):
        chunks.put([(i, items[i]) for i in range(start, min(start + _CHUNK, len(items)))])
    done: queue.SimpleQueue[list[tuple[int, Any]] | BaseException | None] = queue.SimpleQueue()
    workers = [_Worker(function) for _ in range(wanted)]
    threads = [
        threading.Thread(target=_drive, args=(worker, chunks, done), daemon=True)
        for worker in workers
    ]
    try:
        for thread in threads:
            thread.start()
        waiting = len(threads)
        while waiting:
            answer = done.get()
            if answer is None:
                waiting -= 1
            elif isinstance(answer, BaseException):
                raise answer
            else:
                yield from answer
    finally:
        for worker in workers:
            worker.close()
        for thread in threads:
            thread.join()


class _Worker:
    """A process that calls one function, again and again."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the caller alone, who closes this
            env={**os.environ, "PYTHONPATH": os.pathsep.join(p or os.curdir for p in sys.path)},
        )
        self._function = function

    def call(self, chunk: list[tuple[int, Any]]) -> list[tuple[int, Any]]:
        """Call the function for (index, item) pairs; return (index, result) pairs.

        Raises what the function raises, and EOFError if the process has ended.
        """
        assert self._process.stdin and self._process.stdout
        _send(self._process.stdin, (self._function, chunk))
        answer = _receive(self._process.stdout)
        if isinstance(answer, BaseException):
            raise answer
        return answer  # type: ignore[no-any-return]

    def close(self) -> None:
        """Kill the process and close its pipes."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                try:
                    pipe.close()
                except BrokenPipeError:
                    pass  # what was still in the buffer is for nobody now


def _drive(
    worker: _Worker,
    chunks: queue.SimpleQueue[list[tuple[int, Any]]],
    done: queue.SimpleQueue[list[tuple[int, Any]] | BaseException | None],
) -> None:
    try:
        while True:
            done.put(worker.call(chunks.get_nowait()))
    except queue.Empty:
        pass
    except BaseException as error:
        done.put(error)
    finally:
        done.put(None)


def _serve() -> None:
    """The life of a worker process."""
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a stray print must not enter the channel
    while True:
        try:
            function, chunk = _receive(sys.stdin.buffer)
        except EOFError:
            return
        try:
            answer: Any = [(index, function(item)) for index, item in chunk]
        except Exception as error:
            answer = error
        _send(channel, answer)


def _send(pipe: IO[bytes], what: Any) -> None:
    data = pickle.dumps(what)
    pipe.write(struct.pack("<Q", len(data)) + data)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> Any:
    head = pipe.read(8)
    if len(head) < 8:
        raise EOFError("the other end of the pipe has gone")
    return pickle.loads(pipe.read(struct.unpack("<Q", head)[0]))
