"""The module's library of models, from the computer: hearing one, storing, comparing, fetching."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from latentrack.decoder.metadata import DecoderInfo, read_info
from latentrack.errors import UserError
from latentrack.module import diagnosis
from latentrack.module.diagnosis import Say
from latentrack.module.files import Entry, Files, PlainFiles, reason, refusals
from latentrack.module.link import Link, ModuleError, Progress
from latentrack.module.session import NoPackage, check_frames, running_session
from latentrack.module.space import check_room
from latentrack.words import listed

MODELS = "/flash/models"
ENDING = ".tflite"
# The module's folder for each kind of model (device/latentrack/library.py has the same).
FOLDERS = {"per": "perc", "seq": "notes", "rhy": "rhythm"}


@dataclass(frozen=True)
class Pushed:
    """What `push` did.

    name: what the model is called on the module.  stored: whether it is in its library now, and
    replaced: whether it took another's place there.  clocked: whether a clock was running, which
    storing on a Teensy holds up.  forgotten: why the module could not write down that it plays
    this model after power-on; "" if it could.
    """

    name: str
    info: DecoderInfo
    stored: bool = False
    replaced: bool = False
    clocked: bool = False
    forgotten: str = ""


@dataclass(frozen=True)
class Model:
    """A model file here, and where it belongs on the module."""

    file: Path
    path: str
    info: DecoderInfo
    data: bytes = field(repr=False)

    @property
    def name(self) -> str:
        return PurePosixPath(self.path).stem

    @property
    def entry(self) -> Entry:
        return Entry(len(self.data), hashlib.sha256(self.data).hexdigest())


def playable(model: Path) -> DecoderInfo:
    """What the model is; raises UserError if no module can play it."""
    info = read_info(model)
    if info.kind[:3] not in FOLDERS:
        raise UserError(
            f"{model} is a model of kind {info.kind!r}, which the module cannot play; "
            f"push one of kind {listed((f'{kind}…' for kind in sorted(FOLDERS)), 'or')}"
        )
    return info


def read_model(file: Path) -> Model:
    """A model from a file; raises UserError if no module can play it."""
    info = playable(file)
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", file.stem) or "model"
    return Model(file, f"{MODELS}/{FOLDERS[info.kind[:3]]}/{name}{ENDING}", info, file.read_bytes())


def push(
    link: Link,
    model: Path,
    progress: Progress | None = None,
    *,
    store: bool = False,
    track: int = 0,
    say: Say = lambda _: None,
) -> Pushed:
    """Plays a model from the next bar on, out of the module's memory; `store` also keeps it.

    It is compared by hash and read by latentcore there before it plays; stored, it is written under
    a temporary name, read back and compared, and renamed last. Raises UserError; then the module
    plays and holds what it did before (where only storing failed, the sentence says so). Raises
    NoPackage where a model is to be stored and Latentrack is not on the module. `say` gets a
    sentence if Latentrack had to be started first.
    """
    what = read_model(model)
    try:
        with running_session(link, say) as session:
            about = session.first
            if not 0 <= track < len(about["plays"]):
                tracks = len(about["plays"])
                raise UserError(f"the module has tracks 1 to {tracks}, not {track + 1}")
            with refusals(f"the module cannot take {model}, and plays on as before"):
                session.send(what.data, progress)
            with refusals(f"the module cannot play {model}, and plays on as before"):
                frames = session.call("audition", what.name, track)
            check_frames(session, frames)
            if not store:
                return Pushed(what.name, what.info, clocked=about["clocked"])
            before = session.call("hash", what.path)
            if before != what.entry.sha256:
                with refusals(f"{what.name} plays, but the module could not store it"):
                    session.call("keep", what.path)
            forgotten = why_forgotten(session.call("remember", what.name, track))
            replaced = bool(before) and before != what.entry.sha256
            return Pushed(what.name, what.info, True, replaced, about["clocked"], forgotten)
    except NoPackage as error:
        if store:
            raise  # storing can be done without it: push_plainly
        raise diagnosis.unusable(link, str(error)) from error


def why_forgotten(told: str | None) -> str:
    """What `remember` or `play` answers on the module, as a sentence; "" if all is well."""
    if not told:
        return ""
    return (
        "After power-on the module plays what it played before, for it could not write that down: "
        f"{reason(ModuleError(told))}."
    )


def push_plainly(link: Link, model: Path, progress: Progress | None = None) -> Pushed:
    """Stores a model by mpremote's own copy: for a module on which Latentrack is not installed."""
    what = read_model(model)
    files = PlainFiles(link)
    with refusals(f"the module could not store {model}"):
        replaced = what.path in files.listing(MODELS)
        files.put(what.path, what.data, progress)
    return Pushed(what.name, what.info, True, replaced)


