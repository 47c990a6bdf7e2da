"""Files of logs from one store to another, each as it is (spec: 10c-collection, COPY-1 to COPY-3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wbtable.artifacts import logs
from wbtable.errors import AlreadyExistsError, ConflictError, NotFoundError, WbtableError
from wbtable.format import documents, layout

if TYPE_CHECKING:
    from wbtable.format.log_entry import LogEntry
    from wbtable.storage.backend import Backend

FACTS: Final = {"tags": "tags", "descriptions": "description", "ttl": "ttl"}
"""Logs of which the newest entry counts, and the kinds of their entries."""

_RACES: Final = 1000


def create_same(source: Backend, target: Backend, key: str) -> bool:
    """Create a file that is never changed; return False if the target has it already.

    Raises:
        ConflictError: the target has another one.

    """
    data = source.get(key)
    try:
        target.create(key, data)
    except WbtableError as error:
        # Whatever the answer was: it is there with these bytes, or the copy failed.
        try:
            found = target.get(key)
        except NotFoundError:
            raise error from None
        if found != data:
            raise ConflictError(f"{key} is another one in {target.url!r}: the two stores have gone apart") from error
        return not isinstance(error, AlreadyExistsError)
    return True


def check_same(source: Backend, target: Backend, key: str) -> None:
    """Refuse to go on if both stores have a file, and it differs.

    Raises:
        ConflictError: it does.

    """
    if source.get(key) != target.get(key):
        raise ConflictError(
            f"{key} is another one in {target.url!r}: the two stores have gone apart, and nothing was copied"
        )


def copy_facts(source: Backend, target: Backend, project: str, name: str, number: int) -> None:
    """Have tags, description and time to live of a version say in the target what they say in the source."""
    for folder, kind in FACTS.items():
        log = layout.version_log(project, name, folder, number)
        newest = logs.newest(source, log)
        if newest >= 0:
            value = logs.read(source, log, kind, newest).value
            logs.append(target, log, kind, lambda _, value=value: value)  # type: ignore[misc]
    log = layout.version_log(project, name, "lineage", number)
    have = {entry.id for entry in logs.entries(target, log, "lineage")}
    for entry in logs.entries(source, log, "lineage"):
        if entry.id not in have:
            _append_entry(target, log, entry)


def _append_entry(target: Backend, log: str, entry: LogEntry) -> None:
    """Append an entry with the id that it has (COPY-3)."""
    data = documents.canonical(entry.to_json())
    number = logs.newest(target, log) + 1
    for _ in range(_RACES):
        key = layout.log_key(log, number)
        try:
            target.create(key, data)
        except WbtableError as error:
            try:
                found = logs.read(target, log, entry.kind, number)
            except NotFoundError:
                raise error from None
            if found.id == entry.id:
                return
            number += 1
        else:
            return
    raise ConflictError(f"others appended first in each of {_RACES} attempts", place=log)
