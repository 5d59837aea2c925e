"""Kills of either side by the hundred, in the midst of whatever changes a module.

    python -m tests.end_to_end.kills --count 500 --workers 2

Each case runs a command through a cable and kills the command or cuts the module's power when a
random byte has passed, or up to 60 ms later. Then nothing may be lost: what the player has stored
is there, and every model is whole, the old or the new. And the same command, run once more, must
end well, with the module playing. Exits with 1 and names the case if anything else happens;
`--seed` makes the same cases again.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from latentrack.module.backup import backup
from latentrack.module.files import open_files
from latentrack.module.link import Link
from tests.decoders import DRUMS, decoders_or_stand_ins
from tests.end_to_end import faults
from tests.end_to_end.cable import TO_HOST, TO_MODULE, Cable, Fault
from tests.end_to_end.faults import Bench, Broken, Case
from tests.waiting import PATIENCE_S, until

KILLED = ("store", "rm", "sync", "install", "restore", "live")
_OWN = {
    "notes.txt": b"the player's own\n" * 40,
    "behaviours/mine.py": b"def frame(c, t):\n    pass\n",
}
_LATER_US = 60_000
_STORED_S = 30.0


class KillBench(Bench):
    """A module with a player's files on it, and the commands that change them."""

    commands = KILLED

    def _prepare(self) -> None:
        for name, data in _OWN.items():
            (self.module.flash / name).write_bytes(data)
        self._watched = self._folder / "behaviours"
        self._watched.mkdir()
        self._backup = self._folder / "backup.zip"
        with Link(self.module.port) as link:
            link.restart()
            with open_files(link, print) as files:
                backup(files, self._backup)
        self._library = self.module.flash / "models" / "perc"

    def _arguments(self, command: str, port: str) -> list[str]:
        self._turn = 1 - self._turn
        self._set_stage(command)
        return self._again(command, port)

    def _set_stage(self, command: str) -> None:
        """Makes the module need the command."""
        if command == "rm":
            shutil.copy(self._pushed[0], self._library / "goner.tflite")
        elif command == "restore":
            (self.module.flash / "added.bin").write_bytes(bytes(20_000))
            shutil.copy(self._versions[self._turn][0], self._library / "b.tflite")
            (self._library / "a.tflite").unlink(missing_ok=True)
        elif command == "live":
            for name in ("one.py", "two.py"):
                self._turn_behaviour(name)

    def _turn_behaviour(self, name: str) -> None:
        text = f"# {time.monotonic_ns()}\ndef frame(controls, track):\n    pass\n"
        (self._watched / name).write_text(text + "# so that it takes some frames\n" * 300)

    def _again(self, command: str, port: str) -> list[str]:
        """The same command for the same purpose."""
        if command == "rm":
            return ["rm", "goner", "--port", port]
        if command == "install":
            return ["install", port]
        if command == "restore":
            return ["restore", str(self._backup), "--delete", "--port", port]
        if command == "live":
            return ["live", str(self._watched), "--port", port]
        if command == "store":
            return ["push", "--store", str(self._pushed[self._turn]), "--port", port]
        folder = self._versions[self._turn][0].parent
        shutil.copy(self._kept, folder)
        return ["sync", str(folder), "--delete", "--port", port]

    def _run(
        self, command: str, cable: Cable, answer_s: float = faults.ANSWER_S
    ) -> tuple[int, str, float]:
        return self._start(self._arguments(command, cable.port))

    def _start(self, arguments: list[str]) -> tuple[int, str, float]:
        """Runs a command to its end; `live` is ended as by Ctrl-C when all is stored."""
        began = time.monotonic()
        with tempfile.NamedTemporaryFile() as said, tempfile.NamedTemporaryFile() as shown:
            self._process = faults.FORKS.Process(
                target=_command, args=(arguments, said.name, shown.name)
            )
            self._process.start()
            if arguments[0] == "live":
                # Before it watches it may not have learnt yet what Ctrl-C means.
                while self._process.is_alive() and not (
                    b"Watching" in Path(shown.name).read_bytes() and self._live_is_done()
                ):
                    if time.monotonic() - began > _STORED_S:
                        self._process.kill()
                        raise Broken("live has not stored what was saved")
                    self._process.join(0.02)
                self._interrupt()
            self._process.join(PATIENCE_S)
            if self._process.exitcode is None:
                self._process.kill()
                raise Broken("the command did not end within 60 s")
            return self._process.exitcode, Path(said.name).read_text(), time.monotonic() - began

    def _interrupt(self) -> None:
        pid = self._process.pid
        if pid is not None and self._process.is_alive():
            os.kill(pid, signal.SIGINT)

    def _live_is_done(self) -> bool:
        return all(
            _bytes(self.module.flash / "behaviours" / file.name) == file.read_bytes()
            for file in self._watched.iterdir()
        )

    # -- a kill and what must hold ----------------------------------------------------------------

    def run(self, case: Case) -> str:
        """Makes the kill; "" if the command was over before. Raises Broken."""

        def kill() -> None:
            if case.victim == "the module":
                self.module.kill()
            else:
                until(lambda: self._process.pid is not None, between_s=0.001)
                self._process.kill()

        with Cable(self.module.port, case.fault, kill) as cable:
            code, said, _ = self._run(case.command, cable)
            happened = cable.happened
        if not happened:
            return ""
        if case.victim == "the module":
            self._check_said(code, said)
        self._check_kept("after the kill")
        code, said, _ = self._start(self._again(case.command, self.module.port))
        if code != 0 and not self._was_done(case.command, said):
            raise Broken(f"the same command again ended with {code}: {said}")
        self._check_kept("after the same command again")
        self._check_end(case.command)
        self._check_playing()
        return "killed"

    def _was_done(self, command: str, said: str) -> bool:
        """A model that has gone already cannot be removed again."""
        return command == "rm" and "No model on the module is called 'goner'" in said

    def _check_said(self, code: int, said: str) -> None:
        lines = said.strip().splitlines()
        # 255 is multiprocessing's, where it has lost an exit code; no command ends so.
        if code not in (0, -signal.SIGINT, 130) and (code not in (2, 3, 255) or len(lines) != 1):
            raise Broken(f"the command ended with {code} and said {said!r}")

    def _check_kept(self, when: str) -> None:
        try:
            self._check_library()
        except Broken as error:
            raise Broken(f"{error}, {when}") from error
        for name, data in _OWN.items():
            if _bytes(self.module.flash / name) != data:
                raise Broken(f"{name} is not what it was, {when}")

    def _check_end(self, command: str) -> None:
        """What the command is for has come about."""
        flash, library = self.module.flash, self._library
        if command in ("store", "sync"):
            self._check_done(command)
        elif command == "rm" and (library / "goner.tflite").exists():
            raise Broken("the model is still there")
        elif command == "live" and not self._live_is_done():
            raise Broken("the behaviours are not what was saved")
        elif command == "restore" and (
            (flash / "added.bin").exists() or not (library / "a.tflite").exists()
        ):
            raise Broken("the flash is not as in the backup")
        elif command == "install":
            left = [name for name in os.listdir(flash) if name.endswith((".new", ".old"))]
            if left:
                raise Broken(f"the install has left {left}")


