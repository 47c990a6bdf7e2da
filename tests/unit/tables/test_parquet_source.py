"""Parquet files of somebody's, read where they lie: the same answers as of the table that they would become."""

from __future__ import annotations

import datetime as dt
import decimal
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import wbtable
from wbtable.errors import FormatError, UnsupportedError
from wbtable.query.view_rows import ViewRows
from wbtable.tables.parquet_source import ParquetSource

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 1000


def rows() -> pa.Table:
    """Return columns of many types; NaN, null, and integers that no float holds among them."""
    rng = np.random.default_rng(0)
    big = [2**63 - 1 - row for row in range(ROWS)]
    return pa.table(
        {
            "id": pa.array(range(ROWS)),
            "x": pa.array(
                [None if row % 7 == 0 else float("nan") if row % 11 == 0 else row / 3 for row in range(ROWS)]
            ),
            "big": pa.array(big, pa.int64()),
            "small": pa.array(rng.integers(0, 200, ROWS), pa.uint8()),
            "text": pa.array([f"row {row % 13} é" for row in range(ROWS)]),
            "class": pa.array([f"c{row % 3}" for row in range(ROWS)]).dictionary_encode(),
            "day": pa.array([dt.date(2024, 1, 1) + dt.timedelta(row) for row in range(ROWS)]),
            "at": pa.array([dt.datetime(2024, 1, 1, tzinfo=dt.UTC) + dt.timedelta(row) for row in range(ROWS)]),
            "money": pa.array([decimal.Decimal(row) / 8 for row in range(ROWS)], pa.decimal128(12, 3)),
            "scores": pa.array([[row / 2, None] if row % 5 else None for row in range(ROWS)]),
            "who": pa.array([{"name": f"n{row}", "age": row} for row in range(ROWS)]),
            "flag": pa.array([row % 2 == 0 for row in range(ROWS)]),
            "nothing": pa.nulls(ROWS),
        }
    )


def same(found: pa.Table, expected: pa.Table) -> bool:
    """Whether two tables have equal types and values, NaN among them."""
    return found.schema.equals(expected.schema) and repr(found.to_pylist()) == repr(expected.to_pylist())


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("files") / "with spaces é.parquet"
    pq.write_table(rows(), path, row_group_size=64)
    return path


@pytest.fixture(scope="module")
def placed(file: Path) -> wbtable.Table:
    return wbtable.Table.from_source(ParquetSource(file))


@pytest.fixture(scope="module")
def read(file: Path) -> wbtable.Table:
    return wbtable.read_parquet(file)


def test_the_rows_are_the_same(placed: wbtable.Table, read: wbtable.Table) -> None:
    assert placed.columns == read.columns
    assert placed._source().schema == read._source().schema
    assert same(placed.to_arrow(), read.to_arrow())


@pytest.mark.parametrize(
    "asked",
    [
        {"filter": "x > 100"},
        {"filter": "is_nan(x)"},
        {"filter": "x is null and flag"},
        {"filter": "big > 9223372036854775000"},
        {"filter": "class == 'c1' and small < 100", "sort": "small desc"},
        {"sort": ["text", "id desc"]},
        {"sort": "x desc"},
        {"group": "class", "cells": {"n": "count()", "mean": "avg(small)"}},
        {"derive": {"twice": "id * 2"}, "filter": "twice % 10 == 0"},
    ],
)
def test_questions_have_the_same_answers(placed: wbtable.Table, read: wbtable.Table, asked: dict[str, object]) -> None:
    found, expected = (table.view(**asked) for table in (placed, read))  # type: ignore[arg-type]
    assert len(found) == len(expected)
    assert same(found.to_arrow(), expected.to_arrow())
    assert same(found.window(3, 10), expected.window(3, 10))


def test_rows_are_taken_wherever_they_lie(file: Path, read: wbtable.Table) -> None:
    wanted = np.array([999, 0, 64, 63, 500, 500, 128], dtype=np.int64)
    names = ["text", "class", "x"]
    found = ParquetSource(file).take(wanted, names)
    assert same(found, read._source().take(wanted, names))
    assert ParquetSource(file).take(np.array([], dtype=np.int64), names).num_rows == 0


def test_row_groups_are_decoded_some_together(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wbtable.tables.parquet_source._TOGETHER", 200)
    source = ParquetSource(file)
    assert [fragment.rows for fragment in source.fragments] == [192] * 5 + [40]
    assert source.starts.tolist() == [0, 192, 384, 576, 768, 960, 1000]
    whole = wbtable.Table.from_source(source)
    view = whole.view(sort="small")
    assert isinstance(view.rows, ViewRows)
    view.rows.warm()
    assert view.window(100, 5).num_rows == 5
    assert sum(source.read_fragment(number, ["id"]).num_rows for number in range(6)) == ROWS


def test_a_file_that_changes_is_another_one(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": [1, 2]}), path)
    before = ParquetSource(path).digest
    assert ParquetSource(path).digest == before
    pq.write_table(pa.table({"a": [1, 3]}), path)
    assert ParquetSource(path).digest != before


def test_a_folder_that_looks_like_a_partition_adds_no_column(tmp_path: Path) -> None:
    folder = tmp_path / "year=2024"
    folder.mkdir()
    pq.write_table(pa.table({"a": [1, 2]}), folder / "part.parquet")
    view = wbtable.Table.from_source(ParquetSource(folder / "part.parquet")).view(filter="a > 1")
    assert view.to_arrow().to_pydict() == {"a": [2]}


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("a*.parquet", pa.table({"a": [1]})),
        ("a.parquet", pa.table([pa.array([1]), pa.array([2])], names=["a", "a"])),
        ("b.parquet", pa.table({"a": pa.array([b"0" * 16], pa.uuid())})),
    ],
)
def test_what_must_be_converted_is_said(tmp_path: Path, name: str, table: pa.Table) -> None:
    pq.write_table(table, tmp_path / name)
    with pytest.raises(UnsupportedError):
        ParquetSource(tmp_path / name)


def test_a_damaged_file_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1 this is none PAR1")
    with pytest.raises(FormatError, match="expected a Parquet file"):
        ParquetSource(path)
    pq.write_table(pa.table({"a": list(range(10_000))}), path)
    data = bytearray(path.read_bytes())
    data[10:400] = b"\0" * 390
    path.write_bytes(data)
    with pytest.raises(FormatError, match="damaged"):
        ParquetSource(path).take(np.array([5], dtype=np.int64), ["a"])


def test_a_csv_file_becomes_one(tmp_path: Path) -> None:
    from wbtable.tables.csv_source import csv_to_parquet

    path = tmp_path / "a.csv"
    path.write_text("id,name,score\n1,a,0.5\n2,,\n", "utf-8")
    with path.open("rb") as file:
        csv_to_parquet(file, tmp_path / "a.parquet", place=str(path))
    found = wbtable.Table.from_source(ParquetSource(tmp_path / "a.parquet"))
    assert found.to_arrow().equals(wbtable.read_csv(path).to_arrow())
    path.write_text("id,name\n1,a\n2\n", "utf-8")
    with path.open("rb") as file, pytest.raises(FormatError, match="expected a CSV file"):
        csv_to_parquet(file, tmp_path / "b.parquet", place=str(path))
