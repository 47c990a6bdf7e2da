"""Logs of named views and reports: nobody's entry is overwritten unseen (spec: VIEW-8, REPORT-1, LOG-5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

from wbtable.artifacts import logs
from wbtable.artifacts.store_files import children
from wbtable.errors import ConflictError, NotFoundError, StorageError, UsageError, WbtableError
from wbtable.format import documents, layout

if TYPE_CHECKING:
    from collections.abc import Callable

    from wbtable.format.documents import Json
    from wbtable.storage.backend import Backend

MAX_BYTES: Final = 1 << 20
"""The most bytes of an entry (VIEW-8, REPORT-1)."""


class Entry(Protocol):
    """One file of such a log."""

    @property
    def id(self) -> str:
        """What tells it from any other."""

    def to_json(self) -> Json:
        """Return the JSON form."""


E = TypeVar("E", bound=Entry)


class NamedLog(Generic[E]):
    """One such log.

    Attributes:
        name: what it is called.

    """

    def __init__(self, backend: Backend, log: str, name: str, what: str, parse: Callable[[Json, str], E]) -> None:
        """Read nothing yet; `what` it is, for people, and how an entry is read."""
        self.name = name
        self._backend = backend
        self._log = log
        self._what = what
        self._parse = parse

    def newest(self) -> int:
        """Return the highest number, -1 if there is none."""
        return logs.newest(self._backend, self._log)

    def read(self, number: int | None = None) -> tuple[int, E]:
        """Return an entry and its number, by default the newest.

        Raises:
            NotFoundError: there is none.
            FormatError: it is damaged.

        """
        found = self.newest() if number is None else number
        if found < 0:
            raise NotFoundError(f"there is no {self._what} {self.name!r}")
        try:
            return found, self._entry(found)
        except NotFoundError:
            newest = self.newest()
            which = f" of number {found}; its newest is {newest}" if newest >= 0 else ""
            raise NotFoundError(f"there is no {self._what} {self.name!r}{which}") from None

    def append(self, entry: E, seen: int) -> int:
        """Append an entry behind the number that the writer saw, -1 if none; return its number.

        Raises:
            ConflictError: somebody saved another meanwhile.
            UsageError: the entry is too long.

        """
        newest = self.newest()
        if newest != seen:
            raise self._meanwhile(newest, seen)
        data = documents.canonical(entry.to_json())
        if len(data) > MAX_BYTES:
            raise UsageError(f"expected a {self._what} of at most {MAX_BYTES} bytes, found {len(data)}")
        try:
            self._backend.create(layout.log_key(self._log, seen + 1), data)
        except WbtableError as error:
            # The answer may be what was lost, not the file (LOG-5).
            try:
                found = self._entry(seen + 1)
            except NotFoundError:
                if isinstance(error, StorageError):
                    raise
                raise self._meanwhile(newest, seen) from error
            if found.id != entry.id:
                raise self._meanwhile(seen + 1, seen) from None
        return seen + 1

    def _entry(self, number: int) -> E:
        key = layout.log_key(self._log, number)
        return self._parse(documents.parse(self._backend.get(key), key, max_bytes=MAX_BYTES), key)

    def _meanwhile(self, newest: int, seen: int) -> ConflictError:
        return ConflictError(
            f"the {self._what} {self.name!r} was saved by somebody else meanwhile (its newest is number {newest}, you "
            f"saw {seen}): look at it, then save again or under another name"
        )


def log_names(backend: Backend, project: str, kind: str) -> list[str]:
    """Return the names of the logs of a kind, ``views`` or ``reports``, sorted; found by listing."""
    return [layout.unescape(part) for part in children(backend, f"{layout.project_prefix(project)}/{kind}")]
