"""The files of one run in a store: thin reading and writing, no rules (spec: 14-runs)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from wbtable.errors import AlreadyExistsError, ConflictError, NotFoundError, StorageError
from wbtable.format.documents import parse
from wbtable.format.layout import log_key
from wbtable.format.run_keys import attempts_log, finishes_log, lineage_log, segment_key, summary_key
from wbtable.format.run_record import RunFinish, RunLink, RunStart, RunSummary
from wbtable.format.seal import check_bytes, encode_sealed
from wbtable.storage.objects import ObjectStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wbtable.format.digest import Descriptor
    from wbtable.format.documents import Json
    from wbtable.storage.backend import Backend

_RACES = 10_000
MAX_RECORD = 64 << 20


class RunFiles:
    """Reads and writes what lies under ``projects/<project>/runs/<id>/``. Safe to use from several threads.

    Attributes:
        backend: where the store is.
        project: the project's name.
        id: the run's id.

    """

    __slots__ = ("_next_link", "_next_segment", "backend", "id", "project")

    def __init__(self, backend: Backend, project: str, run_id: str) -> None:
        """Use the files of a run, whether it exists or not."""
        self.backend = backend
        self.project = project
        self.id = run_id
        self._next_segment = 0
        self._next_link: dict[str, int] = {}

    # Attempts.

    def start(self, record: RunStart) -> None:
        """Create a start record (RUN-1).

        Raises:
            AlreadyExistsError: another process started this attempt.

        """
        self.backend.create(record.key, encode_sealed(record.to_json()))

    def attempt(self, number: int) -> RunStart | None:
        """Return a start record, None if there is none of this number."""
        key = log_key(attempts_log(self.project, self.id), number)
        found = self._read(key)
        return None if found is None else RunStart.from_json(found, key)

    def newest_attempt(self) -> RunStart | None:
        """Return the last start record, None if there is no such run."""
        last = self.attempt(0)
        while last is not None:
            following = self.attempt(last.attempt + 1)
            if following is None:
                return last
            last = following
        return None

    def finish(self, record: RunFinish) -> bool:
        """Create a finish record; return False if the attempt was ended before (RUN-2)."""
        key = log_key(finishes_log(self.project, self.id), record.attempt)
        try:
            self.backend.create(key, encode_sealed(record.to_json()))
        except AlreadyExistsError:
            return False
        return True

    def finished(self, attempt: int) -> RunFinish | None:
        """Return the record that ends an attempt, None if it was not ended."""
        key = log_key(finishes_log(self.project, self.id), attempt)
        found = self._read(key)
        return None if found is None else RunFinish.from_json(found, key)

    # Summary.

    def write_summary(self, record: RunSummary) -> None:
        """Replace the summary (RUN-5)."""
        self.backend.replace(summary_key(self.project, self.id), encode_sealed(record.to_json()))

    def summary(self) -> RunSummary | None:
        """Return the summary, None if there is none yet."""
        key = summary_key(self.project, self.id)
        found = self._read(key)
        return None if found is None else RunSummary.from_json(found, key)

    # History.

    def add_segment(self, data: bytes) -> int:
        """Create the next history segment; return its number (RUN-3).

        Another process of this run may take the number first; then the next free one is used.
        """
        number = self._next_segment
        for _ in range(_RACES):
            try:
                self.backend.create(segment_key(self.project, self.id, number), data)
            except AlreadyExistsError:
                number += 1
                continue
            self._next_segment = number + 1
            return number
        msg = f"others created each of {_RACES} segments first"
        raise ConflictError(msg, place=f"run {self.project}/{self.id}")

    def skip_segments(self, count: int) -> None:
        """Remember that the first `count` segments exist."""
        self._next_segment = max(self._next_segment, count)

    def segments(self, start: int = 0) -> Iterator[tuple[int, str, bytes]]:
        """Yield number, key and bytes of the segments from `start` on; no gaps, nothing is listed (RUN-3)."""
        number = start
        while True:
            key = segment_key(self.project, self.id, number)
            try:
                data = self.backend.get(key)
            except NotFoundError:
                return
            yield number, key, data
            number += 1

    def get_object(self, descriptor: Descriptor) -> bytes:
        """Return the checked bytes of a compacted history."""
        return ObjectStore(self.backend).get(descriptor)

    # Lineage.

    def add_link(self, link: RunLink) -> None:
        """Append to a lineage log (RUN-6)."""
        log = lineage_log(self.project, self.id, link.how)
        number = self._next_link.get(link.how, 0)
        for _ in range(_RACES):
            try:
                self.backend.create(log_key(log, number), encode_sealed(link.to_json()))
            except AlreadyExistsError:
                number += 1
                continue
            self._next_link[link.how] = number + 1
            return
        msg = f"others appended first in each of {_RACES} attempts"
        raise ConflictError(msg, place=log)

    def links(self, how: str) -> Iterator[RunLink]:
        """Yield what a lineage log says, the oldest first."""
        number = 0
        while True:
            key = log_key(lineage_log(self.project, self.id, how), number)
            found = self._read(key)
            if found is None:
                return
            yield RunLink.from_json(found, key)
            number += 1

    def _read(self, key: str) -> Json | None:
        try:
            data = self.backend.get(key)
        except NotFoundError:
            return None
        found = parse(data, key, max_bytes=MAX_RECORD)
        check_bytes(data, key)
        return found


def now() -> dt.datetime:
    """Return the time, with its zone."""
    return dt.datetime.now(dt.UTC)


def is_transient(error: BaseException) -> bool:
    """Whether trying again later may help: the place of the store failed, not the call."""
    return isinstance(error, (StorageError, OSError))
