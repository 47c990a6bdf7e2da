"""The ``metadata.csv`` of a folder of media: a column is numbers if all its cells are, as of other CSV files."""

from __future__ import annotations

import csv
import math
import re
from typing import TYPE_CHECKING, Any, Final

from wbtable.errors import FormatError
from wbtable.tables.files_out import FILE_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

CAPTION: Final = "_caption"
"""What the name of the column ends in that has the captions of a column of media."""
_INTEGER: Final = re.compile("0|-?[1-9][0-9]{0,999}")
_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][+-]?[0-9]+)?|-0")
_WORD: Final = re.compile("[+-]?(?:nan|inf|infinity)", re.IGNORECASE)


def csv_rows(lines: Iterable[str], place: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the number of the line and the cells of each row, numbers as such, empty cells as None.

    Raises:
        FormatError: two columns have one name, or a row has more or fewer cells than there are names.
        csv.Error: a quote stands where none may.

    """
    reader = csv.reader(lines, strict=True)
    names = next(reader, [])
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        msg = f"expected distinct column names, found {twice[0]!r:.80} more than once"
        raise FormatError(msg, place=f"{place}, line 1")
    numbers: list[int] = []
    rows: list[list[str]] = []
    for row in reader:
        if row and len(row) != len(names):
            msg = f"expected {len(names)} cells, found {len(row)}"
            raise FormatError(msg, place=f"{place}, line {reader.line_num}")
        if row:
            numbers.append(reader.line_num)
            rows.append(row)
    columns = [_values(name, texts) for name, texts in zip(names, zip(*rows, strict=True), strict=False)]
    for number, cells in zip(numbers, zip(*columns, strict=True), strict=True):
        yield number, dict(zip(names, cells, strict=True))


def _values(name: str, texts: Sequence[str]) -> list[Any]:
    """Return the cells of a column: paths and captions are text, whatever they look like."""
    is_text = name.endswith((FILE_NAME, CAPTION)) or not all(map(_is_number, filter(None, texts)))
    return [None if not text else text if is_text else _number(text) for text in texts]


def _is_number(text: str) -> bool:
    """Whether a text is a number: not "007" or "1_000", which would lose signs, and none beyond the range of floats."""
    if _DECIMAL.fullmatch(text):
        return math.isfinite(float(text))
    return bool(_INTEGER.fullmatch(text) or _WORD.fullmatch(text))


def _number(text: str) -> int | float:
    return int(text) if _INTEGER.fullmatch(text) else float(text)
