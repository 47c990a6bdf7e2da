"""A store on any file system that fsspec knows (spec: 03-store-layout, BACKEND-n)."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from wbtable.errors import (
    AlreadyExistsError,
    FormatError,
    MissingExtraError,
    NotFoundError,
    UnsupportedError,
    UsageError,
    WbtableError,
)
from wbtable.storage.fsspec_kinds import connect, open_file, place_of
from wbtable.storage.gate import ByteGate
from wbtable.storage.key_info import KeyInfo
from wbtable.storage.os_errors import explained
from wbtable.storage.ranges import coalesce, cut, split_long
from wbtable.storage.remote_errors import Meaning, meaning_of
from wbtable.storage.remote_words import explain_remote, modified_of
from wbtable.storage.retry import Retrier, policy_from_environment
from wbtable.storage.temporary import TemporaryFolder
from wbtable.storage.workers import io_workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

_T = TypeVar("_T")

_GAP = 64 << 10
_MAX_CREATE = 16 << 20
_SMALL = 1 << 20
"""Up to here an object is sent without asking first whether it is there: most are new."""
_LONG = 64 << 20
_GATE = ByteGate(256 << 20)
"""Files being sent are in memory whole: at most so many bytes of them in this process."""
_MEMORY_LOCK = Lock()
"""fsspec's memory file system looks and then writes; this makes the two one step."""


