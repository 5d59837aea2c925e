"""The state of training: the task, its progress and its outcome."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

from latentrack.corpus.dataset import Dataset
from latentrack.model.settings import Settings
from latentrack.model.training import Epoch
from latentrack.studio.signals import Signal
from latentrack.studio.store import Store
from latentrack.studio.training.child import Message
from latentrack.studio.training.positions import Positions, unpacked
from latentrack.words import agree, listed


@dataclass(frozen=True, eq=False)
class Task:
    """A training that was started. name: of the run to be."""

    name: str
    settings: Settings
    dataset: Dataset


@dataclass(frozen=True)
class Outcome:
    """How a training ended.

    kind: "finished", "stopped" (by the user), "nothing" (stopped before the first epoch ended),
    "killed" (its process ended without one) or "failed".  words: what happened, in sentences.
    run: the folder of its run, or None.
    """

    kind: str
    words: tuple[str, ...]
    run: Path | None = None


@dataclass(frozen=True, eq=False)
class Progress:
    """The progress of a training, from the messages of its process.

    phase: the present step of work, in words.  part: how much of it is done, 0 to 1; None: not
    known, or epochs tell it.  restarts: a sentence for each.  positions: knob
    values of -1 to 1, (n, latents), of the sequences that a map shows.  kept: the number of the
    best epoch on disk, which a killed training would leave.  first, last: the first and the newest
    epoch, or part of a phase, each with the time (monotonic seconds) at which its message arrived.
    """

    phase: str = "Starting"
    part: float | None = None
    epochs: tuple[Epoch, ...] = ()
    restarts: tuple[str, ...] = ()
    positions: Positions | None = None
    kept: int | None = None
    first: tuple[float, float] | None = None
    last: tuple[float, float] | None = None

    @property
    def best(self) -> Epoch | None:
        """The best epoch so far, or None."""
        return next((epoch for epoch in reversed(self.epochs) if epoch.best), None)

    @property
    def seconds_left(self) -> float | None:
        """The seconds left at the present speed; None before the second message that tells how far
        it is."""
        if self.first is None or self.last is None or self.last[0] == self.first[0]:
            return None
        (start, began), (number, now) = self.first, self.last
        whole = 1.0 if self.part is not None else self.epochs[-1].of
        return (now - began) / (number - start) * max(0, whole - number)

    def after(self, message: Message, latents: int, now: float | None = None) -> Progress:
        """The progress after a message that arrived at `now` (monotonic seconds).

        latents: the number of latents of the model.
        """
        kind = message.get("kind")
        now = time.monotonic() if now is None else now
        if kind == "phase":
            return self._in_phase(message["words"], message.get("part"), now)
        if kind == "restart":
            restarts = (*self.restarts, message["words"])
            return replace(self, restarts=restarts, epochs=(), first=None, last=None)
        if kind == "kept":
            return replace(self, kept=message["number"])
        if kind != "epochs":
            return self
        made = self
        if new := tuple(Epoch(*values) for values in message["epochs"]):
            last = (new[-1].number, now)
            # The first epoch includes compiling, so its time does not count.
            first = self.first or last
            epochs = self.epochs + new
            made = replace(self, phase="Training", part=None, epochs=epochs)
            made = replace(made, first=first, last=last)
        if "positions" in message:
            made = replace(made, positions=unpacked(message["positions"], latents))
        return made

    def _in_phase(self, words: str, part: float | None, now: float) -> Progress:
        """In a phase, of which a part is done."""
        if part is None:
            return replace(self, phase=words, part=None, first=None, last=None)
        last = (part, now)
        first = self.first if self.part is not None else last
        return replace(self, phase=words, part=part, first=first, last=last)


@dataclass(frozen=True, eq=False)
class TrainingState:
    """All that the pages show of training.

    task: the running or last training; None before the first one, or after it was dismissed.
    progress: of the task.  stopping: whether the task was told to stop.  outcome: of the task; None
    while it runs.  last_run: the run of the last training, or the newest run.  found: messages
    about trainings that an earlier studio left.
    """

    task: Task | None = None
    progress: Progress = Progress()
    stopping: bool = False
    outcome: Outcome | None = None
    last_run: Path | None = None
    found: tuple[str, ...] = ()

    @property
    def running(self) -> bool:
        """Whether a training is running."""
        return self.task is not None and self.outcome is None


class TrainingStore(Store[TrainingState]):
    """The store of the state, with its signals.

    task_changed: a training has begun, ended or been dismissed, or an earlier studio's was found.
    progress_changed: the running training has made progress, or was told to stop.
    """

    def __init__(self, last_run: Path | None) -> None:
        self.task_changed = Signal()
        self.progress_changed = Signal()
        concerns = {
            self.task_changed: ("task", "outcome", "last_run", "found"),
            self.progress_changed: ("progress", "stopping"),
        }
        super().__init__(TrainingState(last_run=last_run), concerns)


def outcome_of(message: Message, progress: Progress) -> Outcome | None:
    """The outcome in a message, valid once the process has ended; None for other messages."""
    kind = message.get("kind")
    if kind == "nothing":
        words = "Stopped before the first epoch had ended: there was nothing to keep."
        return Outcome("nothing", (words,))
    if kind == "failed":
        return Outcome("failed", (message["words"],))
    return _done(message, progress) if kind == "done" else None


def _done(message: Message, progress: Progress) -> Outcome:
    words = []
    if message["interrupted"]:
        epoch = progress.epochs[-1].number if progress.epochs else message["best"]
        words.append(f"Stopped after epoch {epoch:,}; epoch {message['best']:,} is kept.")
    else:
        words.append("Finished.")
    words += message["verdict"]
    if message["lacks_feel"]:
        words.append("The feel was not learnt to its end: the model has none.")
    if message["collapsed"]:
        latents = agree(len(message["collapsed"]), "Latent"), listed(message["collapsed"])
        are = agree(len(message["collapsed"]), "is", "are")
        words.append(
            f"{' '.join(latents)} {are} collapsed with every seed that was tried: train with fewer."
        )
    kind = "stopped" if message["interrupted"] else "finished"
    return Outcome(kind, tuple(words), Path(message["run"]))
