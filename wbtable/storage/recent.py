"""The documents that were used last, so that whoever made one need not read it again."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from wbtable.format.digest import Digest

LIMIT: Final = 8


class Recent:
    """A few immutable values by the digest of the object that says them. Safe to use from several threads."""

    __slots__ = ("_guard", "_limit", "_values")

    def __init__(self, limit: int = LIMIT) -> None:
        """Keep at most `limit`."""
        self._guard = Lock()
        self._limit = limit
        self._values: OrderedDict[Digest, object] = OrderedDict()

    def get(self, digest: Digest) -> object | None:
        """Return the value of an object, None if it is not among those kept."""
        with self._guard:
            if digest in self._values:
                self._values.move_to_end(digest)
            return self._values.get(digest)

    def add(self, digest: Digest, value: object) -> None:
        """Keep a value; the one that was used longest ago makes room."""
        with self._guard:
            self._values[digest] = value
            self._values.move_to_end(digest)
            while len(self._values) > self._limit:
                self._values.popitem(last=False)
