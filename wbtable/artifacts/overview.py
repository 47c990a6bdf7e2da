"""The newest version of each artifact, read as shells ask for it: often, of thousands, and at once.

What is imported here decides how long a command line takes to start: neither numpy nor pyarrow may be among it. A
record and a manifest are read in full by `Version`; here only what a list shows is taken of the record, or of the
manifest where an older record does not repeat it, once it is certain that they are as they were written: the record by
its check, the manifest by its digest.
"""

from __future__ import annotations

import contextlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import xxhash

from wbtable.artifacts import logs
from wbtable.artifacts.folders import children
from wbtable.artifacts.unreadable import UNREADABLE, beside
from wbtable.errors import FormatError, NotFoundError, WbtableError
from wbtable.format import documents, layout
from wbtable.format.digest import Descriptor
from wbtable.format.features import check_document
from wbtable.format.version_record import KIND, MAX_RECORD, read_time

if TYPE_CHECKING:
    import datetime as dt

    from wbtable.artifacts.unreadable import OnUnreadable
    from wbtable.storage.backend import Backend

_CHECK = re.compile(rb'"check":"([0-9a-f]{32})",')


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A version, as a list shows it.

    Attributes:
        project, name, version: which.
        type: the artifact's type.
        digest: the artifact digest, ``SHA-256:<64 hex>``.
        size: the bytes of everything in it.
        file_count: how many entries it has.
        created_at: when it was made, in UTC, by the writer's clock.

    """

    project: str
    name: str
    version: int
    type: str
    digest: str
    size: int
    file_count: int
    created_at: dt.datetime


def projects(backend: Backend) -> list[str]:
    """Return the names of the projects, sorted; found by listing."""
    return sorted(layout.unescape(part) for part in children(backend, "projects"))


def newest_versions(
    backend: Backend,
    project: str | None = None,
    type: str | None = None,
    on_unreadable: OnUnreadable | None = None,
) -> list[Listed]:
    """Return the newest version of each artifact that has one, sorted by project and name.

    Args:
        backend: the store's.
        project: the project; None for all.
        type: the type that they must have; None for any.
        on_unreadable: called with the name of each artifact that cannot be read, and the error; None: the first is
            raised.

    Raises:
        FormatError: a record or a manifest is damaged, and there is no `on_unreadable`.
        UnsupportedError: one needs a newer wbtable, and there is no `on_unreadable`.

    """
    names: list[tuple[str, str, str]] = []
    for one in projects(backend) if project is None else [project]:
        prefix = f"{layout.project_prefix(one)}/artifacts"
        names += sorted((one, layout.unescape(part), f"{prefix}/{part}") for part in children(backend, prefix))
    if backend.local_path("") is not None:
        # Parsing holds the interpreter's lock, and the disk is quick: threads would only wait for each other.
        found = [_tried(backend, name, type) for name in names]
    else:
        from wbtable.artifacts.parallel import each

        found = each(backend, lambda name: _tried(backend, name, type), names)
    out = []
    for (one, name, _), listed in zip(names, found, strict=True):
        with beside(f"{one}/{name}", on_unreadable):
            if isinstance(listed, WbtableError):
                raise listed
            if listed is not None:
                out.append(listed)
    return out


def _tried(backend: Backend, where: tuple[str, str, str], type: str | None) -> Listed | WbtableError | None:
    """Return what the newest version is, or why it cannot be read: of several the first in order is told first."""
    try:
        return _newest(backend, where, type)
    except UNREADABLE as error:
        return error


def _newest(backend: Backend, where: tuple[str, str, str], type: str | None) -> Listed | None:
    project, name, prefix = where
    log = f"{prefix}/versions"
    record: dict[str, Any] | None = None
    hint = logs.read_hint(backend, log)
    if hint >= 0 and backend.size(layout.log_key(log, hint + 1)) is None:
        # That the hint is right shows when its record is read: whether that is there need not be asked.
        with contextlib.suppress(NotFoundError):
            record = _record(backend, layout.log_key(log, hint), (project, name, hint))
    number = newest = hint if record is not None else logs.newest(backend, log, hint)
    while number >= 0 and logs.value(backend, f"{prefix}/deletions/{number:020d}", "deletion") is True:
        number -= 1
    if number < 0:
        return None
    if record is None or number != newest:
        record = _record(backend, layout.log_key(log, number), (project, name, number))
    if type is not None and record["artifact_type"] != type:
        return None
    size, count = _facts(backend, record)
    return Listed(
        project=project,
        name=name,
        version=number,
        type=record["artifact_type"],
        digest=record["digest"],
        size=size,
        file_count=count,
        created_at=read_time(record["created_at"], "created_at"),
    )


def _record(backend: Backend, key: str, expected: tuple[str, str, int]) -> dict[str, Any]:
    """Return the record of a version; one that is not written as ours are is read as strictly as any (DOC-8)."""
    data = backend.get(key)
    found = _CHECK.search(data)
    if len(data) <= MAX_RECORD and found is not None:
        rest = data[: found.start()] + data[found.end() :]
        if xxhash.xxh3_128_hexdigest(rest) == found[1].decode():
            record: dict[str, Any] = json.loads(data.decode())
            if (record.get("project"), record.get("name"), record.get("version")) == expected:
                check_document(record, KIND, key)
                return record
    from wbtable.artifacts.records import Records

    return Records(backend, expected[0], expected[1]).read(expected[2]).to_json()


def _facts(backend: Backend, record: dict[str, Any]) -> tuple[int, int]:
    """Return size and count of a version: the record's own, or those of its manifest, checked by its digest."""
    size, count = record.get("size"), record.get("count")
    if type(size) is int and type(count) is int and min(size, count) >= 0:  # COMMIT-9
        return size, count
    descriptor = Descriptor.from_json(record["manifest"], "manifest")
    key = layout.object_key(descriptor.digest, descriptor.media_type)
    data = documents.decompress(backend.get(key), descriptor.size, key)
    descriptor.digest.check(data, key)
    fields: dict[str, Any] = json.loads(data.decode())
    check_document(fields, "wbtable.artifact", key)
    if type(fields.get("size")) is not int or type(fields.get("count")) is not int:
        raise FormatError("expected a size and a count", place=key)
    return fields["size"], fields["count"]
