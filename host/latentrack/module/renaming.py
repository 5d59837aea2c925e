"""Rename a model in the module's library, with everything on the module that refers to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from latentrack.decoder.metadata import TITLE_BYTES, read_title, with_title
from latentrack.errors import UserError
from latentrack.module import naming
from latentrack.module.files import FileEntry, FramedFiles, refusals
from latentrack.module.library import ENDING, find, titles
from latentrack.module.session import Session
from latentrack.module.space import check_room


@dataclass(frozen=True)
class Renamed:
    """What `rename` changed on the module.

    title: what the model's file is called on a computer, and name: what it is called there.
    tracks: the tracks that play it now, starts: those that play it after power-on, and presets:
    those that recall it; all numbered from 1.
    """

    title: str
    name: str
    tracks: tuple[int, ...] = ()
    starts: tuple[int, ...] = ()
    presets: tuple[int, ...] = ()


def rename(session: Session, old: str, new: str) -> Renamed:
    """Give the model that is called `old`, by name or title, the title `new`.

    session: a `running_session`. Where `new` has letters that the module cannot show, the name
    there is a transliteration and the file says the title, as for a model that is pushed.

    Raises UserError if no model or several are called `old`, if `new` cannot be the name of a file
    or is taken, or if the module refuses. After a power cut all places have one name.
    """
    files = FramedFiles(session, session.first)
    paths = [path for path, _ in session.call("models")]
    title_at = titles(files)
    (path,) = find({path: FileEntry(0, "") for path in paths}, [old], title_at)
    title = naming.clean_title(new.removesuffix(ENDING))
    if not naming.file_name(title):
        raise UserError(f"{new!r} cannot be the name of a file; choose another name.")
    name, before = naming.plain_name(title), PurePosixPath(path).stem
    if (name, title) == (before, title_at(path)):
        raise UserError(f"The model is called {title} already; choose another name.")
    _check_free(name, title, [other for other in paths if other != path], title_at)
    told: dict[str, Any] = {}
    with refusals(f"The module could not rename {old}"):
        _set_title(files, path, "" if title == name else title)
        if name != before:
            kind = PurePosixPath(path).parent.name
            told = session.call("rename", f"{kind}/{before}", name)
    changed = {key: tuple(numbers) for key, numbers in told.items()}
    return Renamed(title, name, **changed)


def _check_free(
    name: str, title: str, others: Iterable[str], title_at: Callable[[str], str]
) -> None:
    """Raises UserError if another model on the module has the name or the title."""
    for path in others:
        known = PurePosixPath(path).stem
        if known == name or title_at(path) == title:
            there = title_at(path)
            shown = there if there == known else f"{there} (there {known})"
            raise UserError(
                f"A model on the module is called {shown} already; choose another name, or remove "
                f"that model with `latentrack rm {known}`."
            )


def _set_title(files: FramedFiles, path: str, title: str) -> None:
    """Store the model again, if its file says another title; "": it is to say none."""
    if read_title(files.head(path, TITLE_BYTES)) == title:
        return
    data = with_title(files.fetch(path), title)
    check_room(files, {path: len(data)}, {}, "The model's new title and its old file")
    files.put(path, data)
