"""The module's library of models: play, store, compare and find models from the computer."""

from __future__ import annotations

import functools
import hashlib
import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Protocol

from latentrack.decoder.metadata import (
    TITLE_BYTES,
    DecoderInfo,
    parse_info,
    read_model_bytes,
    read_title,
    with_title,
)
from latentrack.errors import UserError
from latentrack.module import FLASH, diagnosis, naming
from latentrack.module.diagnosis import Say
from latentrack.module.files import FileEntry, Files, FramedFiles, PlainFiles, reason, refusals
from latentrack.module.link import Link, ModuleError, Progress
from latentrack.module.session import NoPackage, check_frames, running_session
from latentrack.module.space import check_room
from latentrack.playing.kinds import Kind
from latentrack.words import listed

MODELS = f"{FLASH}/models"
ENDING = naming.ENDING
# The module's folder for each kind of model, as in device/latentrack/library.py.
FOLDERS = {kind.code[:3]: kind.folder for kind in Kind}


@dataclass(frozen=True)
class Pushed:
    """The result of `push`.

    name: the model's name on the module.  title: the name of its file.  stored: whether it is in
    the module's library now.  replaced: whether another file of that name was overwritten.
    clocked: whether a clock was running (storing on a Teensy delays its edges).  forgotten: why the
    module could not store that it plays this model after power-on, a sentence; "" if it could.
    """

    name: str
    title: str
    info: DecoderInfo
    stored: bool = False
    replaced: bool = False
    clocked: bool = False
    forgotten: str = ""

    @property
    def shown(self) -> str:
        """The title, followed by the name on the module if that differs; for messages."""
        return self.title if self.title == self.name else f"{self.title} (there {self.name})"


@dataclass(frozen=True)
class StoredModel:
    """A model file on the computer and its place on the module.

    folder, name: its folder and name on the module.  title: the name of its file on the computer;
    if it differs from `name`, it is written into the metadata that the module gets.  raw: the
    file's bytes.
    """

    file: Path
    folder: str
    name: str
    title: str
    info: DecoderInfo
    raw: bytes = field(repr=False)

    @property
    def path(self) -> str:
        """The path of the file on the module."""
        return f"{self.folder}/{self.name}{ENDING}"

    @functools.cached_property
    def data(self) -> bytes:
        """The bytes that the module gets."""
        return with_title(self.raw, "" if self.name == self.title else self.title)

    @functools.cached_property
    def entry(self) -> FileEntry:
        """Size and SHA-256 of the bytes that the module gets."""
        return FileEntry(len(self.data), hashlib.sha256(self.data).hexdigest())


def read_model(file: Path) -> StoredModel:
    """Read a model file; its name is the one that it would have on an empty module.

    Raises UserError if the file is not a model, or of a kind that no module can play.
    """
    data = read_model_bytes(file)
    info = parse_info(str(file), data)
    if info.kind[:3] not in FOLDERS:
        raise UserError(
            f"{file} is a model of kind {info.kind!r}, which the module cannot play; "
            f"push one of kind {listed((f'{kind}…' for kind in sorted(FOLDERS)), 'or')}."
        )
    folder = f"{MODELS}/{FOLDERS[info.kind[:3]]}"
    title = naming.title_of(file)
    told = naming.clean_title(read_title(data))
    if told and naming.is_name_of(title, told):
        title = told  # it was fetched from a module under its name there
    return StoredModel(file, folder, naming.plain_name(title), title, info, data)


def _read(model: Path | StoredModel) -> StoredModel:
    return model if isinstance(model, StoredModel) else read_model(model)


def place(
    model: StoredModel, files: HasHeads, paths: Iterable[str], taken: Iterable[str] = ()
) -> StoredModel:
    """Return the model with its name on a given module, by `naming.place`.

    paths: the models on the module.  taken: names in use by models without a file.
    """
    wanted = {model.title: [model.folder]}
    names = naming.place(wanted, list(paths), titles(files), list(taken))
    return replace(model, name=names[model.folder, model.title])


class HasHeads(Protocol):
    """Reads the beginnings of files on the module: `Files`, or a line to it."""

    def head(self, path: str, size: int) -> bytes:
        """Return the first `size` bytes of a file, or all if it has fewer."""


def titles(files: HasHeads) -> Callable[[str], str]:
    """Return a function from a model's path on the module to its title.

    The title is that of the model's metadata, or else the name of its file. Results are cached.
    """

    @functools.cache
    def title_at(path: str) -> str:
        told = naming.clean_title(read_title(files.head(path, TITLE_BYTES)))
        return told or PurePosixPath(path).stem

    return title_at


