"""Cells of CSV files that are no numbers though they look like some: ``01234`` is a postal code, ``0x1f`` a name."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, BinaryIO, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

INTEGER: Final = r"^\s*[+-]?0[0-9xX]"
"""What a column of integers would lose: a zero before other digits. Arrow reads hexadecimal numbers, too."""
FLOAT: Final = r"^\s*[+-]?0[0-9]+\s*$"
"""What a column of floats would lose; a float is written with as many zeros as one likes."""
_KEPT: Final = 3
_PIECE: Final = 1 << 16
_CELL, _SIGN, _INNER, _ZERO, _MORE = 1, 2, 4, 8, 16
"""What a byte may be: before a cell; in a cell before a number; before such; a zero; what makes it a leading one."""


class ZerosError(Exception):
    """Columns that were read as numbers have cells that are none.

    Attributes:
        columns: their names.

    """

    def __init__(self, columns: list[str]) -> None:
        """Say which."""
        super().__init__(", ".join(columns))
        self.columns = columns


def _kinds(delimiter: str) -> bytes:
    """Return what each byte may be, as `bytes.translate` takes it."""
    kinds = bytearray(256)
    groups = {
        f'{delimiter}\n\r"': _CELL | _INNER,
        " \t": _SIGN | _INNER,
        "+-": _SIGN,
        "0": _ZERO,
        "0123456789xX": _MORE,
    }
    for signs, kind in groups.items():
        for sign in signs.encode():
            kinds[sign] |= kind
    return bytes(kinds)


class ZeroFinder:
    """Looks at a file's bytes as they pass, for cells that may begin with a zero and another digit.

    It knows nothing of quotes, and so finds too much; it misses nothing.

    Attributes:
        found: whether there was one.

    """

    def __init__(self, delimiter: str) -> None:
        """Begin at the beginning of a file."""
        self.found = False
        self._kinds = _kinds(delimiter)
        self._last = b"\n\n"

    def look(self, data: bytes) -> None:
        """Look at the next bytes."""
        for at in range(0, len(data), _PIECE):  # pieces stay in the processor's cache
            if self.found:
                return
            piece = self._last + data[at : at + _PIECE]
            kinds = np.frombuffer(piece.translate(self._kinds), np.uint8)
            further, before, zero, behind = kinds[:-3], kinds[1:-2], kinds[2:-1], kinds[3:]
            begins = before | ((before >> 1) & (further >> 2))
            self.found = bool(((zero >> 3) & (behind >> 4) & begins & 1).any())
            self._last = piece[-_KEPT:]


class Watched:
    """The bytes of a file behind its first block, shown to a `ZeroFinder` piece by piece while its rows are read."""

    def __init__(self, file: BinaryIO, finder: ZeroFinder) -> None:
        """Look at nothing yet; the first block was looked at before."""
        self._file, self._finder, self._at = file, finder, file.tell()

    def look_on(self, size: int) -> bool:
        """Look at the next `size` bytes, and return whether there may be more: not where a zero was found."""
        if self._finder.found:
            return False
        self._file.seek(self._at)
        data = self._file.read(size)
        self._at += len(data)
        self._finder.look(data)
        return bool(data)

    def found_to_the_end(self, size: int) -> bool:
        """Look at all that is left, and return whether there may be such cells in the file."""
        while self.look_on(size):
            pass
        return self._finder.found


def patterns_of(schema: pa.Schema, declared: Collection[str]) -> dict[str, str]:
    """Return what no cell may be like, by the name of each column that was inferred to be numbers."""
    counts = Counter(schema.names)
    kinds = {pa.int64(): INTEGER, pa.float64(): FLOAT}
    return {
        field.name: kinds[field.type]
        for field in schema
        if field.type in kinds and field.name not in declared and counts[field.name] == 1
    }


def with_zeros(texts: Iterable[pa.RecordBatch], patterns: dict[str, str]) -> Iterator[str]:
    """Yield which columns have a cell that is no number.

    Args:
        texts: the columns as text.
        patterns: `INTEGER` or `FLOAT` by name.

    """
    left = dict(patterns)
    for batch in texts:
        for name in list(left):
            column = batch.column(batch.schema.get_field_index(name))
            if pc.any(pc.match_substring_regex(column, left[name])).as_py():
                yield name
                del left[name]
        if not left:
            return


def check_zeros(texts: Iterable[pa.RecordBatch], patterns: dict[str, str]) -> None:
    """Refuse columns of numbers that have cells that are none; arguments as `with_zeros`.

    Raises:
        ZerosError: there are such.

    """
    found = list(with_zeros(texts, patterns))
    if found:
        raise ZerosError(found)
