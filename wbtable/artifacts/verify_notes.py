"""What a verification found whole, so that the next goes on from it (spec: 10c-collection, VERIFY-5)."""

from __future__ import annotations

import os
from threading import Lock
from typing import TYPE_CHECKING, Final, Self

from wbtable.errors import UsageError
from wbtable.storage.os_errors import explained

if TYPE_CHECKING:
    from types import TracebackType

_TITLE: Final = "# objects of "
_TAIL: Final = " that wbtable verify found whole"


class Notes:
    """A file with a key on each line; a context manager. Safe to use from several threads.

    A line that was cut by a crash names no key, so that its object is read again.
    """

    def __init__(self, path: str | os.PathLike[str], url: str) -> None:
        """Read the notes of a store, or begin them.

        Raises:
            UsageError: the file has something else, or the notes of another store.
            StorageError: it cannot be read or written.

        """
        self._path = os.fspath(path)
        self._lock = Lock()
        title = f"{_TITLE}{url}{_TAIL}"
        with explained(f"read {self._path}"):
            text = ""
            if os.path.exists(self._path):
                # What is no text at all has no title, which is said.
                with open(self._path, encoding="utf-8", errors="replace") as file:
                    text = file.read()
        if text and text.partition("\n")[0] != title:
            raise UsageError(f"{self._path} is not what a verification of {url} noted: name another file")
        self._known = frozenset(text.split("\n")[1:-1])
        with explained(f"write {self._path}"):
            self._file = open(self._path, "a", encoding="utf-8")  # noqa: SIM115 - closed when left
            if not text:
                self._file.write(title + "\n")
            elif not text.endswith("\n"):
                self._file.write("\n")
            self._file.flush()

    def __enter__(self) -> Self:
        """Return the notes."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._file.close()

    def __len__(self) -> int:
        """Return how many objects an earlier verification found whole."""
        return len(self._known)

    def has(self, key: str) -> bool:
        """Whether an earlier verification found this object whole."""
        return key in self._known

    def add(self, key: str) -> None:
        """Note that an object is whole."""
        if key in self._known:
            return
        with self._lock, explained(f"write {self._path}"):
            self._file.write(key + "\n")
            self._file.flush()
