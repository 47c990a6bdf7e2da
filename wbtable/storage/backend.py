"""What a store needs of the place it lies in (spec: 03-store-layout, BACKEND-n)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from wbtable.storage.key_info import KeyInfo


class Backend(Protocol):
    """Bytes by key under one root. Safe to use from several threads.

    Keys are relative paths with `/` between their parts, made by `wbtable.format.layout`. Every method may raise
    StorageError: the place did not answer in time, or answered nonsense; DeniedError below it says that it refuses.
    After an error of `create`, `put`, `put_file`, `replace` or `delete` the effect may be there or not, or appear
    later (a request that timed out may still land), unless the error is AlreadyExistsError, UsageError,
    UnsupportedError, DeniedError or DiskFullError: those say that this call changed nothing. All but `create` may
    then be called again with the same arguments; after `create` the key is read back (COMMIT-5).

    A backend may have an attribute `is_distant`, true where requests take so long that independent ones are worth
    sending side by side, a method `forget(key)` that drops what it keeps of an object on this machine, a method
    `put_many(objects)` that puts keys and their bytes, in their order, cheaper than one `put` after the other, and a
    method `names(prefix)` that yields the keys of `scan` where it is cheaper not to ask for sizes and times.

    Attributes:
        url: the root, as it was opened.
        unsafe_single_writer: whether `create` may be emulated where the place cannot do it (BACKEND-3).

    """

    url: str
    unsafe_single_writer: bool

    def create(self, key: str, data: bytes) -> None:
        """Make a key that must not exist; of several racers exactly one succeeds (BACKEND-1).

        Readers see nothing or all of `data`. Whatever `put` wrote before is durable before the key exists. It is sent
        again after network errors; a key that such an attempt of this very call made is no conflict (BACKEND-7).

        Raises:
            AlreadyExistsError: the key exists, made by another call.

        """

    def put(self, key: str, data: bytes) -> None:
        """Make an immutable object, unless one of the same length is there (BACKEND-2).

        Readers see nothing or all of `data`. Durable once `sync`, `create` or `replace` returns.
        """

    def put_file(self, key: str, path: Path) -> None:
        """Make an immutable object of a file's bytes, as `put` does; a file of `temporary` is moved."""

    def replace(self, key: str, data: bytes) -> None:
        """Make a key or overwrite it, atomically: hints, one's own lease, a run's own summary (LAYOUT-7)."""

    def get(self, key: str) -> bytes:
        """Return the bytes of a key.

        Raises:
            NotFoundError: it does not exist.

        """

    def get_range(self, key: str, offset: int, size: int) -> bytes:
        """Return exactly `size` bytes from `offset`.

        Raises:
            NotFoundError: the key does not exist.
            FormatError: the key has fewer bytes.

        """

    def get_tail(self, key: str, size: int) -> bytes:
        """Return the last `size` bytes, or all if there are fewer."""

    def get_ranges(self, ranges: Sequence[tuple[str, int, int]]) -> list[bytes]:
        """Return the bytes of many `(key, offset, size)`, in their order; neighbours are read together."""

    def size(self, key: str) -> int | None:
        """Return the length of a key in bytes, None if it does not exist."""

    def list(self, prefix: str) -> Iterator[str]:
        """Yield the keys below a folder; may be stale, and is never trusted for commits (BACKEND-4)."""

    def scan(self, prefix: str) -> Iterator[KeyInfo]:
        """Yield what a listing says of the keys below a folder; as stale as `list`."""

    def modified(self, key: str) -> float | None:
        """Return when a key was last written, in seconds by the clock of the place itself; None if it does not exist.

        Never compared with a client's clock: only with another key's time (LEASE-4).
        """

    def delete(self, keys: Iterable[str]) -> None:
        """Delete keys; those that do not exist are fine."""

    def sync(self) -> None:
        """Return once everything that was put is durable."""

    def temporary(self) -> Path:
        """Return the path of a new, empty local file, from which `put_file` is cheapest."""

    def local_path(self, key: str) -> Path | None:
        """Return the local path of a key, whether it exists or not; None if the place is not a local disk."""
