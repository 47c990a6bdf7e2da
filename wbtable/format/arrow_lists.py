"""Lists of Python values as Arrow arrays.

`pyarrow.array` imports pandas at its first call where that is installed, for it asks whether what it is given is an
array of pandas: a quarter of a second for somebody who only stores files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Sequence


def texts(values: Sequence[str | None]) -> pa.StringArray:
    """Return texts, None as null.

    Raises:
        UnicodeEncodeError: one has no UTF-8 form.

    """
    encoded = [b"" if value is None else value.encode() for value in values]
    offsets = np.zeros(len(values) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, encoded), np.int64, len(values)), out=offsets[1:])
    buffers = [_validity(values), pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.large_string(), len(values), buffers).cast(pa.string())


def fixed(values: Sequence[bytes | None], size: int) -> pa.FixedSizeBinaryArray:
    """Return bytes that have `size` each, None as null."""
    data = b"".join([bytes(size) if value is None else value for value in values])
    return pa.Array.from_buffers(pa.binary(size), len(values), [_validity(values), pa.py_buffer(data)])


def integers(values: Sequence[int | None]) -> pa.Int64Array:
    """Return integers of 64 bits, None as null.

    Raises:
        OverflowError: one has more.

    """
    data = np.fromiter((0 if value is None else value for value in values), np.int64, len(values))
    return pa.Array.from_buffers(pa.int64(), len(values), [_validity(values), pa.py_buffer(data)])


def _validity(values: Sequence[object]) -> pa.Buffer | None:
    valid = np.fromiter((value is not None for value in values), np.bool_, len(values))
    return None if valid.all() else pa.py_buffer(np.packbits(valid, bitorder="little"))
