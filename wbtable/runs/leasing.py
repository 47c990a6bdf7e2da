"""Leases of a run: its media are kept until a history segment refers to them (spec: 10c-collection, LEASE-n)."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from wbtable.artifacts.lease import Lease
from wbtable.artifacts.leased_objects import LeasedObjects

if TYPE_CHECKING:
    from collections.abc import Callable

    from wbtable.storage.objects import ObjectStore

_MOST: Final = 256
"""After so many uses another lease is opened, so that none grows without bound."""


@dataclass(slots=True)
class _Open:
    lease: Lease
    used: int = 0
    waiting: int = 0


class RunLeases:
    """The open leases of one run. Safe to use from several threads."""

    def __init__(self, objects: ObjectStore) -> None:
        """Write nothing yet."""
        self._objects = objects
        self.reset()

    def reset(self) -> None:
        """Forget all: in a forked child they are the parent's."""
        self._lock = threading.Lock()
        self._leases: deque[_Open] = deque()

    def put(self, store: Callable[[ObjectStore], None]) -> None:
        """Have objects put under a lease, which stays until `settled` says that a segment refers to them.

        Raises:
            StorageError: the store does not take them.

        """
        with self._lock:
            if not self._leases or self._leases[-1].used >= _MOST:
                self._leases.append(_Open(Lease(self._objects.backend)))
            mine = self._leases[-1]
            mine.used += 1
            mine.waiting += 1
        try:
            objects = LeasedObjects(self._objects, mine.lease)
            store(objects)
            objects.settle()
        except BaseException:
            with self._lock:
                mine.waiting -= 1
                self._close_idle()
            raise

    def settled(self, count: int) -> None:
        """Count rows of media that are in segments now; they come in the order in which they were put."""
        with self._lock:
            for mine in self._leases:
                done = min(count, mine.waiting)
                mine.waiting -= done
                count -= done
            self._close_idle()

    def _close_idle(self) -> None:
        for mine in [mine for mine in self._leases if not mine.waiting]:
            self._leases.remove(mine)
            mine.lease.close()