@dataclass(frozen=True)
class Plan:
    """What makes the module's library like a folder: by path there.

    new and changed: to be sent.  gone: on the module and not in the folder.  same: as it is.
    there: all that is on the module.
    """

    new: dict[str, Model]
    changed: dict[str, Model]
    same: dict[str, Model]
    gone: dict[str, Entry]
    there: dict[str, Entry] = field(default_factory=dict)

    @property
    def to_send(self) -> dict[str, Model]:
        return self.new | self.changed


def models_in(folder: Path) -> tuple[list[Model], list[str]]:
    """The models of a folder and the folders in it, and why others cannot be played."""
    if not folder.is_dir():
        raise UserError(f"{folder} is no folder; name the one that has your models")
    models, refused = [], []
    for file in sorted(folder.rglob(f"*{ENDING}")):
        try:
            models.append(read_model(file))
        except UserError as error:
            refused.append(str(error))
    by_path: dict[str, Model] = {}
    for model in models:
        if other := by_path.get(model.path):
            raise UserError(
                f"{other.file} and {model.file} would have the same name on the module; "
                "rename one of them"
            )
        by_path[model.path] = model
    return models, refused


def plan(models: Iterable[Model], there: dict[str, Entry]) -> Plan:
    """Compares models here with the listing of MODELS there."""
    made = Plan({}, {}, {}, {}, there)
    for model in models:
        entry = there.get(model.path)
        if entry is None:
            made.new[model.path] = model
        elif entry == model.entry:
            made.same[model.path] = model
        else:
            made.changed[model.path] = model
    known = made.to_send | made.same
    made.gone.update({p: e for p, e in library_of(there).items() if p not in known})
    return made


def library_of(there: dict[str, Entry]) -> dict[str, Entry]:
    """The models among the files there, sorted."""
    return {path: there[path] for path in sorted(there) if path.endswith(ENDING)}


def sync(
    files: Files, made: Plan, *, delete: bool = False, progress: Progress | None = None
) -> None:
    """Carries out a plan: first everything is stored and compared, then what is gone is removed.

    Each model is whole when it gets its name, so it can be gone on with. Raises UserError; what has
    been stored by then stays, and nothing has been removed.
    """
    sizes = {path: len(model.data) for path, model in made.to_send.items()}
    if sizes:
        check_room(files, sizes, made.there, "these models")
    total, sent = sum(sizes.values()), 0
    for path, model in made.to_send.items():

        def so_far(done: int, _: int, before: int = sent) -> None:
            if progress is not None:
                progress(before + done, total)

        with refusals(f"the module could not store {model.file}, and no model was removed"):
            files.put(path, model.data, so_far)
        sent += len(model.data)
    if delete and made.gone:
        with refusals("the module could not remove models"):
            files.remove(list(made.gone))


def find(there: dict[str, Entry], names: Iterable[str]) -> list[str]:
    """The paths of models called by name ("funk", or "perc/funk"); UserError if there is none."""
    found = []
    for name in names:
        name = name.removesuffix(ENDING)
        paths = [path for path in library_of(there) if path.endswith(f"/{name}{ENDING}")]
        if not paths:
            known = ", ".join(PurePosixPath(path).stem for path in library_of(there)) or "none"
            raise UserError(f"no model on the module is called {name!r}; there are: {known}")
        if len(paths) > 1:
            kinds = [path.removeprefix(f"{MODELS}/").removesuffix(ENDING) for path in paths]
            raise UserError(f"several models are called {name!r}; say {listed(kinds, 'or')}")
        found += paths
    return found
