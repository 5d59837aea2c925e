"""What is taken out of the corpus, and how it comes back.

A file that was dropped goes into a trash of ours, where it lies until the studio is started
again. A file of somebody's folder stays where it is, and is only passed over.
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from latentrack.studio.music.reading import Place
from latentrack.words import count


@dataclass(frozen=True)
class _Done:
    what: str
    take_back: Callable[[], None]


class Removals:
    """`left_out`: the keys of the places that are passed over."""

    def __init__(self, music: Path, trash: Path) -> None:
        self._music = music
        self._trash = trash
        self._numbers = itertools.count()
        self._done: list[_Done] = []
        self.left_out: frozenset[tuple[str, str]] = frozenset()
        shutil.rmtree(trash, ignore_errors=True)

    @property
    def last(self) -> str:
        """What `undo` would take back: "3 files"; "" if nothing."""
        return self._done[-1].what if self._done else ""

    def did(self, what: str, take_back: Callable[[], None]) -> None:
        """Something else that can be undone."""
        self._done.append(_Done(what, take_back))

    def remove(self, places: Iterable[Place]) -> None:
        """Move own files to the trash and pass over all others; it can be undone.

        Raises OSError if a file cannot be moved.
        """
        places = list(places)
        moved: list[tuple[Path, Path]] = []
        before = self.left_out
        for place in places:
            if not place.member and self._music in place.path.parents:
                away = self._new_trash() / place.path.name
                away.parent.mkdir(parents=True)
                if place.path.exists():
                    os.replace(place.path, away)
                    moved.append((place.path, away))
            else:
                self.left_out |= {place.key}
        added = self.left_out - before

        def take_back() -> None:
            for path, away in moved:
                _put_back(away, path)
            self.left_out -= added

        one = places[0].member or places[0].path.name
        self.did(one if len(places) == 1 else count(len(places), "file"), take_back)

    def clear(self, paths: Iterable[Path], and_take_back: Callable[[], None]) -> None:
        """Throws these files and folders away, and what was passed over is not any more."""
        moved = []
        before = self.left_out
        for path in paths:
            if path.exists():
                away = self._new_trash()
                away.parent.mkdir(parents=True, exist_ok=True)
                os.replace(path, away)
                moved.append((path, away))
        self.left_out = frozenset()

        def take_back() -> None:
            for path, away in moved:
                # A single file is one that is made anew all the time.
                if not path.is_file():
                    _put_back(away, path)
            self.left_out |= before
            and_take_back()

        self.did("the whole corpus", take_back)

    def undo(self) -> str:
        """Undo the last removal."""
        if not self._done:
            return ""
        done = self._done.pop()
        done.take_back()
        return done.what

    def _new_trash(self) -> Path:
        return self._trash / str(next(self._numbers))


def _put_back(away: Path, path: Path) -> None:
    """Moves a file or a folder to where it was; what has come there meanwhile stays, too."""
    if away.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        for child in away.iterdir():
            _put_back(child, path / child.name)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    target, number = path, 2
    while target.exists():
        target = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    os.replace(away, target)
