"""A store in a dictionary, with a clock of its own that only the test moves."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from wbtable.artifacts.store import Store
from wbtable.errors import AlreadyExistsError, FormatError, NotFoundError
from wbtable.storage.header import create_header
from wbtable.storage.key_info import KeyInfo
from wbtable.storage.temporary import TemporaryFolder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

HOUR = 3600.0
DAY = 24 * HOUR


class Stored(NamedTuple):
    data: bytes
    modified: float


class FakeBackend:
    """Bytes by key in memory.

    Attributes:
        url: a name that no other has.
        now: the store's clock, in seconds.
        keys: what is stored.

    """

    unsafe_single_writer = False

    def __init__(self, folder: Path | None = None, name: str = "fake") -> None:
        self.folder = TemporaryFolder() if folder is None else folder
        self.url = f"memory://{name}-{id(self):x}"
        self.now = 1_000_000.0
        self.keys: dict[str, Stored] = {}

    # Every call is one step.

    def create(self, key: str, data: bytes) -> None:
        stored = Stored(bytes(data), self.now)
        if self.keys.setdefault(key, stored) is not stored:
            raise AlreadyExistsError(f"{key} exists already", place=self.url)

    def put(self, key: str, data: bytes) -> None:
        found = self.keys.get(key)
        if found is None or len(found.data) != len(data):
            self.keys[key] = Stored(bytes(data), self.now)

    def put_file(self, key: str, path: Path) -> None:
        self.put(key, path.read_bytes())
        path.unlink()

    def replace(self, key: str, data: bytes) -> None:
        self.keys[key] = Stored(bytes(data), self.now)

    def get(self, key: str) -> bytes:
        found = self.keys.get(key)
        if found is None:
            raise NotFoundError(f"{key} does not exist", place=self.url)
        return found.data

    def get_range(self, key: str, offset: int, size: int) -> bytes:
        data = self.get(key)
        if offset < 0 or size < 0 or offset + size > len(data):
            raise FormatError(f"expected {size} bytes at {offset}, found {len(data)} in all: it is cut short")
        return data[offset : offset + size]

    def get_tail(self, key: str, size: int) -> bytes:
        data = self.get(key)
        return data[max(0, len(data) - size) :]

    def get_ranges(self, ranges: Sequence[tuple[str, int, int]]) -> list[bytes]:
        return [self.get_range(*item) for item in ranges]

    def size(self, key: str) -> int | None:
        found = self.keys.get(key)
        return None if found is None else len(found.data)

    def list(self, prefix: str) -> Iterator[str]:
        return iter(sorted(key for key in list(self.keys) if not prefix or key.startswith(prefix + "/")))

    def scan(self, prefix: str) -> Iterator[KeyInfo]:
        found = [(key, self.keys[key]) for key in self.list(prefix)]
        return iter([KeyInfo(key, len(stored.data), stored.modified) for key, stored in found])

    def modified(self, key: str) -> float | None:
        found = self.keys.get(key)
        return None if found is None else found.modified

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            self.keys.pop(key, None)

    def sync(self) -> None:
        """Nothing waits."""

    def temporary(self) -> Path:
        if isinstance(self.folder, TemporaryFolder):
            return self.folder.new_file()
        fd, path = tempfile.mkstemp(dir=self.folder)
        os.close(fd)
        return Path(path)

    def local_path(self, key: str) -> Path | None:
        return None


def fake_store(folder: Path | None = None, name: str = "fake") -> tuple[Store, FakeBackend]:
    """Return an empty store in a dictionary, and its backend."""
    backend = FakeBackend(folder, name)
    create_header(backend)
    return Store.on(backend), backend
