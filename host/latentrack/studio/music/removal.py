"""Remove files from the corpus, and undo removals.

An uploaded file is moved to the workspace's trash, which is emptied when the studio starts again. A
file in a folder of the user's stays in place and is only left out of the reading.
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
    """Removes files and undoes removals, the last first.

    left_out: `Place.key` of the files that the reading leaves out.
    """

    def __init__(self, music: Path, trash: Path) -> None:
        self._music = music
        self._trash = trash
        self._numbers = itertools.count()
        self._done: list[_Done] = []
        self.left_out: frozenset[tuple[str, str]] = frozenset()
        shutil.rmtree(trash, ignore_errors=True)

    @property
    def last(self) -> str:
        """What `undo` would restore: "3 files"; "" for nothing."""
        return self._done[-1].what if self._done else ""

    def did(self, what: str, take_back: Callable[[], None]) -> None:
        """Record another removal, `what`, that `take_back` undoes."""
        self._done.append(_Done(what, take_back))

    def remove(self, places: Iterable[Place]) -> None:
        """Move uploaded files to the trash and leave out all others. Can be undone.

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
        """Move files and folders to the trash and empty `left_out`. Can be undone.

        and_take_back: called after undoing this.  Raises OSError if one cannot be moved.
        """
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
                # A single file, the dataset, may have been written again since.
                if not path.is_file():
                    _put_back(away, path)
            self.left_out |= before
            and_take_back()

        self.did("the whole corpus", take_back)

    def undo(self) -> str:
        """Undo the last removal; return what was restored, "" for nothing."""
        if not self._done:
            return ""
        done = self._done.pop()
        done.take_back()
        return done.what

    def _new_trash(self) -> Path:
        return self._trash / str(next(self._numbers))


def _put_back(away: Path, path: Path) -> None:
    """Move a file or folder from the trash to `path`; an existing file stays, under its name."""
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
