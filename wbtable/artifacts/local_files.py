"""Users' files on their way into a store: found by walking, read once, checked for change (spec: 10-artifacts)."""

from __future__ import annotations

import json
import mimetypes
import os
import stat
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

from wbtable.errors import DeniedError, NotFoundError, UsageError, WbtableError
from wbtable.format.digest import BLOB
from wbtable.format.layout import HEADER
from wbtable.storage.caller import frames_to_caller
from wbtable.storage.header import KIND, MAX_HEADER
from wbtable.storage.here import path_here

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# The tables in Python itself, not those of this machine, so that equal files get equal types everywhere.
_TYPES: Final = mimetypes.MimeTypes(filenames=())
_BY_SUFFIX: dict[str, str] = {}


def media_type_of(name: str) -> str:
    """Return the media type that a file's suffix suggests."""
    dot = name.rfind(".")
    suffix = name[dot:].lower() if dot >= 0 else ""
    found = _BY_SUFFIX.get(suffix)
    if found is None:
        guessed, encoding = _TYPES.guess_type(f"x{suffix}")
        found = guessed if guessed is not None and encoding is None else BLOB
        _BY_SUFFIX[suffix] = found
    return found


def absolute(path: str | os.PathLike[str]) -> str:
    """Return the absolute path of a user's file or directory.

    Raises:
        UsageError: it is no path.

    """
    try:
        text = os.fsdecode(path)
    except TypeError:
        msg = f"expected a path of this machine, found {type(path).__name__}"
        raise UsageError(msg) from None
    if not text:
        msg = "expected a path, found an empty text, as of a variable that is not set; '.' is this folder"
        raise UsageError(msg)
    path_here(text, "download it, or use add_reference")
    return os.path.abspath(text)


@dataclass(frozen=True, slots=True)
class LocalFile:
    """One file as it was when it was added.

    Attributes:
        path: where it is on this machine.
        size: its bytes.
        mtime_ns: when it was last changed.

    """

    path: str
    size: int
    mtime_ns: int

    @classmethod
    def of(cls, path: str) -> LocalFile:
        """Look at a file.

        Raises:
            NotFoundError: there is none.
            UsageError: it is a directory, or nothing that has bytes.

        """
        try:
            found = os.stat(path)
        except (OSError, ValueError) as error:
            raise _explained(error, path) from error
        return cls.of_stat(path, found)

    @classmethod
    def of_stat(cls, path: str, found: os.stat_result) -> LocalFile:
        """Return the file that `found` describes.

        Raises:
            UsageError: it is a directory, or nothing that has bytes.

        """
        if not stat.S_ISREG(found.st_mode):
            what = "a directory: use add_dir" if stat.S_ISDIR(found.st_mode) else "no regular file"
            msg = f"{path!r:.200} is {what}"
            raise UsageError(msg)
        return cls(path, found.st_size, found.st_mtime_ns)

    def read(self) -> bytes:
        """Return the bytes.

        Raises:
            UsageError: the file is not what it was when it was added.
            NotFoundError: it is gone.

        """
        try:
            fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise _explained(error, self.path) from error
        try:
            data = os.read(fd, self.size + 1)
            while len(data) < self.size:
                more = os.read(fd, self.size + 1 - len(data))
                if not more:
                    break
                data += more
            self.check(os.fstat(fd), len(data))
        except OSError as error:
            raise _explained(error, self.path) from error
        finally:
            os.close(fd)
        return data

    def open(self) -> BinaryIO:
        """Open the bytes for reading.

        Raises:
            UsageError: the file is not what it was when it was added.
            NotFoundError: it is gone.

        """
        self.check()
        try:
            return open(self.path, "rb")
        except OSError as error:
            raise _explained(error, self.path) from error

    def check(self, found: os.stat_result | None = None, size: int | None = None) -> None:
        """Refuse a file that changed since it was added.

        Raises:
            UsageError: it did.
            NotFoundError: it is gone.

        """
        if found is None:
            try:
                found = os.stat(self.path)
            except OSError as error:
                raise _explained(error, self.path) from error
        seen = (found.st_size if size is None else size, found.st_size, found.st_mtime_ns)
        if seen != (self.size, self.size, self.mtime_ns):
            msg = (
                f"the file {self.path!r:.200} changed while being added"
                f" (it had {self.size} bytes, and has {found.st_size}): add it again;"
                " overwrite=True replaces what was added"
            )
            raise UsageError(msg)


