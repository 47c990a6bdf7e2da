"""History segments on their way into the store: in memory, then in a local folder, bounded (spec: 14-runs, RUN-9)."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections import deque
from typing import TYPE_CHECKING, Final

from wbtable.format.layout import escape
from wbtable.storage.cache_folder import cache_root

if TYPE_CHECKING:
    from pathlib import Path

MAX_MEMORY: Final = 32 << 20
MAX_DISK: Final = 4 << 30


def spool_root(project: str, run_id: str) -> Path:
    """Return the folder in which a run keeps what its store did not take."""
    return cache_root() / "spool" / escape(project) / escape(run_id)


NOTE: Final = "store.json"
"""The file in that folder that says which store the rest is for."""


def write_note(folder: Path, url: str) -> None:
    """Make a run's folder, with a note of the store that its files are for."""
    folder.mkdir(parents=True, exist_ok=True)
    note = folder / NOTE
    if url and not note.exists():
        note.write_text(json.dumps({"store": url}), encoding="utf-8")


def remove_if_empty(folder: Path) -> None:
    """Remove a run's folder if nothing but the note is left in it."""
    with contextlib.suppress(OSError):
        if all(path.name == NOTE for path in folder.iterdir()):
            (folder / NOTE).unlink(missing_ok=True)
            folder.rmdir()


class Spool:
    """Segments in order; those that the store does not take go to files, so that a killed process leaves them.

    Safe to use from several threads: the loop adds while a thread sends. One thread alone may send.

    Attributes:
        directory: where the files are.
        dropped: how many segments found no room at all.

    """

    __slots__ = ("_bytes", "_disk", "_items", "_lock", "_next", "_url", "directory", "dropped")

    def __init__(self, directory: Path, url: str = "") -> None:
        """Hold nothing; the directory is made when it is needed, with a note of the store's `url` for ``sync``."""
        self.directory = directory
        self._url = url
        self.dropped = 0
        self._items: deque[bytes | Path] = deque()
        self._bytes = 0
        self._disk = 0
        self._next = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Return how many segments wait."""
        return len(self._items)

    @property
    def on_disk(self) -> bool:
        """Whether some wait in files."""
        return self._disk > 0

    def add(self, data: bytes) -> None:
        """Add a segment at the end; beyond the bound of memory it goes to a file."""
        with self._lock:
            self._items.append(data)
            self._bytes += len(data)
            if self._bytes > MAX_MEMORY:
                self._save()

    def first(self) -> bytes:
        """Return the segment that waits longest."""
        with self._lock:
            item = self._items[0]
        return item if isinstance(item, bytes) else item.read_bytes()

    def pop(self) -> None:
        """Forget the segment that waits longest: the store has it."""
        with self._lock:
            item = self._items.popleft()
            if isinstance(item, bytes):
                self._bytes -= len(item)
                return
            self._disk -= item.stat().st_size
            item.unlink()
            if not self._disk:
                remove_if_empty(self.directory)

    def save(self) -> None:
        """Move what is in memory to files; what finds no room on the disk stays, up to the bound of memory."""
        with self._lock:
            self._save()

    def _save(self) -> None:
        for i, item in enumerate(self._items):
            if not isinstance(item, bytes):
                continue
            if self._disk + len(item) > MAX_DISK:
                break
            try:
                self._items[i] = self._write(item)
            except OSError:
                break
            self._bytes -= len(item)
            self._disk += len(item)
        # The one that waits longest stays: it may be on its way.
        while self._bytes > MAX_MEMORY and len(self._items) > 1:
            lost = self._items.pop()
            if not isinstance(lost, bytes):
                self._items.append(lost)
                return
            self._bytes -= len(lost)
            self.dropped += 1

    def _write(self, data: bytes) -> Path:
        write_note(self.directory, self._url)
        # Another attempt of this process, or one of this number in another container, may have left files.
        while (path := self.directory / f"{os.getpid()}-{self._next:020d}.parquet").exists():
            self._next += 1
        self._next += 1
        temp = path.with_suffix(".tmp")
        temp.write_bytes(data)
        temp.replace(path)
        return path
