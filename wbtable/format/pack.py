"""The trailer of a pack: which blobs it holds, and where (spec: 04-packs).

    blobs...  entries (48 bytes each)  count (u32)  version (u32)  magic (8 bytes)

Integers are little-endian. Pure: bytes in, values out.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from wbtable.errors import FormatError, UnsupportedError
from wbtable.format.digest import MAX_SIZE, Digest

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

MAGIC: Final = b"\x89WBPK\r\n\x1a"
VERSION: Final = 1
ENTRY_SIZE: Final = 48
FOOTER_SIZE: Final = 16
MAX_ENTRIES: Final = 65_536
MAX_TRAILER: Final = MAX_ENTRIES * ENTRY_SIZE + FOOTER_SIZE
LARGE_BLOB: Final = 8 << 20
"""A blob of this size or more is an object of its own (PACK-1)."""
TARGET_SIZE: Final = 64 << 20
"""A pack is closed before the blob that would take its blobs beyond this size (PACK-2)."""

_FOOTER = struct.Struct("<II8s")
_ENTRY = np.dtype([("digest", "V32"), ("offset", "<u8"), ("size", "<u8")])


@dataclass(frozen=True, slots=True, kw_only=True)
class PackEntry:
    """One blob of a pack.

    Attributes:
        digest: the SHA-256 of the blob.
        offset: where it begins in the pack, in bytes.
        size: its length in bytes.

    """

    digest: Digest
    offset: int
    size: int

    def __post_init__(self) -> None:
        """Refuse impossible values."""
        if self.offset < 0 or self.size < 0 or self.offset + self.size > MAX_SIZE:
            msg = f"expected an offset and a size that end by 2^53 - 1, found {self.offset} and {self.size}"
            raise FormatError(msg)


def encode_trailer(digests: Sequence[bytes], sizes: Sequence[int]) -> bytes:
    """Return the trailer of a pack of these blobs; see `encode_columns`.

    Args:
        digests: the 32 raw bytes of each blob's SHA-256.
        sizes: the length of each blob in bytes.

    Raises:
        FormatError: as `encode_columns`, or a digest has another length.

    """
    joined = b"".join(digests)
    if len(joined) != 32 * len(digests):
        raise FormatError("expected digests of 32 bytes", place="pack trailer")
    return encode_columns(np.frombuffer(joined, "V32"), np.array(sizes, np.int64))


def encode_columns(digests: npt.NDArray[np.void], sizes: npt.NDArray[np.int64]) -> bytes:
    """Return the trailer of a pack of these blobs, one after the other from offset 0 (PACK-3, PACK-4).

    Args:
        digests: the raw SHA-256 of each blob, 32 bytes an item.
        sizes: the length of each blob in bytes.

    Raises:
        FormatError: there are no blobs, more than a pack may hold, or digests and sizes differ in number.

    """
    if not 1 <= len(digests) <= MAX_ENTRIES or len(digests) != len(sizes):
        msg = f"expected 1 to {MAX_ENTRIES} digests and as many sizes, found {len(digests)} and {len(sizes)}"
        raise FormatError(msg, place="pack trailer")
    if int(sizes.min()) < 0 or sum(sizes.tolist()) > MAX_SIZE:
        raise FormatError("expected sizes that sum to less than 2^53", place="pack trailer")
    entries = np.empty(len(digests), _ENTRY)
    entries["digest"] = digests
    entries["size"] = sizes
    entries["offset"][0] = 0
    np.cumsum(entries["size"][:-1], out=entries["offset"][1:])
    return entries.tobytes() + _FOOTER.pack(len(digests), VERSION, MAGIC)


def trailer_digest(trailer: bytes) -> Digest:
    """Return the name of the pack that ends in this trailer (PACK-5)."""
    return Digest(hashlib.sha256(trailer).hexdigest())


def trailer_size(tail: bytes, pack_size: int, place: str = "pack") -> int:
    """Return how long the trailer is, from the pack's last 16 bytes or more (PACK-3).

    Args:
        tail: the end of the pack, at least `FOOTER_SIZE` bytes of it.
        pack_size: the length of the whole pack in bytes.
        place: which pack, for the messages.

    Raises:
        FormatError: it is no pack, or it declares a count that its size cannot hold.
        UnsupportedError: its format version is unknown.

    """
    if len(tail) < FOOTER_SIZE or pack_size < FOOTER_SIZE + ENTRY_SIZE:
        msg = f"expected a pack of at least {FOOTER_SIZE + ENTRY_SIZE} bytes, found {pack_size}"
        raise FormatError(msg, place=place)
    count, version, magic = _FOOTER.unpack_from(tail, len(tail) - FOOTER_SIZE)
    if magic != MAGIC:
        msg = f"expected a pack to end in {MAGIC!r}, found {magic!r}: it is no pack, or it is cut short"
        raise FormatError(msg, place=place)
    if version != VERSION:
        msg = f"expected a pack of format version {VERSION}, found {version}"
        raise UnsupportedError(msg, place=place)
    if not 1 <= count <= MAX_ENTRIES:
        msg = f"expected a pack of 1 to {MAX_ENTRIES} blobs, found {count}"
        raise FormatError(msg, place=place)
    size = int(count) * ENTRY_SIZE + FOOTER_SIZE
    if size > pack_size:
        msg = f"expected room for {count} entries, found a pack of {pack_size} bytes"
        raise FormatError(msg, place=place)
    return size


def decode_trailer(trailer: bytes, pack_size: int, place: str = "pack") -> list[PackEntry]:
    """Return the blobs that a trailer lists; see `decode_columns`."""
    digests, offsets, sizes = decode_columns(trailer, pack_size, place)
    return [
        PackEntry(digest=Digest.from_raw(raw), offset=offset, size=size)
        for raw, offset, size in zip(digests.tolist(), offsets.tolist(), sizes.tolist(), strict=True)
    ]


def decode_columns(
    trailer: bytes, pack_size: int, place: str = "pack"
) -> tuple[npt.NDArray[np.void], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the raw digest, offset and size of each blob that a trailer lists, by offset (PACK-3, PACK-4).

    Args:
        trailer: the trailer, exactly.
        pack_size: the length of the whole pack in bytes.
        place: which pack, for the messages.

    Raises:
        FormatError: it is no trailer, or its entries do not tile the bytes before it.
        UnsupportedError: its format version is unknown.

    """
    if trailer_size(trailer, pack_size, place) != len(trailer):
        msg = f"expected a trailer of {trailer_size(trailer, pack_size, place)} bytes, found {len(trailer)}"
        raise FormatError(msg, place=place)
    entries = np.frombuffer(trailer, _ENTRY, (len(trailer) - FOOTER_SIZE) // ENTRY_SIZE)
    offsets, sizes = entries["offset"], entries["size"]
    _check_tiling(offsets, sizes, pack_size - len(trailer), place)
    return np.ascontiguousarray(entries["digest"]), offsets.astype(np.int64), sizes.astype(np.int64)


def _check_tiling(offsets: npt.NDArray[np.uint64], sizes: npt.NDArray[np.uint64], end: int, place: str) -> None:
    """Refuse entries that leave a gap, overlap, or do not end where the trailer begins (PACK-4)."""
    # With both at most `end`, itself far below 2^63, no sum below can overflow.
    bad = np.flatnonzero((sizes > end) | (offsets > end))
    if not bad.size:
        ends = offsets + sizes
        expected = np.concatenate([np.zeros(1, np.uint64), ends[:-1]])
        bad = np.flatnonzero(offsets != expected)
        if not bad.size and int(ends[-1]) == end:
            return
    at = int(bad[0]) if bad.size else len(sizes) - 1
    msg = f"expected entries that tile the first {end} bytes, found offset {int(offsets[at])} and size {int(sizes[at])}"
    raise FormatError(msg, place=f"{place}: entries[{at}]")
