"""Blobs in, packs out: hashed on threads, deduplicated, written in the background (spec: 04-packs, PACK-1..6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Self, cast

import numpy as np

from wbtable.errors import UsageError
from wbtable.format.digest import BLOB, MAX_SIZE, PACK, Descriptor, Digest
from wbtable.format.file_cell import parse_uri, relative_uri
from wbtable.format.layout import suffixed_key
from wbtable.format.pack import LARGE_BLOB, MAX_ENTRIES, TARGET_SIZE
from wbtable.storage.filling import WRITE_BYTES, Container, FillingPack
from wbtable.storage.hashing import Blob, Stored, chunks_of, drop, hash_chunk, store_large, unlink
from wbtable.storage.pack_files import Background, PackFile
from wbtable.storage.seen import KnownPlaces, NotesPlaces, SeenBlobs
from wbtable.storage.workers import CORES, end_after, workers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future
    from pathlib import Path
    from types import TracebackType

    from wbtable.storage.hashing import Hashed, PayloadLike
    from wbtable.storage.objects import ObjectStore
    from wbtable.storage.seen import Ints, Place

_MOST_WAITING = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLocation:
    """Where a blob is known to be already.

    Attributes:
        uri: the pack or large blob, as FILE cells write it (FILE-2).
        offset: where the blob begins in it, in bytes.
        size: the blob's length in bytes.

    """

    uri: str
    offset: int
    size: int

    def __post_init__(self) -> None:
        """Refuse what no FILE cell may say."""
        parse_uri(self.uri)
        if self.offset < 0 or self.size < 0 or self.offset + self.size > MAX_SIZE:
            msg = f"expected an offset and a size that end by 2^53 - 1, found {self.offset} and {self.size}"
            raise UsageError(msg)


class Placement(NamedTuple):
    """Where one blob went.

    Attributes:
        digest: the SHA-256 of the blob.
        size: its length in bytes.
        container: the number of its pack or large blob in this writer: see `PackWriter.uri`.
        offset: where it begins in that, in bytes.

    """

    digest: Digest
    size: int
    container: int
    offset: int


class PackWriter:
    """Stores blobs: small ones in packs, large ones as objects; equal ones once.

    Not for several threads. A read-only memoryview is not copied: what it shows must not change until
    `seal` returns. At most about 64 MiB wait to be
    written, besides what the caller holds. Use as a context manager: `seal` at the end, `abort` on an error.
    """

    def __init__(
        self,
        objects: ObjectStore,
        known: Callable[[Digest], FileLocation | None] | None = None,
        target: int = TARGET_SIZE,
        max_entries: int = MAX_ENTRIES,
        large: int = LARGE_BLOB,
    ) -> None:
        """Write to `objects`.

        Args:
            objects: where packs go.
            known: says where a blob is already, in these same objects; a place that is not there is ignored.
            target: a pack is closed before its blobs exceed this many bytes (PACK-2).
            max_entries: a pack holds at most this many blobs.
            large: a blob of this many bytes or more is an object of its own (PACK-1).

        """
        if not 1 <= max_entries <= MAX_ENTRIES or target < 1 or large < 1:
            msg = f"expected 1 to {MAX_ENTRIES} entries and positive sizes"
            raise UsageError(msg)
        self._objects = objects
        self._known = known
        self._target, self._max_entries, self._large = target, max_entries, large
        self._background = Background(_MOST_WAITING)
        self._seen = SeenBlobs()
        self._containers: list[Container] = []
        self._by_uri: dict[str, int | None] = {}
        self._closed = False
        self._filling: FillingPack | None = None
        self._files: list[PackFile] = []
        self._temporaries: list[Path] = []

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Seal after success, abort after an error."""
        if self._closed:
            return
        if kind is None:
            self.seal()
        end_after(kind, getattr(self._objects.backend, "is_distant", False), self.abort)

    def add_many(self, payloads: Sequence[Blob | PayloadLike]) -> list[Placement]:
        """Store blobs; return where each went, in their order.

        They are hashed on threads while earlier ones are written; a file is read there too, and refused if it
        changed meanwhile. Nothing is durable before `seal`.

        Raises:
            UsageError: a file changed while it was read, or the writer is closed.
            DiskFullError: there is no room; the writer can only be aborted.

        """
        if self._closed:
            raise UsageError("this writer was sealed for good or aborted")
        out: list[Placement] = []
        chunks = chunks_of(payloads, self._large)
        ahead: list[Future[Hashed]] = []
        try:
            for chunk in chunks:
                if len(ahead) > 2 * CORES:
                    self._place(ahead.pop(0).result(), out)
                ahead.append(self._submit(chunk))
            while ahead:
                self._place(ahead.pop(0).result(), out)
        except BaseException:
            for future in ahead:
                drop(future)
            raise
        return out

    def add_new(self, raws: Sequence[bytes], blobs: Sequence[Blob]) -> Ints:
        """Store different blobs that `find` has just not found.

        Args:
            raws: their raw digests, which the caller has computed or checked.
            blobs: the bytes that each names.

        Returns:
            Container, offset and size of each, in their order, an array of n x 3.

        Raises:
            UsageError: the writer is closed.
            DiskFullError: there is no room; the writer can only be aborted.

        """
        if self._closed:
            raise UsageError("this writer was sealed for good or aborted")
        if bytearray in set(map(type, blobs)):
            blobs = [bytes(data) if isinstance(data, bytearray) else data for data in blobs]
        return self._append(raws, blobs, _lengths(blobs))

    def find(self, raws: Sequence[bytes], sizes: Sequence[int]) -> list[Place | None]:
        """Return where blobs of these raw digests and sizes are already, None where they are not."""
        out = self._seen.find_many(raws)
        if self._known is not None:
            unseen = [i for i, place in enumerate(out) if place is None]
            found = self._find_known([raws[i] for i in unseen], [sizes[i] for i in unseen])
            new = [(i, place) for i, place in zip(unseen, found, strict=True) if place is not None]
            for i, place in new:
                out[i] = place
            if new:
                self._seen.add_many([raws[i] for i, _ in new], np.array([place for _, place in new], np.int64))
        return out

    def cut(self) -> None:
        """Close the pack that is being filled, so that it has a name; what comes next starts another."""
        pack = self._filling
        if pack is None:
            return
        digests, sizes = pack.digests, pack.sizes
        digest = pack.close()
        self._flush(pack)
        container = self._containers[pack.number]
        container.digest, container.size = digest, pack.size
        container.uri = relative_uri(digest, packed=True)
        if isinstance(self._known, NotesPlaces):
            self._known.note(container.uri, digests, sizes)
        self._background.finish(0, lambda: self._publish(pack.file, digest))
        self._filling = None

    def seal(self) -> None:
        """Close the pack that is being filled; return once everything is in place and durable.

        Raises:
            StorageError: something could not be written.

        """
        self.cut()
        self._background.wait()
        self._files.clear()
        self._temporaries.clear()
        self._objects.backend.sync()

    def abort(self) -> None:
        """End the writer; drop what has not been sealed. Packs already in place stay: collection removes them."""
        if self._closed:
            return
        self._closed = True
        self._background.stop()
        for file in self._files:
            file.discard()
        for path in self._temporaries:
            unlink(path)
        self._filling = None

    def is_sealed(self, container: int) -> bool:
        """Whether a container has its name."""
        return self._containers[container].uri is not None

    def uri(self, container: int) -> str:
        """Return the URI of a container, as FILE cells write it (FILE-2).

        Raises:
            UsageError: the pack is still being filled: `cut` or `seal` first.

        """
        uri = self._containers[container].uri
        if uri is None:
            msg = f"container {container} is still being filled and has no name yet: cut or seal first"
            raise UsageError(msg)
        return uri

    def descriptor(self, container: int) -> Descriptor:
        """Return the descriptor of a container.

        Raises:
            UsageError: the pack is still being filled.

        """
        self.uri(container)
        entry = self._containers[container]
        media_type = PACK if entry.packed else BLOB
        return Descriptor(media_type=media_type, digest=cast("Digest", entry.digest), size=entry.size)

    # How.

    def _submit(self, chunk: list[Blob | PayloadLike]) -> Future[Hashed]:
        first = chunk[0]
        if not isinstance(first, Blob) and first.size >= self._large:
            return workers().submit(store_large, self._objects.backend, first)
        return workers().submit(hash_chunk, chunk)

    def _place(self, result: Hashed, out: list[Placement]) -> None:
        """Give each blob of a hashed chunk its place: a known one, or the next."""
        if isinstance(result, Stored):
            out.append(self._place_stored(result))
            return
        raws = [raw for raw, _ in result]
        places = self._place_blobs(raws, [data for _, data in result])
        out.extend(
            Placement(Digest.from_raw(raw), place[2], place[0], place[1])
            for raw, place in zip(raws, places, strict=True)
        )

    def _place_blobs(self, raws: Sequence[bytes], blobs: Sequence[Blob]) -> list[Place]:
        sizes = _lengths(blobs)
        found = self.find(raws, sizes)
        # One blob may stand twice among them.
        new = {raw: i for i, (raw, place) in reversed([*enumerate(zip(raws, found, strict=True))]) if place is None}
        if len(new) == len(raws):
            return _tuples(self._append(raws, blobs, sizes))
        first = sorted(new.values())
        places = self._append([raws[i] for i in first], [blobs[i] for i in first], [sizes[i] for i in first])
        at = dict(zip((raws[i] for i in first), _tuples(places), strict=True))
        return [at[raw] if place is None else place for raw, place in zip(raws, found, strict=True)]

    def _place_stored(self, stored: Stored) -> Placement:
        digest = Digest.from_raw(stored.raw)
        place = self.find([stored.raw], [stored.size])[0]
        if place is None:
            place = self._add_large(digest, stored.size)
            key = self._objects.key(digest, BLOB)
            self._temporaries.append(stored.path)
            self._background.finish(0, lambda: self._objects.backend.put_file(key, stored.path))
        else:
            unlink(stored.path)
        self._seen.add(stored.raw, place)
        return Placement(digest, stored.size, place[0], place[1])

    def _find_known(self, raws: Sequence[bytes], sizes: Sequence[int]) -> list[Place | None]:
        """Return where `known` has blobs, if they are really there (PACK-6)."""
        if isinstance(self._known, KnownPlaces):
            locations = self._known.find_many(raws)
        else:
            found = [self._known(Digest.from_raw(raw)) if self._known is not None else None for raw in raws]
            locations = [None if one is None else (one.uri, one.offset, one.size) for one in found]
        for uri in {location[0] for location in locations if location is not None} - self._by_uri.keys():
            self._by_uri[uri] = self._adopt(uri)
        out: list[Place | None] = [None] * len(locations)
        for i, (location, size) in enumerate(zip(locations, sizes, strict=True)):
            if location is None or location[2] != size:
                continue
            number = self._by_uri[location[0]]
            if number is not None and location[1] + size <= self._containers[number].size:
                out[i] = number, location[1], size
        return out

    def _adopt(self, uri: str) -> int | None:
        """Make a container of an object that is there; None if it is not."""
        digest, packed = parse_uri(uri)
        key = self._objects.prefix + suffixed_key(digest, ".pack" if packed else "")
        size = self._objects.backend.size(key)
        if size is None:
            return None
        self._containers.append(Container(uri=uri, digest=digest, size=size, packed=packed))
        return len(self._containers) - 1

    def _add_large(self, digest: Digest, size: int) -> Place:
        uri = relative_uri(digest, packed=False)
        self._containers.append(Container(uri=uri, digest=digest, size=size, packed=False))
        if isinstance(self._known, NotesPlaces):
            self._known.note(uri, [digest.raw], [size])
        return len(self._containers) - 1, 0, size

    def _append(self, raws: Sequence[bytes], blobs: Sequence[Blob], sizes: Sequence[int]) -> Ints:
        """Put different blobs, which are not there yet, at the end of the current pack and of those that follow."""
        # No object for each: a million of them would keep the garbage collector busy.
        out = np.empty((len(raws), 3), np.int64)
        large = max(sizes, default=0) >= self._large
        start = 0
        while start < len(raws):
            if large and sizes[start] >= self._large:
                out[start] = self._append_large(raws[start], blobs[start], sizes[start])
                start += 1
                continue
            if self._filling is not None and not self._filling.takes(sizes[start]):
                self.cut()
            pack = self._filling or self._open()
            stop = len(sizes)
            if large:
                stop = next((i for i in range(start, stop) if sizes[i] >= self._large), stop)
            offsets = pack.fill(raws, blobs, sizes, start, stop)
            stop = start + len(offsets)
            out[start:stop, 0], out[start:stop, 1], out[start:stop, 2] = pack.number, offsets, sizes[start:stop]
            start = stop
            if pack.waiting >= WRITE_BYTES:
                self._flush(pack)
        self._seen.add_many(raws, out)
        return out

    def _open(self) -> FillingPack:
        self._containers.append(Container())
        file = PackFile(self._objects.backend)
        self._files.append(file)
        number = len(self._containers) - 1
        self._filling = FillingPack(number=number, file=file, target=self._target, most=self._max_entries)
        return self._filling

    def _append_large(self, raw: bytes, data: Blob, size: int) -> Place:
        """Make a blob an object of its own (PACK-1)."""
        digest = Digest.from_raw(raw)
        place = self._add_large(digest, size)
        key = self._objects.key(digest, BLOB)
        self._background.write(size, lambda: self._objects.backend.put(key, bytes(data)))
        return place

    def _flush(self, pack: FillingPack) -> None:
        """Hand what has gathered to the thread that writes."""
        blocks, size = pack.take_blocks()
        self._background.write(size, lambda: pack.file.write(blocks))

    def _publish(self, file: PackFile, digest: Digest) -> None:
        """Give a written pack its name (PACK-5); `put_file` makes it durable first."""
        file.close()
        self._objects.put_file(PACK, file.path, digest)


def _tuples(places: Ints) -> list[Place]:
    return [(container, offset, size) for container, offset, size in places.tolist()]


def _lengths(blobs: Sequence[Blob]) -> list[int]:
    return [data.nbytes if isinstance(data, memoryview) else len(data) for data in blobs]
