"""Latentrack: train a small generative sequencer on your own music, play it on a module.

    import latentrack as lt

    music = lt.read(["my_drums"])
    run = lt.save_run("drums.run", lt.train(music), music)
    run.export("drums.tflite")
    with lt.Module() as module:
        module.push("drums.tflite")

What is named here is loaded when it is first used: TensorFlow takes seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from latentrack.lazy import lazy

if TYPE_CHECKING:
    from latentrack.corpus import Dataset, Rules, read
    from latentrack.decoder.litert import Decoder
    from latentrack.errors import UserError
    from latentrack.model import Run, Settings, load_run, save_run, train
    from latentrack.module.module import Module
    from latentrack.osc.player import OscPlayer

__version__ = "0.1.0"

_HOMES = {
    "Dataset": "corpus",
    "Decoder": "decoder.litert",
    "Module": "module.module",
    "OscPlayer": "osc.player",
    "Rules": "corpus",
    "Run": "model",
    "Settings": "model",
    "UserError": "errors",
    "load_run": "model",
    "read": "corpus",
    "save_run": "model",
    "train": "model",
}
__all__ = [
    "Dataset",
    "Decoder",
    "Module",
    "OscPlayer",
    "Rules",
    "Run",
    "Settings",
    "UserError",
    "load_run",
    "read",
    "save_run",
    "train",
]


__getattr__, __dir__ = lazy(__name__, _HOMES)
