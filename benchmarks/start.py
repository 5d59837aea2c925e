"""How long the commands take that do next to nothing: what a person waits for at the prompt.

The peer is a Python that loads the two libraries which every command needs, Typer and Rich. Time is
that of the processor (user and system), the median of some runs, so that other programs matter
little.
"""

import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path

from result import Result

COMMANDS = {
    "help": ("--help",),
    "push_help": ("push", "--help"),
    "live_help": ("live", "--help"),
    "devices": ("devices",),
    "push_no_file": ("push", "nothing.tflite"),
}
GOAL_S = 0.4
TIMES = 7


def measure(folder: Path) -> list[Result]:
    """Seconds of processor time of each command."""
    peer = _seconds([sys.executable, "-c", "import typer, rich.console, rich.table"], folder)
    latentrack = str(Path(sys.executable).parent / "latentrack")
    return [
        Result(f"start.{name}", _seconds([latentrack, *arguments], folder), "s", peer, GOAL_S)
        for name, arguments in COMMANDS.items()
    ]


def _seconds(command: list[str], folder: Path) -> float:
    # Virtual modules that run elsewhere are none of this.
    environment = os.environ | {"LATENTRACK_RUNTIME": str(folder)}
    times = []
    for _ in range(TIMES + 1):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    return statistics.median(times[1:])  # the first may have to compile