def push(
    link: Link,
    model: Path | StoredModel,
    progress: Progress | None = None,
    *,
    store: bool = False,
    track: int = 0,
    say: Say = lambda _: None,
) -> Pushed:
    """Send a model to the module's memory and play it from the next bar on.

    model: a file, or the result of `read_model`.  store: also store it in the library.  track: from
    0.  say: gets a sentence if Latentrack had to be started first.

    The module compares the SHA-256 and has latentcore parse the model before it plays. A stored
    file is written under a temporary name, read back, compared, and renamed last. Raises UserError;
    then the module plays and contains what it did before, or the message says that only storing
    failed. Raises NoPackage if `store` is set and Latentrack is not on the module.
    """
    what = _read(model)
    try:
        with running_session(link, say) as session:
            about = session.first
            if not 0 <= track < len(about["plays"]):
                tracks = len(about["plays"])
                raise UserError(f"The module has tracks 1 to {tracks}, not {track + 1}.")
            paths = [path for path, _ in session.call("models")]
            others = [name for i, name in enumerate(about["plays"]) if name and i != track]
            in_memory = set(others) - {PurePosixPath(path).stem for path in paths}
            with refusals(f"The module cannot take {what.file}, and plays on as before"):
                what = place(what, FramedFiles(session, about), paths, in_memory)
                session.send(what.data, progress)
            with refusals(f"The module cannot play {what.file}, and plays on as before"):
                frames = session.call("audition", what.name, track)
            check_frames(session, frames)
            if not store:
                return Pushed(what.name, what.title, what.info, clocked=about["clocked"])
            before = session.call("hash", what.path)
            if before != what.entry.sha256:
                with refusals(f"{what.title} plays, but the module could not store it"):
                    session.call("keep", what.path)
            forgotten = why_forgotten(session.call("remember", what.name, track))
            replaced = bool(before) and before != what.entry.sha256
            clocked = about["clocked"]
            return Pushed(what.name, what.title, what.info, True, replaced, clocked, forgotten)
    except NoPackage as error:
        if store:
            raise  # push_plainly can store without the package
        raise diagnosis.unusable(link, str(error)) from error


def why_forgotten(told: str | None) -> str:
    """Return the module's answer to `remember` or `play` as a sentence; "" if it succeeded."""
    if not told:
        return ""
    return (
        "After power-on the module plays what it played before, for it could not write that down: "
        f"{reason(ModuleError(told))}."
    )


def push_plainly(link: Link, model: Path | StoredModel, progress: Progress | None = None) -> Pushed:
    """Store a model with mpremote's copy, on a module without Latentrack. Raises UserError."""
    what = _read(model)
    files = PlainFiles(link)
    with refusals(f"The module could not store {what.file}"):
        there = files.listing(MODELS)
        what = place(what, files, library_of(there))
        files.put(what.path, what.data, progress)
    return Pushed(what.name, what.title, what.info, True, what.path in there)


@dataclass(frozen=True)
class SyncPlan:
    """The changes that mirror a folder to the module's library, by path on the module.

    new: only in the folder.  changed: on the module with other bytes.  same: identical.  gone: only
    on the module.  there: all files on the module.
    """

    new: dict[str, StoredModel]
    changed: dict[str, StoredModel]
    same: dict[str, StoredModel]
    gone: dict[str, FileEntry]
    there: dict[str, FileEntry] = field(default_factory=dict)

    @property
    def to_send(self) -> dict[str, StoredModel]:
        """The new and the changed models, by path."""
        return self.new | self.changed


def models_in(folder: Path) -> tuple[list[StoredModel], list[str]]:
    """Read the models of a folder and its subfolders.

    Returns the models and, for each file that is not one a module can play, the error's sentence.
    Raises UserError if there is no such folder or if two models would have the same name.
    """
    if not folder.is_dir():
        raise UserError(f"{folder} is not a folder; name the one that has your models.")
    models, refused = [], []
    for file in sorted(folder.rglob(f"*{ENDING}")):
        try:
            models.append(read_model(file))
        except UserError as error:
            refused.append(str(error))
    known: dict[tuple[str, str], StoredModel] = {}
    for model in models:
        if other := known.get((model.folder, model.title)):
            raise UserError(
                f"{other.file} and {model.file} would have the same name on the module; "
                "rename one of them."
            )
        known[model.folder, model.title] = model
    return models, refused


def plan(
    models: Iterable[StoredModel],
    there: dict[str, FileEntry],
    title_at: Callable[[str], str] = lambda path: PurePosixPath(path).stem,
) -> SyncPlan:
    """Compare models on the computer with `there`, the listing of MODELS on the module.

    title_at: returns the title of a path on the module (`titles`); called only for models whose
    bytes differ from all those on the computer.
    """
    made = SyncPlan({}, {}, {}, {}, there)
    for model in _placed(list(models), there, title_at):
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


