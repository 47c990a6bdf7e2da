"""Step 1 of a commit: put every missing object (spec: 10b-commit, COMMIT-1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from wbtable.artifacts import tables
from wbtable.artifacts.contents import reachable
from wbtable.artifacts.pending import (
    Pending,
    PendingDocument,
    PendingEntry,
    PendingFile,
    PendingMedia,
    PendingReference,
    PendingTable,
)
from wbtable.artifacts.progress import Progress
from wbtable.errors import WbtableError
from wbtable.format.digest import PACK, Descriptor, Digest
from wbtable.format.documents import canonical
from wbtable.format.entry import Entry
from wbtable.format.file_cell import parse_uri
from wbtable.format.tagged import tag
from wbtable.media.payload import Payload
from wbtable.storage.packs import PackWriter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wbtable.artifacts.contents import Contents
    from wbtable.artifacts.known import StoreBlobs
    from wbtable.storage.objects import ObjectStore
    from wbtable.storage.packs import Placement

_AT_ONCE = 8192


@dataclass(slots=True)
class PutResult:
    """What a draft's changes became.

    Attributes:
        entries: the entry of each changed path; None for a removed one.
        known: the descriptors of the packs and objects that the entries name.

    """

    entries: dict[str, Entry | None] = field(default_factory=dict)
    known: dict[Digest, Descriptor] = field(default_factory=dict)


def put_changes(
    objects: ObjectStore,
    changes: Mapping[str, Pending | None],
    base: Contents | None = None,
    known: StoreBlobs | None = None,
) -> PutResult:
    """Store what is pending; return the entries (COMMIT-1).

    The order is: packs, then what refers to them; so that a crash leaves nothing that refers to what is not there.

    Args:
        objects: where to.
        changes: what is pending, by path; None for a removed path.
        base: what the draft was made from.
        known: says which blobs are there already.

    Raises:
        UsageError: a file changed since it was added.
        NotFoundError: a file is gone.
        WbtableError: a table or media value cannot be stored; the message names its path.

    """
    changes, paths = tables.with_linked(changes)
    result = PutResult(entries=dict.fromkeys((path for path, pending in changes.items() if pending is None), None))
    _put_files(objects, changes, known, result)
    for path, pending in changes.items():
        if isinstance(pending, PendingReference):
            result.entries[path] = pending.entry
        elif isinstance(pending, PendingEntry):
            _put_shared(objects, path, pending, result)
        elif isinstance(pending, PendingTable):
            with _at(path):
                result.entries[path] = tables.put_table(objects, path, pending, paths, known)
    documents = {path: pending for path, pending in changes.items() if isinstance(pending, PendingDocument)}

    def has_path(path: str) -> bool:
        if path in changes:
            return changes[path] is not None
        return base is not None and base.find(path) is not None

    for path, pending in documents.items():
        with _at(path):
            result.entries[path] = tables.put_document(objects, path, pending, has_path)
    return result


class _at:  # noqa: N801 - reads as a word
    """Names the path in errors that have no place."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, WbtableError):
            error.add_note(f"while storing {self._path!r:.200}")


def _put_files(
    objects: ObjectStore, changes: Mapping[str, Pending | None], known: StoreBlobs | None, result: PutResult
) -> None:
    files = [(path, p) for path, p in changes.items() if isinstance(p, PendingFile)]
    media = [(path, p) for path, p in changes.items() if isinstance(p, PendingMedia)]
    if not files and not media:
        return
    # Sorted, so that equal drafts give equal packs.
    files.sort(key=lambda item: item[0])
    media.sort(key=lambda item: item[0])
    with PackWriter(objects, known) as writer, Progress("storing", "files", len(files) + len(media)) as progress:
        placed: list[Placement] = []
        for start in range(0, len(files), _AT_ONCE):
            part = files[start : start + _AT_ONCE]
            placed += writer.add_many([pending.file for _, pending in part])
            progress.advance(len(part))
        cells: list[tuple[str, PendingMedia, dict[str, Any]]] = []
        for path, value in media:
            with _at(path):
                cells.append((path, value, _place_cell(value.value.to_cell(), writer)))
            progress.advance()
        writer.seal()
        containers: dict[int, Descriptor] = {}
        for (path, file), place in zip(files, placed, strict=True):
            container = containers.get(place.container)
            if container is None:
                container = containers[place.container] = _container(writer, place.container, result)
            packed = container.media_type == PACK
            result.entries[path] = Entry(
                path=path,
                media_type=file.media_type,
                digest=place.digest,
                size=place.size,
                pack=container.digest if packed else None,
                offset=place.offset if packed else None,
            )
        for path, value, cell in cells:
            result.entries[path] = _media_entry(path, value, _name_files(cell, writer, result), objects)


