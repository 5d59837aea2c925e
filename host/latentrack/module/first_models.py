"""Put models on a module that has none, so that its first clock plays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from latentrack.module.diagnosis import Say
from latentrack.module.files import Files, FramedFiles, refusals
from latentrack.module.library import (
    MODELS,
    StoredModel,
    SyncPlan,
    library_of,
    plan,
    titles,
    why_forgotten,
)
from latentrack.module.link import Link, Progress
from latentrack.module.session import needs_package, running_session
from latentrack.module.space import needed


@dataclass(frozen=True)
class Put:
    """The result of `put_first`.

    before: how many models the library had.  stored, replaced: the models that were sent; a
    replaced one had the name of another file.  left_out: those for which the flash has no room.
    plays: the model that the first track plays now, if it played none; "" otherwise.  forgotten:
    as in `library.Pushed`.
    """

    before: int
    stored: tuple[StoredModel, ...] = ()
    replaced: tuple[StoredModel, ...] = ()
    left_out: tuple[StoredModel, ...] = ()
    plays: str = ""
    forgotten: str = ""


def put_first(
    link: Link,
    models: Sequence[StoredModel],
    progress: Progress | None = None,
    say: Say = lambda _: None,
    *,
    anyway: bool = False,
) -> Put:
    """Store models in an empty library, and play the first of them if nothing plays.

    anyway: also in a library that is not empty.  progress: called with bytes sent and bytes in
    total.  say: gets a sentence if Latentrack had to be started first.

    Each model is stored whole or not at all, in the order given, as long as the flash has room.
    Raises UserError; the models stored by then stay.
    """
    with needs_package(link), running_session(link, say) as session:
        files = FramedFiles(session, session.first)
        with refusals("The module could not list its models"):
            there = files.listing(MODELS)
            before = len(library_of(there))
            if before and not anyway:
                return Put(before)
            made = plan(models, there, titles(files))
            fitting = _fitting(made, files.free())
        _send(files, fitting, progress)
        stored = tuple(fitting.values())
        plays, forgotten = "", ""
        if stored and not session.first["plays"][0]:
            plays = stored[0].name
            with refusals(f"The module cannot play {stored[0].title}"):
                forgotten = why_forgotten(session.call("play", plays, 0))
    return Put(
        before=before,
        stored=stored,
        replaced=tuple(model for path, model in fitting.items() if path in made.changed),
        left_out=tuple(model for path, model in made.to_send.items() if path not in fitting),
        plays=plays,
        forgotten=forgotten,
    )


def _fitting(made: SyncPlan, free: int) -> dict[str, StoredModel]:
    """Of the models to send, by path, those for which so many free bytes are enough."""
    sizes: dict[str, int] = {}
    for path, model in made.to_send.items():
        wanted = sizes | {path: len(model.data)}
        if needed(wanted, made.there) <= free:
            sizes = wanted
    return {path: made.to_send[path] for path in sizes}


def _send(files: Files, models: dict[str, StoredModel], progress: Progress | None) -> None:
    """Store models by their paths. Raises UserError."""
    total, sent = sum(len(model.data) for model in models.values()), 0
    for path, model in models.items():

        def so_far(done: int, _: int, before: int = sent) -> None:
            if progress is not None:
                progress(before + done, total)

        with refusals(f"The module could not store {model.title}"):
            files.put(path, model.data, so_far)
        sent += len(model.data)