def _command(arguments: list[str], stderr: str, stdout: str) -> None:
    """The command line, in a process of its own."""
    from latentrack import cli

    for descriptor, path in ((1, stdout), (2, stderr)):
        os.dup2(os.open(path, os.O_WRONLY), descriptor)
    sys.argv = ["latentrack", *arguments]
    cli.main()


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def cases(sizes: dict[str, dict[str, tuple[int, list[int]]]], seed: int) -> Iterator[Case]:
    """All commands and both sides in turn, each at a random byte."""
    rng = random.Random(seed)
    while True:
        for command in rng.sample(KILLED, len(KILLED)):
            for victim in ("the module", "the computer"):
                way = rng.choice((TO_MODULE, TO_HOST))
                at = rng.randrange(sizes[command][way][0])
                later = rng.choice((1, rng.randrange(1, _LATER_US)))
                yield Case(command, Fault("kill", way, at, later), victim)


def run(
    model: Path, count: int, seed: int, *, seconds: float | None = None
) -> tuple[Counter[str], list[str]]:
    """Makes `count` kills, or as many as fit into `seconds`; their kinds, and what did not hold."""
    bench = KillBench(model)
    kinds: Counter[str] = Counter()
    broken: list[str] = []
    end = time.monotonic() + seconds if seconds is not None else None
    try:
        for case in cases(bench.sizes, seed):
            if kinds.total() >= count or (end is not None and time.monotonic() > end):
                break
            try:
                if not bench.run(case):
                    continue
            except AssertionError as error:
                broken.append(f"seed {seed}, {case}: {error}")
                print(broken[-1], flush=True)
                bench.close()
                bench = KillBench(model)
            kinds[f"{case.command}, {case.victim} killed"] += 1
    finally:
        bench.close()
    return kinds, broken


def run_shared(
    model: Path, count: int, seed: int, workers: int, *, seconds: float | None = None
) -> tuple[Counter[str], list[str]]:
    """The same with several modules at once."""
    with ThreadPoolExecutor(workers) as pool:
        share = -(-count // workers)
        results = list(
            pool.map(lambda n: run(model, share, seed + n, seconds=seconds), range(workers))
        )
    kinds = sum((result[0] for result in results), Counter[str]())
    return kinds, list(itertools.chain(*(result[1] for result in results)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, help="end after so long, with as many as fit")
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        model = decoders_or_stand_ins(Path(folder)) / f"{DRUMS}.tflite"
        kinds, broken = run_shared(
            model, options.count, options.seed, options.workers, seconds=options.seconds
        )
    for kind, number in sorted(kinds.items()):
        print(f"{number:6d}  {kind}")
    print(
        f"{kinds.total()} kills in {time.monotonic() - began:.0f} s, "
        f"{len(broken)} after which something did not hold"
    )
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
