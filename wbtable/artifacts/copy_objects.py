"""Objects from one store to another: only what is missing, each checked on the way (spec: 10c-collection, COPY-1)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from wbtable.artifacts.parallel import each
from wbtable.artifacts.progress import Progress
from wbtable.errors import DigestMismatchError, FormatError, NotFoundError
from wbtable.format.digest import PACK, Descriptor, Digest, suffix_of
from wbtable.storage.verify import check_pack_file
from wbtable.storage.workers import threads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from wbtable.artifacts.gc_mark import Ref
    from wbtable.artifacts.lease import Lease
    from wbtable.storage.objects import ObjectStore

THREADS: Final = 8
BLOCK: Final = 8 << 20
_WHOLE: Final = 1 << 20
_COMPRESSED: Final = ".zst"


def copy_missing(source: ObjectStore, target: ObjectStore, refs: Iterable[Ref], lease: Lease) -> tuple[int, int]:
    """Copy the objects that the target lacks; return how many, and their bytes.

    Their keys are recorded in the target's lease before they are looked for (LEASE-2).

    Raises:
        NotFoundError: the source lacks one.
        DigestMismatchError: one is damaged in the source.

    """
    wanted = list({ref.key: ref for ref in refs}.values())
    if not wanted:
        return 0, 0
    lease.record(ref.key for ref in wanted)
    sizes = each(target.backend, lambda ref: target.backend.size(ref.key), wanted)
    there = dict(zip(wanted, sizes, strict=True))
    frames = [ref for ref, size in there.items() if size is not None and ref.key.endswith(_COMPRESSED)]
    # Frames of one content differ between zstd's releases: of one that is as long as ours nothing more is asked.
    theirs = dict(zip(frames, each(source.backend, lambda ref: source.backend.size(ref.key), frames), strict=True))
    missing = [ref for ref in wanted if there[ref] is None or there[ref] != theirs.get(ref, ref.size)]
    # What refers to others comes last (COMMIT-1).
    missing.sort(key=lambda ref: ".json" in ref.key)
    with Progress("copying", "objects", len(missing)) as progress:

        def one(ref: Ref) -> None:
            copy_object(source, target, ref)
            progress.advance()

        _on_threads(source, target, one, missing)
    return len(missing), sum(ref.size for ref in missing)


def copy_object(source: ObjectStore, target: ObjectStore, ref: Ref, *, replace: bool = False) -> None:
    """Copy one object, checked.

    Args:
        source: where it is.
        target: where it is to be.
        ref: which.
        replace: whether one that is there, of whatever length, is taken away first.

    Raises:
        NotFoundError: the source lacks it.
        FormatError: it is damaged in the source.

    """
    descriptor = Descriptor(media_type=ref.media_type, digest=Digest(ref.hex), size=ref.size)
    if ref.media_type != PACK and (ref.size <= _WHOLE or suffix_of(ref.media_type).startswith(".json")):
        data = source.get(descriptor)
        if replace:
            target.backend.delete([ref.key])
        target.put(ref.media_type, data)
        return
    path = target.backend.temporary()
    try:
        with source.forgetting(source.key(descriptor.digest, descriptor.media_type)):
            _fetch(source, descriptor, path)
        if replace:
            target.backend.delete([ref.key])
        target.put_file(ref.media_type, path, descriptor.digest)
    finally:
        path.unlink(missing_ok=True)


def _fetch(source: ObjectStore, descriptor: Descriptor, path: Path) -> None:
    key = source.key(descriptor.digest, descriptor.media_type)
    place = f"{key} in {source.backend.url}"
    size = source.backend.size(key)
    if size is None:
        raise NotFoundError(f"{key} does not exist", place=source.backend.url)
    if size != descriptor.size:
        raise FormatError(f"expected {descriptor.size} bytes, found {size}: the object is damaged", place=place)
    hasher = hashlib.sha256()
    with open(path, "wb") as file:
        for offset in range(0, size, BLOCK):
            block = source.backend.get_range(key, offset, min(BLOCK, size - offset))
            hasher.update(block)
            file.write(block)
    if descriptor.media_type == PACK:
        check_pack_file(path, descriptor.digest, place)
    elif hasher.hexdigest() != descriptor.digest.hex:
        raise DigestMismatchError(f"the bytes are damaged: expected {descriptor.digest}", place=place)


def _on_threads(source: ObjectStore, target: ObjectStore, function: Callable[[Ref], None], refs: Sequence[Ref]) -> None:
    """Call `function` of each: on a few threads, for each may hold a block of many megabytes."""
    if all(store.backend.local_path("") is not None for store in (source, target)):
        each(target.backend, function, refs)
        return
    with threads(THREADS, "wbtable-copy") as pool:
        list(pool.map(function, refs))
