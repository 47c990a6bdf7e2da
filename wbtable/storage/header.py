"""The header of a store, and the probe that a place must pass to hold one (spec: 03-store-layout, HEADER-n)."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, field
from threading import Barrier
from typing import TYPE_CHECKING, Any, Self

from wbtable.errors import AlreadyExistsError, FormatError, NotFoundError, StorageError, UnsupportedError, WbtableError
from wbtable.format.documents import Reader, canonical, parse
from wbtable.format.features import FORMAT_VERSION, check_document, parse_version
from wbtable.format.layout import HEADER, TEMPORARY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wbtable.storage.backend import Backend

KIND = "wbtable.store"
ALGORITHM = "SHA-256"
MAX_HEADER = 1 << 20
_RACERS = 8
_ROUNDS = 2
_KNOWN = ("kind", "format", "algorithm", "probe", "unsafe_single_writer")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreHeader:
    """What `wbtable.json` says (HEADER-1).

    Attributes:
        format: the version of the format that the store was created in, MAJOR.MINOR.
        exclusive_create: whether the probe found that a key can be created only once.
        unsafe_single_writer: whether the store was created although it cannot, for one writer at a time.
        extra: the remaining fields, known to this version or not; they are kept.

    """

    format: str = FORMAT_VERSION
    exclusive_create: bool = True
    unsafe_single_writer: bool = False
    extra: dict[str, Any] = field(default_factory=lambda: {"features": {"reader": [], "writer": []}, "refs": []})

    def __post_init__(self) -> None:
        """Refuse a header that promises what the probe did not find."""
        parse_version(self.format, "store header.format")
        if not self.exclusive_create and not self.unsafe_single_writer:
            raise FormatError(
                "a store without exclusive creation must be marked unsafe_single_writer", place="store header"
            )

    def to_json(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            **self.extra,
            "kind": KIND,
            "format": self.format,
            "algorithm": ALGORITHM,
            "probe": {"exclusive_create": self.exclusive_create},
            "unsafe_single_writer": self.unsafe_single_writer,
        }

    @classmethod
    def from_bytes(cls, data: bytes, place: str) -> Self:
        """Read the stored form (HEADER-1).

        Raises:
            FormatError: it is no store header.
            UnsupportedError: it needs a newer version, or another digest algorithm.

        """
        value = parse(data, place, max_bytes=MAX_HEADER)
        check_document(value, KIND, place)
        fields = Reader(value, place)
        if fields.str("algorithm") != ALGORITHM:
            msg = f"expected the digest algorithm {ALGORITHM}, found {fields.str('algorithm')!r:.40}: upgrade wbtable"
            raise UnsupportedError(msg, place=place)
        return cls(
            format=fields.str("format"),
            exclusive_create=fields.child("probe").bool("exclusive_create"),
            unsafe_single_writer=fields.bool("unsafe_single_writer"),
            extra=fields.extra(_KNOWN),
        )


def read_header(backend: Backend) -> StoreHeader:
    """Return the header of the store in a place, and apply it to the backend (HEADER-2).

    Raises:
        NotFoundError: there is no store.
        FormatError: the header is damaged.
        UnsupportedError: it needs a newer version.

    """
    try:
        data = backend.get_tail(HEADER, MAX_HEADER + 1)
    except NotFoundError:
        msg = f"there is no store here: {HEADER} does not exist; create_store() or `wbtable init` makes one"
        raise NotFoundError(msg, place=backend.url) from None
    header = StoreHeader.from_bytes(data, f"{HEADER} in {backend.url}")
    backend.unsafe_single_writer = header.unsafe_single_writer
    return header


def check_there(backend: Backend) -> None:
    """Refuse a place whose folder vanished: writing would make a new folder that is no store.

    Raises:
        StorageError: it did.

    """
    header = backend.local_path(HEADER)
    if header is not None and not header.exists():
        raise StorageError(f"the store is gone: {header} does not exist any more")


def create_header(backend: Backend, *, unsafe_single_writer: bool = False) -> StoreHeader:
    """Make a store in a place that passes the probe (HEADER-3).

    Args:
        backend: the place.
        unsafe_single_writer: accept a place where two writers could both create a key, and record that.

    Raises:
        AlreadyExistsError: there is a store.
        UnsupportedError: the place fails the probe; the message says what can be done.

    """
    if backend.size(HEADER) is not None:
        msg = "there is a store already"
        raise AlreadyExistsError(msg, place=backend.url)
    problem = probe(backend)
    if problem and not unsafe_single_writer:
        raise UnsupportedError(problem, place=backend.url)
    header = StoreHeader(exclusive_create=not problem, unsafe_single_writer=unsafe_single_writer)
    backend.unsafe_single_writer = unsafe_single_writer
    try:
        backend.create(HEADER, canonical(header.to_json()))
    except AlreadyExistsError:
        # Without exclusive creation only this look tells that another was faster.
        msg = "there is a store already: somebody else created it just now"
        raise AlreadyExistsError(msg, place=backend.url) from None
    return header


def probe(backend: Backend) -> str | None:
    """Return why a place cannot be trusted with commits, None if it can (HEADER-3).

    It creates a key twice and requires that the second fails and that the bytes stay those of the first. Where
    requests travel, several race for a key too: a place that looks first and writes then passes the first test.
    """
    key = f"{TEMPORARY}/probe-{os.urandom(12).hex()}"
    advice = (
        "two writers could both make the same version and one would be lost; use another place,"
        " or pass unsafe_single_writer (--unsafe-single-writer) and never write from two processes at once"
    )
    with _removed(backend, key):
        try:
            backend.create(key, b"first")
        except UnsupportedError as error:
            return str(error)
        try:
            backend.create(key, b"second")
        except AlreadyExistsError:
            pass
        else:
            return f"this place lets a key be created twice: {advice}"
        if backend.get(key) != b"first":
            return f"this place reports a failed creation, yet changes the bytes: {advice}"
    if backend.local_path("") is None:
        for _ in range(_ROUNDS):
            winners = _race(backend)
            if winners != 1:
                return f"of {_RACERS} requests that created a key at the same time, {winners} succeeded: {advice}"
    return None


def _race(backend: Backend) -> int:
    """Let several requests create one key at the same time; return how many succeeded, 0 if the bytes are another's."""
    # Only here: whoever opens a store, as each command does, need not wait for it.
    from concurrent.futures import ThreadPoolExecutor

    key = f"{TEMPORARY}/probe-{os.urandom(12).hex()}"
    barrier = Barrier(_RACERS)

    def run(racer: int) -> bool:
        barrier.wait()
        try:
            backend.create(key, b"racer %d" % racer)
        except AlreadyExistsError:
            return False
        return True

    with _removed(backend, key):
        with ThreadPoolExecutor(_RACERS, thread_name_prefix="wbtable-probe") as pool:
            won = list(pool.map(run, range(_RACERS)))
        if sum(won) == 1 and backend.get(key) != b"racer %d" % won.index(True):
            return 0
        return sum(won)


@contextlib.contextmanager
def _removed(backend: Backend, key: str) -> Iterator[None]:
    """Delete a key at the end; what failed before says more than that this fails too."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(WbtableError):
            backend.delete([key])
        raise
    backend.delete([key])
