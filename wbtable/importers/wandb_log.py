"""``run-*.wandb`` files: records in LevelDB's log framing, behind a header of seven bytes.

The framing is LevelDB's (its ``doc/log_format.md``): blocks of 32 KiB, in them records of checksum, length, type and
data; a record that does not fit a block goes on in the next. The checksum is CRC-32 of type and data, not masked.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, BinaryIO, Final

from wbtable.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAGIC: Final = b":W&B"
_HEADER: Final = struct.Struct("<4sHB")
_VERSION_MAGIC: Final = 0xBEE1
_BLOCK: Final = 32_768
_RECORD: Final = struct.Struct("<IHB")
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
MAX_RECORD: Final = 1 << 30
"""The most bytes that one record may have; W&B's own limits are far below."""


def read_records(file: BinaryIO, place: str, damaged: Callable[[str], None]) -> Iterator[bytes]:
    """Yield the records of an open file in order; memory is bounded by the largest.

    What is damaged is left out, and reading goes on behind it, as LevelDB does: at the next block.

    Args:
        file: the file, at its beginning.
        place: its name, for messages.
        damaged: is told of each place that cannot be read.

    Raises:
        FormatError: it is no such file at all.

    """
    head = file.read(_HEADER.size)
    if len(head) < _HEADER.size or _HEADER.unpack(head)[:2] != (MAGIC, _VERSION_MAGIC):
        msg = f"expected a W&B run file, which begins with {MAGIC!r}, found {head[:8]!r}"
        raise FormatError(msg, place=place)
    if head[6] != 0:
        msg = f"expected version 0 of W&B's run files, found {head[6]}"
        raise FormatError(msg, place=place)
    parts: list[bytes] = []
    size = 0
    for kind, data in _pieces(file, damaged):
        if kind in {_FULL, _FIRST}:
            if parts:
                damaged("a record that was begun does not end")
            parts, size = [data], len(data)
        elif not parts:
            if kind is not None:
                damaged("the beginning of a record is missing")
            continue
        elif kind is None:
            parts = []
            continue
        else:
            parts.append(data)
            size += len(data)
        if size > MAX_RECORD:
            damaged(f"a record is longer than {MAX_RECORD:,} bytes")
            parts = []
        elif kind in {_FULL, _LAST}:
            yield b"".join(parts)
            parts = []
    if parts:
        damaged("the file ends in the middle of a record: it was cut off, or is still being written")


def _pieces(file: BinaryIO, damaged: Callable[[str], None]) -> Iterator[tuple[int | None, bytes]]:
    """Yield the pieces of records: type and data; a type of None where some are missing."""
    base, skip = 0, _HEADER.size
    while True:
        file.seek(base + skip)
        block = file.read(_BLOCK - skip)
        if not block:
            return
        yield from _block(block, base + skip, base + _BLOCK, damaged)
        if len(block) < _BLOCK - skip:
            return
        base, skip = base + _BLOCK, 0


def _block(block: bytes, start: int, end: int, damaged: Callable[[str], None]) -> Iterator[tuple[int | None, bytes]]:
    at = 0
    while end - start - at >= _RECORD.size:
        if at == len(block):
            return  # the end of the file
        if len(block) - at < _RECORD.size:
            damaged(f"byte {start + at}: the file ends in the middle of a record")
            yield None, b""
            return
        checksum, length, kind = _RECORD.unpack_from(block, at)
        data = block[at + _RECORD.size : at + _RECORD.size + length]
        if kind == 0 and length == 0 and checksum == 0:
            return  # room that was set aside and never written
        if len(data) < length:
            cut = start + len(block) < end
            why = "the file ends in the middle of a record" if cut else "a record is longer than its block"
            damaged(f"byte {start + at}: {why}")
            yield None, b""
            return
        if kind not in {_FULL, _FIRST, _MIDDLE, _LAST} or zlib.crc32(data, zlib.crc32(bytes([kind]))) != checksum:
            damaged(f"byte {start + at}: the checksum does not fit; the rest of this block of 32 KiB is left out")
            yield None, b""
            return
        yield kind, data
        at += _RECORD.size + length
