"""Whether stored objects are what their names say (spec: 02-digests, DIGEST-5; 04-packs, PACK-11)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from wbtable.errors import DigestMismatchError, FormatError, NotFoundError
from wbtable.format import documents
from wbtable.format.digest import PACK, Digest, suffix_of
from wbtable.format.pack import FOOTER_SIZE, decode_trailer, trailer_digest, trailer_size
from wbtable.storage.workers import CORES, run_all

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from wbtable.format.digest import Descriptor
    from wbtable.format.pack import PackEntry
    from wbtable.storage.objects import ObjectStore

_BLOCK = 8 << 20


def verify_object(objects: ObjectStore, descriptor: Descriptor, watch: Callable[[bytes], object] | None = None) -> None:
    """Read an object whole and re-hash it, by its media type.

    Args:
        objects: where it is.
        descriptor: what it should be.
        watch: is handed the bytes of a fragment, or of another object that is hashed as it is, in order.

    Raises:
        NotFoundError: it is not there.
        FormatError: it has another length, or is not of its media type.
        DigestMismatchError: its bytes are damaged.

    """
    # What is on this machine says nothing about what is stored.
    objects = objects.direct()
    if descriptor.media_type == PACK:
        verify_pack(objects, descriptor.digest, descriptor.size)
    elif suffix_of(descriptor.media_type).endswith(".json.zst"):
        documents.parse(objects.get(descriptor), str(descriptor.digest))
    else:
        _verify_plain(objects, descriptor, watch)


def verify_pack(objects: ObjectStore, digest: Digest, size: int | None = None) -> list[PackEntry]:
    """Re-hash the trailer of a pack and each of its blobs; return the blobs (PACK-11).

    Raises:
        NotFoundError: the pack is not there.
        FormatError: it has another length than `size`, or is no pack.
        DigestMismatchError: its trailer or a blob is damaged; the message says where.

    """
    objects = objects.direct()
    entries, found = objects.pack_entries(digest)
    key = objects.key(digest, PACK)
    place = f"{key} in {objects.backend.url}"
    if size is not None and found != size:
        raise FormatError(f"expected a pack of {size} bytes, found {found}", place=place)

    def check(group: Sequence[PackEntry]) -> None:
        start = group[0].offset
        data = memoryview(objects.backend.get_range(key, start, sum(entry.size for entry in group)))
        for entry in group:
            at = entry.offset - start
            entry.digest.check(data[at : at + entry.size], f"{entry.size} bytes at {entry.offset} of {place}")

    groups = _groups(entries)
    # A few at a time, so that a pack of large blobs is not in memory whole.
    for i in range(0, len(groups), 2 * CORES):
        run_all(check, groups[i : i + 2 * CORES])
    return entries


def check_object_file(path: Path, descriptor: Descriptor, place: str) -> None:
    """Check a local file that is to be an object, before it gets the object's name (DIGEST-5, PACK-11).

    Raises:
        FormatError: it has another length, or is not of the object's media type.
        DigestMismatchError: its bytes are damaged.

    """
    if suffix_of(descriptor.media_type).endswith(".json.zst"):
        descriptor.digest.check(documents.decompress(path.read_bytes(), descriptor.size, place), place)
        return
    size = path.stat().st_size
    if size != descriptor.size:
        raise FormatError(f"expected {descriptor.size} bytes, found {size}: the object is damaged", place=place)
    if descriptor.media_type == PACK:
        check_pack_file(path, descriptor.digest, place)
    else:
        with open(path, "rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != descriptor.digest.hex:
            raise DigestMismatchError(
                f"the bytes are damaged: expected {descriptor.digest}, found {Digest(found)}", place=place
            )


def check_pack_file(path: Path, digest: Digest, place: str) -> None:
    """Check the trailer and every blob of a pack in a local file (PACK-11).

    Raises:
        FormatError: it is no pack.
        DigestMismatchError: it is damaged.

    """
    size = path.stat().st_size
    with open(path, "rb") as file:
        file.seek(max(0, size - FOOTER_SIZE))
        length = trailer_size(file.read(), size, place)
        file.seek(size - length)
        trailer = file.read()
        if trailer_digest(trailer) != digest:
            raise DigestMismatchError(f"the pack's trailer is damaged: expected {digest}", place=place)
        file.seek(0)
        for entry in decode_trailer(trailer, size, place):
            entry.digest.check(file.read(entry.size), f"{entry.size} bytes at {entry.offset} of {place}")


def _groups(entries: Sequence[PackEntry]) -> list[list[PackEntry]]:
    groups: list[list[PackEntry]] = []
    size = 0
    for entry in entries:
        if not groups or size + entry.size > _BLOCK:
            groups.append([])
            size = 0
        groups[-1].append(entry)
        size += entry.size
    return groups


def _verify_plain(objects: ObjectStore, descriptor: Descriptor, watch: Callable[[bytes], object] | None) -> None:
    """Hash a large object in blocks, so that it need not fit in memory."""
    key = objects.key(descriptor.digest, descriptor.media_type)
    place = f"{key} in {objects.backend.url}"
    found = objects.backend.size(key)
    if found is None:
        raise NotFoundError(f"the object {key} does not exist", place=objects.backend.url)
    if found != descriptor.size:
        raise FormatError(f"expected {descriptor.size} bytes, found {found}: the object is damaged", place=place)
    hasher = hashlib.sha256()
    for offset in range(0, found, _BLOCK):
        block = objects.backend.get_range(key, offset, min(_BLOCK, found - offset))
        hasher.update(block)
        if watch is not None:
            watch(block)
    if hasher.hexdigest() != descriptor.digest.hex:
        raise DigestMismatchError(
            f"the bytes are damaged: expected {descriptor.digest}, found {Digest(hasher.hexdigest())}", place=place
        )
