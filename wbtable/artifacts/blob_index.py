"""What this machine knows of a store's blobs: a small database that can be made again (spec: 10-artifacts, DEDUP-2).

It gives hints. Whoever follows one looks into the store, so that a stale or damaged index costs only space there.
"""

from __future__ import annotations

import hashlib
import os
import threading
from typing import TYPE_CHECKING, Any, Final, TypeVar

from wbtable.format.digest import Digest
from wbtable.format.file_cell import relative_uri
from wbtable.storage.cache_folder import cache_root

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]

T = TypeVar("T")

LIMIT: Final = 5_000_000
"""How many blobs an index holds, in about 100 bytes each; then the packs that were added first make room."""

BUSY_SECONDS: Final = 2.0
"""How long to wait for another process that writes."""

_VERSION: Final = 1
_AT_ONCE: Final = 900
_CACHE_KIB: Final = 32 << 10
_SCHEMA: Final = (
    # Large blobs have no URI here: theirs is their digest.
    "CREATE TABLE IF NOT EXISTS containers (id INTEGER PRIMARY KEY AUTOINCREMENT, uri TEXT UNIQUE, blobs INTEGER)",
    (
        "CREATE TABLE IF NOT EXISTS blobs (digest BLOB PRIMARY KEY, container INTEGER, start INTEGER, size INTEGER)"
        " WITHOUT ROWID"
    ),
    f"PRAGMA user_version = {_VERSION}",
)
_FIND: Final = "SELECT digest, container, start, size FROM blobs WHERE digest IN"
_UNUSABLE: list[object] = []
"""Connections that a forked process inherited: SQLite allows neither to use nor to close them there."""


