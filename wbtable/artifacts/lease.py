"""A writer's lease: what tells a collector to keep its hands off (spec: 10c-collection, LEASE-n)."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import threading
import time
import weakref
from typing import TYPE_CHECKING, Final, Self

from wbtable.artifacts import collections
from wbtable.errors import CommitStateUnknownError, ConflictError, WbtableError
from wbtable.format import layout
from wbtable.format.collection import LeaseDocument
from wbtable.storage.pool import begins

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from types import TracebackType

    from wbtable.format.version_record import VersionRecord
    from wbtable.storage.backend import Backend

REFRESH: Final = 3600.0
"""Seconds after which a lease is written again, changed or not (LEASE-2)."""

PATIENCE: Final = 60.0
"""Seconds for which a writer waits for a collection that dooms one of its keys."""

_LONGEST_PAUSE: Final = 1.0
_BRIEFLY: Final = 1.0
_TICK: Final = 60.0


class Lease:
    """The versions that a writer builds on, and each key that it uses; a context manager. Safe to use from threads.

    Nothing is written before the first key is recorded. Keys are recorded in batches, one request each. After a
    commit of unknown state the lease is left to expire, so that nothing that the commit refers to is collected before
    the grace period is over (LEASE-5).
    """

    __slots__ = (
        "__weakref__",
        "_backend",
        "_created",
        "_is_current",
        "_is_left",
        "_keys",
        "_lock",
        "_open",
        "_versions",
        "_written",
        "id",
    )

    def __init__(self, backend: Backend, versions: Sequence[str] = ()) -> None:
        """Name the versions that the writer builds on, as ``project/name:vN``."""
        self._backend = backend
        self._versions = list(versions)
        self._keys: dict[str, None] = {}
        self._lock = threading.RLock()
        self._open = False
        self._is_current = False
        self._is_left = False
        self._created = dt.datetime.now(dt.UTC)
        self._written = 0.0
        self.id = os.urandom(16).hex()

    def __enter__(self) -> Self:
        """Return the lease."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it, unless the state of the commit is unknown (LEASE-5)."""
        if self._is_left or isinstance(error, CommitStateUnknownError):
            return
        # A thread may be writing it to a server that does not answer. Ctrl-C does not wait for that: it expires.
        if self._lock.acquire(timeout=_BRIEFLY if isinstance(error, KeyboardInterrupt) else -1):
            try:
                self.close()
            finally:
                self._lock.release()

    @contextlib.contextmanager
    def deciding(self) -> Iterator[None]:
        """Leave the lease to expire if this is broken off, by Ctrl-C say: the record may yet land (LEASE-5)."""
        try:
            yield
        except Exception:
            raise
        except BaseException:
            self._is_left = True
            raise

    @property
    def is_open(self) -> bool:
        """Whether it was written, and not ended by its writer."""
        return self._open

    def record(self, keys: Iterable[str]) -> None:
        """Record keys before they are tested, put or used again; return once no collection dooms one (LEASE-2, GC-4).

        Raises:
            ConflictError: a collection that dooms one of them does not end.
            StorageError: the lease could not be written.

        """
        wanted = list(keys)
        with self._lock:
            new = [key for key in wanted if key not in self._keys]
            if new or not self._is_current:
                self._keys.update(dict.fromkeys(new))
                self._write()
            # Also if they were recorded before: a caller that asks again wants to know of now.
            self._wait(frozenset(wanted))

    def refresh(self) -> None:
        """Write the lease again if it is an hour old (LEASE-2); a failure is tried again later."""
        with self._lock:
            if self._open and self._is_old():
                with contextlib.suppress(WbtableError, OSError):
                    self._write()

    def close(self) -> None:
        """End it; one that cannot be ended expires, which is no reason for a commit to fail."""
        with self._lock:
            if not self._open:
                return
            self._open = self._is_current = False
            _keeper.forget(self)
            with contextlib.suppress(WbtableError):
                self._backend.delete([layout.lease_key(self.id)])

    def check(self) -> None:
        """Refuse to go on if a collector ended the lease (LEASE-4); an old one is written again first (LEASE-7).

        Raises:
            ConflictError: it did; nothing was committed.
            StorageError: the lease could not be written.

        """
        with self._lock:
            if self._open and self._is_old():
                self._write()
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

    # How.

    def _write(self) -> None:
        # What could not be written is written again by whoever asks next, with new keys or without.
        self._is_current = False
        key, written = layout.lease_key(self.id), _clock()
        data = LeaseDocument(
            id=self.id, created_at=self._created, versions=tuple(self._versions), keys=tuple(self._keys)
        ).to_bytes()
        if self._open:
            self._persist(lambda: self._backend.replace(key, data), key, data)
        else:
            # From here on it has to be ended, whatever the answer to this request is.
            self._open = True
            self._persist(lambda: self._backend.create(key, data), key, data)
            _keeper.keep(self)
        self._written = written
        self._is_current = True

    def _persist(self, write: Callable[[], None], key: str, data: bytes) -> None:
        """Write the lease; after an error see whether it is there all the same, and try once more if not."""
        for last in (False, True):
            try:
                write()
            except WbtableError:
                if self._is_written(key, data):
                    return
                if last:
                    raise
            else:
                return

    def _is_written(self, key: str, data: bytes) -> bool:
        try:
            return self._backend.get(key) == data
        except WbtableError:
            return False

    def _wait(self, keys: frozenset[str]) -> None:
        deadline: float | None = None
        pause = 0.01
        while True:
            found = collections.dooming(self._backend, keys)
            if found is None:
                return
            if deadline is None:
                deadline = time.monotonic() + PATIENCE
            elif time.monotonic() > deadline:
                raise ConflictError(
                    f"{found} is deleting objects that this needs, and did not end within {PATIENCE:g} seconds: try"
                    " again once it has; if it was interrupted, the next `wbtable gc` after the grace period clears it"
                )
            _sleep(pause)
            pause = min(_LONGEST_PAUSE, 2 * pause)

    def _is_old(self) -> bool:
        return _clock() - self._written >= REFRESH

    def _is_ended(self) -> bool:
        return self._backend.size(layout.ended_key(self.id)) is not None


def _sleep(seconds: float) -> None:
    time.sleep(seconds)


def _clock() -> float:
    """Return seconds by a clock that runs on while the machine sleeps, and that nobody sets (LEASE-7)."""
    # Linux stops CLOCK_MONOTONIC while it sleeps, macOS does not; Windows has neither, and its own clock goes on.
    clock = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))
    return time.monotonic() if clock is None else time.clock_gettime(clock)


class _Keeper:
    """Refreshes the open leases of this process from one thread, which starts with the first of them."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all: after a fork the leases are the parent's, and the thread stayed there."""
        self._lock = threading.Lock()
        self._leases: weakref.WeakSet[Lease] = weakref.WeakSet()
        self._thread: threading.Thread | None = None

    def keep(self, lease: Lease) -> None:
        with self._lock:
            self._leases.add(lease)
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="wbtable-leases", daemon=True)
                # A lease outlives what is done while the interpreter ends.
                if begins(thread):
                    self._thread = thread

    def forget(self, lease: Lease) -> None:
        with self._lock:
            self._leases.discard(lease)

    def refresh(self) -> None:
        with self._lock:
            leases = list(self._leases)
        for lease in leases:
            lease.refresh()

    def _run(self) -> None:
        while True:
            time.sleep(_TICK)
            self.refresh()


_keeper = _Keeper()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_keeper.reset)
