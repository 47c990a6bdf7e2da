"""The checksums of FILE cells and the raw digests that they name, a column at a time (spec: 05-tables, FILE-3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from wbtable.errors import UsageError
from wbtable.format.digest import Digest
from wbtable.storage.seen import digests_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from wbtable.storage.seen import Digests

_ALGORITHM = b"SHA-256:"
_CHECKSUM = len(_ALGORITHM) + 64
_DIGITS = b"0123456789abcdef"
_PAIRS = np.array([int.from_bytes(b"%02x" % byte, "little") for byte in range(256)], "<u2")
"""The two digits of each byte, in the order in which they are written."""
_NIBBLES = np.full(256, 255, np.uint8)
_NIBBLES[np.frombuffer(_DIGITS, np.uint8)] = np.arange(16)
_MOST = (2**31 - 1) // _CHECKSUM


def checksum_of(raw: bytes) -> str:
    """Return a raw SHA-256 as a cell writes it."""
    return f"SHA-256:{raw.hex()}"


def raw_of(checksum: str) -> bytes:
    """Return the raw SHA-256 that a cell's checksum names.

    Raises:
        FormatError: it names none.

    """
    return Digest.parse(checksum, "file.checksum").raw


def checksums_of(digests: Digests, valid: npt.NDArray[np.bool_]) -> pa.StringArray:
    """Return the checksum of each row, null where it is not valid.

    Args:
        digests: raw SHA-256, one for each valid row, in their order.
        valid: which rows have one.

    Raises:
        UsageError: there are more than an array of strings can hold, about 30 million.

    """
    count = len(digests)
    if count > _MOST:
        msg = f"expected at most {_MOST:,} media values in one array, found {count:,}: add them in parts"
        raise UsageError(msg)
    data = np.empty((count, _CHECKSUM), np.uint8)
    data[:, : len(_ALGORITHM)] = np.frombuffer(_ALGORITHM, np.uint8)
    digits = np.take(_PAIRS, np.frombuffer(digests.tobytes(), np.uint8))
    data[:, len(_ALGORITHM) :] = digits.view(np.uint8).reshape(count, 64)
    ends = np.zeros(len(valid) + 1, np.int32)
    np.cumsum(valid, out=ends[1:])
    bits = None if count == len(valid) else pa.py_buffer(np.packbits(valid, bitorder="little"))
    buffers = [bits, pa.py_buffer(ends * np.int32(_CHECKSUM)), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.string(), len(valid), buffers)


def raws_of(texts: pa.StringArray) -> Digests:
    """Return the raw SHA-256 that each checksum names: all at once where all are written as they should be.

    Raises:
        FormatError: one names none.

    """
    rows = len(texts)
    offsets = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset : texts.offset + rows + 1] if rows else None
    if offsets is not None and not texts.null_count and (np.diff(offsets) == _CHECKSUM).all():
        data = np.frombuffer(texts.buffers()[2], np.uint8)[offsets[0] : offsets[-1]].reshape(rows, _CHECKSUM)
        nibbles = np.take(_NIBBLES, data[:, len(_ALGORITHM) :])
        if (data[:, : len(_ALGORITHM)] == np.frombuffer(_ALGORITHM, np.uint8)).all() and nibbles.max() < 16:
            return (nibbles[:, ::2] << 4 | nibbles[:, 1::2]).view("V32").reshape(rows)
    return digests_of([raw_of(checksum) for checksum in texts.to_pylist()])
