"""Name models on the module: in ASCII letters, made from a model's title.

The title is the name of its file, whatever script that is in. The module's screen has ASCII letters
only, and its prompt is typed at, so the name there is a transliteration, the same one each time.
Two titles may have one ("Größe" and "Grosse"): then the second gets a number. Which title a name
belongs to is said by the model on the module itself (`metadata.read_title`); one that says nothing
is called what its file there is.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path, PurePosixPath

ENDING = ".tflite"
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")
# A path in a backup has 200 letters at most, and littlefs 255 bytes for a name.
_MOST_LETTERS = 100
# What is written gets a longer name for a moment (latentrack.files), of 255 bytes at most.
_MOST_FILE_BYTES = 230
_NOT_IN_FILES = re.compile(r'[/\\:*?"<>|]' if os.name == "nt" else "/")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def title_of(file: Path) -> str:
    """What a model's file is called, without its ending: composed characters, whole text.

    Computers write "ö" as one character or as two. A name that is not UTF-8, as of an old disk, is
    read as Latin-1. Control characters, which a terminal would obey, are replaced.
    """
    raw = os.fsencode(file.name.removesuffix(ENDING))
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return clean_title(text)


def clean_title(text: str) -> str:
    """A title as it is compared and shown."""
    return _CONTROL.sub("\ufffd", unicodedata.normalize("NFC", text))


def plain_name(title: str) -> str:
    """The title in ASCII letters, digits, "_" and "-", readable, never empty."""
    if _PLAIN.fullmatch(title):
        return title[:_MOST_LETTERS]
    text = title
    if not text.isascii():
        from anyascii import anyascii

        # Its apostrophes stand for signs that are not spoken.
        text = anyascii(title).replace("'", "")
    words = re.sub(r"[^A-Za-z0-9_-]+", "_", text).strip("_")
    return words[:_MOST_LETTERS].rstrip("_") or "model"


def is_name_of(name: str, title: str) -> bool:
    """Whether a module may call a model of that title so."""
    return bool(_like(plain_name(title), [name]))


def file_name(title: str) -> str:
    """The file that has this title; "" where no file can be called so."""
    short = len(title.encode()) <= _MOST_FILE_BYTES
    return f"{title}{ENDING}" if title and short and not _NOT_IN_FILES.search(title) else ""


def place(
    wanted: Mapping[str, Iterable[str]],
    there: Collection[str],
    title_at: Callable[[str], str],
    taken: Collection[str] = (),
) -> dict[tuple[str, str], str]:
    """A name for each model, told apart from those that are there and from each other.

    wanted: the folders ("/flash/models/perc") in which models of a title are to be.  there: the
    paths of the models on the module, and title_at: what one is called; it is asked for few of
    them.  taken: names that models without a file have.  Returns names by folder and title.

    A title that is there already keeps its name. Of the others those come first whose title needs
    no transliteration, then the alphabet decides.
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

    # Who is there already is found first, so that no other gets the name.
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
    """The names there that are this one or begin with it and end in a number, the lowest first."""
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