def _container(writer: PackWriter, number: int, result: PutResult) -> Descriptor:
    descriptor = writer.descriptor(number)
    result.known.setdefault(descriptor.digest, descriptor)
    return descriptor


def _place_cell(value: Any, writer: PackWriter) -> Any:
    """Put every payload of a media cell; leave its placement in its stead."""
    if isinstance(value, Payload):
        blob = value if value.path is not None else value.read()
        return (writer.add_many([blob])[0], value.content_type)
    if isinstance(value, dict):
        return {key: _place_cell(item, writer) for key, item in value.items()}
    if isinstance(value, list):
        return [_place_cell(item, writer) for item in value]
    return value


def _name_files(value: Any, writer: PackWriter, result: PutResult) -> Any:
    """Turn the placements in a cell into FILE groups."""
    if isinstance(value, tuple) and len(value) == 2 and hasattr(value[0], "container"):
        place, content_type = value
        _container(writer, place.container, result)
        return {
            "uri": writer.uri(place.container),
            "offset": place.offset,
            "size": place.size,
            "content_type": content_type,
            "checksum": str(place.digest),
        }
    if isinstance(value, dict):
        return {key: _name_files(item, writer, result) for key, item in value.items()}
    if isinstance(value, list):
        return [_name_files(item, writer, result) for item in value]
    return value


def _media_entry(path: str, pending: PendingMedia, cell: dict[str, Any], objects: ObjectStore) -> Entry:
    """Return the entry of a media value: its blob, with type and facts beside it (ART-9)."""
    facts = dict(cell)
    file = facts.pop("file", None)
    kind = pending.value.column_type().to_json()
    media = canonical({"type": kind, "cell": tag(facts)}).decode()
    if file is None:
        # A value without a blob, such as a histogram: its facts are its content.
        data = canonical(tag(facts))
        descriptor = objects.put("application/json", data)
        where: dict[str, Any] = {"media_type": "application/json", "digest": descriptor.digest, "size": descriptor.size}
        checksum = str(descriptor.digest)
    else:
        digest, packed = parse_uri(file["uri"])
        where = {"media_type": file["content_type"], "digest": Digest.parse(file["checksum"]), "size": file["size"]}
        where |= {"pack": digest, "offset": file["offset"]} if packed else {}
        checksum = file["checksum"]
    meaning = canonical({"type": kind, "cell": tag(_without_places(facts)), "checksum": checksum})
    return Entry(path=path, content_digest=Digest.of(meaning), media=media, **where)


def _without_places(value: Any) -> Any:
    """Return facts without where their files happened to be put (ART-9)."""
    if isinstance(value, dict):
        is_file = "checksum" in value and "uri" in value
        return {k: _without_places(v) for k, v in value.items() if not (is_file and k in {"uri", "offset"})}
    if isinstance(value, list):
        return [_without_places(item) for item in value]
    return value


def _put_shared(objects: ObjectStore, path: str, pending: PendingEntry, result: PutResult) -> None:
    """Take over an entry of another version; copy its objects if they are in another store."""
    if pending.objects.backend.url != objects.backend.url:
        copy_objects(pending.objects, objects, list(reachable(pending.objects, pending.refs).values()))
    result.entries[path] = pending.entry
    result.known |= {ref.digest: ref for ref in pending.refs}


def copy_objects(source: ObjectStore, target: ObjectStore, wanted: Sequence[Descriptor]) -> None:
    """Copy objects that are missing, what they refer to first.

    Raises:
        DigestMismatchError: the source's bytes are damaged.

    """
    for descriptor in reversed(wanted):
        if target.has(descriptor.digest, descriptor.media_type):
            continue
        if descriptor.media_type != PACK:
            target.put(descriptor.media_type, source.get(descriptor))
            continue
        entries, size = source.pack_entries(descriptor.digest)
        data = source.get_range(descriptor, 0, size)
        for entry in entries:
            entry.digest.check(memoryview(data)[entry.offset : entry.offset + entry.size], f"pack {descriptor.digest}")
        path = target.backend.temporary()
        path.write_bytes(data)
        target.put_file(PACK, path, descriptor.digest)
