"""Files of logs from one store to another, each as it is (spec: 10c-collection, COPY-1 to COPY-3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wbtable.artifacts import logs
from wbtable.errors import AlreadyExistsError, ConflictError, FormatError, NotFoundError, WbtableError
from wbtable.format import documents, layout
from wbtable.format.seal import check_bytes

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
        FormatError: so it seems, for one of the two is damaged.

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
            _check_whole(source, target, key, data, found)
            raise ConflictError(f"{key} is another one in {target.url!r}: the two stores have gone apart") from error
        return not isinstance(error, AlreadyExistsError)
    return True


def check_same(source: Backend, target: Backend, key: str) -> None:
    """Refuse to go on if both stores have a file, and it differs.

    Raises:
        ConflictError: it does.
        FormatError: it does, for one of the two is damaged.

    """
    data, found = source.get(key), target.get(key)
    if data != found:
        _check_whole(source, target, key, data, found)
        raise ConflictError(
            f"{key} is another one in {target.url!r}: the two stores have gone apart, and nothing was copied"
        )


def _check_whole(source: Backend, target: Backend, key: str, data: bytes, found: bytes) -> None:
    """Say that one of two files that differ is damaged, and where a good one is."""
    if not key.endswith(".json"):
        return
    damage: dict[str, FormatError] = {}
    for backend, one in ((source, data), (target, found)):
        try:
            documents.parse(one, key)
            check_bytes(one, key)
        except FormatError as error:
            damage[backend.url] = error
    for url, found_there in damage.items():
        whole = [backend.url for backend in (source, target) if backend.url not in damage]
        where = f"in {whole[0]!r} it is whole: put that file back from there" if whole else "so it is in both stores"
        raise FormatError(f"{found_there}, in {url!r}; {where}") from found_there


def copy_facts(source: Backend, target: Backend, project: str, name: str, number: int) -> None:
    """Have tags, description and time to live of a version say in the target what they say in the source."""
    for folder, kind in FACTS.items():
        log = layout.version_log(project, name, folder, number)
        newest = logs.newest(source, log)
        if newest >= 0:
            value = logs.read(source, log, kind, newest).value
            logs.say(target, log, kind, value, logs.NOTHING)
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