class BlobIndex:
    """Where blobs of one store are, as far as this machine remembers. Safe between threads, processes and forks.

    Nothing here raises: what cannot be read is unknown, what cannot be written is forgotten.
    """

    def __init__(self, url: str, limit: int = LIMIT) -> None:
        """Open nothing yet.

        Args:
            url: the root of the store.
            limit: how many blobs the index holds.

        """
        self._url = url
        self._limit = limit
        self._pid = os.getpid()
        self._guard = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        # A store in memory ends with its process.
        self._usable = not url.startswith("memory:")

    @property
    def path(self) -> Path:
        """Where the database is."""
        return cache_root() / "index" / f"{hashlib.sha256(self._url.encode()).hexdigest()[:16]}.sqlite"

    def find_many(self, raws: Sequence[bytes]) -> list[tuple[str, int, int] | None]:
        """Return URI, offset and size of blobs by their raw digests, None where they are unknown."""
        found: dict[bytes, tuple[str, int, int]] = {}

        def ask(connection: sqlite3.Connection) -> None:
            uris = dict(connection.execute("SELECT id, uri FROM containers"))
            if not uris:
                return
            # In the order of the digests: neighbours share a page.
            wanted = sorted(raws)
            for begin in range(0, len(wanted), _AT_ONCE):
                part = wanted[begin : begin + _AT_ONCE]
                for raw, number, start, size in connection.execute(f"{_FIND} ({','.join('?' * len(part))})", part):
                    if number in uris and (place := _place(raw, uris[number], start, size)) is not None:
                        found[raw] = place

        if raws:
            self._try(ask, None)
        return [found.get(raw) for raw in raws]

    def uris(self) -> set[str]:
        """Return the packs whose blobs are known."""

        def ask(connection: sqlite3.Connection) -> set[str]:
            return {uri for (uri,) in connection.execute("SELECT uri FROM containers WHERE uri IS NOT NULL")}

        return self._try(ask, set())

    def room(self) -> int:
        """Return how many more blobs can be added before older ones must go."""
        return self._try(lambda connection: self._limit - _count(connection), 0)

    def add_pack(self, uri: str, digests: npt.NDArray[np.void], offsets: Ints, sizes: Ints) -> None:
        """Note where all blobs of a pack are; of a blob that was known elsewhere, this is now the place."""
        self._add(uri, digests, offsets.tolist(), sizes.tolist())

    def add_large(self, digests: npt.NDArray[np.void], sizes: Ints) -> None:
        """Note blobs that are objects of their own."""
        self._add(None, digests, [0] * len(digests), sizes.tolist())

    def close(self) -> None:
        """Close the database; it is opened again when it is asked."""
        self._renew()
        with self._guard:
            self._drop()

    # How.

    def _add(self, uri: str | None, digests: npt.NDArray[np.void], starts: list[int], sizes: list[int]) -> None:
        joined = digests.tobytes()
        raws = [joined[at : at + 32] for at in range(0, len(joined), 32)]
        if not 0 < len(raws) <= self._limit:
            return

        def add(connection: sqlite3.Connection) -> None:
            connection.execute("BEGIN IMMEDIATE")
            try:
                self._make_room(connection, len(raws))
                connection.execute("DELETE FROM containers WHERE uri = ?", (uri,))
                number = connection.execute(
                    "INSERT INTO containers (uri, blobs) VALUES (?, ?)", (uri, len(raws))
                ).lastrowid
                # In the order of the digests: neighbours share a page.
                rows = sorted(zip(raws, [number] * len(raws), starts, sizes, strict=True))
                connection.executemany("INSERT OR REPLACE INTO blobs VALUES (?, ?, ?, ?)", rows)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

        self._try(add, None)

    def _make_room(self, connection: sqlite3.Connection, more: int) -> None:
        """Drop the oldest containers if the limit would be passed, some more than needed: it reads the whole table."""
        if _count(connection) + more <= self._limit:
            return
        left = self._limit - max(more, self._limit // 8)
        last, kept = 0, 0
        for number, blobs in connection.execute("SELECT id, blobs FROM containers ORDER BY id DESC"):
            kept += blobs
            if kept > left:
                last = number
                break
        connection.execute("DELETE FROM blobs WHERE container <= ?", (last,))
        connection.execute("DELETE FROM containers WHERE id <= ?", (last,))

    def _try(self, job: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        """Do something with the database; begin a damaged one again, and do without one that cannot be used."""
        self._renew()
        with self._guard:
            if not self._usable:
                return otherwise
            try:
                import sqlite3
            except ImportError:  # a Python that was built without it
                self._usable = False
                return otherwise
            for _ in range(2):
                try:
                    return job(self._connect())
                except (sqlite3.Error, TypeError, ValueError, OverflowError) as error:
                    self._drop()
                    if not _is_damaged(error) or not self._remove():
                        break
                except (OSError, RuntimeError):  # a user without a home is a RuntimeError
                    break
            self._drop()
            self._usable = False
            return otherwise

    def _connect(self) -> sqlite3.Connection:
        if self._connection is None:
            import sqlite3

            path = self.path
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            try:
                _prepare(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _remove(self) -> bool:
        try:
            for suffix in ("", "-wal", "-shm"):
                path = self.path
                path.with_name(path.name + suffix).unlink(missing_ok=True)
        except OSError:
            return False
        return True

    def _renew(self) -> None:
        """Leave what a forked process inherited, the lock with it: another thread may have held it."""
        if self._pid != os.getpid():
            _UNUSABLE.append(self._connection)
            self._connection = None
            self._guard = threading.Lock()
            self._pid = os.getpid()


def _is_damaged(error: Exception) -> bool:
    """Whether the file is at fault: not if it is busy or not writable, or the disk is full."""
    import sqlite3

    # A plain error is a table that is missing, or has other columns.
    return not isinstance(error, sqlite3.OperationalError) or error.sqlite_errorcode == sqlite3.SQLITE_ERROR


def _prepare(connection: sqlite3.Connection) -> None:
    """Make the tables, unless they are there.

    Raises:
        ValueError: the tables are of another release.

    """
    # Not durable: after a crash of the machine a damaged index is begun again.
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == _VERSION:
        return
    if version != 0:
        raise ValueError(version)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    for statement in _SCHEMA:
        connection.execute(statement)
    connection.execute("COMMIT")


def _count(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT coalesce(sum(blobs), 0) FROM containers").fetchone()[0])


def _place(raw: Any, uri: Any, start: Any, size: Any) -> tuple[str, int, int] | None:
    """Return a row as a place, None if it can be none."""
    if not (isinstance(raw, bytes) and len(raw) == 32 and isinstance(start, int) and isinstance(size, int)):
        return None
    if uri is None:
        return relative_uri(Digest.from_raw(raw), packed=False), start, size
    return (uri, start, size) if isinstance(uri, str) else None
