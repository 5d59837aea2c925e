"""Cache what files gave when they were read, by their content.

The key is a hash of a file's bytes and of the rules by which they were read, so a file that
was moved or renamed is known again and one that was changed is not. All lies in one SQLite
file in the user's cache folder; if it cannot be used, everything is simply read anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

_FILE = "corpus-1.sqlite"
_MOST_BYTES = 1 << 30
_AT_ONCE = 500  # keys in a question; SQLite takes up to 999


def cache_folder() -> Path:
    """Where this platform wants caches, in a folder of our own."""
    named = os.environ.get("XDG_CACHE_HOME")
    if named and os.path.isabs(named):
        base = Path(named)
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path.home() / ".cache"
    return base / "latentrack"


def content_key(rules: str, content: bytes) -> bytes:
    """What an entry is found by."""
    hashed = hashlib.sha256(rules.encode())
    hashed.update(b"\0")
    hashed.update(content)
    return hashed.digest()


class Cache:
    """Values by key, both bytes; it forgets what was not used for longest."""

    def __init__(self, folder: Path | None = None, most_bytes: int = _MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._database: sqlite3.Connection | None = None
        try:
            path = (folder or cache_folder()) / _FILE
            path.parent.mkdir(parents=True, exist_ok=True)
            for attempt in (1, 2):
                try:
                    self._database = _open(path)
                    break
                except sqlite3.DatabaseError as error:
                    # Another program's hold on it passes; a file that is none of ours does not.
                    if isinstance(error, sqlite3.OperationalError) or attempt == 2:
                        break
                    path.unlink()
        except (OSError, RuntimeError):  # RuntimeError: there is no home folder
            pass

    def get(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """The values that are there."""
        found: dict[bytes, bytes] = {}
        if not self._database:
            return found
        wanted = list(keys)
        with contextlib.suppress(sqlite3.Error):
            for some in _portions(wanted):
                marks = ",".join("?" * len(some))
                found.update(
                    self._database.execute(
                        f"SELECT key, value FROM entries WHERE key IN ({marks})", some
                    )
                )
                with self._database:
                    self._database.execute(
                        f"UPDATE entries SET used = ? WHERE key IN ({marks})", [time.time(), *some]
                    )
        return found

    def put(self, entries: Mapping[bytes, bytes]) -> None:
        """Keep these, and forget others if it is too much."""
        if not self._database or not entries:
            return
        now = time.time()
        with contextlib.suppress(sqlite3.Error), self._database as database:
            database.executemany(
                "INSERT OR REPLACE INTO entries (key, value, used) VALUES (?, ?, ?)",
                ((key, value, now) for key, value in entries.items()),
            )
            held, size = 0, "SELECT used, length(value) FROM entries ORDER BY used DESC"
            for used, length in database.execute(size):
                held += length
                if held > self._most_bytes:
                    database.execute("DELETE FROM entries WHERE used <= ?", [used])
                    break

    def close(self) -> None:
        """Close the database; what was put is kept."""
        if self._database:
            self._database.close()
            self._database = None


def _open(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=5)
    try:
        database.execute(
            "CREATE TABLE IF NOT EXISTS entries "
            "(key BLOB PRIMARY KEY, value BLOB NOT NULL, used REAL NOT NULL) WITHOUT ROWID"
        )
        database.execute("SELECT key, value, used FROM entries LIMIT 1")
        # A cache lost to a power cut is no loss; waiting for the disk is.
        database.execute("PRAGMA synchronous = OFF")
    except BaseException:
        database.close()
        raise
    return database


def _portions(keys: list[bytes]) -> Iterator[list[bytes]]:
    for start in range(0, len(keys), _AT_ONCE):
        yield keys[start : start + _AT_ONCE]
