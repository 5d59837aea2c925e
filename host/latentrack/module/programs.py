"""Find the programs that have a port open, from the processes in Linux's /proc."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_PROCESSES = Path("/proc")


@dataclass(frozen=True)
class Program:
    """A process.

    name: as its user knows it: "mpremote", "latentrack live", "screen".  process: its number.
    """

    name: str
    process: int

    def __str__(self) -> str:
        return f"{self.name} (process {self.process})"


def programs_at(port: str) -> list[Program]:
    """Return the other processes that have the port open, sorted by number.

    Left out are this process, a virtual module at its own port, and processes of other users,
    whose files cannot be listed. Without /proc the list is empty.
    """
    from latentrack.virtual import registry

    device = os.path.realpath(port)
    left_out = {os.getpid()}
    left_out |= {entry.process for entry in registry.running() if entry.port == device}
    numbers = sorted(int(path.name) for path in _PROCESSES.glob("[0-9]*"))
    return [
        Program(name_of(number), number)
        for number in numbers
        if number not in left_out and _has_open(number, device)
    ]


def name_of(process: int) -> str:
    """Return the name of the program that a process runs, without interpreter and arguments.

    For latentrack the command's name is included. Returns "a program" if it is unknown.
    """
    try:
        words = (_PROCESSES / str(process) / "cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return "a program"
    program, *arguments = words.rstrip("\0").split("\0")
    name = os.path.basename(program)
    if name.startswith("python") and arguments:
        if "-m" in arguments[:-1]:
            at = arguments.index("-m") + 1
            name = arguments[at].split(".")[0]
        else:
            at = next((n for n, word in enumerate(arguments) if not word.startswith("-")), 0)
            name = os.path.basename(arguments[at])
        arguments = arguments[at + 1 :]
    if name == "latentrack":
        command = next((word for word in arguments if not word.startswith("-")), "")
        return f"latentrack {command}".strip()
    return name or "a program"


def _has_open(process: int, device: str) -> bool:
    try:
        files = list((_PROCESSES / str(process) / "fd").iterdir())
    except OSError:
        return False
    for file in files:
        try:
            if os.readlink(file) == device:
                return True
        except OSError:
            continue
    return False