def _explained(error: OSError | ValueError, path: str) -> WbtableError:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return NotFoundError(f"there is no file {path!r:.200}")
    if isinstance(error, PermissionError):
        return DeniedError(f"the file {path!r:.200} may not be read: {error.strerror}")
    return UsageError(f"the file {path!r:.200} cannot be read: {error}")


def walk(root: str, refused: Callable[[str, WbtableError], None] | None = None) -> Iterator[tuple[str, LocalFile]]:
    """Yield the files below a directory with their paths relative to it, sorted within each directory.

    Links are followed if they lead to something inside the directory. A store in it is left out, with a warning: what
    is there changes while it is read, and would hold itself the next time.

    Args:
        root: the directory.
        refused: is told path and error of what is in it and cannot be taken, which is then left out; None raises.

    Raises:
        NotFoundError: there is no such directory, or a link leads nowhere.
        UsageError: it is no directory, a link leaves it or leads back up, or something in it has no bytes.

    """
    if not os.path.isdir(root):
        msg = (
            f"{root!r:.200} is no directory: use add_file"
            if os.path.exists(root)
            else f"there is no directory {root!r:.200}"
        )
        raise UsageError(msg) if os.path.exists(root) else NotFoundError(msg)
    top = os.path.realpath(root)
    yield from _walk(root, "", top, (top,), refused or _raise)


def _walk(
    folder: str, prefix: str, top: str, above: tuple[str, ...], refused: Callable[[str, WbtableError], None]
) -> Iterator[tuple[str, LocalFile]]:
    try:
        with os.scandir(folder) as found:
            items = sorted(found, key=lambda item: item.name)
    except OSError as error:
        refused(prefix.rstrip("/"), _explained(error, folder))
        return
    for item in items:
        path = prefix + item.name
        try:
            below, file = _seen(item, top, above)
        except WbtableError as error:
            refused(path, error)
            continue
        if file is not None:
            yield path, file
        elif is_store(item.path):
            said = f"the store {item.path!r:.200} is left out of what is added"
            warnings.warn(said, stacklevel=frames_to_caller())
        else:
            yield from _walk(item.path, f"{path}/", top, below, refused)


def _seen(item: os.DirEntry[str], top: str, above: tuple[str, ...]) -> tuple[tuple[str, ...], LocalFile | None]:
    """Return the file that an item is; of a directory None, and the directories that it is in, itself the last."""
    real = _inside(item.path, top) if item.is_symlink() else os.path.join(above[-1], item.name)
    if item.is_dir():
        if real in above:
            msg = f"the link {item.path!r:.200} leads to a directory that it is in"
            raise UsageError(msg)
        return (*above, real), None
    try:
        return above, LocalFile.of_stat(item.path, item.stat())
    except OSError as error:
        raise _explained(error, item.path) from error


def _raise(_path: str, error: WbtableError) -> None:
    raise error


def is_store(folder: str) -> bool:
    """Whether a directory holds a store, of whichever version of the format."""
    try:
        with open(os.path.join(folder, HEADER), "rb") as file:
            found = json.loads(file.read(MAX_HEADER))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.get("kind") == KIND


def _inside(link: str, top: str) -> str:
    real = os.path.realpath(link)
    if real != top and not real.startswith(top.rstrip(os.sep) + os.sep):
        msg = f"the link {link!r:.200} leaves the directory: it leads to {real!r:.200}"
        raise UsageError(msg)
    return real