class FsspecBackend:
    """Bytes by key below a URL.

    Network errors and a server's "later" are asked again within a budget of time (`WBTABLE_RETRY_SECONDS`). What is
    raised is told from what the server said, in wbtable's words.

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
        self.url = url
        self.unsafe_single_writer = False
        self._scheme = url.partition("://")[0].lower()
        self._options = storage_options
        self._place = place_of(self._scheme)
        self._memory = self._scheme == "memory"
        self._temporaries: set[str] = set()
        self._folder = TemporaryFolder()
        self._retrier = Retrier(policy_from_environment())
        self._pid = -1
        self._connect()

    @property
    def is_distant(self) -> bool:
        """Whether requests take so long that independent ones are worth sending side by side."""
        return not self._memory

    def __repr__(self) -> str:
        """Show the root."""
        return f"FsspecBackend({self.url!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Open it anew where it is unpickled: connections stay in their process."""
        return _reopen, (type(self), self.url, self._options, self.unsafe_single_writer)

    # Writing.

    def create(self, key: str, data: bytes) -> None:
        """See `Backend.create`: one conditional request, never multipart (BACKEND-1)."""
        if not 1 <= len(data) <= _MAX_CREATE:
            raise UsageError(f"expected 1 to {_MAX_CREATE} bytes to create {key} with, found {len(data)}")
        self._create(key, data)

    def put(self, key: str, data: bytes) -> None:
        """See `Backend.put`: a small object that is new costs one request."""
        if 1 <= len(data) <= _SMALL and self._can_create():
            try:
                # Whose it is makes no difference: the name says what the bytes are.
                self._create(key, data, is_marked=False)
            except AlreadyExistsError:
                pass
            else:
                return
        if self.size(key) != len(data):
            self.replace(key, data)

    def put_file(self, key: str, path: Path) -> None:
        """See `Backend.put_file`."""
        try:
            with explained(f"read {path}"):
                size = os.stat(path).st_size
            if size <= _SMALL:
                with explained(f"read {path}"):
                    data = Path(path).read_bytes()
                self.put(key, data)
            elif self.size(key) != size:
                with _GATE.hold(size):
                    self._do("write", key, lambda _: self._fs.put_file(os.fspath(path), self._path(key)))
        finally:
            if os.fspath(path) in self._temporaries:
                self._temporaries.discard(os.fspath(path))
                Path(path).unlink(missing_ok=True)

    def replace(self, key: str, data: bytes) -> None:
        """See `Backend.replace`."""
        with _GATE.hold(len(data)):
            self._do("write", key, lambda _: self._fs.pipe_file(self._path(key), bytes(data)))

    def delete(self, keys: Iterable[str]) -> None:
        """See `Backend.delete`."""
        wanted = list(keys)
        paths = [self._path(key) for key in wanted]
        if len(paths) > 1 and self._place.delete_many(self._fs, paths):
            return
        for _ in io_workers().map(self._delete, wanted):
            pass

    def sync(self) -> None:
        """See `Backend.sync`: an object store answers when the object is durable."""

    def temporary(self) -> Path:
        """See `Backend.temporary`."""
        path = self._folder.new_file()
        self._temporaries.add(os.fspath(path))
        return path

    # Reading.

    def get(self, key: str) -> bytes:
        """See `Backend.get`."""
        # With a start, no file system asks for the length first.
        return self._read(key, lambda: self._fs.cat_file(self._path(key), start=0))

    def get_range(self, key: str, offset: int, size: int) -> bytes:
        """See `Backend.get_range`."""
        return self.get_ranges([(key, offset, size)])[0]

    def get_tail(self, key: str, size: int) -> bytes:
        """See `Backend.get_tail`."""
        if self._place.tails and size > 0:
            return self._read(key, lambda: self._fs.cat_file(self._path(key), start=-size))
        have = self.size(key)
        if have is None:
            raise NotFoundError(f"{key} does not exist", place=self.url)
        size = min(size, have)
        return self.get_range(key, have - size, size)

    def get_ranges(self, ranges: Sequence[tuple[str, int, int]]) -> list[bytes]:
        """See `Backend.get_ranges`: requests go out together where the file system can, long ones in parts."""
        runs = coalesce(ranges, _GAP)
        for run in runs:
            # Before memory and requests are spent: a size from outside may be anything.
            if run.size > _LONG and (self.size(run.key) or 0) < run.offset + run.size:
                raise self._cut_short(run.key, run.offset, run.size, self.size(run.key))
        parts = [part for run in runs for part in split_long(run)]
        data = iter(self._get_parts(parts))
        joined: list[bytes] = []
        for run in runs:
            pieces = [next(data) for _ in split_long(run)]
            joined.append(pieces[0] if len(pieces) == 1 else b"".join(pieces))
        return cut(ranges, runs, joined)

    def size(self, key: str) -> int | None:
        """See `Backend.size`."""
        try:
            info = self._do("look for", key, lambda _: self._place.info(self._fs, self._path(key)))
        except NotFoundError:
            return None
        return int(info["size"])

    def list(self, prefix: str) -> Iterator[str]:
        """See `Backend.list`."""
        return (key for key, _ in self._below(prefix))

    def scan(self, prefix: str) -> Iterator[KeyInfo]:
        """See `Backend.scan`."""
        for key, info in self._below(prefix):
            yield KeyInfo(key, int(info["size"] or 0), modified_of(info))

    def _below(self, prefix: str) -> Iterator[tuple[str, dict[str, Any]]]:
        def find(_: int) -> dict[str, Any]:
            self._fs.invalidate_cache(self._path(prefix))
            try:
                return self._place.find(self._fs, self._path(prefix))
            except FileNotFoundError:
                return {}

        found = self._do("list", prefix, find)
        start = len(self._root.rstrip("/")) + 1
        for path, info in sorted(found.items()):
            # A listing of "log" is not one of "log2", and a folder's own marker is no key.
            if path[start:].startswith(f"{prefix}/" if prefix else "") and not path.endswith("/"):
                yield path[start:], info

    def modified(self, key: str) -> float | None:
        """See `Backend.modified`."""
        try:
            return modified_of(self._do("look for", key, lambda _: self._place.info(self._fs, self._path(key))))
        except NotFoundError:
            return None

    def local_path(self, key: str) -> Path | None:
        """See `Backend.local_path`."""
        return None

    # How.

    def _connect(self) -> None:
        try:
            self._connected, self._root = connect(self._place, self.url, self._options)
        except ImportError as error:
            extra = self._place.extra
            how = f"pip install 'wbtable[{extra}]'" if extra else f"install the fsspec package for {self._scheme}://"
            raise MissingExtraError(f"{self._scheme}:// needs a package that is not installed: {how}") from error
        except ValueError as error:
            raise UsageError(f"the URL {self.url!r:.120} is not understood: {error}") from error
        except Exception as error:
            raise self._error(error, "open", self.url) from error
        self._pid = os.getpid()

    @property
    def _fs(self) -> Any:
        """The file system; after a fork another one, for connections and threads stay in the parent."""
        if self._pid != os.getpid():
            self._connect()
        return self._connected

    def _path(self, key: str) -> str:
        return f"{self._root}/{key}" if key else self._root

    def _can_create(self) -> bool:
        return self._memory or self._place.can_create(self._fs)

    def _create(self, key: str, data: bytes, *, is_marked: bool = True) -> None:
        path, mark = self._path(key), secrets.token_hex(16)
        if self._memory:
            with _MEMORY_LOCK:
                if self._fs.exists(path):
                    raise AlreadyExistsError(f"{key} exists already", place=self.url)
                self._fs.pipe_file(path, data)
            return
        if not self._can_create():
            if not self.unsafe_single_writer:
                raise UnsupportedError(
                    f"{self._scheme}:// cannot create a key exclusively, so two writers could both make the same"
                    " version: use another place, or create the store with unsafe_single_writer"
                    " (--unsafe-single-writer) and never write from two processes at once",
                    place=self.url,
                )
            if self.size(key) is not None:
                raise AlreadyExistsError(f"{key} exists already", place=self.url)
            self.replace(key, data)
            return

        def attempt(_: int) -> None:
            try:
                self._place.create(self._fs, path, data, mark)
            except Exception as error:
                meaning = meaning_of(error)
                if meaning is Meaning.MAY_EXIST and self.size(key) is not None:
                    meaning = Meaning.EXISTS
                if meaning is not Meaning.EXISTS:
                    raise
                # An earlier attempt of this call may have landed although its answer was lost.
                if is_marked and self._mark_of(path) == mark:
                    return
                raise AlreadyExistsError(f"{key} exists already", place=self.url) from error

        self._do("create", key, attempt)

    def _mark_of(self, path: str) -> str | None:
        try:
            return self._place.mark_of(self._fs, path)
        except FileNotFoundError:
            return None

    def _delete(self, key: str) -> None:
        try:
            self._do("delete", key, lambda _: self._fs.rm_file(self._path(key)))
        except NotFoundError:
            return

    def _read(self, key: str, action: Callable[[], bytes]) -> bytes:
        try:
            return bytes(self._do("read", key, lambda _: action()))
        except FormatError:
            # No byte of an empty key is in any range.
            if self.size(key) == 0:
                return b""
            raise

    def _get_parts(self, parts: Sequence[tuple[str, int, int]]) -> Sequence[bytes]:
        """Return the bytes of ranges, read side by side; those that failed are asked for again."""
        found: dict[int, bytes] = {}

        def attempt(_: int) -> None:
            left = [i for i in range(len(parts)) if i not in found]
            wanted = [parts[i] for i in left]
            answers = self._fs.cat_ranges(
                [self._path(key) for key, _, _ in wanted],
                [offset for _, offset, _ in wanted],
                # A file system may take an empty range for the whole file.
                [offset + max(1, size) for _, offset, size in wanted],
                on_error="return",
            )
            failed: tuple[str, Exception] | None = None
            for i, answer in zip(left, answers, strict=True):
                if not isinstance(answer, Exception):
                    start, size = parts[i][1:]
                    # A web server that knows no ranges answers with the whole file.
                    found[i] = bytes(answer if len(answer) <= max(1, size) else answer[start : start + size])
                elif meaning_of(answer) is Meaning.RANGE:
                    found[i] = b""
                else:
                    failed = failed or (parts[i][0], answer)
            if failed is not None:
                key, error = failed
                if meaning_of(error) is Meaning.TRANSIENT:
                    raise error
                raise self._error(error, "read", key) from error

        if parts:
            self._do("read", parts[0][0], attempt)
        for i, (key, offset, size) in enumerate(parts):
            if len(found[i]) < size:
                raise self._cut_short(key, offset, size, len(found[i]))
        return [found[i] for i in range(len(parts))]

    def _cut_short(self, key: str, offset: int, size: int, found: int | None) -> WbtableError:
        if found is None:
            return NotFoundError(f"{key} does not exist", place=self.url)
        return FormatError(
            f"expected {size} bytes at {offset}, found {found}: it is cut short", place=f"{key} in {self.url}"
        )

    def _do(self, what: str, key: str, action: Callable[[int], _T]) -> _T:
        """Do one thing, again after errors that may pass; say what failed in wbtable's words."""
        try:
            return self._retrier.call(action, lambda error: meaning_of(error) is Meaning.TRANSIENT)
        except WbtableError:
            raise
        except Exception as error:
            raise self._error(error, what, key) from error

    def _error(self, error: Exception, what: str, key: str) -> WbtableError:
        return explain_remote(error, what=what, key=key, url=self.url, place=self._place)


def _reopen(
    kind: type[FsspecBackend], url: str, options: dict[str, object], unsafe_single_writer: bool
) -> FsspecBackend:
    backend = kind(url, **options)
    backend.unsafe_single_writer = unsafe_single_writer
    return backend


def open_remote(url: str, **storage_options: object) -> BinaryIO:
    """Open one file of any file system that fsspec knows, for reading.

    Raises:
        NotFoundError: there is no such file.
        DeniedError: it may not be read.
        MissingExtraError: the package for this kind of URL is not installed.
        StorageError: the file system fails.

    """
    folder, _, name = url.rpartition("/")
    root = f"{folder}/" if folder.endswith(":/") else folder  # memory://x.csv stands in memory://
    backend = FsspecBackend(root, **storage_options)
    file: BinaryIO = backend._do("read", name, lambda _: open_file(backend._fs, backend._path(name)))  # noqa: SLF001 - the same module
    return file
