"""The digests of blobs, computed on threads, from memory and from files (spec: 04-packs, PACK-1)."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Protocol

from wbtable.errors import UsageError
from wbtable.storage.os_errors import explained

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from wbtable.storage.backend import Backend

_HASH_BLOCK = 1 << 20
_CHUNK_BYTES = 2 << 20
_CHUNK_BLOBS = 256
_NOTHING = hashlib.sha256()
_UPDATE = type(_NOTHING).update


class PayloadLike(Protocol):
    """Encoded bytes, perhaps in a file; a file is read only if it is still the one that was added."""

    @property
    def size(self) -> int:
        """The number of bytes."""

    def read(self) -> bytes:
        """Return the bytes; raises UsageError if the file changed."""

    def open(self) -> BinaryIO:
        """Open the bytes for reading; raises UsageError if the file changed."""


Blob = bytes | bytearray | memoryview


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A large blob, streamed to a temporary file and hashed on the way."""

    raw: bytes
    size: int
    path: Path


Hashed = list[tuple[bytes, bytes | memoryview]] | Stored
"""Raw digests and bytes of some small blobs, or one large one."""


def chunks_of(payloads: Sequence[Blob | PayloadLike], large: int) -> list[list[Blob | PayloadLike]]:
    """Cut the blobs into about equal work; each large one is alone."""
    chunks: list[list[Blob | PayloadLike]] = []
    chunk: list[Blob | PayloadLike] = []
    room = _CHUNK_BYTES
    for payload in payloads:
        if isinstance(payload, bytes):
            size = len(payload)
        else:
            size = payload.nbytes if isinstance(payload, memoryview) else _size(payload)
        if chunk and (size > room or size >= large or len(chunk) >= _CHUNK_BLOBS):
            chunks.append(chunk)
            chunk, room = [], _CHUNK_BYTES
        chunk.append(payload)
        room -= size
        if size >= large:
            chunks.append(chunk)
            chunk, room = [], _CHUNK_BYTES
    if chunk:
        chunks.append(chunk)
    return chunks


def _size(payload: bytearray | PayloadLike) -> int:
    return len(payload) if isinstance(payload, bytearray) else payload.size


def hash_all(blobs: Sequence[Blob]) -> bytes:
    """Return the raw SHA-256 of each blob, one after the other.

    Hashing lets other threads run, and waits for the interpreter's lock behind each blob. What can be done before or
    after is not done between two of them, so that threads that hash seldom wait for each other.
    """
    hashes = [_NOTHING.copy() for _ in blobs]
    deque(map(_UPDATE, hashes, blobs), maxlen=0)
    return b"".join([one.digest() for one in hashes])


def hash_chunk(chunk: list[Blob | PayloadLike]) -> list[tuple[bytes, bytes | memoryview]]:
    """Return the raw digest and the bytes of each blob; a buffer that could still change is copied first."""
    blobs = [_constant(payload) for payload in chunk]
    raws = hash_all(blobs)
    return [(raws[32 * i : 32 * i + 32], blob) for i, blob in enumerate(blobs)]


def _constant(payload: Blob | PayloadLike) -> bytes | memoryview:
    if isinstance(payload, bytes):
        return payload
    if isinstance(payload, bytearray | memoryview):
        return payload if isinstance(payload, memoryview) and payload.readonly else bytes(payload)
    return payload.read()


def store_large(backend: Backend, payload: PayloadLike) -> Stored:
    """Stream a file to a temporary one, hashing what is written: the bytes named are the bytes stored."""
    path = backend.temporary()
    hasher, size = hashlib.sha256(), 0
    try:
        with payload.open() as source, explained(f"copy a large blob to {path}"), open(path, "wb") as target:
            while size <= payload.size and (block := source.read(_HASH_BLOCK)):
                hasher.update(block)
                target.write(block)
                size += len(block)
        # Opening it again checks it again.
        payload.open().close()
        if size != payload.size:
            msg = f"a file changed while it was being added: expected {payload.size} bytes, found {size}"
            raise UsageError(msg)
    except BaseException:
        unlink(path)
        raise
    return Stored(raw=hasher.digest(), size=size, path=path)


def drop(future: Future[Hashed]) -> None:
    """Remove the temporary file of a large blob that nobody wants any more."""
    if future.cancel():
        return
    with contextlib.suppress(Exception):
        result = future.result()
        if isinstance(result, Stored):
            unlink(result.path)


def unlink(path: Path) -> None:
    """Remove a temporary file; failing to is no reason to fail."""
    with contextlib.suppress(OSError):
        os.unlink(path)
