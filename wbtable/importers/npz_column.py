"""One array in an ``.npz`` file, read a few rows at a time."""

from __future__ import annotations

import math
import zipfile
import zlib
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from wbtable.errors import FormatError

if TYPE_CHECKING:
    from pathlib import Path

_MAX_ROW: Final = 1 << 30


class NpzColumn:
    """The rows of an array, in order; a context manager.

    Attributes:
        shape: the array's shape.
        dtype: its dtype; never of Python objects, so that nothing is unpickled.

    """

    def __init__(self, file: Path, key: str) -> None:
        """Open the array called `key`.

        Raises:
            FormatError: the file is no ``.npz``, has no such array, or one of Python objects.

        """
        self._place = f"{file.name}[{key!r:.80}]"
        try:
            self._archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, OSError) as error:
            raise self._wrong(error) from None
        try:
            self._stream = self._archive.open(f"{key}.npy")
            version = np.lib.format.read_magic(self._stream)
            read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, fortran, dtype = cast("Any", read)(self._stream)
        except (KeyError, ValueError, OSError, zlib.error, zipfile.BadZipFile, RuntimeError) as error:
            self._archive.close()
            raise self._wrong(error) from None
        self.shape: tuple[int, ...] = shape
        self.dtype: np.dtype[Any] = dtype
        self._row = math.prod(shape[1:]) * dtype.itemsize
        if dtype.hasobject or not shape or fortran or self._row > _MAX_ROW:
            self._archive.close()
            msg = f"expected rows of numbers in C order, found shape {shape}, dtype {dtype}"
            raise FormatError(msg, place=self._place)

    def close(self) -> None:
        """Close the file."""
        self._archive.close()

    def rows(self, count: int) -> np.ndarray[Any, Any]:
        """Return the next rows.

        Raises:
            FormatError: there are not so many, or they are damaged.

        """
        wanted = count * self._row
        parts, got = [], 0
        try:
            while got < wanted:
                part = self._stream.read(min(wanted - got, 1 << 24))
                if not part:
                    break
                parts.append(part)
                got += len(part)
        except (OSError, zlib.error, EOFError, zipfile.BadZipFile) as error:
            raise self._wrong(error) from None
        if got < wanted:
            msg = f"expected {count} more rows of {self._row} bytes, found {got} bytes"
            raise FormatError(msg, place=self._place)
        return np.frombuffer(b"".join(parts), self.dtype).reshape((count, *self.shape[1:]))

    def _wrong(self, error: Exception) -> FormatError:
        return FormatError(f"expected an array: {error}", place=self._place)
