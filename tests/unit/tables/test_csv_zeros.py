"""Integers with leading zeros are no numbers: a column that has one is text, wherever it stands in a file."""

from __future__ import annotations

import io
import os
import random
import re
import threading
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

import wbtable
from wbtable.errors import FormatError
from wbtable.tables import csv_source
from wbtable.tables.csv_source import csv_to_parquet
from wbtable.tables.csv_zeros import ZeroFinder
from wbtable.tables.files_out import write_csv
from wbtable.tables.parquet_source import ParquetSource

if TYPE_CHECKING:
    from pathlib import Path


def _csv(text: str, **options: Any) -> wbtable.Table:
    return wbtable.read_csv(io.BytesIO(text.encode()), **options)


@pytest.mark.parametrize("cell", ["01234", "00", "-01", '"007"', "0x1F", "00012345678901234567890"])
@pytest.mark.parametrize("beside", ["5", "1.5"])
def test_a_column_with_leading_zeros_is_text(cell: str, beside: str) -> None:
    if cell == "0x1F" and beside == "1.5":
        return  # Arrow makes text of these itself
    table = _csv(f"id,code,x\n1,{beside},2\n2,{cell},3\n")
    assert table.get_column("code") == [beside, cell.strip('"')]
    assert (table.get_column("id"), table.get_column("x")) == ([1, 2], [2, 3])


@pytest.mark.parametrize("text", ["0", "-0", "0.5", "-0.25", "0e1", "10", "1.0", "00.5", "", "2024-01-02 00:01"])
def test_other_zeros_are_of_numbers(text: str) -> None:
    kinds = [str(column.type) for column in _csv(f"a,b\n{text},0\n7,0\n").schema]
    assert kinds[1] == "int64"
    assert text[:4] == "2024" or kinds[0] in {"int64", "float64"}


def test_what_is_declared_stays_so() -> None:
    assert _csv("a,b\n01,02\n", dtype={"a": "int64"}).data == [[1, "02"]]


def test_other_signs_between_cells() -> None:
    assert _csv("a;b\n1; 02\n", delimiter=";").data == [[1, " 02"]]
    assert _csv("a\tb\n1\t02\n", delimiter="\t").data == [[1, "02"]]
    assert _csv("a,b\r\n1,2\r\n03,4\r\n").data == [["1", 2], ["03", 4]]


@pytest.mark.parametrize("at", [0, 400, 900])
def test_zeros_that_come_late(at: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The types are known after the first block, and the rows are read anew where they were wrong."""
    monkeypatch.setattr(csv_source, "_BLOCK", 1000)
    codes = [f"{i:05d}" if i == at else str(i + 10_000) for i in range(1000)]
    scores = ["007" if i == at else f"{i}.5" for i in range(1000)]
    file = tmp_path / "t.csv"
    lines = (f"{i},{code},{score}\n" for i, (code, score) in enumerate(zip(codes, scores, strict=True)))
    file.write_text("id,code,score\n" + "".join(lines))
    table = wbtable.read_csv(file)
    assert table.get_column("id") == list(range(1000))
    assert table.get_column("code") == codes
    assert table.get_column("score") == scores
    with file.open("rb") as rows:
        csv_to_parquet(rows, tmp_path / "t.parquet", place="t.csv")
    assert wbtable.Table.from_source(ParquetSource(tmp_path / "t.parquet")).to_arrow().equals(table.to_arrow())


def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    read, write = os.pipe()

    def fill() -> None:
        with os.fdopen(write, "w") as out:
            out.write("a,b\n1,2\n03,4\n")

    threading.Thread(target=fill).start()
    with os.fdopen(read, "rb") as pipe:
        assert wbtable.read_csv(pipe).data == [["1", 2], ["03", 4]]


def test_damage_is_said_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_source, "_BLOCK", 100)
    rows = "".join(f"{i},0{i}\n" for i in range(100))
    with pytest.raises(FormatError, match="expected a CSV file"):
        _csv(f"a,b\n{rows}1,2,3\n")


def test_text_goes_out_and_comes_back(tmp_path: Path) -> None:
    table = wbtable.Table(columns=["id", "zip"], data=[[1, "02134"], [2, "99501"]])
    write_csv(table, tmp_path / "t.csv")
    assert wbtable.read_csv(tmp_path / "t.csv").data == table.data


def test_the_finder_misses_nothing() -> None:
    """Whatever the pieces in which a file passes."""
    chance = random.Random(7)
    cell = re.compile(r'(?:^|[,\n\r"])[ \t]*[+-]?0[0-9xX]')
    for _ in range(3000):
        text = "".join(chance.choice('00123x.,,\n" +-') for _ in range(chance.randrange(12)))
        finder = ZeroFinder(",")
        at = 0
        while at < len(text):
            size = chance.randrange(1, 5)
            finder.look(text[at : at + size].encode())
            at += size
        assert finder.found or not cell.search(text)


def test_the_finder_passes_by_dates_and_fractions() -> None:
    finder = ZeroFinder(",")
    finder.look(b"a,b\n2024-01-02 00:00:00,0.5\n2024-01-03T00:00,-0.25\n10,1.00\n")
    assert not finder.found


def test_arrow_knows_what_this_is_about() -> None:
    """Else this could go."""
    assert pa.csv.read_csv(io.BytesIO(b"a\n01\n"))["a"].to_pylist() == [1]
