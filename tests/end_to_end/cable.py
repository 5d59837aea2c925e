"""A USB cable with faults: a pty between the computer and the virtual module."""

from __future__ import annotations

import os
import select
import threading
import time
import tty
from collections.abc import Callable
from dataclasses import dataclass

from tests.waiting import spend

TO_MODULE, TO_HOST = "to the module", "to the computer"


@dataclass(frozen=True)
class Fault:
    """What goes wrong when `at` bytes have passed in a direction.

    kind: "cut" (unplugged), "flip" (a bit of `size` bytes in a row), "drop" and "double" (`size`
    bytes), "delay" (`size` milliseconds), "silence" (nothing passes that way any more), or "kill"
    (`size` microseconds later, the harness's own doing).
    """

    kind: str
    direction: str
    at: int
    size: int = 1


class Cable:
    """Use it with `with`; `port` is the computer's end. Keeps what has passed, by direction."""

    def __init__(
        self, module_port: str, fault: Fault | None = None, kill: Callable[[], None] | None = None
    ) -> None:
        self.fault = fault
        self._kill = kill
        self.happened = False
        self.passed = {TO_MODULE: bytearray(), TO_HOST: bytearray()}
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        self._module = os.open(module_port, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self._module)
        for fd in (self._master, self._module):
            os.set_blocking(fd, False)
        self._silent: set[str] = set()
        self._cut = False
        self._stop_read, self._stop_write = os.pipe()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Cable:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        os.write(self._stop_write, b".")
        self._thread.join()
        if not self._cut:
            self._unplug()
        for fd in (self._slave, self._stop_read, self._stop_write):
            os.close(fd)

    def _unplug(self) -> None:
        self._cut = True
        # The computer's end keeps its name, which another pty would get else.
        for fd in (self._master, self._module):
            os.close(fd)

    def _run(self) -> None:
        ways = {self._master: (TO_MODULE, self._module), self._module: (TO_HOST, self._master)}
        while True:
            readable, _, _ = select.select([*ways, self._stop_read], [], [])
            if self._stop_read in readable:
                return
            for source in readable:
                direction, target = ways[source]
                try:
                    data = os.read(source, 4096)
                except BlockingIOError:
                    continue
                except OSError:
                    return
                if not self._pass(direction, data, target):
                    return

    def _pass(self, direction: str, data: bytes, target: int) -> bool:
        """Passes data on, with the fault; False when the cable is cut."""
        seen = len(self.passed[direction])
        self.passed[direction] += data
        fault = self.fault
        if (
            fault is not None
            and not self.happened
            and fault.direction == direction
            and seen <= fault.at < seen + len(data)
        ):
            self.happened = True
            before, after = data[: fault.at - seen], data[fault.at - seen :]
            _write(target, before)
            if fault.kind == "cut":
                self._unplug()
                return False
            if fault.kind == "kill":
                assert self._kill is not None
                _write(target, after)
                after = b""
                spend(fault.size / 1e6)
                self._kill()
            elif fault.kind == "flip":
                bits = bytes(1 << ((fault.at + i) % 8) for i in range(fault.size))
                flipped = bytes(a ^ b for a, b in zip(after, bits, strict=False))
                after = flipped + after[len(flipped) :]
            elif fault.kind == "drop":
                after = after[fault.size :]
            elif fault.kind == "double":
                after = after[: fault.size] + after
            elif fault.kind == "delay":
                # Ends before its time when the cable is put away.
                select.select([self._stop_read], [], [], fault.size / 1000)
            elif fault.kind == "silence":
                self._silent.add(direction)
            data = after
        if direction not in self._silent:
            _write(target, data)
        return True


def _write(fd: int, data: bytes) -> None:
    """Writes it all; a side that takes nothing for long loses it, as USB does at last."""
    end = time.monotonic() + 3
    while data and time.monotonic() < end:
        _, writable, _ = select.select([], [fd], [], 0.1)
        if writable:
            try:
                data = data[os.write(fd, data) :]
            except BlockingIOError:
                pass
            except OSError:
                return
