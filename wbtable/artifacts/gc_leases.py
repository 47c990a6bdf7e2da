"""Leases as a collector reads them (spec: 10c-collection, LEASE-4)."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from wbtable.artifacts.parallel import each
from wbtable.errors import AlreadyExistsError, NotFoundError
from wbtable.format import layout
from wbtable.format.collection import LeaseDocument
from wbtable.format.features import check_writable

if TYPE_CHECKING:
    from wbtable.storage.backend import Backend

_LEASE = ".json"
_ENDED = ".ended"


def live(backend: Backend, now: float, grace: float, *, end: bool) -> list[LeaseDocument]:
    """Return the leases that are live.

    Args:
        backend: the store's.
        now: the time by the store's own clock.
        grace: seconds after which a lease that was not written again has expired.
        end: whether expired ones are ended; if not they are only left out.

    Raises:
        FormatError: one is damaged: what it protects is unknown.
        UnsupportedError: one needs a newer wbtable.

    """
    found = {info.key: info for info in backend.scan(layout.LEASES)}
    current: list[str] = []
    for key, info in found.items():
        if not key.endswith(_LEASE):
            continue
        # One that was replaced of late is live, ended or not: its writer may have looked before it was ended.
        if now - info.modified < grace or (end and not _end(backend, key, info.modified)):
            current.append(key)
    leases = each(backend, lambda key: _read(backend, key), current)
    return [lease for lease in leases if lease is not None]


def _end(backend: Backend, key: str, modified: float) -> bool:
    """End a lease; return False if its writer replaced it meanwhile: then it may not see that it was ended."""
    # From here on a writer that looks commits nothing.
    with contextlib.suppress(AlreadyExistsError):
        backend.create(key.removesuffix(_LEASE) + _ENDED, b"{}")
    if backend.modified(key) not in (None, modified):
        return False
    backend.delete([key])
    return True


def _read(backend: Backend, key: str) -> LeaseDocument | None:
    try:
        lease = LeaseDocument.from_bytes(backend.get(key), key)
    except NotFoundError:
        # Its writer ended it: the record that it made is found in the next step.
        return None
    check_writable(lease.extra, key)
    return lease
