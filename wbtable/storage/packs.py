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
from wbtable.storage.around_cache import AroundCache
from wbtable.storage.filling import WRITE_BYTES, Container, FillingPack
from wbtable.storage.hashing import Blob, Stored, chunks_of, drop, hash_chunk, store_large, unlink
from wbtable.storage.pack_files import Background, PackFile
from wbtable.storage.pieces import Pieces
from wbtable.storage.seen import UNKNOWN, KnownPlaces, NotesPlaces, SeenBlobs, digests_of, first_of_equals, places_of
from wbtable.storage.workers import CORES, end_after, workers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future
    from pathlib import Path
    from types import TracebackType

    from wbtable.storage.hashing import Hashed, PayloadLike
    from wbtable.storage.objects import ObjectStore
    from wbtable.storage.seen import Digests, Ints, Place

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

    Not for several threads. A read-only memoryview is not copied: what it shows must not change until `seal` returns.
    At most about 64 MiB wait to be written, besides what the caller holds. Use as a context manager: `seal` at the end,
    `abort` on an error.
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
        self._around = AroundCache()
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

    def add_new(self, raws: Digests, blobs: Pieces) -> Ints:
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
        return self._append(raws, blobs)

    def find(self, raws: Digests, sizes: Ints) -> Ints:
        """Return where blobs of these raw digests and sizes are already.

        Returns:
            Container, offset and size of each, in their order, an array of n x 3; the container is -1 of one that is
            not there.

        """
        out = self._seen.find(raws)
        unseen = np.flatnonzero(out[:, 0] == UNKNOWN)
        if self._known is not None and len(unseen):
            out[unseen] = self._find_known(raws[unseen], sizes[unseen])
        return out

    def cut(self) -> None:
        """Close the pack that is being filled, so that it has a name; what comes next starts another."""
        pack = self._filling
        if pack is None:
            return
        trailer, digest = pack.close()
        self._flush(pack)
        container = self._containers[pack.number]
        container.digest, container.size, container.uri = digest, pack.size, relative_uri(digest, packed=True)
        if isinstance(self._known, NotesPlaces):
            self._known.note(container.uri, *pack.columns())
        self._background.write(len(trailer), lambda: pack.file.end(trailer))
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
        if self._containers:  # a table without media has nothing to wait for
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
        raws = digests_of([raw for raw, _ in result])
        places = self._place_blobs(raws, Pieces.of([data for _, data in result]))
        out.extend(
            Placement(Digest.from_raw(raw), size, container, offset)
            for (raw, _), (container, offset, size) in zip(result, places.tolist(), strict=True)
        )

    def _place_blobs(self, raws: Digests, blobs: Pieces) -> Ints:
        places = self.find(raws, blobs.sizes)
        unknown = np.flatnonzero(places[:, 0] == UNKNOWN)
        if len(unknown):
            # One blob may stand twice among them.
            firsts = unknown[first_of_equals(raws[unknown])]
            new = unknown[firsts == unknown]
            places[new] = self._append(raws[new], blobs.take(new))
            places[unknown] = places[firsts]
        return places

    def _place_stored(self, stored: Stored) -> Placement:
        digest = Digest.from_raw(stored.raw)
        (found,) = self.find(digests_of([stored.raw]), np.array([stored.size])).tolist()
        place: Place = tuple(found)
        if place[0] == UNKNOWN:
            place = self._add_large(digest, stored.size)
            key = self._objects.key(digest, BLOB)
            self._temporaries.append(stored.path)
            self._background.finish(0, lambda: self._objects.backend.put_file(key, stored.path))
        else:
            unlink(stored.path)
        self._seen.add(stored.raw, place)
        return Placement(digest, stored.size, place[0], place[1])

    def _find_known(self, raws: Digests, sizes: Ints) -> Ints:
        """Return where `known` has blobs, if they are really there (PACK-6)."""
        known = self._known
        uris, places = known.find_places(raws) if isinstance(known, KnownPlaces) else places_of(known, raws)
        out = np.full((len(raws), 3), UNKNOWN, np.int64)
        rows = np.flatnonzero(places[:, 0] != UNKNOWN)
        if not len(rows):
            return out
        numbers, room = np.full(len(uris), UNKNOWN, np.int64), np.zeros(len(uris), np.int64)
        for i in np.unique(places[rows, 0]).tolist():
            uri = uris[i]
            if uri not in self._by_uri:
                self._by_uri[uri] = self._adopt(uri)
            number = self._by_uri[uri]
            if number is not None:
                numbers[i], room[i] = number, self._containers[number].size
        which, offsets = places[rows, 0], places[rows, 1]
        good = (places[rows, 2] == sizes[rows]) & (numbers[which] != UNKNOWN) & (offsets + sizes[rows] <= room[which])
        rows, which = rows[good], which[good]
        out[rows] = places[rows]
        out[rows, 0] = numbers[which]
        if not isinstance(known, KnownPlaces):  # which would be asked again, one blob at a time
            self._seen.add_many(raws[rows], out[rows])
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
            self._known.note(uri, digests_of([digest.raw]), np.array([size]))
        return len(self._containers) - 1, 0, size

    def _append(self, raws: Digests, blobs: Pieces) -> Ints:
        """Put different blobs, which are not there yet, at the end of the current pack and of those that follow."""
        sizes = blobs.sizes
        # No object for each: a million of them would keep the garbage collector busy.
        out = np.empty((len(raws), 3), np.int64)
        out[:, 2] = sizes
        large = [*np.flatnonzero(sizes >= self._large).tolist(), len(raws)]
        start = 0
        while start < len(raws):
            if start == large[0]:
                out[start] = self._append_large(raws[start].tobytes(), blobs[start], int(sizes[start]))
                large.pop(0)
                start += 1
                continue
            if self._filling is not None and not self._filling.takes(int(sizes[start])):
                self.cut()
            pack = self._filling or self._open()
            offsets = pack.fill(raws, blobs, start, large[0])
            stop = start + len(offsets)
            out[start:stop, 0], out[start:stop, 1] = pack.number, offsets
            start = stop
            if pack.waiting >= WRITE_BYTES:
                self._flush(pack)
        self._seen.add_many(raws, out)
        return out

    def _open(self) -> FillingPack:
        self._containers.append(Container())
        self._files.append(file := PackFile(self._objects.backend, self._around))
        pack = FillingPack(number=len(self._containers) - 1, file=file, target=self._target, most=self._max_entries)
        self._filling = pack
        return pack

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
        self._background.finish(0, pack.file.begin_sync)

    def _publish(self, file: PackFile, digest: Digest) -> None:
        """Give a written pack its name (PACK-5); `put_file` makes it durable first."""
        file.close()
        self._objects.put_file(PACK, file.path, digest)
