"""Make names in ASCII for models on the module from the models' titles.

A title is the name of a model's file on the computer, in any script. The module's screen shows
ASCII only, and names are typed at its prompt, so the name there is a transliteration, always the
same one. If two titles have the same transliteration ("Größe" and "Grosse"), the second gets a
number. The title is in the metadata of the model on the module (`metadata.read_title`); without it,
the name of the model's file there is the title.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path, PurePosixPath

ENDING = ".tflite"
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")
# Limits: 200 characters for a path in a backup, 255 bytes for a name in littlefs.
_MOST_LETTERS = 100
# atomic_write (latentrack.files) lengthens the name; file systems take 255 bytes.
_MOST_FILE_BYTES = 230
_NOT_IN_FILES = re.compile(r'[/\\:*?"<>|]' if os.name == "nt" else "/")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def title_of(file: Path) -> str:
    """Return a model's title: the name of its file without the ending, cleaned by `clean_title`.

    A name that is not UTF-8, for example from an old disk, is decoded as Latin-1.
    """
    raw = os.fsencode(file.name.removesuffix(ENDING))
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return clean_title(text)


def clean_title(text: str) -> str:
    """Normalise a title for comparison and display: Unicode NFC, control characters replaced."""
    return _CONTROL.sub("\ufffd", unicodedata.normalize("NFC", text))


def plain_name(title: str) -> str:
    """Transliterate a title to 1 to 100 ASCII letters, digits, "_" and "-"."""
    if _PLAIN.fullmatch(title):
        return title[:_MOST_LETTERS]
    text = title
    if not text.isascii():
        from anyascii import anyascii

        # anyascii writes apostrophes for letters without a sound.
        text = anyascii(title).replace("'", "")
    words = re.sub(r"[^A-Za-z0-9_-]+", "_", text).strip("_")
    return words[:_MOST_LETTERS].rstrip("_") or "model"


def is_name_of(name: str, title: str) -> bool:
    """Whether `name` is the title's plain name, with or without a number."""
    return bool(_like(plain_name(title), [name]))


def file_name(title: str) -> str:
    """Return the name of the file with this title; "" if this system cannot have such a file."""
    short = len(title.encode()) <= _MOST_FILE_BYTES
    return f"{title}{ENDING}" if title and short and not _NOT_IN_FILES.search(title) else ""


def place(
    wanted: Mapping[str, Iterable[str]],
    there: Collection[str],
    title_at: Callable[[str], str],
    taken: Collection[str] = (),
) -> dict[tuple[str, str], str]:
    """Choose a name for each model; two different titles never share a name.

    wanted: by title, the folders ("/flash/models/perc") that get a model of that title.  there: the
    paths of the models on the module.  title_at: returns the title of a path; called for few.
    taken: names of models without a file.  Returns names by (folder, title).

    A title that is on the module keeps its name. The others are named in this order: titles that
    need no transliteration, then alphabetically.
    """
    by_name: dict[str, list[str]] = {}
    for path in there:
        by_name.setdefault(PurePosixPath(path).stem, []).append(path)
    owner: dict[str, str] = {}
    names: dict[tuple[str, str], str] = {}

    def is_free(name: str, title: str) -> bool:
        if owner.get(name, title) != title or (name in taken and name != title):
            return False
        return all(title_at(path) == title for path in by_name.get(name, ()))

    # Models on the module first, so that no other title gets their names.
    order = sorted(wanted, key=lambda title: (plain_name(title) != title, title))
    for title in order:
        for folder in wanted[title]:
            for name in _like(plain_name(title), by_name):
                path = f"{folder}/{name}{ENDING}"
                belongs = path in by_name[name] and title_at(path) == title
                if belongs and owner.get(name, title) == title:
                    names[folder, title], owner[name] = name, title
                    break
    for title in order:
        for folder in wanted[title]:
            if (folder, title) not in names:
                name = next(n for n in _numbered(plain_name(title)) if is_free(n, title))
                names[folder, title], owner[name] = name, title
    return names


def _like(name: str, there: Iterable[str]) -> list[str]:
    """Return the names in `there` that are `name`, or `name` with a number, the lowest first."""
    numbers = {}
    for each in there:
        found = re.fullmatch(rf"{re.escape(name)}(?:_([0-9]{{1,6}}))?", each)
        if found:
            numbers[each] = int(found[1] or 1)
    return sorted(numbers, key=lambda each: (numbers[each], each))


def _numbered(name: str) -> Iterable[str]:
    yield name
    number = 2
    while True:
        yield f"{name}_{number}"
        number += 1
