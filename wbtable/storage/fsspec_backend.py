"""A store on any file system that fsspec knows (spec: 03-store-layout, BACKEND-n).

The only module that imports fsspec.
"""

from __future__ import annotations

import datetime as dt
import errno
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, BinaryIO

import fsspec

from wbtable.errors import (
    AlreadyExistsError,
    DeniedError,
    FormatError,
    MissingExtraError,
    NotFoundError,
    StorageError,
    UnsupportedError,
    UsageError,
    WbtableError,
)
from wbtable.storage.key_info import KeyInfo
from wbtable.storage.os_errors import explained
from wbtable.storage.ranges import coalesce, cut

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gcs", "gcs": "gcs", "az": "azure", "abfs": "azure", "abfss": "azure"}
_GAP = 64 << 10
_MAX_CREATE = 16 << 20
_MEMORY_LOCK = Lock()
"""fsspec's memory file system looks and then writes; this makes the two one step."""


class FsspecBackend:
    """Bytes by key below a URL.

    Attributes:
        url: the root, as it was opened.
        unsafe_single_writer: whether the place was accepted although two writers may both create a key.

    """

    def __init__(self, url: str, **storage_options: object) -> None:
        """Use a URL; nothing is read.

        Raises:
            UsageError: no file system has this scheme.
            MissingExtraError: its package is not installed.

        """
        scheme = url.partition("://")[0].lower()
        try:
            # Listings and sizes must be those of now: other writers are at work.
            options = {"use_listings_cache": False, **storage_options}
            self._fs: Any
            self._fs, self._root = fsspec.core.url_to_fs(url.rstrip("/"), **options)
        except ImportError as error:
            extra = _EXTRAS.get(scheme)
            how = f"pip install 'wbtable[{extra}]'" if extra else f"install the fsspec package for {scheme}://"
            raise MissingExtraError(f"{scheme}:// needs a package that is not installed: {how}") from error
        except ValueError as error:
            raise UsageError(f"the URL {url!r:.120} is not understood: {error}") from error
        self.url = url
        self.unsafe_single_writer = False
        self._memory = scheme == "memory"
        self._temporaries: set[str] = set()

    def __repr__(self) -> str:
        """Show the root."""
        return f"FsspecBackend({self.url!r})"

    def create(self, key: str, data: bytes) -> None:
        """See `Backend.create`: one conditional request, never multipart (BACKEND-1)."""
        if not 1 <= len(data) <= _MAX_CREATE:
            raise UsageError(f"expected 1 to {_MAX_CREATE} bytes to create {key} with, found {len(data)}")
        if self._memory:
            with _MEMORY_LOCK:
                if self._fs.exists(self._path(key)):
                    raise AlreadyExistsError(f"{key} exists already", place=self.url)
                self._fs.pipe_file(self._path(key), data)
            return
        with self._doing("create", key):
            try:
                self._fs.pipe_file(self._path(key), data, mode="create")
            except FileExistsError:
                raise AlreadyExistsError(f"{key} exists already", place=self.url) from None
            except OSError as error:
                # Some servers answer a failed condition in other words: 412 without its name becomes EINVAL.
                if error.errno == errno.EINVAL and self.size(key) is not None:
                    raise AlreadyExistsError(f"{key} exists already", place=self.url) from error
                raise

    def put(self, key: str, data: bytes) -> None:
        """See `Backend.put`."""
        if self.size(key) == len(data):
            return
        self.replace(key, data)

    def put_file(self, key: str, path: Path) -> None:
        """See `Backend.put_file`."""
        try:
            with self._doing("write", key):
                if self.size(key) != os.stat(path).st_size:
                    self._fs.put_file(os.fspath(path), self._path(key))
        finally:
            if os.fspath(path) in self._temporaries:
                self._temporaries.discard(os.fspath(path))
                Path(path).unlink(missing_ok=True)

    def replace(self, key: str, data: bytes) -> None:
        """See `Backend.replace`."""
        with self._doing("write", key):
            self._fs.pipe_file(self._path(key), bytes(data))

    def get(self, key: str) -> bytes:
        """See `Backend.get`."""
        with self._doing("read", key):
            return bytes(self._fs.cat_file(self._path(key)))

    def get_range(self, key: str, offset: int, size: int) -> bytes:
        """See `Backend.get_range`."""
        return self.get_ranges([(key, offset, size)])[0]

    def get_tail(self, key: str, size: int) -> bytes:
        """See `Backend.get_tail`."""
        have = self.size(key)
        if have is None:
            raise NotFoundError(f"{key} does not exist", place=self.url)
        size = min(size, have)
        return self.get_range(key, have - size, size)

    def get_ranges(self, ranges: Sequence[tuple[str, int, int]]) -> list[bytes]:
        """See `Backend.get_ranges`: requests go out together where the file system can."""
        runs = coalesce(ranges, _GAP)
        if not runs:
            return []
        with self._doing("read", runs[0].key):
            data = self._fs.cat_ranges(
                [self._path(run.key) for run in runs],
                [run.offset for run in runs],
                # A file system may take an empty range for the whole file.
                [run.offset + max(1, run.size) for run in runs],
                on_error="return",
            )
        for run, found in zip(runs, data, strict=True):
            with self._doing("read", run.key):
                if isinstance(found, Exception):
                    raise found
            if len(found) < run.size:
                raise FormatError(
                    f"expected {run.size} bytes at {run.offset}, found {len(found)}: it is cut short",
                    place=f"{run.key} in {self.url}",
                )
        return cut(ranges, runs, [bytes(found) for found in data])

    def size(self, key: str) -> int | None:
        """See `Backend.size`."""
        try:
            with self._doing("look for", key):
                info = self._fs.info(self._path(key))
        except NotFoundError:
            return None
        return int(info["size"]) if info.get("type", "file") == "file" else None

    def list(self, prefix: str) -> Iterator[str]:
        """See `Backend.list`."""
        with self._doing("list", prefix):
            self._fs.invalidate_cache(self._path(prefix))
            found = self._fs.find(self._path(prefix)) if self._fs.exists(self._path(prefix)) else []
        start = len(self._root.rstrip("/")) + 1
        for path in sorted(found):
            yield path[start:]

    def scan(self, prefix: str) -> Iterator[KeyInfo]:
        """See `Backend.scan`."""
        with self._doing("list", prefix):
            self._fs.invalidate_cache(self._path(prefix))
            found = self._fs.find(self._path(prefix), detail=True) if self._fs.exists(self._path(prefix)) else {}
        start = len(self._root.rstrip("/")) + 1
        for path, info in sorted(found.items()):
            yield KeyInfo(path[start:], int(info["size"] or 0), _modified(info))

    def modified(self, key: str) -> float | None:
        """See `Backend.modified`."""
        try:
            with self._doing("look for", key):
                return _modified(self._fs.info(self._path(key)))
        except NotFoundError:
            return None

    def delete(self, keys: Iterable[str]) -> None:
        """See `Backend.delete`."""
        for key in keys:
            try:
                with self._doing("delete", key):
                    self._fs.rm_file(self._path(key))
            except NotFoundError:
                continue

    def sync(self) -> None:
        """See `Backend.sync`: an object store answers when the object is durable."""

    def temporary(self) -> Path:
        """See `Backend.temporary`."""
        with explained("make a temporary file"):
            fd, path = tempfile.mkstemp(prefix="wbtable-", suffix=".tmp")
            os.close(fd)
        self._temporaries.add(path)
        return Path(path)

    def local_path(self, key: str) -> Path | None:
        """See `Backend.local_path`."""
        return None

    def _path(self, key: str) -> str:
        return f"{self._root}/{key}" if key else self._root

    @contextmanager
    def _doing(self, what: str, key: str) -> Iterator[None]:
        """Say what failed in wbtable's words; the libraries below raise errors of many kinds."""
        try:
            yield
        except WbtableError:
            raise
        except FileNotFoundError:
            raise NotFoundError(f"{key} does not exist", place=self.url) from None
        except PermissionError as error:
            raise DeniedError(f"could not {what} {key}: {error}; check the credentials", place=self.url) from error
        except Exception as error:
            raise StorageError(f"could not {what} {key}: {type(error).__name__}: {error}", place=self.url) from error


def _modified(info: dict[str, Any]) -> float:
    """Return the modification time in what a file system says of a file; each has its own word for it.

    Raises:
        UnsupportedError: it says none.

    """
    for name in ("LastModified", "last_modified", "updated", "mtime", "modified", "created"):
        found = info.get(name)
        if isinstance(found, str):
            found = dt.datetime.fromisoformat(found)
        if isinstance(found, dt.datetime):
            return (found if found.tzinfo is not None else found.replace(tzinfo=dt.UTC)).timestamp()
        if isinstance(found, (int, float)):
            return float(found)
    raise UnsupportedError(f"this file system does not say when {info.get('name')!r:.120} was last written")


def open_remote(url: str, **storage_options: object) -> BinaryIO:
    """Open one file of any file system that fsspec knows, for reading.

    Raises:
        NotFoundError: there is no such file.
        DeniedError: it may not be read.
        MissingExtraError: the package for this kind of URL is not installed.
        StorageError: the file system fails.

    """
    root, _, name = url.rpartition("/")
    backend = FsspecBackend(root, **storage_options)
    with backend._doing("read", name):  # noqa: SLF001 - the same module
        file: BinaryIO = backend._fs.open(backend._path(name), "rb")  # noqa: SLF001
        return file
