"""Read the music of the corpus in the background, by the latest rules."""

from __future__ import annotations

from dataclasses import replace

from latentrack.corpus.dataset import Dataset
from latentrack.corpus.reader import all_audio
from latentrack.corpus.rules import Rules
from latentrack.errors import UserError
from latentrack.studio.music import kept_rules, reading
from latentrack.studio.music.reading import CorpusReading
from latentrack.studio.music.removal import Removals
from latentrack.studio.music.state import Counts, MusicStore
from latentrack.studio.worker import Canceled, Worker
from latentrack.studio.workspace import Workspace
from latentrack.words import count


class CorpusReader:
    """Reads the sources in the store's state in a worker.

    The Dataset is saved in the workspace and the result put into the state. After a UserError its
    sentence is in `error`, and the previous dataset stays.
    """

    def __init__(self, workspace: Workspace, store: MusicStore, removals: Removals) -> None:
        self._workspace, self._store, self._removals = workspace, store, removals
        self.emptied = False
        """Whether the corpus was cleared, so that a dataset without music is deleted, too."""
        self._rules_changed = self._rules_unsaved = False
        self._worker = Worker("corpus")
        self._worker.progress_changed.connect(lambda: store.update(busy=self._worker.busy))

    def load(self) -> None:
        """Load the Dataset of the workspace, if there is one."""
        if self._workspace.dataset.exists():
            try:
                loaded = reading.of_dataset(Dataset.load(self._workspace.dataset))
                self._store.update(reading=loaded, version=self._store.state.version + 1)
            except UserError as error:
                self._store.update(error=str(error))

    def find_files(self) -> bool:
        """Update `has_files` of the state, and return it: whether there is anything to read."""
        found = bool(self._store.state.folders) or reading.has_files(self._workspace.music)
        self._store.update(has_files=found)
        return found

    def read(self, rest: float = 0.0) -> None:
        """Read everything, `rest` seconds after the last such call; cancels a running reading."""
        self._worker.do(self._read, "Reading the music", after=rest, instead=True)

    def change_rules(self, rules: Rules, map_name: str, rest: float) -> None:
        """As `read`, by other rules, which are stored in the workspace."""
        self._store.update(rules=rules, map_name=map_name)
        # After the update: a reading that ends in between must not count the new rules as saved.
        self._rules_changed = self._rules_unsaved = True
        self.read(rest)

    def wait(self, seconds: float) -> None:
        """Wait until all requested readings are done. Raises TimeoutError after `seconds`."""
        self._worker.wait(seconds)

    def close(self) -> None:
        """Cancel a running reading and end the worker."""
        self._worker.cancel()
        self._worker.close()

    # -- the worker -------------------------------------------------------------------------------

    def _progress(self, done: int, total: int) -> None:
        self._worker.progress(done, total, f"Reading {done:,} of {count(total, 'file')}")

    def _read(self) -> None:
        if self._rules_unsaved:
            self._save_rules()
        if not self.find_files():
            # A dataset that the user has put into the folder stays, though there is no music.
            state = self._store.state
            if self.emptied or any(file.place for file in state.reading.files):
                self._keep(CorpusReading(), "")
            return
        self.emptied = False
        music = self._workspace.music
        own = [music] if reading.has_files(music) else []
        state = self._store.state
        sources = [*own, *state.folders]
        first = state.dataset is None and state.rules == Rules()
        if first and all_audio([source for source in sources if source.exists()]):
            self._store.update(rules=replace(state.rules, kind="rhythm"))
            self._save_rules()
        try:
            made = reading.read_all(
                sources, self._store.state.rules, self._removals.left_out, self._progress
            )
        except UserError as error:
            self._keep(None, reading.in_page_words(str(error)))
        except Canceled:
            raise
        except Exception as error:  # after a bug in the reader the page must not wait for ever
            self._keep(None, f"The music could not be read: {error}.")
        else:
            _ = made.hits, made.different  # cached here, so that the page need not compute them
            self._keep(made, "")

    def _save_rules(self) -> None:
        self._rules_unsaved = False
        state = self._store.state
        try:
            file = kept_rules.rules_file(self._workspace)
            kept_rules.save_rules(file, state.rules, state.map_name)
        except UserError as error:
            self._store.update(error=str(error))

    def _keep(self, made: CorpusReading | None, error: str) -> None:
        """Save a reading and put it into the state; for None only `error` changes."""
        if made is None:
            self._store.update(error=error)
            return
        state = self._store.state
        before = None
        if self._rules_changed and state.dataset:
            before = Counts(len(state.dataset), state.dataset.files)
        self._rules_changed = False
        try:
            if made.dataset is None:
                self._workspace.dataset.unlink(missing_ok=True)
            else:
                made.dataset.save(self._workspace.dataset)
        except (OSError, UserError) as wrong:
            error = str(wrong)
        version = state.version + 1
        self._store.update(reading=made, version=version, before=before, error=error)
