"""Parquet, CSV and JSON Lines into tables."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import wbtable
from tests.unit.tables.cases import check_identical, png
from wbtable.errors import FormatError, NotFoundError, TypeMismatchError, UsageError
from wbtable.tables import files

if TYPE_CHECKING:
    from pathlib import Path


def test_parquet(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    source = pa.table(
        {"i": [1, None], "s": ["a", "b"], "image": [png(), None], "t": pa.array([1, 2], pa.timestamp("ns", "UTC"))}
    )
    pq.write_table(source, path)
    table = wbtable.read_parquet(path, dtype={"image": wbtable.Image})
    assert table.get_column("i") == [1, None]
    assert table.data[0][2].bytes == png()
    assert str(table.schema["t"]) == "timestamp[ns, UTC]"
    assert wbtable.read_parquet(str(path), columns=["s", "i"]).data == [["a", 1], ["b", None]]
    assert wbtable.read_parquet(io.BytesIO(path.read_bytes()), columns=["i"]).data == [[1], [None]]


def test_parquet_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    path.write_bytes(b"PAR1 nothing")
    with pytest.raises(FormatError, match=r"x\.parquet: expected a Parquet file"):
        wbtable.read_parquet(path)
    with pytest.raises(NotFoundError):
        wbtable.read_parquet(tmp_path / "none.parquet")
    pq.write_table(pa.table({"a": [1]}), path)
    with pytest.raises((UsageError, NotFoundError, FormatError), match="b"):
        wbtable.read_parquet(path, columns=["b"])
    with pytest.raises(UsageError, match="expected a path"):
        wbtable.read_parquet(5)  # type: ignore[arg-type]


def test_csv(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text('id,text,score\n1,"a, ""b""\nc",0.5\n2,,\n', "utf-8")
    check_identical(wbtable.read_csv(path).data, [[1, 'a, "b"\nc', 0.5], [2, "", None]])
    check_identical(wbtable.read_csv(path, dtype={"id": float}).get_column("id"), [1.0, 2.0])
    path.write_text("a;b\n1;2\n", "utf-8")
    assert wbtable.read_csv(path, delimiter=";").data == [[1, 2]]
    path.write_text("a,b\n", "utf-8")
    assert wbtable.read_csv(path).columns == ["a", "b"]


@pytest.mark.parametrize("text", ["a,b\n1\n", "", "a,b\n1,2,3\n", "a,a\n1,2\n"])
def test_csv_that_is_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(text, "utf-8")
    with pytest.raises((FormatError, UsageError)):
        wbtable.read_csv(path)


def test_jsonl(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    lines = [{"a": 2**70, "b": {"x": None}}, {"b": {}, "c": [1, 2.5]}, {"a": 1}]
    path.write_text("\ufeff" + "\n\n".join(map(json.dumps, lines)) + "\n", "utf-8")
    table = wbtable.read_jsonl(path)
    check_identical(table.data, [[2**70, {"x": None}, None], [None, {}, [1.0, 2.5]], [1, None, None]])


def test_columns_that_appear_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The columns are those of all lines."""
    monkeypatch.setattr(files, "_BATCH", 2)
    path = tmp_path / "x.jsonl"
    path.write_text("".join(json.dumps({"a": i} if i < 5 else {"b": i}) + "\n" for i in range(7)), "utf-8")
    table = wbtable.read_jsonl(path, dtype={"b": float})
    check_identical(table.data, [*([i, None] for i in range(5)), [None, 5.0], [None, 6.0]])
    with pytest.raises(UsageError, match="dtype names the column 'z'"):
        wbtable.read_jsonl(path, dtype={"z": float})


@pytest.mark.parametrize("line", ["[1]", "{", '{"a": }', "x", "5"])
def test_lines_that_are_no_objects(tmp_path: Path, line: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"a": 1}\n' + line + "\n", "utf-8")
    with pytest.raises(FormatError, match="line 2"):
        wbtable.read_jsonl(path)


def test_jsonl_of_unlike_types(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"a": 1}\n{"a": "x"}\n', "utf-8")
    with pytest.raises(TypeMismatchError, match='column "a", row 1: expected int64, found string'):
        wbtable.read_jsonl(path)


def test_jsonl_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"a": "\xff"}\n')
    with pytest.raises(FormatError, match=r"x\.jsonl"):
        wbtable.read_jsonl(path)


def test_empty_jsonl(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b"")
    assert wbtable.read_jsonl(path).data == []


def test_a_url_without_a_folder() -> None:
    """The error was that memory:/ is not understood."""
    fsspec.filesystem("memory").pipe_file("/top.csv", b"a\n1\n")
    assert wbtable.read_csv("memory://top.csv").data == [[1]]
    with pytest.raises(NotFoundError, match=r"none\.csv does not exist"):
        wbtable.read_csv("memory://none.csv")
