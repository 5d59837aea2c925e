"""The desk at which a page is followed: a folder, a terminal, more terminals, a module.

A home of its own, the venv's programs first in PATH, and a folder of its own for virtual modules,
so that "the only module there is" is the page's. Trainings take longer than all else, so pages
that train the same on the same files share one, which lies in the cache.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from tests.conftest import ROOT
from tests.docs.compare import matches
from tests.docs.page import Block, Page
from tests.factory_models import write_library
from tests.waiting import PATIENCE_S, until
from tests.workers import made_in

VIRTUAL_MODULE = (
    "latentrack dataset --demo -o groove.npz",
    "latentrack train groove.npz -o groove.tflite",
    "latentrack install --no-models",
    "latentrack push groove.tflite",
)
PROMPT = ">>> "
PAUSE_S = 1.0
"""A program that prints nothing for so long has said what it has to say."""

_SLOW = ("latentrack demo", "latentrack train")
_PRINTED = "printed.json"


@dataclass(frozen=True)
class Outcome:
    """One thing that was typed: where, what the page shows, what was printed."""

    block: Block
    typed: str | None
    shown: list[str]
    printed: str
    code: int = 0

    @property
    def right(self) -> bool:
        if self.code and self.block.wish("fails") is None:
            return False
        if self.block.language == "python":
            return True
        vary = self.block.wish("figures vary") is not None
        return matches(self.shown, self.printed, figures_vary=vary)


class Terminal:
    """A program that goes on while other things are done."""

    def __init__(self, command: str, folder: Path, environment: dict[str, str]) -> None:
        self.command = command
        self._output = tempfile.TemporaryFile()
        self._seen = 0
        self._process = subprocess.Popen(
            ["sh", "-c", f"exec {command}"],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=self._output,
            stderr=subprocess.STDOUT,
        )

    def wait_for(self, enough: Callable[[str], bool]) -> str:
        """What has been printed since it was asked last, as soon as that is enough, or in vain."""
        end = time.monotonic() + PATIENCE_S
        while True:
            # Asked before: what it says at its end is read, too.
            ended = self._process.poll() is not None
            self._output.seek(self._seen)
            # A letter of which a part has come is read when it is whole.
            said = self._output.read().decode(errors="ignore")
            if enough(said) or ended or time.monotonic() > end:
                break
            self._ends_within(0.05)
        # What comes from now on is of the next question.
        self._seen += len(said.encode())
        return said

    def wait_for_words(self) -> None:
        """Returns when it has begun to speak, and paused."""
        end = time.monotonic() + PATIENCE_S
        before = -1
        while time.monotonic() < end:
            size = os.fstat(self._output.fileno()).st_size
            if size == before and size > self._seen:
                return
            before = size
            self._ends_within(PAUSE_S)

    def _ends_within(self, seconds: float) -> None:
        """Lets so much time go by; less if the program ends before."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)

    def type(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()

    def interrupt(self) -> str:
        """Ctrl-C: what it still says, the `^C` that a terminal shows included."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        said = self.wait_for(lambda _: True)
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._output.close()
        return said.removeprefix("\n")


class Desk:
    """Follows one page in `folder`, which is empty; at its end what still runs ends, too.

    What pages share lies in `cache`; several desks may have the same at the same time.
    """

    def __init__(self, folder: Path, cache: Path) -> None:
        self.folder, self._cache = folder, cache
        self._where = folder
        self._outcomes: list[Outcome] = []
        self._terminals: list[Terminal] = []
        self._private = Path(tempfile.mkdtemp(prefix="latentrack-docs-"))
        home = self._private / "home"
        home.mkdir()
        # The venv's programs, wherever pytest was called from.
        programs = Path(sys.executable).parent
        self._environment = {
            "PATH": f"{programs}:{os.environ.get('PATH', os.defpath)}",
            "HOME": str(home),
            "XDG_CACHE_HOME": str(cache),
            "LATENTRACK_RUNTIME": str(self._private / "runtime"),
            "LATENTRACK_FACTORY": str(made_in(cache, "factory_models", write_library)),
            # For tests.docs.music, and the package of this checkout wherever another is installed.
            "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'host'}",
            "LANG": "C.UTF-8",
            "COLUMNS": "80",
            "TERM": "dumb",
        }

    def __enter__(self) -> Desk:
        return self

    def __exit__(self, *_: object) -> None:
        while self._terminals:
            self._terminals.pop().interrupt()
        shutil.rmtree(self._private)

    def follow(self, page: Page) -> list[Outcome]:
        """Does what the page says, from its beginning to its end."""
        for block in page.blocks:
            for wish in block.asked:
                self._prepare(wish)
            if block.left_out:
                continue
            file = block.wish("save")
            if file is not None:
                self._save(file, block)
            elif block.language == "python":
                self._python(block)
            elif block.language == "pycon":
                self._prompt(block)
            else:
                self._console(block)
        return self._outcomes

    def _prepare(self, wish: str) -> None:
        if wish.startswith("$ "):
            self._must(wish[2:])
        elif wish == "in the checkout":
            self._where = ROOT
        elif wish == "virtual module":
            self._open("latentrack virtual --flash my-module --bpm 120")
            self._terminals[-1].wait_for(lambda said: said.count("\n") > 1)
            for command in VIRTUAL_MODULE:
                self._must(command)

    def _console(self, block: Block) -> None:
        instead = block.wish("as")
        for typed, shown in block.parts():
            code = 0
            if typed is None or typed == "^C":
                if not self._terminals:
                    raise ValueError(f"line {block.first}: no program runs in another terminal")
                if typed is None:
                    outcome = self._listen(block, shown)
                else:
                    outcome = Outcome(block, typed, shown, self._terminals.pop().interrupt())
                self._outcomes.append(outcome)
                continue
            if block.wish("another terminal") is not None:
                self._open(typed)
                self._outcomes.append(self._listen(block, shown, typed))
                continue
            printed, code = self._run(instead or typed)
            self._outcomes.append(Outcome(block, typed, shown, printed, code))

    def _listen(self, block: Block, shown: list[str], typed: str | None = None) -> Outcome:
        vary = block.wish("figures vary") is not None
        if shown:
            said = self._terminals[-1].wait_for(lambda s: matches(shown, s, figures_vary=vary))
        else:  # a page that is being written: whatever it says first
            self._terminals[-1].wait_for_words()
            said = self._terminals[-1].wait_for(bool)
        return Outcome(block, typed, shown, said)

    def _python(self, block: Block) -> None:
        file = self.folder / f"line_{block.first}.py"
        file.write_text("\n".join(block.lines) + "\n")
        printed, code = self._run(f"python {file.name}")
        self._outcomes.append(Outcome(block, None, list(block.lines), printed, code))

    def _prompt(self, block: Block) -> None:
        """At the prompt of `latentrack live --repl`: one that is open, or one for this block."""
        open_already = bool(self._terminals) and "--repl" in self._terminals[-1].command
        if not open_already:
            nothing = self._private / "nothing"
            nothing.mkdir(exist_ok=True)
            self._open(f"latentrack live {nothing} --repl")
            self._terminals[-1].wait_for(lambda said: said.endswith(PROMPT))
        terminal = self._terminals[-1]
        for typed, shown in block.parts():
            lines = (typed or "").splitlines()
            for line in lines if len(lines) == 1 else [*lines, ""]:
                terminal.type(line)
            said = terminal.wait_for(lambda said: said.endswith(PROMPT)).removesuffix(PROMPT)
            said = said[4 * len(lines) :] if len(lines) > 1 else said
            self._outcomes.append(Outcome(block, typed, shown, said))
        if not open_already:
            self._terminals.pop().interrupt()

    def _save(self, file: str, block: Block) -> None:
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(block.lines) + "\n")

    def _open(self, command: str) -> None:
        on = set((self._private / "runtime").glob("*.json"))
        self._terminals.append(Terminal(command, self._where, self._environment))
        if command.startswith("latentrack virtual"):
            # A reader types the next command when the module is there, however slow the machine.
            until(
                lambda: set((self._private / "runtime").glob("*.json")) - on,
                f"{command} does not come up",
            )

    def _must(self, command: str) -> None:
        printed, code = self._run(command)
        if code:
            raise AssertionError(f"{command} ended with {code}:\n{printed}")

    def _run(self, command: str) -> tuple[str, int]:
        """Output and exit code; a training that another page has done already is taken from it."""
        if not command.startswith(_SLOW):
            return self._really_run(command)
        names = shlex.split(command)
        # What is to be written may be there already, and makes no difference.
        to_read = [name for before, name in pairwise(names) if before != "-o"]
        given = [self.folder / name for name in to_read if (self.folder / name).is_file()]
        key = hashlib.sha256(command.encode())
        for file in given:
            key.update(file.read_bytes())

        def make(kept: Path) -> None:
            before = self._files()
            printed = self._really_run(command)
            for name, data in self._files().items():
                if before.get(name) != data:
                    (kept / "files" / name).parent.mkdir(parents=True, exist_ok=True)
                    (kept / "files" / name).write_bytes(data)
            (kept / _PRINTED).write_text(json.dumps(printed))

        kept = made_in(self._cache, f"training-{key.hexdigest()}", make)
        if (kept / "files").is_dir():
            shutil.copytree(kept / "files", self.folder, dirs_exist_ok=True)
        printed, code = json.loads((kept / _PRINTED).read_text())
        return printed, code

    def _files(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in self.folder.rglob("*")
            if path.is_file() and "my-module" not in path.parts
        }

    def _really_run(self, command: str) -> tuple[str, int]:
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=self._where,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=900,
            check=False,
        )
        return done.stdout.decode(), done.returncode
