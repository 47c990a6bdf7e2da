"""A writer's lease: what tells a collector to keep its hands off (spec: 10b-commit, LEASE-n)."""

from __future__ import annotations

import contextlib
import datetime as dt
import uuid
from typing import TYPE_CHECKING, Final, Self

from wbtable.errors import CommitStateUnknownError, ConflictError, WbtableError
from wbtable.format import documents, layout
from wbtable.format.features import FORMAT_VERSION
from wbtable.format.version_record import write_time

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from wbtable.format.version_record import VersionRecord
    from wbtable.storage.backend import Backend

KIND: Final = "wbtable.lease"
ALL_KEYS: Final = "*"
"""In place of a list of keys: the writer may use any key, so nothing may be collected meanwhile (LEASE-3)."""


class Lease:
    """A lease on every key for as long as one commit takes; a context manager.

    One request opens it, one ends it. After a commit of unknown state it is left to expire, so that nothing that the
    commit refers to is collected before the grace period is over.
    """

    __slots__ = ("_backend", "_versions", "id")

    def __init__(self, backend: Backend, versions: Sequence[str]) -> None:
        """Name the versions that the writer builds on, as ``project/name:vN``."""
        self._backend = backend
        self._versions = list(versions)
        self.id = uuid.uuid4().hex

    def __enter__(self) -> Self:
        lease = {
            "kind": KIND,
            "format": FORMAT_VERSION,
            "features": {"reader": [], "writer": []},
            "id": self.id,
            "created_at": write_time(dt.datetime.now(dt.UTC)),
            "versions": self._versions,
            "keys": ALL_KEYS,
        }
        self._backend.create(layout.lease_key(self.id), documents.canonical(lease))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, CommitStateUnknownError):
            return
        # A lease that cannot be ended expires: that is no reason for a commit to fail.
        with contextlib.suppress(WbtableError):
            self._backend.delete([layout.lease_key(self.id)])

    def check(self) -> None:
        """Refuse to go on if a collector ended the lease (LEASE-4).

        Raises:
            ConflictError: it did; nothing was committed.

        """
        if self._is_ended():
            raise ConflictError("this commit took longer than the grace period, and its lease was ended: commit again")

    def check_after(self, record: VersionRecord) -> None:
        """Say so if a collector ended the lease while the record was made (LEASE-4).

        Raises:
            CommitStateUnknownError: it did; the version exists, and may lack objects.

        """
        if self._is_ended():
            raise CommitStateUnknownError(
                f"the lease was ended while v{record.version} was made: verify that version, and commit again"
            )

    def _is_ended(self) -> bool:
        return self._backend.size(layout.ended_key(self.id)) is not None
