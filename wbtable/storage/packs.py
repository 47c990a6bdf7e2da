"""Blobs in, packs out: hashed on threads, deduplicated, written in the background (spec: 04-packs, PACK-1..6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self, cast, runtime_checkable

from wbtable.errors import UsageError
from wbtable.format.digest import BLOB, MAX_SIZE, PACK, Descriptor, Digest
from wbtable.format.file_cell import parse_uri, relative_uri
from wbtable.format.layout import suffixed_key
from wbtable.format.pack import LARGE_BLOB, MAX_ENTRIES, TARGET_SIZE, encode_trailer, trailer_digest
from wbtable.storage.hashing import Blob, Stored, chunks_of, drop, hash_chunk, store_large, unlink
from wbtable.storage.pack_files import Background, PackFile
from wbtable.storage.seen import NotesPlaces, SeenBlobs
from wbtable.storage.workers import CORES, workers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future
    from pathlib import Path
    from types import TracebackType

    from wbtable.storage.hashing import Hashed, PayloadLike
    from wbtable.storage.objects import ObjectStore
    from wbtable.storage.seen import Place

_WRITE_BYTES = 4 << 20
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


@runtime_checkable
class KnownPlaces(Protocol):
    """What knows the places of many blobs at once."""

    def find_many(self, raws: Sequence[bytes]) -> list[tuple[str, int, int] | None]:
        """Return URI, offset and size of blobs by their raw digests, None where they are unknown."""


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


@dataclass(slots=True, kw_only=True)
class _Container:
    """A pack or a large blob; it has a name once it can grow no more."""

    uri: str | None = None
    digest: Digest | None = None
    size: int = 0
    packed: bool = True


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
        self._containers: list[_Container] = []
        self._by_uri: dict[str, int | None] = {}
        self._closed = False
        # The pack that is being filled.
        self._file: PackFile | None = None
        self._files: list[PackFile] = []
        self._temporaries: list[Path] = []
        self._number = -1
        self._size = 0
        self._digests: list[bytes] = []
        self._sizes: list[int] = []
        self._blocks: list[Blob] = []
        self._block_bytes = 0

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Seal after success, abort after an error."""
        if self._closed:
            return
        if kind is None:
            self.seal()
        self.abort()

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

    def add_new(self, raws: Sequence[bytes], blobs: Sequence[Blob]) -> list[Place]:
        """Store different blobs that `find` has just not found.

        Args:
            raws: their raw digests, which the caller has computed or checked.
            blobs: the bytes that each names.

        Returns:
            Container, offset and size of each, in their order.

        Raises:
            UsageError: the writer is closed.
            DiskFullError: there is no room; the writer can only be aborted.

        """
        if self._closed:
            raise UsageError("this writer was sealed for good or aborted")
        constant = [bytes(data) if isinstance(data, bytearray) else data for data in blobs]
        return self._append(raws, constant, [_length(data) for data in constant])

    def find(self, raws: Sequence[bytes], sizes: Sequence[int]) -> list[Place | None]:
        """Return where blobs of these raw digests and sizes are already, None where they are not."""
        out = self._seen.find_many(raws)
        if self._known is not None:
            unseen = [i for i, place in enumerate(out) if place is None]
            found = self._find_known([raws[i] for i in unseen], [sizes[i] for i in unseen])
            for i, place in zip(unseen, found, strict=True):
                if place is not None:
                    self._seen.add(raws[i], place)
                    out[i] = place
        return out

    def cut(self) -> None:
        """Close the pack that is being filled, so that it has a name; what comes next starts another."""
        if self._number < 0:
            return
        trailer = encode_trailer(self._digests, self._sizes)
        digest = trailer_digest(trailer)
        self._blocks.append(trailer)
        self._block_bytes += len(trailer)
        self._flush()
        container, file = self._containers[self._number], cast("PackFile", self._file)
        container.digest, container.size = digest, self._size + len(trailer)
        container.uri = relative_uri(digest, packed=True)
        if isinstance(self._known, NotesPlaces):
            self._known.note(container.uri, self._digests, self._sizes)
        self._background.finish(0, lambda: self._publish(file, digest))
        self._file, self._number, self._size = None, -1, 0
        self._digests, self._sizes = [], []

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
        self._blocks = []

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
        sizes = [_length(data) for data in blobs]
        found = self.find(raws, sizes)
        # One blob may stand twice among them.
        new = {raw: i for i, (raw, place) in reversed([*enumerate(zip(raws, found, strict=True))]) if place is None}
        if len(new) == len(raws):
            return self._append(raws, blobs, sizes)
        first = sorted(new.values())
        places = self._append([raws[i] for i in first], [blobs[i] for i in first], [sizes[i] for i in first])
        at = dict(zip((raws[i] for i in first), places, strict=True))
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
        return [self._check_known(one, size) for one, size in zip(locations, sizes, strict=True)]

    def _check_known(self, location: tuple[str, int, int] | None, size: int) -> Place | None:
        if location is None or location[2] != size:
            return None
        uri, offset, _ = location
        if uri not in self._by_uri:
            self._by_uri[uri] = self._adopt(uri)
        number = self._by_uri[uri]
        if number is None or offset + size > self._containers[number].size:
            return None
        return number, offset, size

    def _adopt(self, uri: str) -> int | None:
        """Make a container of an object that is there; None if it is not."""
        digest, packed = parse_uri(uri)
        key = self._objects.prefix + suffixed_key(digest, ".pack" if packed else "")
        size = self._objects.backend.size(key)
        if size is None:
            return None
        self._containers.append(_Container(uri=uri, digest=digest, size=size, packed=packed))
        return len(self._containers) - 1

    def _add_large(self, digest: Digest, size: int) -> Place:
        uri = relative_uri(digest, packed=False)
        self._containers.append(_Container(uri=uri, digest=digest, size=size, packed=False))
        if isinstance(self._known, NotesPlaces):
            self._known.note(uri, [digest.raw], [size])
        return len(self._containers) - 1, 0, size

    def _append(self, raws: Sequence[bytes], blobs: Sequence[Blob], sizes: Sequence[int]) -> list[Place]:
        """Put different blobs, which are not there yet, at the end of the current pack and of those that follow."""
        out: list[Place] = []
        while len(out) < len(raws):
            start = len(out)
            if sizes[start] >= self._large:
                out.append(self._append_large(raws[start], blobs[start], sizes[start]))
                continue
            if len(self._sizes) >= self._max_entries or self._size + sizes[start] > self._target:
                self.cut()
            if self._number < 0:
                self._containers.append(_Container())
                self._number = len(self._containers) - 1
                self._file = PackFile(self._objects.backend)
                self._files.append(self._file)
            stop = self._fill(sizes, start, out)
            self._digests += raws[start:stop]
            self._sizes += sizes[start:stop]
            self._blocks += blobs[start:stop]
            if self._block_bytes >= _WRITE_BYTES:
                self._flush()
        self._seen.add_many(raws, out)
        return out

    def _fill(self, sizes: Sequence[int], start: int, out: list[Place]) -> int:
        """Give places in the current pack to the blobs from `start` on that fit and are written together (PACK-2)."""
        end, at = self._target, self._size
        stop = min(len(sizes), start + self._max_entries - len(self._sizes))
        enough = at + _WRITE_BYTES - self._block_bytes
        i = start
        # The first fits, or begins a pack, whatever its size.
        while i < stop and sizes[i] < self._large and (at + sizes[i] <= end or i == start) and at < enough:
            out.append((self._number, at, sizes[i]))
            at += sizes[i]
            i += 1
        self._block_bytes += at - self._size
        self._size = at
        return i

    def _append_large(self, raw: bytes, data: Blob, size: int) -> Place:
        """Make a blob an object of its own (PACK-1)."""
        digest = Digest.from_raw(raw)
        place = self._add_large(digest, size)
        key = self._objects.key(digest, BLOB)
        self._background.write(size, lambda: self._objects.backend.put(key, bytes(data)))
        return place

    def _flush(self) -> None:
        """Hand what has gathered to the thread that writes."""
        blocks, self._blocks = self._blocks, []
        size, self._block_bytes = self._block_bytes, 0
        file = cast("PackFile", self._file)
        self._background.write(size, lambda: file.write(blocks))

    def _publish(self, file: PackFile, digest: Digest) -> None:
        """Give a written pack its name (PACK-5); `put_file` makes it durable first."""
        file.close()
        self._objects.put_file(PACK, file.path, digest)


def _length(data: Blob) -> int:
    return data.nbytes if isinstance(data, memoryview) else len(data)
