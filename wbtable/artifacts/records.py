"""The log of an artifact's versions: the numbered steps of opening (spec: 10b-commit, OPEN-n)."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from wbtable.artifacts import logs
from wbtable.errors import FormatError, NotFoundError
from wbtable.format import documents, layout
from wbtable.format.version_record import MAX_RECORD, Parent, VersionRecord
from wbtable.storage.workers import side_by_side

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from wbtable.format.digest import Digest
    from wbtable.storage.backend import Backend

_HINTS: Final = 8
"""On a local disk a hint is left with one of so many records."""


class Records:
    """The version records of one artifact.

    Attributes:
        backend: where they are.
        project: the project's name.
        name: the artifact's name.

    """

    __slots__ = ("_log", "backend", "name", "project")

    def __init__(self, backend: Backend, project: str, name: str) -> None:
        """Read nothing yet.

        Raises:
            UsageError: project or name is no name.

        """
        self.backend = backend
        self.project = project
        self.name = name
        self._log = layout.versions_log(project, name)

    def key(self, number: int) -> str:
        """Return the key of a record."""
        return layout.log_key(self._log, number)

    def newest(self) -> int:
        """Return the highest number, -1 if there is none: the hint first, then probing forward (OPEN-1)."""
        return logs.newest(self.backend, self._log, logs.read_hint(self.backend, self._log))

    def leave_hint(self, number: int) -> None:
        """Say where the next reader may begin; on a local disk now and then, where probes are cheaper than a file."""
        if self._is_distant or not number % _HINTS:
            logs.write_hint(self.backend, self._log, number)

    def head(self, newest: int | None = None) -> tuple[int, VersionRecord | None]:
        """Return the newest version that is not deleted, and its number; -1 and None if there is none (OPEN-2).

        Args:
            newest: the highest number, if it is known already.

        """
        number = self.head_number(newest)
        return number, None if number < 0 else self.read(number)

    def head_number(self, newest: int | None = None) -> int:
        """Return the number of the newest version that is not deleted, -1 if there is none; no record is read."""
        for number in range(self.newest() if newest is None else newest, -1, -1):
            if not self.is_deleted(number):
                return number
        return -1

    def find_head(self, guess: VersionRecord | None = None) -> tuple[int, VersionRecord | None]:
        """Return the highest number, and the newest version that is not deleted (OPEN-1, OPEN-2).

        Where requests take long, what the common case needs is asked for together: there is a hint, it is right, and
        the newest version is not deleted.

        Args:
            guess: a record that is known, maybe of the newest version.

        """
        start = -1 if guess is None else guess.version
        if guess is None or self._is_distant:
            # From a version that was the newest of late, a few probes of a local disk take less time than the hint.
            start = max(start, logs.read_hint(self.backend, self._log))
        if self._is_distant and start >= 0:
            known = guess if guess is not None and guess.version == start else None
            found = side_by_side(
                True,
                [
                    lambda: known or self._read_if_there(start),
                    lambda: self.exists(start + 1),
                    lambda: self.is_deleted(start),
                ],
            )
            record, is_followed, is_deleted = found
            if isinstance(record, VersionRecord) and not is_followed and not is_deleted:
                return start, record
        newest = logs.newest(self.backend, self._log, start)
        if guess is not None and guess.version == newest and not self.is_deleted(newest):
            return newest, guess
        return newest, self.head(newest)[1]

    def find_head_to_follow(self, guess: VersionRecord | None = None) -> tuple[int, VersionRecord | None]:
        """Return what `find_head` does, for a commit.

        Raises:
            FormatError: a record is damaged; the message has what has to be done before anything can be committed.

        """
        with self._following():
            return self.find_head(guess)

    def parent_of_next(self, newest: int, head: VersionRecord | None) -> Parent | None:
        """Return what the record behind the newest names as the one before it, which may be deleted (COMMIT-0).

        Raises:
            FormatError: the newest record is damaged; the message has what has to be done.

        """
        if newest < 0:
            return None
        with self._following():
            before = head if head is not None and head.version == newest else self.read(newest)
        return Parent(version=newest, commit_id=before.commit_id)

    @contextlib.contextmanager
    def _following(self) -> Iterator[None]:
        try:
            yield
        except FormatError as error:
            place = error.place or ""
            if place.startswith(self.key(self.newest())):
                # Its commit id is not to be believed, and the next record has to name it (DOC-8, COMMIT-0).
                what = (
                    "also once it is deleted: put that file back from a copy of the store, or choose another name,"
                    " or copy the versions before it to another store"
                )
            elif place.startswith(self._log):
                what = "unless that version is deleted by its number, or that file put back from a copy of the store"
            else:
                raise
            raise FormatError(
                f"{error}; nothing can be committed to {self.project}/{self.name} on top of it, {what}"
            ) from error

    def read_if_alive(self, number: int) -> VersionRecord | None:
        """Return one record, None if there is none or its version was deleted (OPEN-2, OPEN-3).

        Raises:
            FormatError: it is damaged, or is the record of something else.
            UnsupportedError: it needs a newer wbtable.

        """
        found = side_by_side(self._is_distant, [lambda: self._read_if_there(number), lambda: self.is_deleted(number)])
        return found[0] if isinstance(found[0], VersionRecord) and not found[1] else None

    @property
    def _is_distant(self) -> bool:
        return bool(getattr(self.backend, "is_distant", False))

    def _read_if_there(self, number: int) -> VersionRecord | None:
        try:
            return self.read(number)
        except NotFoundError:
            return None

    def exists(self, number: int) -> bool:
        """Whether there is a record of this number, of a deleted version or not."""
        return number >= 0 and self.backend.size(self.key(number)) is not None

    def is_deleted(self, number: int) -> bool:
        """Whether the newest entry of a version's deletion log says so."""
        log = layout.version_log(self.project, self.name, "deletions", number)
        return logs.value(self.backend, log, "deletion") is True

    def unname(self, number: int, aliases: Iterable[str]) -> None:
        """Take aliases away from a version; those that mean another one by now, or none, are left alone."""
        for alias in aliases:
            log = layout.alias_log(self.project, self.name, alias)
            logs.append(
                self.backend, log, "alias", lambda now: None if now is None or now.value == number else now.value
            )

    def say_deleted(self, number: int, *, deleted: bool) -> None:
        """Append to a version's deletion log."""
        log = layout.version_log(self.project, self.name, "deletions", number)
        logs.say(self.backend, log, "deletion", deleted)

    def read(self, number: int) -> VersionRecord:
        """Return one record (OPEN-3).

        Raises:
            NotFoundError: there is none.
            FormatError: it is damaged, or is the record of something else.
            UnsupportedError: it needs a newer wbtable.

        """
        key = self.key(number)
        record = VersionRecord.from_json(documents.parse(self.backend.get(key), key, max_bytes=MAX_RECORD), key)
        if (record.project, record.name, record.version) != (self.project, self.name, number):
            raise FormatError(
                f"expected the record of {self.project}/{self.name}:v{number},"
                f" found that of {record.project}/{record.name}:v{record.version}",
                place=key,
            )
        return record

    def has_digest(self, number: int, digest: Digest) -> bool:
        """Whether a version that is not deleted has this artifact digest."""
        try:
            return self.read(number).digest == digest and not self.is_deleted(number)
        except NotFoundError:
            return False
