"""Content-addressed put and get: objects by digest, blobs by FILE cell (spec: 02-digests, 04-packs)."""

from __future__ import annotations

import contextlib
import hashlib
import os
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa

from wbtable.errors import DigestMismatchError, FormatError, NotFoundError, UsageError
from wbtable.format import documents
from wbtable.format.digest import PACK, Descriptor, Digest, suffix_of
from wbtable.format.file_cell import FILE_TYPE
from wbtable.format.layout import object_key
from wbtable.format.pack import FOOTER_SIZE, MAX_TRAILER, PackEntry, decode_trailer, trailer_digest, trailer_size
from wbtable.storage.blob_stream import stream_blobs
from wbtable.storage.blobs import parse_files, read_ranges
from wbtable.storage.open_files import OpenFiles
from wbtable.storage.os_errors import explained
from wbtable.storage.recent import Recent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from wbtable.storage.backend import Backend

_COMPRESSED = ".zst"
_BLOCK = 1 << 20


class ObjectStore:
    """The objects of a store, a download or a table on its own. Safe to use from several threads.

    Attributes:
        backend: where the bytes are.
        prefix: what stands before `objects/` in the keys: empty, or folders ending in `/`.
        recent: documents that were read or written last, in the form that their rooms make of them.

    """

    def __init__(self, backend: Backend, prefix: str = "") -> None:
        """Use the objects below a prefix of a backend.

        Raises:
            UsageError: the prefix does not end in `/`.

        """
        if prefix and (not prefix.endswith("/") or prefix.startswith("/")):
            msg = f"expected a relative prefix that ends in '/', found {prefix!r:.80}"
            raise UsageError(msg)
        self.backend = backend
        self.prefix = prefix
        self._open_files = OpenFiles()
        self.recent = Recent()

    def __repr__(self) -> str:
        """Show where the objects are."""
        return f"ObjectStore({self.backend.url!r}, {self.prefix!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Open it anew where it is unpickled: open files and what was read last stay in their process."""
        return ObjectStore, (self.backend, self.prefix)

    def is_same(self, other: object) -> bool:
        """Whether `other` gives the same objects, maybe through another backend object."""
        return isinstance(other, ObjectStore) and (self.backend.url, self.prefix) == (other.backend.url, other.prefix)

    def direct(self) -> ObjectStore:
        """Return the same objects, read where they are and not from a copy on this machine."""
        inner = getattr(self.backend, "direct", None)
        return self if inner is None else ObjectStore(inner, self.prefix)

    def forget(self, key: str) -> None:
        """Have an object read where it is the next time: what was read of it was damaged."""
        forget = getattr(self.backend, "forget", None)
        if forget is not None:
            forget(key)

    @contextlib.contextmanager
    def forgetting(self, key: str) -> Iterator[None]:
        """Forget an object if what is read of it within the block is found damaged."""
        try:
            yield
        except FormatError:
            self.forget(key)
            raise

    # Names.

    def key(self, digest: Digest, media_type: str) -> str:
        """Return the key of an object in the backend."""
        return self.prefix + object_key(digest, media_type)

    def local_path(self, descriptor: Descriptor) -> Path | None:
        """Return the local path of an object, None if it is not on a local disk."""
        return self.backend.local_path(self.key(descriptor.digest, descriptor.media_type))

    def has(self, digest: Digest, media_type: str) -> bool:
        """Whether an object is there."""
        return self.backend.size(self.key(digest, media_type)) is not None

    # Writing.

    def put(self, media_type: str, data: bytes) -> Descriptor:
        """Store bytes under their digest; return their descriptor (DIGEST-2, LAYOUT-1).

        Durable once the backend's `sync` or `create` returns.

        Raises:
            UsageError: `data` is a pack: its name is not the digest of its bytes.

        """
        if media_type == PACK:
            msg = "packs are written by PackWriter"
            raise UsageError(msg)
        descriptor = Descriptor(media_type=media_type, digest=Digest.of(data), size=len(data))
        key = self.key(descriptor.digest, media_type)
        if not suffix_of(media_type).endswith(_COMPRESSED):
            self.backend.put(key, data)
        else:
            self._put_compressed(descriptor, key, data)
        return descriptor

    def put_document(self, media_type: str, value: Mapping[str, object]) -> Descriptor:
        """Store a document as canonical JSON, compressed where its suffix says so (DOC-3, DOC-4)."""
        return self.put(media_type, documents.canonical(value))

    def put_encoded(self, media_type: str, data: bytes, refs: Iterable[Descriptor]) -> Descriptor:
        """Store a document whose canonical JSON is `data` and which refers to `refs` (DOC-3, DOC-6)."""
        return self.put(media_type, data)

    def put_hashed(self, media_type: str, data: bytes, digest: Digest) -> None:
        """Store bytes whose digest is known, of a type that is stored as it is."""
        self.backend.put(self.key(digest, media_type), data)

    def put_file(self, media_type: str, path: Path, digest: Digest | None = None) -> Descriptor:
        """Store a local file under its digest; a file made by the backend's `temporary` is moved.

        Args:
            media_type: what it is; documents go through `put_document`.
            path: the file.
            digest: its digest, if it is known already; of a pack that of the trailer.

        """
        if suffix_of(media_type).endswith(_COMPRESSED) or (media_type == PACK and digest is None):
            msg = f"an object of type {media_type} cannot be put from a file"
            raise UsageError(msg)
        with explained(f"read {path}"):
            size = os.stat(path).st_size
            if digest is None:
                with open(path, "rb") as file:
                    digest = Digest(hashlib.file_digest(file, "sha256").hexdigest())
        self.backend.put_file(self.key(digest, media_type), path)
        return Descriptor(media_type=media_type, digest=digest, size=size)

    # Reading.

    def get(self, descriptor: Descriptor) -> bytes:
        """Return the checked content of an object (DIGEST-5, DIGEST-6).

        Raises:
            NotFoundError: it is not there.
            FormatError: it has another length.
            DigestMismatchError: its bytes are damaged.

        """
        key = self.key(descriptor.digest, descriptor.media_type)
        if descriptor.media_type == PACK:
            msg = "a pack is read by its blobs: use read_blobs or pack_entries"
            raise UsageError(msg)
        with self.forgetting(key):
            if suffix_of(descriptor.media_type).endswith(_COMPRESSED):
                return self._frame(descriptor, key)[1]
            return descriptor.digest.check(self.backend.get_range(key, 0, descriptor.size), self._shown(key))

    def get_document(self, descriptor: Descriptor) -> documents.Json:
        """Return a document (DOC-1, DOC-2).

        Raises:
            FormatError: it is damaged, or is not strict JSON.

        """
        return documents.parse(self.get(descriptor), self._shown(self.key(descriptor.digest, descriptor.media_type)))

    def get_range(self, descriptor: Descriptor, offset: int, size: int) -> bytes:
        """Return `size` bytes from `offset`, unchecked: the caller checks them by what it knows of them."""
        return self.backend.get_range(self.key(descriptor.digest, descriptor.media_type), offset, size)

    def get_tail(self, descriptor: Descriptor, size: int) -> bytes:
        """Return the last `size` bytes, unchecked."""
        return self.backend.get_tail(self.key(descriptor.digest, descriptor.media_type), size)

    def pack_entries(self, digest: Digest) -> tuple[list[PackEntry], int]:
        """Return the blobs of a pack and its size in bytes; see `pack_trailer`."""
        trailer, size = self.pack_trailer(digest)
        return decode_trailer(trailer, size, self._shown(self.key(digest, PACK))), size

    def pack_trailer(self, digest: Digest) -> tuple[bytes, int]:
        """Return the trailer of a pack, from a distant store by one read from its end, and its size in bytes (PACK-7).

        Raises:
            NotFoundError: the pack is not there.
            DigestMismatchError: its trailer is not the one that `digest` names.
            FormatError: it is no pack.

        """
        key = self.key(digest, PACK)
        size = self.backend.size(key)
        if size is None:
            msg = f"the pack {key} does not exist"
            raise NotFoundError(msg, place=self.backend.url)
        with self.forgetting(key):
            # From a disk here two reads of what is needed take less time than one of all that a trailer may have.
            tail = self.backend.get_tail(key, FOOTER_SIZE if self.backend.local_path("") is not None else MAX_TRAILER)
            length = trailer_size(tail[-FOOTER_SIZE:], size, self._shown(key))
            trailer = tail[-length:] if length <= len(tail) else self.backend.get_tail(key, length)
            found = trailer_digest(trailer)
            if found != digest:
                msg = f"the pack's trailer is damaged: expected {digest}, found {found}"
                raise DigestMismatchError(msg, place=self._shown(key))
        return trailer, size

    def read(self, file: Mapping[str, object]) -> bytes:
        """Return the checked bytes of one FILE cell."""
        return self.read_blobs([file])[0]

    def read_many(self, files: Sequence[Mapping[str, object]]) -> list[bytes]:
        """Return the checked bytes of FILE cells; the same as `read_blobs`."""
        return self.read_blobs(files)

    def read_blobs(self, files: Sequence[Mapping[str, object]]) -> list[bytes]:
        """Return the checked bytes of FILE cells, in their order.

        Raises:
            NotFoundError: an object is not there.
            FormatError: a cell is wrong, or an object is too short.
            DigestMismatchError: bytes are damaged.

        """
        if any(file is None for file in files):
            msg = "expected FILE cells, found None"
            raise UsageError(msg)
        array = self.read_blobs_arrow(pa.array([dict(file) for file in files], FILE_TYPE))
        return cast("list[bytes]", array.to_pylist())

    def read_blobs_arrow(self, files: pa.Array, describe: Callable[[int], str] | None = None) -> pa.LargeBinaryArray:
        """Return the checked bytes of a FILE array as large_binary, in its order; null stays null (PACK-8 to PACK-10).

        Ranges are grouped by object and joined, read in parallel, and each blob's digest is checked.

        Args:
            files: a struct array with the fields of `FILE_TYPE`.
            describe: says where a row stands, for the messages (``column "image", row 4711``).

        Raises:
            NotFoundError: an object is not there.
            FormatError: a cell is wrong, or an object is too short.
            DigestMismatchError: bytes are damaged.

        """
        if isinstance(files, pa.ChunkedArray):
            files = files.combine_chunks()
        where = describe or _blob
        ranges = parse_files(files, self.prefix, where)
        try:
            data, starts = read_ranges(self.backend, self._open_files, ranges, where)
        except FormatError:
            for key in ranges.keys:
                self.forget(key)
            raise
        valid = None
        if files.null_count:
            valid = pa.py_buffer(np.packbits(files.is_valid().to_numpy(zero_copy_only=False), bitorder="little"))
        buffers = [valid, pa.py_buffer(starts), pa.py_buffer(data)]
        return cast("pa.LargeBinaryArray", pa.Array.from_buffers(pa.large_binary(), len(files), buffers))

    def stream_blobs(
        self, columns: Iterable[tuple[pa.StructArray, Callable[[int], str]]]
    ) -> Iterator[list[memoryview | None]]:
        """Yield the checked bytes of FILE arrays of a local place, some neighbouring rows at a time.

        Each is a read-only view of memory of about 4 MiB that neighbours share; None where a cell is null.

        Args:
            columns: struct arrays with the fields of `FILE_TYPE`, and what says where a row of each stands.

        Raises:
            NotFoundError: an object is not there.
            FormatError: a cell is wrong, or an object is too short.
            DigestMismatchError: bytes are damaged.

        """
        return stream_blobs(self.backend, self._open_files, self.prefix, columns)

    # How.

    def _shown(self, key: str) -> str:
        return f"{key} in {self.backend.url}"

    def _put_compressed(self, descriptor: Descriptor, key: str, data: bytes) -> None:
        """Store a document as a frame (LAYOUT-3), unless a whole one is there.

        Frames of one content differ between zstd's releases, so a length does not tell whether one is whole.
        """
        if not getattr(self.backend, "is_distant", False) and self.backend.size(key) is None:
            # Mostly it is new: to look is cheaper than to fail, where that is no further request.
            self.backend.put(key, documents.compress(data))
            return
        try:
            frame, _ = self._frame(descriptor, key)
        except NotFoundError:
            self.backend.put(key, documents.compress(data))
        except FormatError:
            # Damaged: its name says what it should be.
            self.backend.replace(key, documents.compress(data))
        else:
            # Nothing is written, but its entry in the directory will be durable before anything relies on it.
            self.backend.put(key, frame)

    def _frame(self, descriptor: Descriptor, key: str) -> tuple[bytes, bytes]:
        """Return the frame of a document and its checked content."""
        # Bounded: a frame of so much content is never longer than this, and the end of a longer one is no frame.
        frame = self.backend.get_tail(key, descriptor.size + (descriptor.size >> 7) + 1024)
        shown = self._shown(key)
        return frame, descriptor.digest.check(documents.decompress(frame, descriptor.size, shown), shown)


def _blob(row: int) -> str:
    return f"blob {row}"
