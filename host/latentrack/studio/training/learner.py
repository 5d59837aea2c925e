"""The process that trains: `python -m latentrack.studio.training.learner FOLDER`.

The process sends its progress, writes the best weights so far to the folder, and writes the run at
the end. It stops on the message "stop", and when the studio has ended.
"""

from __future__ import annotations

import _thread
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from latentrack.errors import UserError
from latentrack.model.autoencoder import Autoencoder
from latentrack.model.feel_training import wanted_latents
from latentrack.model.run import load_run
from latentrack.model.training import Epoch, Training, train
from latentrack.model.verdict import verdict
from latentrack.studio.explore.points import shown
from latentrack.studio.training.assignment import HEARTBEAT, Assignment
from latentrack.studio.training.child import ChildVoice, listen, step_back
from latentrack.studio.training.positions import packed, positions_of
from latentrack.studio.workspace import Workspace, model_name

FEEL_PHASE = "Learning the feel"
"""What it does after the hits, where the settings ask for a feel."""
REPORT_EVERY = 0.25
"""Seconds between two messages."""
SHARE_TO_LOOK = 0.1
"""The share of the time, 0 to 1, spent on encoding the music for the map."""
KEEP_EVERY = 10.0
"""Seconds between two writings of the best so far, or more:"""
SHARE_TO_KEEP = 0.05
"""To write them may take this share of the time; much music takes long to be summed up."""
PATIENCE = 20.0
"""Seconds for the training to end once the studio has ended; then the process exits."""


class Learner:
    """Runs one training and sends messages about it."""

    def __init__(self, assignment: Assignment, voice: ChildVoice) -> None:
        self._assignment = assignment
        self._say = voice.say
        self._stopping = threading.Event()
        self._has_begun = False
        self._waiting: list[Epoch] = []
        self._unkept: Callable[[], Training] | None = None
        self._next_report = self._next_look = self._next_keeping = 0.0

    def run(self) -> None:
        """Train, and write the run and its model file.

        Raises UserError if that fails, KeyboardInterrupt if it was stopped before the first epoch
        ended.
        """
        self._say("phase", words="Starting TensorFlow")
        from latentrack.decoder.quiet import import_tensorflow

        import_tensorflow()
        job = self._assignment
        earlier = load_run(job.earlier) if job.earlier else None
        dataset = job.dataset
        chosen = dataset.sequences[shown(len(dataset))]
        history = earlier.history if earlier else ()
        if self._stopping.is_set():
            raise KeyboardInterrupt
        words = "Compiling"
        if job.settings.model == "stacked" and not earlier:
            words = "Compiling, and training layer by layer"
        self._say("phase", words=words)

        def heard(current: Autoencoder, outcome: Callable[[], Training]) -> None:
            self._has_begun = True
            now = time.monotonic()
            if now >= self._next_report:
                self._report(current, chosen, now)
            self._unkept = outcome
            if now >= self._next_keeping:
                keep(now)
            if self._stopping.is_set():
                raise KeyboardInterrupt

        def keep(now: float) -> None:
            if self._unkept is None:
                return
            kept, self._unkept = self._unkept(), None
            # If the disk is full, go on: there may be room at the end.
            with suppress(UserError):
                job.save_best(kept, dataset, history)
                self._say("kept", number=kept.best.number)
            done = time.monotonic()
            self._next_keeping = done + max(KEEP_EVERY, (done - now) / SHARE_TO_KEEP)

        def felt(done: float) -> None:
            now = time.monotonic()
            # The hits are learnt, and the feel may take longer than they did.
            keep(now)
            if now >= self._next_report:
                self._flush()
                self._say("phase", words=FEEL_PHASE, part=done)
                self._next_report = now + REPORT_EVERY
            if self._stopping.is_set():
                raise KeyboardInterrupt

        def restarted(why: str) -> None:
            self._flush()
            self._say("restart", words=why)

        training = train(
            dataset,
            job.settings,
            on_epoch=self._waiting.append,
            on_restart=restarted,
            validated_on=earlier.validated_on if earlier else None,
            start=earlier.model if earlier else None,
            on_model=heard,
            on_feel=felt,
        )
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._flush(positions=packed(positions_of(training.model, chosen)))
        self._say("phase", words="Writing the run")
        run = job.save(training, dataset, history)
        self._say("phase", words="Writing the model")
        self._say(
            "done",
            run=str(run.folder),
            interrupted=training.interrupted,
            best=training.best.number,
            verdict=verdict(training, dataset),
            lacks_feel=training.feel is None and wanted_latents(dataset, job.settings) > 0,
            collapsed=[latent + 1 for latent in training.collapsed_latents],
        )
        # Only now, for whoever is killed before that has said nothing of the run; from here on the
        # next studio must not make a second one.
        job.forget_best()
        # A module wants to hear it next, and TensorFlow takes its time to start elsewhere. Without
        # this file it is made when it is asked for.
        with suppress(UserError):
            run.export(Workspace(job.workspace).models / model_name(run.folder))

    def stop(self) -> None:
        """End the training after the present epoch; called in another thread."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        if not self._has_begun:
            # Nothing to keep yet; layer by layer there are no epochs to wait for.
            _thread.interrupt_main()

    def _report(self, current: Autoencoder, chosen: object, now: float) -> None:
        positions = {}
        if now >= self._next_look:
            positions = {"positions": packed(positions_of(current, chosen))}  # type: ignore[arg-type]
            self._next_look = now + (time.monotonic() - now) / SHARE_TO_LOOK
        self._flush(**positions)
        self._next_report = time.monotonic() + REPORT_EVERY

    def _flush(self, **positions: str) -> None:
        epochs = [(e.number, e.of, e.loss, e.validation_loss, e.best) for e in self._waiting]
        self._waiting.clear()
        self._say("epochs", epochs=epochs, **positions)


def main(folder: Path) -> None:
    """Train what the folder describes; remove the folder at the end."""
    voice = ChildVoice()
    step_back()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    assignment = Assignment.read(folder)
    learner = Learner(assignment, voice)

    def beat() -> None:
        while True:
            assignment.touch()
            time.sleep(HEARTBEAT)

    def deserted() -> None:
        learner.stop()
        time.sleep(PATIENCE)
        # The best weights stay in the folder, for the next studio to keep.
        os._exit(1)

    threading.Thread(target=beat, daemon=True).start()
    listen(lambda word: learner.stop() if word == "stop" else None, deserted)
    try:
        learner.run()
    except KeyboardInterrupt:
        voice.say("nothing")
    except UserError as error:
        voice.say("failed", words=str(error))
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
