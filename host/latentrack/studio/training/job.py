"""What is known of one training, from its process's messages."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from latentrack.corpus.dataset import Dataset
from latentrack.model.settings import Settings
from latentrack.model.training import Epoch
from latentrack.studio.training.child import Message
from latentrack.studio.training.places import Places, unpacked
from latentrack.words import agree, listed


@dataclass(frozen=True)
class Outcome:
    """How it ended: "finished", "stopped" (by hand), "nothing" (stopped before there was anything),
    "killed" (from outside) or "failed".

    words: the first sentence says what happened.  run: what was kept, if anything was.
    """

    kind: str
    words: tuple[str, ...]
    run: Path | None = None


@dataclass(eq=False)
class Job:
    """One training, current or ended. One thread writes it, and any may read."""

    name: str
    settings: Settings
    dataset: Dataset
    phase: str = "Starting"
    epochs: list[Epoch] = field(default_factory=list)
    restarts: list[str] = field(default_factory=list)
    places: Places | None = None
    kept: int | None = None
    """The best epoch that a killed training would leave."""
    outcome: Outcome | None = None
    stopping: bool = False
    _first: tuple[int, float] | None = None
    _last: tuple[int, float] | None = None

    @property
    def latents(self) -> int:
        return self.settings.latents

    @property
    def best(self) -> Epoch | None:
        """The epoch whose weights would be kept now."""
        return next((epoch for epoch in reversed(self.epochs) if epoch.best), None)

    def hear(self, message: Message, now: float | None = None) -> Outcome | None:
        """Takes a message of the training's process that came at `now` (monotonic seconds).

        Returns what it says of the end, which counts when the process has ended.
        """
        now = time.monotonic() if now is None else now
        kind = message.get("kind")
        if kind == "phase":
            self.phase = message["words"]
        elif kind == "restart":
            self.restarts = [*self.restarts, message["words"]]
            self.epochs, self._first, self._last = [], None, None
            self.settings = replace(self.settings, seed=self.settings.seed + 1)
        elif kind == "epochs":
            self._hear_epochs(message, now)
        elif kind == "kept":
            self.kept = message["number"]
        elif kind == "done":
            return self._done(message)
        elif kind == "nothing":
            words = "Stopped before the first epoch had ended: there was nothing to keep."
            return Outcome("nothing", (words,))
        elif kind == "failed":
            return Outcome("failed", (message["words"],))
        return None

    def seconds_left(self) -> float | None:
        """By the time that the epochs so far took; None while that is not known."""
        if self._first is None or self._last is None or self._last[0] == self._first[0]:
            return None
        (start, began), (number, now) = self._first, self._last
        return (now - began) / (number - start) * max(0, self.epochs[-1].of - number)

    def _hear_epochs(self, message: Message, now: float) -> None:
        new = [Epoch(*values) for values in message["epochs"]]
        self.epochs = [*self.epochs, *new]
        if new:
            self.phase = "Training"
            self._last = (new[-1].number, now)
            # The first epoch has the compiling in it.
            self._first = self._first or self._last
        if "places" in message:
            self.places = unpacked(message["places"], self.latents)

    def _done(self, message: dict[str, Any]) -> Outcome:
        words = []
        if message["interrupted"]:
            epoch = self.epochs[-1].number if self.epochs else message["best"]
            words.append(f"Stopped after epoch {epoch:,}; epoch {message['best']:,} is kept.")
        else:
            words.append("Finished.")
        words += message["verdict"]
        if message["collapsed"]:
            latents = agree(len(message["collapsed"]), "Latent"), listed(message["collapsed"])
            are = agree(len(message["collapsed"]), "is", "are")
            words.append(
                f"{' '.join(latents)} {are} collapsed with every seed that was tried: train with "
                "fewer."
            )
        kind = "stopped" if message["interrupted"] else "finished"
        return Outcome(kind, tuple(words), Path(message["run"]))
