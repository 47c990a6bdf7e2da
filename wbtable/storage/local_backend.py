"""A store on a local disk: temporary file, fsync, link, fsync of the directory (spec: 03-store-layout, LOCAL-n)."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wbtable.errors import AlreadyExistsError, FormatError, NotFoundError, UnsupportedError, WbtableError
from wbtable.format.layout import LEASES, TEMPORARY
from wbtable.storage.directories import dirty_directories, sync_all
from wbtable.storage.key_info import KeyInfo
from wbtable.storage.local_files import close_and_remove, fsync_file, ordered, pread_exactly, remove, walk, write_all
from wbtable.storage.os_errors import explain, explained
from wbtable.storage.ranges import coalesce, cut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EXDEV}
_GAP = 64 << 10
_SMALL = 64 << 10
_AT_ONCE = 64
"""So many files are open at once while they are made durable."""

ADVICE = (
    "this disk has no hard links, so two writers could both make the same version;"
    " put the store on another disk, or create it with unsafe_single_writer"
    " (--unsafe-single-writer) and never write from two processes at once"
)


class LocalBackend:
    """Bytes by key in a folder of a local disk.

    Attributes:
        url: the folder's path.
        root: the same, absolute.
        unsafe_single_writer: whether `create` may look and then rename where the disk has no hard links.

    """

    def __init__(self, root: Path) -> None:
        """Use a folder, which need not exist yet."""
        self.root = Path(os.path.abspath(root))
        self.url = str(self.root)
        self.unsafe_single_writer = False
        self._base = str(self.root)
        with explained(f"open {self._base}"):
            self._dirty = dirty_directories(self._base)

    def __repr__(self) -> str:
        """Show the folder."""
        return f"LocalBackend({self._base!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Open it anew where it is unpickled: what is not durable yet is this process's to sync."""
        return _reopen, (self.root, self.unsafe_single_writer)

    # Writing: LOCAL-1 to LOCAL-4.

    def create(self, key: str, data: bytes) -> None:
        """See `Backend.create`."""
        passing = _is_passing(key)
        fd, temp = self._new_temp(key, data)
        try:
            if not passing:
                with explained(f"make {self._shown(key)} durable"):
                    # What this key refers to must survive a crash that it survives (LOCAL-3).
                    self._dirty.flush(fd)
            target = self._path(key)
            with explained(f"create {self._shown(key)}"):
                try:
                    self._place(self._link_exclusively, temp, target)
                except FileExistsError:
                    raise AlreadyExistsError(f"{key} exists already", place=self.url) from None
                if not passing:
                    self._dirty.add(os.path.dirname(target))
                    self._dirty.flush()
        finally:
            close_and_remove(fd, temp)

    def put(self, key: str, data: bytes) -> None:
        """See `Backend.put`."""
        self.put_many({key: data})

    def put_many(self, objects: Mapping[str, bytes]) -> None:
        """Make objects as `put` does, in this order, their bytes synced side by side."""
        items = list(objects.items())
        for start in range(0, len(items), _AT_ONCE):
            written: list[tuple[str, int, int, str]] = []
            try:
                for key, data in items[start : start + _AT_ONCE]:
                    if not self._is_there(key, len(data)):
                        written.append((key, len(data), *self._new_temp(key, data)))
                with explained(f"make {len(written)} objects in {self.url} durable"):
                    sync_all([fd for _, _, fd, _ in written])
                for key, size, _, temp in written:
                    self._publish(temp, key, size)
            finally:
                for _, _, fd, temp in written:
                    close_and_remove(fd, temp)

    def put_file(self, key: str, path: Path) -> None:
        """See `Backend.put_file`."""
        own = os.path.dirname(path) == os.path.join(self._base, TEMPORARY)
        temp = str(path) if own else None
        try:
            with explained(f"read {path}"):
                size = os.stat(path).st_size
            if self._is_there(key, size):
                return
            if temp is None:
                temp = self._copy_temp(key, path)
            else:
                with explained(f"write {self._shown(key)}"):
                    fsync_file(temp)
            self._publish(temp, key, size)
        finally:
            if temp is not None:
                remove(temp)

    def replace(self, key: str, data: bytes) -> None:
        """See `Backend.replace`."""
        passing = _is_passing(key)
        fd, temp = self._new_temp(key, data)
        try:
            target = self._path(key)
            with explained(f"write {self._shown(key)}"):
                if not passing:
                    os.fsync(fd)
                self._place(os.replace, temp, target)
                if not passing:
                    self._dirty.add(os.path.dirname(target))
                    self._dirty.flush()
        finally:
            close_and_remove(fd, temp)

    def sync(self) -> None:
        """See `Backend.sync`."""
        with explained(f"make what was written in {self.url} durable"):
            self._dirty.flush()

    def temporary(self) -> Path:
        """See `Backend.temporary`."""
        fd, path = self._open_temp()
        os.close(fd)
        return Path(path)

    def tidy(self) -> None:
        """Remove the folder of temporary files if it is empty: a table on its own has no use for it."""
        with contextlib.suppress(OSError):
            os.rmdir(os.path.join(self._base, TEMPORARY))

    def delete(self, keys: Iterable[str]) -> None:
        """See `Backend.delete`."""
        for key in keys:
            path = self._path(key)
            with explained(f"delete {self._shown(key)}"):
                try:
                    os.unlink(path)
                except (FileNotFoundError, NotADirectoryError):
                    continue
            if not _is_passing(key):
                self._dirty.add(os.path.dirname(path))

    # Reading.

    def get(self, key: str) -> bytes:
        """See `Backend.get`."""
        # Thousands of small files are read in a row: no path objects, no contexts, no file object.
        try:
            fd = os.open(self._path(key), os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise self._unread(key, error) from None
        try:
            first = os.read(fd, _SMALL)
            if len(first) < _SMALL and not os.read(fd, 1):
                return first
            os.lseek(fd, 0, os.SEEK_SET)
            with open(fd, "rb", buffering=0, closefd=False) as file:
                return file.readall()
        except OSError as error:
            raise self._unread(key, error) from None
        finally:
            os.close(fd)

    def get_range(self, key: str, offset: int, size: int) -> bytes:
        """See `Backend.get_range`."""
        with self._reading(key):
            fd = os.open(self._path(key), os.O_RDONLY | os.O_CLOEXEC)
            try:
                have = os.fstat(fd).st_size
                # Before memory is taken: a size from outside may be anything.
                if offset < 0 or size < 0 or offset + size > have:
                    raise FormatError(f"cut short: expected {size} bytes at {offset} of {have}", place=self._shown(key))
                return pread_exactly(fd, offset, size, self._shown(key))
            finally:
                os.close(fd)

    def get_tail(self, key: str, size: int) -> bytes:
        """See `Backend.get_tail`."""
        with self._reading(key):
            fd = os.open(self._path(key), os.O_RDONLY | os.O_CLOEXEC)
            try:
                have = os.fstat(fd).st_size
                size = min(size, have)
                return pread_exactly(fd, have - size, size, self._shown(key))
            finally:
                os.close(fd)

    def get_ranges(self, ranges: Sequence[tuple[str, int, int]]) -> list[bytes]:
        """See `Backend.get_ranges`."""
        runs = coalesce(ranges, _GAP)
        return cut(ranges, runs, [self.get_range(run.key, run.offset, run.size) for run in runs])

    def size(self, key: str) -> int | None:
        """See `Backend.size`."""
        try:
            info = os.stat(self._path(key))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise explain(error, f"look for {self._shown(key)}") from error
        return info.st_size if stat.S_ISREG(info.st_mode) else None

    def list(self, prefix: str) -> Iterator[str]:
        """See `Backend.list`."""
        with explained(f"list {self._path(prefix)}"):
            yield from ordered(self._base, prefix)

    def scan(self, prefix: str) -> Iterator[KeyInfo]:
        """See `Backend.scan`: what vanishes meanwhile is left out."""
        with explained(f"list {self._path(prefix)}"):
            for key, item in walk(self._base, prefix):
                try:
                    info = item.stat()
                except (FileNotFoundError, NotADirectoryError):
                    continue
                yield KeyInfo(key, info.st_size, info.st_mtime)

    def names(self, prefix: str) -> Iterator[str]:
        """See `Backend`: to look at each file, for its size and time, takes most of a `scan`."""
        with explained(f"list {self._path(prefix)}"):
            for key, _ in walk(self._base, prefix):
                yield key

    def modified(self, key: str) -> float | None:
        """See `Backend.modified`."""
        with explained(f"look for {self._shown(key)}"):
            try:
                return os.stat(self._path(key)).st_mtime
            except (FileNotFoundError, NotADirectoryError):
                return None

    def local_path(self, key: str) -> Path | None:
        """See `Backend.local_path`."""
        return Path(self._path(key))

    # How.

    def _path(self, key: str) -> str:
        return f"{self._base}/{key}"

    def _shown(self, key: str) -> str:
        return f"{key} in {self.url}"

    @contextlib.contextmanager
    def _reading(self, key: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if isinstance(error, WbtableError):
                raise
            raise self._unread(key, error) from None

    def _unread(self, key: str, error: OSError) -> WbtableError:
        """Return what to raise where a key cannot be read."""
        said = explain(error, f"read {self._shown(key)}")
        return NotFoundError(f"{key} does not exist", place=self.url) if isinstance(said, NotFoundError) else said

    def _is_there(self, key: str, size: int) -> bool:
        """Whether an object of this length is there; if so its entry will be durable at the next flush."""
        try:
            found = os.stat(self._path(key)).st_size
        except OSError:
            return False
        if found != size:
            return False
        # Whoever made it may not have synced its directory yet, and we are about to rely on it (LOCAL-4).
        self._dirty.add(os.path.dirname(self._path(key)))
        return True

    def _open_temp(self) -> tuple[int, str]:
        folder = self._path(TEMPORARY)
        with explained(f"make a temporary file in {folder}"):
            for _ in range(16):
                path = f"{folder}/{os.urandom(12).hex()}.tmp"
                try:
                    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666), path
                except FileNotFoundError:
                    self._make_folder(folder)
            raise OSError(errno.EIO, "the folder vanishes again and again")

    def _new_temp(self, key: str, data: bytes) -> tuple[int, str]:
        """Write a temporary file, which is removed if that fails; return it open, and not synced yet."""
        fd, path = self._open_temp()
        try:
            with explained(f"write {self._shown(key)} ({len(data)} bytes)"):
                write_all(fd, data)
        except BaseException:
            close_and_remove(fd, path)
            raise
        return fd, path

    def _copy_temp(self, key: str, source: Path) -> str:
        import shutil  # with three kinds of compression behind it, which a command that only reads need not load

        fd, path = self._open_temp()
        try:
            with explained(f"write {self._shown(key)} from {source}"):
                with open(source, "rb") as src, os.fdopen(os.dup(fd), "wb") as out:
                    shutil.copyfileobj(src, out, 1 << 20)
                os.fsync(fd)
        except BaseException:
            close_and_remove(fd, path)
            raise
        os.close(fd)
        return path

    def _place(self, place: Callable[[str, str], None], temp: str, target: str) -> None:
        """Call what gives a file its key; make the key's folder if it is missing, which is seldom."""
        try:
            place(temp, target)
        except FileNotFoundError:
            self._make_folder(os.path.dirname(target))
            place(temp, target)

    def _make_folder(self, folder: str) -> None:
        """Make a folder and those above it; each new entry becomes durable at the next flush."""
        above = os.path.dirname(folder)
        with contextlib.suppress(FileExistsError):
            try:
                os.mkdir(folder)
            except FileNotFoundError:
                self._make_folder(above)
                os.mkdir(folder)
        # Also if another made it just now: it may not be durable yet.
        self._dirty.add(above)

    def _publish(self, temp: str, key: str, size: int) -> None:
        """Give a durable temporary file its key; an object that is there is kept if it is whole (LOCAL-2, PACK-12)."""
        target = self._path(key)
        with explained(f"write {self._shown(key)}"):
            try:
                self._place(os.link, temp, target)
            except FileExistsError:
                if os.stat(target).st_size != size:
                    # A damaged object: its name says what it should be, so putting it again mends it.
                    os.replace(temp, target)
            except OSError as error:
                if error.errno not in _NO_LINKS:
                    raise
                # Safe without links: the name is the digest of the bytes, so whoever comes last changes nothing.
                self._place(os.replace, temp, target)
            self._dirty.add(os.path.dirname(target))

    def _link_exclusively(self, temp: str, target: str) -> None:
        try:
            os.link(temp, target)
        except FileExistsError:
            raise
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            if not self.unsafe_single_writer:
                raise UnsupportedError(ADVICE, place=self.url) from error
            if os.path.lexists(target):
                raise FileExistsError(errno.EEXIST, "exists", target) from error
            os.rename(temp, target)


def _is_passing(key: str) -> bool:
    """Whether a key may be lost with the machine: a hint may be wrong, a lease's writer ends with it (LOCAL-5)."""
    return (key.startswith(f"{LEASES}/") and key.endswith(".json")) or key.endswith("/hint")


def _reopen(root: Path, unsafe_single_writer: bool) -> LocalBackend:
    backend = LocalBackend(root)
    backend.unsafe_single_writer = unsafe_single_writer
    return backend
