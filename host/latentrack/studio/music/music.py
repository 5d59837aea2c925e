"""The music: which files, read by which rules, and the Dataset that they give."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from latentrack.corpus.custom_map import percussion_map
from latentrack.corpus.dataset import Dataset, Discard
from latentrack.corpus.reader import all_audio
from latentrack.corpus.rules import Rules
from latentrack.errors import UserError
from latentrack.files import atomic_write
from latentrack.studio.music import demo_files, kept_rules, reading
from latentrack.studio.music.intake import Intake
from latentrack.studio.music.reading import Reading
from latentrack.studio.music.removal import Removals
from latentrack.studio.signals import Signal
from latentrack.studio.worker import Canceled, Worker
from latentrack.studio.workspace import Workspace, safe_name
from latentrack.words import count

# A slider that is dragged, or files that come in batches, are read once they are at rest.
_REST_S = 0.15
_REST_OF_FILES_S = 0.8
_MOST_NOTED = 2000


@dataclass(frozen=True)
class Counts:
    """What a reading gave, to be compared with the next."""

    sequences: int
    files: int


class Music:
    """`dataset` is what the files give by the rules now (None: nothing yet); `changed` says so.

    Files lie in the workspace's folder of music, or in folders of this computer that are read
    where they are. A worker reads after each change, by the newest rules only; `busy` says
    meanwhile what is done. What the user can mend is then in `error`, and the former dataset stays.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.changed = Signal()
        self.reading = Reading()
        self.before: Counts | None = None  # what there was before the last change of rules
        self.error = ""
        self.version = 0  # of the reading
        self.rules, self.map_name = kept_rules.load_rules(self._rules_file, self.maps)
        self.intake = Intake(
            workspace.music, workspace.folder / "incoming", self._refused, self._take_map
        )
        self.removals = Removals(workspace.music, workspace.folder / "trash" / "music")
        self.removals.left_out = frozenset(
            (str(pair[0]), str(pair[1]))
            for pair in workspace.setting("music_left_out", [])
            if isinstance(pair, list) and len(pair) == 2
        )
        folders = workspace.setting("music_folders", [])
        self.folders = tuple(Path(path) for path in folders if isinstance(path, str))
        noted = workspace.setting("music_refused", {})
        self._noted = {str(name): str(reason) for name, reason in noted.items()}
        self._rules_changed = self._rules_unsaved = False
        self._emptied = False
        self._worker = Worker("corpus")
        self._worker.progress_changed.connect(self.changed.emit)
        self._load()
        self.has_files = self._look()
        if self.has_files:
            self._wake(0.0)

    @property
    def busy(self) -> str:
        """What is read or waits to be read, in words; "": all is read."""
        return self._worker.busy

    @property
    def dataset(self) -> Dataset | None:
        return self.reading.dataset

    @property
    def maps(self) -> Path:
        """The folder of percussion maps of one's own."""
        return self._workspace.folder / "maps"

    @property
    def map_names(self) -> list[str]:
        """What `change_rules(map_name=…)` takes: the built-in maps, then one's own."""
        return kept_rules.map_names(self.maps)

    @property
    def discarded(self) -> tuple[Discard, ...]:
        """All that was left out: by the reader, and files that are no music."""
        by_reason: dict[str, list[str]] = {}
        for name, reason in list(self._noted.items()):
            by_reason.setdefault(reason, []).append(name)
        noted = (
            Discard("files", reason, len(names), tuple(names[:20]))
            for reason, names in by_reason.items()
        )
        return (*noted, *self.reading.discarded)

    @property
    def noted(self) -> dict[str, str]:
        """The files that were dropped and not taken, with the reason."""
        return dict(self._noted)

    # What a person does

    def received(self, last: bool) -> None:
        """A batch of files has come; reads them when no other follows soon."""
        self._remember_noted()
        self._wake(0.0 if last else _REST_OF_FILES_S)

    def add_folder(self, told: str) -> None:
        """Reads a folder (or a file) of this computer where it is. UserError if that is none."""
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
        if path in self.folders:
            raise UserError(f"The folder {path} is part of the corpus already.")
        good, missing = reading.there([path], Rules(kind="rhythm"))  # which takes all kinds
        if not good:
            raise UserError(missing[str(path)])
        self._set_folders((*self.folders, path))
        self._wake(0.0)

    def remove_folder(self, path: Path) -> None:
        """Forgets a folder; nothing happens to its files. Can be undone."""
        before = self.folders
        self.removals.did(f"the folder {path.name}", lambda: self._set_folders(before))
        self._set_folders(tuple(folder for folder in before if folder != path))
        self._wake(0.0)

    def add_demo(self) -> None:
        """The built-in demo corpus, as MIDI files. UserError if they cannot be written."""
        demo_files.write_demo(self._workspace.music)
        self._wake(0.0)

    def change_rules(self, *, map_name: str | None = None, **changes: Any) -> None:
        """Some of `Rules` anew. UserError if they make no sense: then all stays as it is."""
        if map_name is not None:
            changes["percussion"] = kept_rules.map_named(self.maps, map_name)
        self._set_rules(replace(self.rules, **changes), map_name or self.map_name)

    def reset_rules(self) -> None:
        self._set_rules(Rules(), kept_rules.DEFAULT_MAP)

    def add_map(self, name: str, file: Path) -> str:
        """Keeps a percussion map and reads by it from now on; the name that it has here.

        UserError if it is not right; then nothing is kept.
        """
        made = percussion_map(file)
        plain = f"{safe_name(Path(name).stem)}.toml"
        with atomic_write(self.maps / plain, "the percussion map") as target:
            target.write(file.read_bytes())
        if made.name == file.stem:  # it says none itself
            made = kept_rules.map_named(self.maps, plain)
        self._set_rules(replace(self.rules, percussion=made), plain)
        return plain

    def remove(self, names: Iterable[str]) -> int:
        """Takes files out of the corpus, as the reading calls them; how many. Can be undone."""
        found = [self.reading.by_name[name] for name in names if name in self.reading.by_name]
        places = [file.place for file in found if file.place]
        if places:
            self.removals.remove(places)
            self._remember_left_out()
            self._wake(0.0)
        return len(places)

    def clear(self) -> None:
        """An empty corpus: files that were dropped are thrown away, folders forgotten."""
        folders, noted = self.folders, dict(self._noted)

        def put_back() -> None:
            self._emptied = False
            self._noted = {**noted, **self._noted}
            self._set_folders(tuple(dict.fromkeys((*folders, *self.folders))))
            self._remember_noted()
            if not self._look():
                self._load()  # there is nothing to read it from again

        self.removals.clear((self._workspace.music, self._workspace.dataset), put_back)
        self._emptied = True
        self._noted = {}
        self._set_folders(())
        self._remember_left_out()
        self._remember_noted()
        self._wake(0.0)

    def undo(self) -> str:
        """Takes the last removal back; what it was. "" if there is none."""
        what = self.removals.undo()
        if what:
            self._remember_left_out()
            self._wake(0.0)
        return what

    def forget_noted(self) -> None:
        """No more word of what was not taken."""
        self._noted = {}
        self._remember_noted()
        self.changed.emit()

    def wait(self, seconds: float = 60.0) -> None:
        """Until all that was asked for is read. TimeoutError if that takes longer."""
        self._worker.wait(seconds)

    def close(self) -> None:
        """Ends a reading that is under way."""
        self._worker.cancel()
        self._worker.close()

    # What happens then

    @property
    def _rules_file(self) -> Path:
        return self._workspace.folder / "rules.json"

    def _set_rules(self, rules: Rules, map_name: str) -> None:
        if (rules, map_name) == (self.rules, self.map_name):
            return
        self.rules, self.map_name = rules, map_name
        self._rules_changed = self._rules_unsaved = True
        self._wake(_REST_S)

    def _load(self) -> None:
        """Takes the dataset as it lies in the workspace."""
        if self._workspace.dataset.exists():
            try:
                self.reading = reading.of_dataset(Dataset.load(self._workspace.dataset))
                self.version += 1
            except UserError as error:
                self.error = str(error)

    def _look(self) -> bool:
        """Whether there is anything to read."""
        return bool(self.folders) or reading.has_files(self._workspace.music)

    def _set_folders(self, folders: tuple[Path, ...]) -> None:
        self.folders = folders
        self._workspace.remember("music_folders", [str(path) for path in folders])

    def _refused(self, name: str, reason: str) -> None:
        if len(self._noted) < _MOST_NOTED or name in self._noted:
            self._noted[name] = reason

    def _take_map(self, name: str, file: Path) -> None:
        try:
            self.add_map(name, file)
        except UserError as error:
            raise UserError(str(error).replace(str(file), name)) from error

    def _remember_noted(self) -> None:
        self._workspace.remember("music_refused", dict(self._noted))

    def _remember_left_out(self) -> None:
        self._workspace.remember("music_left_out", sorted(map(list, self.removals.left_out)))

    def _wake(self, rest: float) -> None:
        """Reads once nothing has changed for `rest` seconds."""
        self._worker.do(self._read_and_tell, "Reading the music", after=rest, instead=True)
        self.changed.emit()

    def _read_and_tell(self) -> None:
        self._read()
        self.changed.emit()

    def _progress(self, done: int, total: int) -> None:
        self._worker.progress(done, total, f"Reading {done:,} of {count(total, 'file')}")

    def _read(self) -> None:
        if self._rules_unsaved:
            self._save_rules()
        self.has_files = self._look()
        if not self.has_files:
            # A dataset that somebody has laid into the folder stays, though there is no music.
            if self._emptied or any(file.place for file in self.reading.files):
                self._keep(Reading(), "")
            return
        self._emptied = False
        music = self._workspace.music
        own = [music] if reading.has_files(music) else []
        sources = [*own, *self.folders]
        first = self.dataset is None and self.rules == Rules()
        if first and all_audio([source for source in sources if source.exists()]):
            self.rules = replace(self.rules, kind="rhythm")
            self._save_rules()
        try:
            made = reading.read_all(sources, self.rules, self.removals.left_out, self._progress)
        except UserError as error:
            self._keep(None, reading.in_page_words(str(error)))
        except Canceled:
            raise
        except Exception as error:  # a reader's fault must not leave the page waiting for ever
            self._keep(None, f"The music could not be read: {error}.")
        else:
            _ = made.hits, made.different  # counted here, where nobody waits
            self._keep(made, "")

    def _save_rules(self) -> None:
        self._rules_unsaved = False
        try:
            kept_rules.save_rules(self._rules_file, self.rules, self.map_name)
        except UserError as error:
            self.error = str(error)

    def _keep(self, made: Reading | None, error: str) -> None:
        """The new state of things; where `made` is None the former dataset stays."""
        if made is not None:
            if self._rules_changed and self.dataset:
                self.before = Counts(len(self.dataset), self.dataset.files)
            else:
                self.before = None
            self._rules_changed = False
            try:
                if made.dataset is None:
                    self._workspace.dataset.unlink(missing_ok=True)
                else:
                    made.dataset.save(self._workspace.dataset)
            except (OSError, UserError) as wrong:
                error = str(wrong)
            self.reading = made
            self.version += 1
        self.error = error
