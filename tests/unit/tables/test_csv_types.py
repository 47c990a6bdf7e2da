"""The types of CSV columns are those of all rows, however large the file is."""

from __future__ import annotations

import io
import random
from itertools import pairwise
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

import wbtable
from wbtable.errors import FormatError
from wbtable.tables import csv_source
from wbtable.tables.csv_source import csv_to_parquet
from wbtable.tables.csv_types import wider
from wbtable.tables.parquet_source import ParquetSource

if TYPE_CHECKING:
    from pathlib import Path

_KINDS = {
    "empty": ["", "NA", "null"],
    "integers": ["1", "-7", "12"],
    "floats": ["1.5", "-0.25", "1e3", "nan"],
    "dates": ["2024-01-01", "1999-12-31"],
    "seconds": ["2024-01-01 10:00:00", "1999-12-31T23:59:59"],
    "fractions": ["2024-01-01 10:00:00.5", "2024-01-01 10:00:00.123456789"],
    "zones": ["2024-01-01 10:00:00Z"],
    "times": ["10:00:00", "23:59:59"],
    "flags": ["true", "false"],
    "texts": ["abc", '"a, ""b"""', '"two\nlines"', "ä"],
    "codes": ["007", "0123"],
}


def _column(kinds: list[str], rng: random.Random) -> list[str]:
    """Cells of one kind after the other, each some blocks long."""
    return [rng.choice(_KINDS[kind]) for kind in kinds for _ in range(120)]


@pytest.mark.parametrize("seed", range(40))
def test_a_large_file_has_the_types_of_a_small_one(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(seed)
    kinds = [rng.sample(sorted(_KINDS), 3) for _ in range(5)]
    # Arrow takes 1 and 0 beside true and false for flags, and other integers not.
    kinds = [[kind for kind in column if kind != "flags" or "integers" not in column] for column in kinds]
    kinds = [(column * 3)[:3] for column in kinds]
    columns = [_column(column, rng) for column in kinds]
    text = "\n".join([",".join("abcde"), *map(",".join, zip(*columns, strict=True))]) + "\n"
    whole = wbtable.read_csv(io.BytesIO(text.encode())).to_arrow()
    monkeypatch.setattr(csv_source, "_BLOCK", 2000)
    found = wbtable.read_csv(io.BytesIO(text.encode())).to_arrow()
    assert found.schema == whole.schema, kinds
    assert found.to_pylist().__repr__() == whole.to_pylist().__repr__()


def test_a_file_that_is_viewed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The Parquet file that was begun with narrow types is written anew, and progress begins anew."""
    monkeypatch.setattr(csv_source, "_BLOCK", 1000)
    text = "a,b\n" + "1,\n" * 1000 + "2.5,x\n" * 3
    done: list[float] = []
    csv_to_parquet(io.BytesIO(text.encode()), tmp_path / "t.parquet", place="t.csv", progress=done.append)
    table = wbtable.Table.from_source(ParquetSource(tmp_path / "t.parquet"))
    assert [str(column.type) for column in table.schema] == ["float64", "string"]
    assert table.get_column("b")[-3:] == ["x"] * 3
    assert done[-1] == 1.0
    assert all(0 < part <= 1 for part in done)
    assert any(later < earlier for earlier, later in pairwise(done))


def test_what_is_declared_is_not_widened(monkeypatch: pytest.MonkeyPatch) -> None:
    """A declared column says what does not fit; one beside it is widened all the same."""
    monkeypatch.setattr(csv_source, "_BLOCK", 1000)
    text = ("a,b\n" + "1,1\n" * 1000 + "2.5,2.5\n").encode()
    with pytest.raises(FormatError, match=r"column 'a': expected int64, found '2.5'"):
        wbtable.read_csv(io.BytesIO(text), dtype={"a": "int64"})
    with pytest.raises(FormatError, match=r"column 'a': expected int64, found '2.5'"):
        wbtable.read_csv(io.BytesIO(text), dtype={"a": "int64", "b": "int64"})
    table = wbtable.read_csv(io.BytesIO(text), dtype={"a": "float32"})
    assert [str(column.type) for column in table.schema] == ["float32", "float64"]


def test_other_bytes_far_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no text is no column of text either."""
    monkeypatch.setattr(csv_source, "_BLOCK", 1000)
    for first in (b"1", b"x"):
        text = b"a,b\n" + b"%b,1\n" % first * 1000 + b"\xff\xfe,1\n"
        with pytest.raises(FormatError, match="UTF8"):
            wbtable.read_csv(io.BytesIO(text))


def test_large_integers_behind_floats_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A column that became one of floats loses no digits."""
    monkeypatch.setattr(csv_source, "_BLOCK", 1000)
    text = "a,b\n" + "9007199254740993,1\n" * 300 + "0.5,1\n"
    with pytest.raises(FormatError, match="9007199254740993 has no exact form as a float"):
        wbtable.read_csv(io.BytesIO(text.encode()))


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (pa.null(), pa.bool_(), pa.bool_()),
        (pa.int64(), pa.float64(), pa.float64()),
        (pa.date32(), pa.timestamp("ns"), pa.timestamp("ns")),
        (pa.timestamp("s"), pa.timestamp("s", "UTC"), pa.string()),
        (pa.time32("s"), pa.date32(), pa.string()),
        (pa.string(), pa.null(), pa.string()),
    ],
)
def test_the_wider_of_two(one: pa.DataType, other: pa.DataType, both: pa.DataType) -> None:
    assert wider(one, other) == wider(other, one) == both