def _placed(
    models: list[StoredModel], there: dict[str, FileEntry], title_at: Callable[[str], str]
) -> list[StoredModel]:
    """Return the models with the names that they have on the module, or will get."""
    wanted: dict[str, list[str]] = {}
    for model in models:
        wanted.setdefault(model.title, []).append(model.folder)

    @functools.cache
    def title_there(path: str) -> str:
        name = PurePosixPath(path).stem
        for model in models:
            if name.startswith(model.name) and replace(model, name=name).entry == there[path]:
                return model.title
        return title_at(path)

    names = naming.place(wanted, library_of(there), title_there)
    return [replace(model, name=names[model.folder, model.title]) for model in models]


def library_of(there: dict[str, FileEntry]) -> dict[str, FileEntry]:
    """Return the models among the files on the module, sorted by path."""
    return {path: there[path] for path in sorted(there) if path.endswith(ENDING)}


def sync(
    files: Files, made: SyncPlan, *, delete: bool = False, progress: Progress | None = None
) -> None:
    """Carry out a plan: store and compare all new and changed models, then remove the gone ones.

    delete: whether to remove.  progress: called with bytes sent and bytes in total.

    Each model is written atomically, so an interrupted sync can be repeated. Raises UserError; the
    models stored by then stay. Nothing is removed unless all were stored.
    """
    sizes = {path: len(model.data) for path, model in made.to_send.items()}
    if sizes:
        check_room(files, sizes, made.there, "These models")
    total, sent = sum(sizes.values()), 0
    for path, model in made.to_send.items():

        def so_far(done: int, _: int, before: int = sent) -> None:
            if progress is not None:
                progress(before + done, total)

        with refusals(f"The module could not store {model.file}, and no model was removed"):
            files.put(path, model.data, so_far)
        sent += len(model.data)
    if delete and made.gone:
        with refusals("The module could not remove models"):
            files.remove(list(made.gone))


def called(name: str, files: HasHeads, models: Iterable[tuple[str, int]]) -> str:
    """Return the name on the module of a model given by name or by title.

    models: (path, size in bytes) of the models on the module. An unknown name is returned as it is.
    """
    paths = [path for path, _ in models]
    if naming.plain_name(name) == name or any(p.endswith(f"/{name}{ENDING}") for p in paths):
        return name
    title, title_at = naming.title_of(Path(name.removesuffix(ENDING) + ENDING)), titles(files)
    found = [path for path in paths if title_at(path) == title]
    return PurePosixPath(found[0]).stem if found else name


def files_for(paths: Iterable[str], title_at: Callable[[str], str]) -> dict[str, str]:
    """Choose file names on the computer for models of the module.

    paths: on the module.  title_at: returns the title of a path.  Returns unique relative paths by
    path on the module.
    """
    plain = {path: PurePosixPath(path).relative_to(MODELS) for path in paths}
    titled = {
        path: each.with_name(naming.file_name(title_at(path)) or each.name)
        for path, each in plain.items()
    }
    # A model whose title is its name keeps it, even if another model has the same title.
    names = {path: str(each) for path, each in plain.items() if each == titled[path]}
    for path in sorted(plain.keys() - names.keys()):
        # Some file systems are case-insensitive.
        used = {name.casefold() for name in names.values()}
        stem = plain[path].stem
        numbered = (plain[path].with_stem(f"{stem}-{number}") for number in itertools.count(2))
        choices = itertools.chain((titled[path], plain[path]), numbered)
        names[path] = next(str(each) for each in choices if str(each).casefold() not in used)
    return names


def find(
    there: dict[str, FileEntry],
    names: Iterable[str],
    title_at: Callable[[str], str] = lambda path: PurePosixPath(path).stem,
) -> list[str]:
    """Return the paths of models on the module by name ("funk" or "perc/funk"), else by title.

    Raises UserError if a name is unknown or belongs to several models.
    """
    found = []
    for name in names:
        name = name.removesuffix(ENDING)
        paths = [path for path in library_of(there) if path.endswith(f"/{name}{ENDING}")]
        if not paths:
            title = naming.title_of(Path(name + ENDING))
            paths = [path for path in library_of(there) if title_at(path) == title]
        if not paths:
            known = ", ".join(PurePosixPath(path).stem for path in library_of(there)) or "none"
            raise UserError(f"No model on the module is called {name!r}; there are: {known}.")
        if len(paths) > 1:
            kinds = [path.removeprefix(f"{MODELS}/").removesuffix(ENDING) for path in paths]
            raise UserError(f"Several models are called {name!r}; say {listed(kinds, 'or')}.")
        found += paths
    return found
