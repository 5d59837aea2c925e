"""LiteRT and tflite-micro asked about a model from a process that may die of it.

    with Oracle("litert") as oracle:
        outputs = oracle.decode(model, latents)

Both trust a file more than they should: a model broken by meaning may end the process, or never
end. So the interpreter runs in a child of a child: when the grandchild dies, its parent, which has
everything imported, forks another.
"""

from __future__ import annotations

import os
import pickle
import resource
import signal
import struct
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

TESTS = Path(__file__).resolve().parents[2] / "tests" / "firmware"
SECONDS = 20  # of processor time that one model gets
KILL = b"die"  # instead of a model: the child ends as by a crash, for the tests
MEMORY = 8 << 30  # bytes of address space, most of it libraries and stacks


class Refused(Exception):
    """The interpreter does not take the model, or died of it; the message says how."""


class Oracle:
    """One interpreter, "litert" or "tflite_micro", in a process of its own."""

    def __init__(self, name: str) -> None:
        command = [sys.executable, __file__, name]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def __enter__(self) -> Oracle:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def decode(self, model: bytes, latents: np.ndarray, output: str | None = None) -> np.ndarray:
        """The model's outputs at latents (n, latents), as floats (n, outputs): of the output of
        that name, by default of the first. Raises Refused."""
        assert self._process.stdin and self._process.stdout
        message = (model, latents) if output is None else (model, latents, output)
        _write(self._process.stdin.fileno(), message)
        answer = _read(self._process.stdout.fileno())
        if isinstance(answer, str):
            raise Refused(answer)
        return answer


def _write(to: int, message: Any) -> None:
    data = pickle.dumps(message)
    data = struct.pack("<I", len(data)) + data
    while data:
        data = data[os.write(to, data) :]


def _read(source: int) -> Any:
    """The next message, and not a byte more: another process may read the next. EOFError."""
    return pickle.loads(_exactly(source, struct.unpack("<I", _exactly(source, 4))[0]))


def _exactly(source: int, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = os.read(source, size - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def _serve(name: str) -> None:
    """Answers until the input ends, with another child whenever one dies."""
    sys.path.insert(0, str(TESTS))
    import litert_oracle
    import tflite_micro_oracle

    decode = {"litert": litert_oracle, "tflite_micro": tflite_micro_oracle}[name].probabilities
    while True:
        child = os.fork()
        if child == 0:
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            _answer(decode)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            return
        _write(1, f"died of signal {os.WTERMSIG(status)}")


def _answer(decode: Any) -> None:
    signal.signal(signal.SIGVTALRM, signal.SIG_DFL)
    while True:
        try:
            model, *asked = _read(0)
        except EOFError:
            os._exit(0)
        if model == KILL:
            os.kill(os.getpid(), signal.SIGKILL)
        signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
        try:
            answer: Any = decode(model, *asked)
        except Exception as error:
            answer = str(error) or type(error).__name__
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        _write(1, answer)


if __name__ == "__main__":
    _serve(sys.argv[1])
