"""The corpus: its files, the rules by which they are read, and the resulting Dataset."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from latentrack.corpus import demo_files
from latentrack.corpus.custom_map import percussion_map
from latentrack.corpus.rules import Rules
from latentrack.errors import UserError
from latentrack.files import atomic_write
from latentrack.studio.music import kept_rules, reading
from latentrack.studio.music.corpus_reader import CorpusReader
from latentrack.studio.music.intake import Intake
from latentrack.studio.music.removal import Removals
from latentrack.studio.music.state import MusicStore
from latentrack.studio.workspace import Workspace, safe_name

REST_S = 0.15
"""Seconds from the last change of a rule to the reading, for sliders that are dragged."""
_REST_OF_FILES_S = 0.8  # the same, from the last batch of files
_MOST_NOTED = 2000


class Music(MusicStore):
    """Adds and removes music and changes the rules. Thread-safe.

    Files are in the workspace's folder of music, or in other folders of this computer, which are
    read in place. Each change starts a new reading of all files in the background.
    """

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self.intake = Intake(
            workspace.music, workspace.folder / "incoming", self._refused, self._take_map
        )
        self._removals = Removals(workspace.music, workspace.folder / "trash" / "music")
        self._removals.left_out = frozenset(
            (str(pair[0]), str(pair[1]))
            for pair in workspace.setting("music_left_out", [])
            if isinstance(pair, list) and len(pair) == 2
        )
        self._reader = CorpusReader(workspace, self, self._removals)
        rules, map_name = kept_rules.load_rules(kept_rules.rules_file(workspace), self.maps)
        noted = workspace.setting("music_refused", {})
        folders = workspace.setting("music_folders", [])
        self.update(
            rules=rules,
            map_name=map_name,
            folders=tuple(Path(path) for path in folders if isinstance(path, str)),
        )
        self._noted = {str(name): str(reason) for name, reason in noted.items()}
        self._show_noted()
        self._reader.load()
        if self._reader.find_files():
            self._reader.read()

    @property
    def maps(self) -> Path:
        """The folder of the custom percussion maps."""
        return self._workspace.folder / "maps"

    @property
    def map_names(self) -> list[str]:
        """Names for `change_rules(map_name=…)`: the built-in maps, then the custom ones."""
        return kept_rules.map_names(self.maps)

    def received(self, last: bool) -> None:
        """Start a reading after a batch of files; at once if it was the last, else after 0.8 s."""
        self._show_noted()
        self._reader.read(0.0 if last else _REST_OF_FILES_S)

    def add_folder(self, told: str) -> None:
        """Add a folder (or file) of this computer, which is read in place.

        Raises UserError if the path is relative, does not exist, is the studio's own or already
        part of the corpus, or has no music in it.
        """
        told = told.strip().strip("\"'")
        if not told:
            raise UserError("Type the path of a folder of music on this computer.")
        try:
            path = Path(told).expanduser()
        except RuntimeError as error:
            raise UserError(f"There is no folder {told}: type the whole path.") from error
        if not path.is_absolute() or not path.exists():
            raise UserError(f"There is no folder {path}: type the whole path, as in /home/me/midi.")
        path = path.resolve()
        own = self._workspace.music
        if path == own or path in own.parents or own in path.parents:
            raise UserError(f"{path} is where the studio keeps its own files: name another folder.")
        if path in self.state.folders:
            raise UserError(f"The folder {path} is part of the corpus already.")
        good, missing = reading.there([path], Rules(kind="rhythm"))  # accepts audio and MIDI
        if not good:
            raise UserError(missing[str(path)])
        self._set_folders((*self.state.folders, path))
        self._reader.read()

    def remove_folder(self, path: Path) -> None:
        """Remove a folder from the corpus; its files are not touched. Can be undone."""
        before = self.state.folders
        self._removals.did(f"the folder {path.name}", lambda: self._set_folders(before))
        self._set_folders(tuple(folder for folder in before if folder != path))
        self._remember_left_out()
        self._reader.read()

    def add_demo(self) -> None:
        """Add the demo corpus as MIDI files. Raises UserError if they cannot be written."""
        demo_files.write_demo(self._workspace.music)
        self._reader.read()

    def change_rules(self, *, map_name: str | None = None, **changes: Any) -> None:
        """Change some fields of `Rules`. Raises UserError for invalid values; nothing changes."""
        if map_name is not None:
            changes["percussion"] = kept_rules.map_named(self.maps, map_name)
        self._set_rules(replace(self.rules, **changes), map_name or self.map_name)

    def reset_rules(self) -> None:
        """Set all rules to their defaults."""
        self._set_rules(Rules(), kept_rules.DEFAULT_MAP)

    def add_map(self, name: str, file: Path) -> str:
        """Store a custom percussion map, use it from now on, and return its name in `map_names`.

        Raises UserError if it is invalid; then nothing is stored.
        """
        made = percussion_map(file)
        plain = f"{safe_name(Path(name).stem)}.toml"
        with atomic_write(self.maps / plain, "the percussion map") as target:
            target.write(file.read_bytes())
        if made.name == file.stem:  # the map has no name of its own
            made = kept_rules.map_named(self.maps, plain)
        self._set_rules(replace(self.rules, percussion=made), plain)
        return plain

    def remove(self, names: Iterable[str]) -> int:
        """Remove files by their names in the reading; return how many. Can be undone."""
        found = [self.reading.by_name[name] for name in names if name in self.reading.by_name]
        places = [file.place for file in found if file.place]
        if places:
            self._removals.remove(places)
            self._remember_left_out()
            self._reader.read()
        return len(places)

    def clear(self) -> None:
        """Empty the corpus: move uploaded files to the trash, remove folders. Can be undone."""
        folders, noted = self.state.folders, dict(self._noted)

        def put_back() -> None:
            self._reader.emptied = False
            self._noted = {**noted, **self._noted}
            self._show_noted()
            self._set_folders(tuple(dict.fromkeys((*folders, *self.state.folders))))
            if not self._reader.find_files():
                self._reader.load()  # the dataset has no music from which to read it again

        self._removals.clear((self._workspace.music, self._workspace.dataset), put_back)
        self._reader.emptied = True
        self.forget_noted()
        self._set_folders(())
        self._remember_left_out()
        self._reader.read()

    def undo(self) -> str:
        """Undo the last removal; return what was restored, "" if there is none."""
        what = self._removals.undo()
        if what:
            self._remember_left_out()
            self._reader.read()
        return what

    def forget_noted(self) -> None:
        """Forget the rejected files and their reasons."""
        self._noted = {}
        self._show_noted()

    def wait(self, seconds: float = 60.0) -> None:
        """Wait until all requested readings are done. Raises TimeoutError after `seconds`."""
        self._reader.wait(seconds)

    def close(self) -> None:
        """Cancel a running reading and end the worker."""
        self._reader.close()

    def _set_rules(self, rules: Rules, map_name: str) -> None:
        if (rules, map_name) != (self.rules, self.map_name):
            self._reader.change_rules(rules, map_name, REST_S)

    def _set_folders(self, folders: tuple[Path, ...]) -> None:
        self.update(folders=folders)
        self._workspace.remember("music_folders", [str(path) for path in folders])

    def _refused(self, name: str, reason: str) -> None:
        if len(self._noted) < _MOST_NOTED or name in self._noted:
            self._noted[name] = reason

    def _take_map(self, name: str, file: Path) -> None:
        try:
            self.add_map(name, file)
        except UserError as error:
            raise UserError(str(error).replace(str(file), name)) from error

    def _show_noted(self) -> None:
        noted = dict(self._noted)
        self.update(noted=noted)
        self._workspace.remember("music_refused", noted)

    def _remember_left_out(self) -> None:
        self.update(taken_out=self._removals.last)
        self._workspace.remember("music_left_out", sorted(map(list, self._removals.left_out)))
