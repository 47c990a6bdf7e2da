"""Logical paths: the names of an artifact's entries (spec: 03-store-layout, PATH-n).

A path that passes here can be joined to a folder without leaving it, on any system.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from wbtable.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection

MAX_PATH: Final = 4096
MAX_PART: Final = 255

# What nearly every path looks like: letters, digits and a few signs, in short parts, none of them dots alone.
_USUAL = re.compile(
    r"(?!(?i:objects)(?:/|$))[A-Za-z0-9_-][A-Za-z0-9_. -]{0,200}(?:/[A-Za-z0-9_-][A-Za-z0-9_. -]{0,200}){0,15}"
)
_DRIVE = re.compile(r"[A-Za-z]:/")


def check_path(path: object, what: str = "path") -> str:
    r"""Return `path` if it can name an entry of an artifact (PATH-1, PATH-2).

    Args:
        path: the path to check.
        what: what it is, for the message.

    Raises:
        UsageError: it is empty, absolute or too long, holds `\`, NUL or an empty, `.` or `..` part,
            or begins with `objects/`.

    """
    if not isinstance(path, str):
        msg = f"expected the {what} as text, found {type(path).__name__}"
        raise UsageError(msg)
    if _USUAL.fullmatch(path):
        return path
    problem = _path_problem(path)
    if problem:
        msg = f"the {what} {path!r:.120} {problem}"
        raise UsageError(msg)
    return path


def _path_problem(path: str) -> str | None:
    """Return what is wrong with a logical path, None if nothing is."""
    if not path:
        return "must not be empty"
    if "\0" in path or "\\" in path:
        return "must not contain a backslash or NUL; parts are separated by '/'"
    if path.startswith("/") or _DRIVE.match(path):
        return "must not be absolute"
    try:
        size = len(path.encode("utf-8"))
    except UnicodeEncodeError:
        return "must be valid Unicode: it holds a lone surrogate"
    if size > MAX_PATH:
        return f"is too long: at most {MAX_PATH} bytes, found {size}"
    return _parts_problem(path.split("/"))


def _parts_problem(parts: list[str]) -> str | None:
    for part in parts:
        if part in ("", ".", ".."):
            return f"must not have {part!r} as a part"
        if len(part) * 4 > MAX_PART and len(part.encode("utf-8")) > MAX_PART:
            return f"has a part of more than {MAX_PART} bytes"
    # Case folded: on a disk that ignores case `Objects/` would be the folder of the objects.
    if parts[0].casefold() == "objects":
        return "must not be 'objects' or begin with 'objects/': that folder holds the objects"
    return None


def check_no_clash(paths: Collection[str]) -> None:
    """Refuse paths of which one is a folder of another (PATH-3).

    Raises:
        UsageError: one is.

    """
    files = paths if isinstance(paths, set | frozenset) else frozenset(paths)
    seen: set[str] = set()
    for path in files:
        folder = path.rpartition("/")[0]
        while folder and folder not in seen:
            if folder in files:
                msg = f"{path!r:.120} cannot be added: {folder!r:.120} is a file"
                raise UsageError(msg)
            seen.add(folder)
            folder = folder.rpartition("/")[0]


class PathTree:
    """The paths of one artifact, kept so that no file is also a folder (PATH-3).

    Attributes:
        files: the paths that are there.

    """

    __slots__ = ("_folders", "files")

    def __init__(self) -> None:
        """Start with no paths."""
        self.files: set[str] = set()
        self._folders: dict[str, int] = {}

    def add(self, path: str) -> bool:
        """Add a path; return whether it is new.

        Raises:
            UsageError: it is no logical path, it is a folder of another path, or a folder of it is a file.

        """
        if path in self.files:
            return False
        check_path(path)
        if path in self._folders:
            inside = next(file for file in self.files if file.startswith(path + "/"))
            msg = f"{path!r:.120} cannot be a file: it is the folder of {inside!r:.120}"
            raise UsageError(msg)
        folders = list(_folders(path))
        for folder in folders:
            if folder in self.files:
                msg = f"{path!r:.120} cannot be added: {folder!r:.120} is a file"
                raise UsageError(msg)
        self.files.add(path)
        for folder in folders:
            self._folders[folder] = self._folders.get(folder, 0) + 1
        return True

    def remove(self, path: str) -> None:
        """Remove a path that is there."""
        self.files.remove(path)
        for folder in _folders(path):
            self._folders[folder] -= 1
            if not self._folders[folder]:
                del self._folders[folder]


def _folders(path: str) -> list[str]:
    """Return the folders that a path lies in, the outermost first."""
    return [path[:i] for i, char in enumerate(path) if char == "/"]
