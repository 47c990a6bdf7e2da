"""Media as arrays of samples (spec: 06-types, TYPE-8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from wbtable.errors import WbtableError
from wbtable.format.types import AudioType, ImageType, VideoType
from wbtable.storage.workers import run_all

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from wbtable.format.types import MediaType

ARRAY_TYPE: Final = pa.struct([("dtype", pa.string()), ("shape", pa.list_(pa.int64())), ("data", pa.large_binary())])
"""One array: numpy's name of its dtype, its shape, and its elements in C order, little-endian."""
_KINDS = (ImageType, AudioType, VideoType)
_BLOCK = 64


def decoded_type(found: MediaType) -> list[tuple[str, pa.DataType]] | None:
    """Return the fields in front of a decoded cell; None for media that have no samples: those keep their bytes."""
    return [("array", ARRAY_TYPE)] if isinstance(found, _KINDS) else None


def decoded_cells(
    found: MediaType, data: pa.Array, cells: pa.StructArray, describe: Callable[[int], str]
) -> dict[str, pa.Array]:
    """Return the field ``array`` for some cells: images H x W x C, audio and video as their classes decode them.

    Args:
        found: the type of the cells.
        data: their encoded bytes, null where there are none.
        cells: the cells.
        describe: says where a cell stands, for messages.

    Raises:
        FormatError: a cell's bytes cannot be decoded; the message names its row.

    """
    from wbtable.media import media_class

    made = media_class(found.kind)
    facts = cells.to_pylist()

    def decode(rows: range) -> list[dict[str, object] | None]:
        out: list[dict[str, object] | None] = []
        for row in rows:
            if not data[row].is_valid:
                out.append(None)
                continue
            value: Any = made.from_cell(facts[row], _Given(data[row].as_py()), found)
            try:
                array = np.ascontiguousarray(value.to_numpy())
            except WbtableError as error:
                raise type(error)(str(error), place=describe(row)) from None
            little = array.astype(array.dtype.newbyteorder("<"), copy=False)
            out.append({"dtype": array.dtype.name, "shape": list(array.shape), "data": little.tobytes()})
        return out

    blocks = run_all(decode, [range(i, min(i + _BLOCK, len(cells))) for i in range(0, len(cells), _BLOCK)])
    return {"array": pa.array([cell for block in blocks for cell in block], ARRAY_TYPE)}


class _Given:
    """Gives one cell the bytes that were read for it."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, file: Mapping[str, object]) -> bytes:
        del file
        return self._data

    def read_many(self, files: Sequence[Mapping[str, object]]) -> list[bytes]:
        return [self._data for _ in files]
