"""The query engine's file system: fragments of any place, read by ranges (spec: 16-views, ENGINE-1)."""

from __future__ import annotations

import datetime as dt
import threading
from typing import TYPE_CHECKING, Any, Final, NoReturn, Protocol

import xxhash
from fsspec import AbstractFileSystem

from wbtable.errors import DigestMismatchError, FormatError, WbtableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wbtable.format.fragment import Fragment
    from wbtable.storage.objects import ObjectStore

_TRAILER: Final = 8
_MAGIC: Final = b"PAR1"
_LONG_AGO: Final = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
_TAIL: Final = 64 << 10


class Readable(Protocol):
    """What a file of this file system stands for."""

    @property
    def objects(self) -> ObjectStore:
        """Where its bytes are."""

    @property
    def fragment(self) -> Fragment:
        """What its table's manifest says of it."""


class RangeFileSystem(AbstractFileSystem):  # type: ignore[misc]  # fsspec has no types
    """Read-only: knows the files that it was made of, refuses to write, list or remove anything.

    The end of a file is read once and its footer checked (FRAG-7); other reads are one range request each.
    """

    protocol = "wbtable"
    cachable = False

    def __init__(self, files: Mapping[str, Readable]) -> None:
        """Give out `files` by path."""
        super().__init__()
        self._files = {self._strip_protocol(path): file for path, file in files.items()}
        self._tails: dict[str, bytes] = {}
        self._guard = threading.Lock()
        self.failures: list[WbtableError] = []
        self.reads = 0
        self.bytes_read = 0

    def open(self, path: str, mode: str = "rb", **_: object) -> RangeReader:
        """Open a file for reading.

        Raises:
            PermissionError: for writing.
            FileNotFoundError: it is none of ours.

        """
        if mode not in {"r", "rb"}:
            msg = f"{path} is read-only"
            raise PermissionError(msg)
        name, file = self._find(path)
        return RangeReader(self, name, file)

    def info(self, path: str, **_: object) -> dict[str, Any]:
        """Return name, size and kind of a file."""
        name, file = self._find(path)
        return {"name": name, "size": file.fragment.file.size, "type": "file"}

    def exists(self, path: str, **_: object) -> bool:
        """Whether a file is one of ours."""
        return self._strip_protocol(path) in self._files

    isfile = exists

    def isdir(self, path: str) -> bool:
        """Return False: there are no folders."""
        del path
        return False

    def glob(self, path: str, **_: object) -> list[str]:
        """Return the file of this very name: nothing in a name is a pattern."""
        name = self._strip_protocol(path)
        return [name] if name in self._files else []

    def ls(self, path: str, detail: bool = True, **_: object) -> list[Any]:
        """Return the file of this very name."""
        found = self.glob(path)
        return [self.info(name) for name in found] if detail else found

    def modified(self, path: str) -> dt.datetime:
        """Return one time for all: objects never change."""
        del path
        return _LONG_AGO

    def created(self, path: str) -> dt.datetime:
        """Return one time for all: objects never change."""
        del path
        return _LONG_AGO

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        msg = "the query engine's files are read-only"
        raise PermissionError(msg)

    rm = rm_file = _rm = mkdir = makedirs = rmdir = mv = cp_file = pipe_file = put_file = touch = _refuse

    def _find(self, path: str) -> tuple[str, Readable]:
        name = self._strip_protocol(path)
        file = self._files.get(name)
        if file is None:
            raise FileNotFoundError(path)
        return name, file

    def read_range(self, name: str, file: Readable, offset: int, size: int) -> bytes:
        """Return bytes of a file; those near its end come from memory.

        Raises:
            WbtableError: they cannot be read; it is kept, for the engine tells it as text only.

        """
        try:
            return self._read_range(name, file, offset, size)
        except WbtableError as error:
            self.failures = [*self.failures[-7:], error]
            raise

    def failure_in(self, text: str) -> WbtableError | None:
        """Return the error that a message of the engine tells, if reading raised it."""
        return next((error for error in reversed(self.failures) if str(error)[:200] in text), None)

    def _read_range(self, name: str, file: Readable, offset: int, size: int) -> bytes:
        end = file.fragment.file.size
        size = max(0, min(size, end - offset))
        if not size:
            return b""
        tail = self._tail(name, file)
        start = end - len(tail)
        if offset >= start:
            return tail[offset - start : offset - start + size]
        with self._guard:
            self.reads += 1
            self.bytes_read += size
        return file.objects.get_range(file.fragment.file, offset, size)

    def _tail(self, name: str, file: Readable) -> bytes:
        """Return the end of a file, which holds its whole footer, checked.

        Raises:
            FormatError: it is no Parquet, or cut short.
            DigestMismatchError: the footer is damaged.

        """
        with self._guard:
            found = self._tails.get(name)
        if found is not None:
            return found
        fragment, size = file.fragment, file.fragment.footer_length
        want = min(fragment.file.size, max(size + _TRAILER, _TAIL))
        tail = file.objects.get_tail(fragment.file, want)
        if len(tail) != want or tail[-4:] != _MAGIC or int.from_bytes(tail[-8:-4], "little") != size:
            msg = f"expected a Parquet footer of {size} bytes at the end: the file is cut short or damaged"
            raise FormatError(msg, place=name)
        digest = xxhash.xxh3_128_hexdigest(tail[-size - _TRAILER : -_TRAILER])
        if digest != fragment.footer_xxh3:
            msg = f"the footer is damaged: expected XXH3-128 {fragment.footer_xxh3}, found {digest}"
            raise DigestMismatchError(msg, place=name)
        with self._guard:
            self.reads += 1
            self.bytes_read += want
            self._tails[name] = tail
        return tail


class RangeReader:
    """One open file. Threads share it, and each has its own position: the engine seeks and reads in two steps."""

    def __init__(self, system: RangeFileSystem, name: str, file: Readable) -> None:
        """Read `file`."""
        self._system = system
        self._name = name
        self._file = file
        self._at = threading.local()
        self.closed = False

    @property
    def size(self) -> int:
        """The length in bytes."""
        return self._file.fragment.file.size

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def writable(self) -> bool:
        """Return False."""
        return False

    def tell(self) -> int:
        """Return this thread's position."""
        return int(getattr(self._at, "value", 0))

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move this thread's position."""
        base = {0: 0, 1: self.tell(), 2: self.size}[whence]
        self._at.value = base + offset
        return base + offset

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes from this thread's position."""
        at = self.tell()
        data = self._system.read_range(self._name, self._file, at, self.size - at if size < 0 else size)
        self._at.value = at + len(data)
        return data

    def write(self, data: bytes) -> NoReturn:
        """Refuse.

        Raises:
            PermissionError: always.

        """
        del data
        msg = f"{self._name} is read-only"
        raise PermissionError(msg)

    def flush(self) -> None:
        """Do nothing: nothing is written."""

    def close(self) -> None:
        """Close the file."""
        self.closed = True
