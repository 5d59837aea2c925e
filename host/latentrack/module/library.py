"""The module's library of models: putting one there, so that it plays from the next bar on."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from latentrack.decoder.metadata import DecoderInfo, read_info
from latentrack.errors import UserError
from latentrack.module.link import Link, ModuleError, Progress

MODELS = "/flash/models"
# The module's folder for each kind of model (device/latentrack/library.py has the same).
FOLDERS = {"perdec": "perc"}


@dataclass(frozen=True)
class Pushed:
    """What `push` did: the model's name on the module, what it is, and if it took another's place."""

    name: str
    info: DecoderInfo
    replaced: bool


def playable(model: Path) -> DecoderInfo:
    """What the model is; raises UserError if no module can play it."""
    info = read_info(model)
    if info.kind not in FOLDERS:
        raise UserError(
            f"{model} is a model of kind {info.kind!r}, which the module cannot play yet; "
            f"push one of kind {' or '.join(sorted(FOLDERS))}"
        )
    return info


def push(link: Link, model: Path, progress: Progress | None = None) -> Pushed:
    """Stores a model in the library and plays it from the next bar on.

    It is written under a temporary name, compared by hash, read by latentcore on the module, and
    renamed last. Raises UserError; then the module plays and holds what it did before.
    """
    info = playable(model)
    data = model.read_bytes()
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", model.stem) or "model"
    folder = f"{MODELS}/{FOLDERS[info.kind]}"
    path, partial = f"{folder}/{name}.tflite", f"{folder}/.{name}.partial"
    try:
        link.run("from latentrack.instrument import Instrument\nInstrument.running.library")
    except ModuleError as error:
        raise UserError(
            f"Latentrack does not run on the module at {link.port}; "
            f"`latentrack install {link.port}` puts it there ({error})"
        ) from error
    try:
        link.run(
            "import os\n"
            f"for _folder in ({MODELS!r}, {folder!r}):\n"
            "    try:\n"
            "        os.mkdir(_folder)\n"
            "    except OSError:\n"
            "        pass\n"
            "del _folder"
        )
        digest = hashlib.sha256(data).digest()
        before = link.sha256(path)
        if before != digest:
            link.write(partial, data, progress)
            if link.sha256(partial) != digest:
                raise UserError(
                    f"{model} arrived damaged at {link.port}; the module plays on as before, "
                    "try again"
                )
            _check(link, model, partial)
            link.run(f"os.rename({partial!r}, {path!r})")
        link.run(f"Instrument.running.library.play({name!r})")
    except ModuleError as error:
        raise UserError(f"the module could not store {model}: {error}; make room on it") from error
    return Pushed(name, info, replaced=bool(before) and before != digest)


def _check(link: Link, model: Path, partial: str) -> None:
    """Lets latentcore read the file on the module; takes it away again if it is refused."""
    try:
        link.run(
            "import gc\ngc.collect()\n"
            "from latentrack.library import Model\n"
            f"with open({partial!r}, 'rb') as _file:\n"
            "    Model('', _file.read())\n"
            "del _file"
        )
    except ModuleError as error:
        link.run(f"os.remove({partial!r})")
        reason = str(error).split(": ", 1)[-1]
        raise UserError(
            f"the module cannot play {model}: {reason}; it plays on as before"
        ) from error
