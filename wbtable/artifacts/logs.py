"""Logs: numbered files, each made by exclusive creation; the highest number wins (spec: 10b-commit, LOG-n)."""

from __future__ import annotations

import datetime as dt
import os
from typing import TYPE_CHECKING, Any, Final

from wbtable.errors import ConflictError, FormatError, NotFoundError, StorageError, UsageError, WbtableError
from wbtable.format import documents
from wbtable.format.layout import MAX_NUMBER, hint_key, log_key
from wbtable.format.log_entry import LogEntry
from wbtable.storage.header import check_there

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wbtable.storage.backend import Backend

MAX_ENTRY: Final = 1 << 20
ATTEMPTS: Final = 200
NOTHING: Final = object()
"""No value: an empty log that stands for nothing."""
_MAX_HINT = 20


def newest(backend: Backend, log: str, start: int = -1) -> int:
    """Return the highest number of a log, -1 if it is empty; nothing is listed (LOG-3).

    Numbers have no gaps, so that one may gallop: ask for the next, then 2, 4, 8, ... further, then halve.

    Args:
        backend: where the log is.
        log: the log's prefix.
        start: a number that is believed to exist; it is checked, for hints may be wrong.

    """
    low = start
    if low >= 0 and not _exists(backend, log, low):
        low = -1
    step = 1
    while _exists(backend, log, low + step):
        low += step
        step *= 2
    high = low + step
    while high - low > 1:
        middle = (low + high) // 2
        if _exists(backend, log, middle):
            low = middle
        else:
            high = middle
    return low


def _exists(backend: Backend, log: str, number: int) -> bool:
    return backend.size(log_key(log, number)) is not None


def read_hint(backend: Backend, log: str) -> int:
    """Return the number in a log's hint, -1 if there is none; it may be wrong (LOG-4)."""
    try:
        text = backend.get(hint_key(log))
    except WbtableError:
        return -1
    number = int(text) if text.isdigit() and len(text) < _MAX_HINT else -1
    return number if number <= MAX_NUMBER else -1


def write_hint(backend: Backend, log: str, number: int) -> None:
    """Leave a hint for the next reader; a failure costs that reader some probes, nothing else (LOG-4)."""
    try:
        backend.replace(hint_key(log), str(number).encode())
    except WbtableError:
        return


def append(
    backend: Backend,
    log: str,
    kind: str,
    change: Callable[[LogEntry | None], Any],
    *,
    clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    is_blind: bool = False,
    empty: Any = None,
) -> LogEntry | None:
    """Append the value that `change` makes of the newest entry; nothing is written if it is the same value (LOG-5).

    A lost race is no error: the newest entry is read again, and `change` is asked again.

    Args:
        backend: where the log is.
        log: the log's prefix.
        kind: the kind of its entries.
        change: makes the value of the newest entry, None if there is none.
        clock: what the time is.
        is_blind: whether the value is the same whatever was there, see `say`.
        empty: the value that an empty log stands for, which is not appended to it.

    Raises:
        ConflictError: others were faster in each of many attempts.
        StorageError: the store's folder vanished.
        UsageError: the log cannot hold the value, or it is too long.

    """
    check_there(backend)
    number = newest(backend, log)
    for _ in range(ATTEMPTS):
        is_damaged, current = False, None
        try:
            current = None if number < 0 else read(backend, log, kind, number)
        except FormatError:
            if not is_blind:
                raise
            is_damaged = True
        value = change(current)
        if current is not None and current.value == value:
            return current
        if current is None and not is_damaged and value == empty:
            return None
        try:
            entry = LogEntry(kind=kind, id=os.urandom(16).hex(), created_at=clock(), value=value)
            data = documents.canonical(entry.to_json())
        except FormatError as error:
            raise UsageError(str(error), place=log) from None
        if len(data) > MAX_ENTRY:
            # Nobody could read it, nor append behind it.
            raise UsageError(f"expected an entry of at most {MAX_ENTRY} bytes, found {len(data)}", place=log)
        if _create(backend, log_key(log, number + 1), data, kind, entry.id):
            return entry
        number = newest(backend, log, number + 1)
    msg = f"others appended first in each of {ATTEMPTS} attempts"
    raise ConflictError(msg, place=log)


def say(backend: Backend, log: str, kind: str, value: Any, empty: Any = None) -> None:
    """Append a value that does not depend on the newest entry, which may be damaged then: it counts no more (LOG-1).

    Args:
        backend: where the log is.
        log: the log's prefix.
        kind: the kind of its entries.
        value: the value; if the newest entry says it already, nothing is written.
        empty: the value that an empty log stands for; `NOTHING` for none.

    Raises:
        ConflictError: others were faster in each of many attempts.
        StorageError: the store's folder vanished.
        UsageError: the log cannot hold the value, or it is too long.

    """
    append(backend, log, kind, lambda _: value, is_blind=True, empty=empty)


def _create(backend: Backend, key: str, data: bytes, kind: str, own: str) -> bool:
    """Create one file of a log; return False if another writer's is there (LOG-5: read back after any error)."""
    for attempt in (0, 1):
        try:
            backend.create(key, data)
        except WbtableError as error:
            try:
                found = LogEntry.from_json(documents.parse(backend.get(key), key, max_bytes=MAX_ENTRY), kind, key)
            except NotFoundError:
                if attempt or not isinstance(error, StorageError):
                    raise error from None
                continue
            return found.id == own
        return True
    return False


def read(backend: Backend, log: str, kind: str, number: int) -> LogEntry:
    """Return one entry of a log.

    Raises:
        NotFoundError: there is none of this number.
        FormatError: it is damaged.

    """
    key = log_key(log, number)
    return LogEntry.from_json(documents.parse(backend.get(key), key, max_bytes=MAX_ENTRY), kind, key)


def value(backend: Backend, log: str, kind: str) -> Any:
    """Return what the newest entry of a log says, None if the log is empty."""
    number = newest(backend, log)
    return None if number < 0 else read(backend, log, kind, number).value


def entries(backend: Backend, log: str, kind: str) -> Iterator[LogEntry]:
    """Yield every entry of a log, the oldest first."""
    number = 0
    while True:
        try:
            entry = read(backend, log, kind, number)
        except NotFoundError:
            return
        yield entry
        number += 1
