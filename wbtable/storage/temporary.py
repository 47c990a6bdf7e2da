"""Folders for what does not fit into memory, or waits to be sent: removed at exit, or found and removed after a crash.

Each process has one folder, and beside it a file that it keeps locked for as long as it lives. Who can lock such a file
has found what a process left that is gone, and removes it. The number of a process would not do: it means nothing in
another container, or on another machine that has the same home.
"""

from __future__ import annotations

import atexit
import contextlib
import errno
import os
import shutil
import stat
import tempfile
import threading
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from wbtable.storage.cache_folder import cache_root
from wbtable.storage.os_errors import explained

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER: Final = "spill"

_PREFIX: Final = "wbtable-"
_LOCK: Final = ".lock"


def temporary_folder() -> Path:
    """Make a folder that is removed when this process ends, or found and removed after it crashed.

    It is below ``WBTABLE_CACHE_DIR``; where that cannot be written, below the system's folder for temporary files.

    Raises:
        OSError: neither can be written.

    """
    try:
        return _make_below(cache_root() / FOLDER)
    except (OSError, RuntimeError):  # no permission, a read-only disk; nobody knows where the home is
        return _make_below(_spare_root())


def remove_folder(folder: Path, owner: int) -> None:
    """Remove a folder in the process that made it."""
    if os.getpid() == owner:  # a forked child must not remove its parent's
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def temporary_block() -> Iterator[Path]:
    """Give a temporary folder that is removed when the block ends."""
    folder, owner = temporary_folder(), os.getpid()
    try:
        yield folder
    finally:
        remove_folder(folder, owner)


class TemporaryFolder:
    """A temporary folder that is made at first use, and removed with whoever holds this."""

    def __init__(self) -> None:
        """Make nothing yet."""
        self._made: tuple[int, Path] | None = None

    def __reduce__(self) -> tuple[type[TemporaryFolder], tuple[()]]:
        """Be another where it is unpickled: two would remove one folder."""
        return TemporaryFolder, ()

    def path(self) -> Path:
        """Return the folder; a forked child has another than its parent.

        Raises:
            StorageError: it cannot be made.

        """
        if self._made is None or self._made[0] != os.getpid() or not self._made[1].is_dir():
            with explained("make a temporary folder"):
                self._made = os.getpid(), temporary_folder()
            weakref.finalize(self, remove_folder, self._made[1], self._made[0])
        return self._made[1]

    def new_file(self) -> Path:
        """Make an empty file in it.

        Raises:
            StorageError: it cannot be made.

        """
        folder = self.path()
        with explained(f"make a temporary file in {folder}"):
            fd, path = tempfile.mkstemp(dir=folder)
            os.close(fd)
        return Path(path)

    def remove(self) -> None:
        """Remove it now; what is asked for later is in another."""
        if self._made is not None:
            remove_folder(self._made[1], self._made[0])
            self._made = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Home:
    """What a process has below a root: a folder, and a file that is locked."""

    folder: Path
    lock: Path
    fd: int
    owner: int

    def remove(self) -> None:
        """Remove the folder, and only then what keeps others from it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        with contextlib.suppress(OSError):
            self.lock.unlink()
        os.close(self.fd)


_homes: dict[Path, _Home] = {}
_guard = threading.RLock()
"""Taken again by the same thread where the collector of garbage removes a folder while one is made."""


def _make_below(root: Path) -> Path:
    with _guard:
        home = _homes.get(root)
        # A child has its own: its parent may end first. What the parent locked stays locked while the child lives.
        if home is None or home.owner != os.getpid() or not home.folder.is_dir():
            home = _homes[root] = _make_home(root)
            _leave_others(root)
        return Path(tempfile.mkdtemp(dir=home.folder))


def _make_home(root: Path) -> _Home:
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    _remove_orphans(root)
    while True:
        fd, name = tempfile.mkstemp(prefix=f"{_PREFIX}{os.getpid()}-", suffix=_LOCK, dir=root)
        lock = Path(name)
        _take(fd, wait=True)
        # Between its making and its locking another process may have taken it for an orphan's.
        if _is_at(fd, lock):
            break
        os.close(fd)
    home = _Home(folder=lock.with_suffix(""), lock=lock, fd=fd, owner=os.getpid())
    try:
        home.folder.mkdir(mode=0o700)
    except OSError:
        home.remove()
        raise
    return home


def _leave_others(root: Path) -> None:
    """Give up what this process has below other roots and does not use: each costs an open file."""
    for other, home in list(_homes.items()):
        if other != root and home.owner == os.getpid():
            with contextlib.suppress(OSError):
                home.folder.rmdir()  # only if it is empty
                del _homes[other]
                home.remove()


def _remove_orphans(root: Path) -> None:
    """Remove what processes left that are gone."""
    with contextlib.suppress(OSError):
        for lock in root.glob(f"{_PREFIX}*{_LOCK}"):
            with contextlib.suppress(OSError):
                fd = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
                if _take(fd, wait=False) and _is_at(fd, lock):
                    _Home(folder=lock.with_suffix(""), lock=lock, fd=fd, owner=os.getpid()).remove()
                else:
                    os.close(fd)


def _take(fd: int, *, wait: bool) -> bool:
    """Lock a file until it is closed or this process ends; return whether that worked."""
    try:
        import fcntl
    except ImportError:
        return False  # a system without locks of this kind: nothing of others is ever removed
    try:
        fcntl.flock(fd, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False  # somebody lives; or a disk without locks, where nobody else can lock it either
    return True


def _is_at(fd: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), path.lstat())
    except OSError:
        return False


def _spare_root() -> Path:
    """Return this user's folder below the system's for temporary files; anybody may make folders there.

    Raises:
        PermissionError: somebody else made it.

    """
    user = os.getuid() if hasattr(os, "getuid") else 0
    root = Path(tempfile.gettempdir()) / f"{_PREFIX}{user}"
    root.mkdir(exist_ok=True, mode=0o700)
    found = root.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != user:
        what = f"{root} is not this user's: set WBTABLE_CACHE_DIR to a folder that can be written"
        raise PermissionError(errno.EACCES, what)
    return root


def _remove_all() -> None:
    for root, home in list(_homes.items()):
        if home.owner == os.getpid():
            del _homes[root]
            home.remove()


def _renew_guard() -> None:
    """After a fork: another thread of the parent may have held it."""
    global _guard  # noqa: PLW0603 - a lock cannot be released by another thread
    _guard = threading.RLock()


atexit.register(_remove_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_guard)
