"""Views as files for other programs, and as Python."""

from __future__ import annotations

import csv
import datetime as dt
import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.unit.tables.cases import png
from tests.unit.tables.reading import stored
from wbtable.errors import StorageError, UsageError
from wbtable.format.view_spec import ColumnSetting, Named, Sort, TablePlace, ViewSource, ViewSpec, Window
from wbtable.media import Histogram, Image
from wbtable.query.expression_error import ExpressionError
from wbtable.tables import files_out
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def table(tmp_path: Path) -> Table:
    data = [
        [
            i,
            x,
            text,
            Image(png(i)) if i != 1 else None,
            {"a": i, "b": [i, None]},
            dt.datetime(2024, 1, i + 1, tzinfo=dt.UTC),
        ]
        for i, (x, text) in enumerate(
            [(0.5, "a"), (math.nan, 'b "q", c'), (None, ""), (math.inf, None), (-0.0, "=1+1")]
        )
    ]
    return stored(Table(columns=["id", "x", "text", "image", "nested", "when"], data=data), tmp_path / "table")


def test_csv(table: Table, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    table.view(sort="id desc", derive={"twice": "id * 2"}).write_csv(path)
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == ["4", "3", "2", "1", "0"]
    assert [row["twice"] for row in rows] == ["8", "6", "4", "2", "0"]
    assert [row["x"] for row in rows] == ["-0", "inf", "", "nan", "0.5"]
    assert [row["text"] for row in rows] == ["=1+1", "", "", 'b "q", c', "a"]
    # Null is empty, the empty text is in quotes.
    assert ',"",' in path.read_text("utf-8").splitlines()[3]
    assert json.loads(rows[0]["nested"]) == {"a": 4, "b": [4, None]}
    assert rows[0]["when"].startswith("2024-01-05 00:00:00")
    assert rows[3]["image"] == ""
    assert ".pack#" in rows[0]["image"]


def test_jsonl_with_media_beside(table: Table, tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    table.view(filter="id != 4").write_jsonl(path, media="copy")
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert [row["x"] for row in rows] == [0.5, "NaN", None, "Infinity"]
    assert rows[0]["when"] == "2024-01-01T00:00:00+00:00"
    assert rows[1]["image"] is None
    for i in (0, 2, 3):
        assert rows[i]["image"].endswith(".png")
        assert (tmp_path / rows[i]["image"]).read_bytes() == png(i)


def test_parquet(table: Table, tmp_path: Path) -> None:
    path = tmp_path / "out.parquet"
    table.view(sort="id desc").write_parquet(path, media="copy")
    found = pq.read_table(path)
    assert found["id"].to_pylist() == [4, 3, 2, 1, 0]
    cells = found["image"].to_pylist()
    assert cells[3] is None
    assert (cells[0]["width"], cells[0]["height"]) == (5, 4)
    assert (tmp_path / cells[0]["file"]["uri"]).read_bytes() == png(4)
    assert found["when"].type == pa.timestamp("us", "UTC")


def test_what_lies_within_cells_is_as_it_is_alone(tmp_path: Path) -> None:
    """Media are paths, durations seconds, histograms their numbers; an engine finds the blobs that a cell names."""
    image, second = Image(png(1)), dt.timedelta(seconds=1.5)
    histogram = Histogram(np_histogram=([1], [0, 1]))
    rows: list[list[Any]] = [[{"i": image}, [[image]], {1: second}, histogram], [{"k": 1}, None, None, None]]
    table = stored(Table(columns=list("abcd"), data=rows), tmp_path / "table")
    table.view().write_jsonl(tmp_path / "v.jsonl", media="copy")
    found, other = map(json.loads, (tmp_path / "v.jsonl").read_text("utf-8").splitlines())
    assert (found["c"], found["d"]) == ({"1": 1.5}, {"counts": [1.0], "bins": [0.0, 1.0]})
    assert other["a"] == {"k": 1}
    for path in (found["a"]["i"], found["b"][0][0]):
        assert (tmp_path / path).read_bytes() == png(1)
    table.view().write_csv(tmp_path / "v.csv")
    with (tmp_path / "v.csv").open(newline="", encoding="utf-8") as file:
        row = next(csv.DictReader(file))
    assert ".pack#" in json.loads(row["a"])["i"]
    assert json.loads(row["d"]) == {"counts": [1.0], "bins": [0.0, 1.0]}
    for mode in ("copy", "paths"):
        table.view().write_parquet(tmp_path / f"{mode}.parquet", media=mode)
        first, last = pq.read_table(tmp_path / f"{mode}.parquet").to_pylist()
        places = {first["a"]["i"]["file"]["uri"], first["b"][0][0]["file"]["uri"]}
        assert len(places) == 1
        assert last["b"] is None
        assert (tmp_path / places.pop().partition("#")[0]).is_file()


def test_groups_are_written_too(table: Table, tmp_path: Path) -> None:
    table.view(group="id % 2", cells={"most": "max(id)"}).write_csv(tmp_path / "g.csv")
    assert (tmp_path / "g.csv").read_text("utf-8") == '"id % 2","count","most"\n0,3,4\n1,2,3\n'


def test_a_file_appears_whole_or_not_at_all(table: Table, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("before")
    view = table.view()
    view.cancel()
    with pytest.raises(Exception, match="cancelled"):
        view.write_csv(path)
    assert path.read_text() == "before"
    with pytest.raises(UsageError, match="paths"):
        table.view().write_csv(path, media="zip")  # type: ignore[arg-type]
    assert path.read_text() == "before"
    with pytest.raises((StorageError, OSError, UsageError, LookupError)):
        table.view().write_jsonl(tmp_path / "no" / "folder.jsonl")
    assert sorted(found.name for found in tmp_path.iterdir()) == ["out.csv", "table"]


@pytest.mark.parametrize(
    "spec",
    [
        ViewSpec(),
        ViewSpec(filter='text != "a"', sort=(Sort(expression="id", order="desc", nulls="first"),)),
        ViewSpec(
            derive=(Named(name="y", expression="x + 1"),), columns=(ColumnSetting(name="y"), ColumnSetting(name="id"))
        ),
        ViewSpec(
            group=("id % 2", "text"),
            cells=(Named(name="m", expression="max(id)"),),
            having="count() > 0",
            sort=(Sort(expression="m"),),
        ),
        ViewSpec(derive=(Named(name="first", expression="1", side="left"),), window=Window(offset=1, count=2)),
        ViewSpec(columns=(ColumnSetting(name="id", width=3), ColumnSetting(name="x", visible=False))),
    ],
)
def test_the_code_of_a_view_makes_that_view(spec: ViewSpec, table: Table) -> None:
    view = table.view(spec=spec)
    names: dict[str, Any] = {"table": table}
    exec(view.to_python(), names)
    assert names["view"].spec == spec
    assert names["view"]._same_rows(view)


def test_code_opens_what_the_view_is_of() -> None:
    place = TablePlace(project="p", artifact="a", version="v3", path="t.table.json")
    source = ViewSource(kind="table", tables=(place,))
    code = Table(columns=["a"], data=[[1]]).view(spec=ViewSpec(source=source, filter="a > 0")).to_python()
    assert code == (
        "import wbtable\n\n"
        "table = wbtable.Store().artifact('p/a:v3').get('t.table.json')\n"
        "view = table.view(\n    filter='a > 0',\n)\n"
    )


def test_groups_made_anew_leave_what_was_of_those_before() -> None:
    table = Table(columns=["g", "m"], data=[["a", 1], ["b", 5], ["a", 3]])
    by_mean = table.view(group="g", cells={"m": "avg(m)"}, sort="m desc")
    assert by_mean["g"].to_pylist() == ["b", "a"]
    assert by_mean.group_by()["m"].to_pylist() == [1, 5, 3]
    assert by_mean.group_by("m")["m"].to_pylist() == [1, 3, 5]
    assert by_mean.group_by("m > 2", cells={"m": "max(m)"})["m"].to_pylist() == [5, 1]
    shown = by_mean.select("m", "g", "count").sort("sum(m) desc", "g desc", "count() desc")
    assert shown.group_by().to_arrow().to_pydict() == {"m": [5, 1, 3], "g": ["b", "a", "a"]}
    assert shown.group_by("m").to_arrow().to_pydict() == {"m": [5, 3, 1], "count": [1, 1, 1]}
    assert table.view(group="m % 2", columns=["m % 2"]).group_by().columns == ["g", "m"]
    with pytest.raises(ExpressionError, match=r"group\[0\]"):
        by_mean.group_by("nope")
    with pytest.raises(ExpressionError, match="many values in a group"):
        table.view(sort="m").group_by("g")


def test_builders_make_the_same_views() -> None:
    table = Table.from_arrow(pa.table({"a": np.arange(10), "b": np.arange(10) % 3}))
    built = table.view().derive({"c": "a * 2"}).where("c > 4").where("b != 1").sort("b desc").select("b", "c")
    assert built.to_arrow().to_pydict() == {"b": [2, 2, 0, 0, 0], "c": [10, 16, 6, 12, 18]}
    groups = built.select().group_by("b", cells={"s": "sum(c)"}, having="s > 26").sort("s")
    assert groups.to_arrow().to_pydict() == {"b": [0], "count": [3], "s": [36]}
    assert len(groups.sort().group_by()) == len(groups.group_by()) == 5
    with pytest.raises(ExpressionError):
        built.where("nope > 1")


def test_durations_and_bytes(tmp_path: Path) -> None:
    """Lengths of time are numbers of seconds, bytes base64: nothing is JSON within CSV that need not be."""
    lengths = [dt.timedelta(seconds=5, microseconds=3), dt.timedelta(days=-1), None]
    table = Table(columns=["length", "bytes"], data=[[one, b"x"] for one in lengths])
    table.add_column("ns", np.array([1, 1_500_000_000, "NaT"], "timedelta64[ns]"))
    table.view().write_csv(tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text("utf-8").splitlines() == [
        '"length","bytes","ns"',
        '5.000003,"eA==",1e-9',
        '-86400,"eA==",1.5',
        ',"eA==",',
    ]
    table.view().write_jsonl(tmp_path / "out.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert [list(row.values()) for row in rows] == [
        [5.000003, "eA==", 1e-9],
        [-86400, "eA==", 1.5],
        [None, "eA==", None],
    ]


def test_times_of_nanoseconds_keep_their_digits(tmp_path: Path) -> None:
    """Python's times end at microseconds; others are written as `isoformat` writes them."""
    times = pa.array([0, 1, 45_000_123_000_000, None], pa.time64("ns"))
    nested = pa.array([[(at, at)] if at.is_valid else None for at in times], pa.map_(pa.time64("ns"), pa.time64("ns")))
    table = Table.from_arrow(pa.table({"at": times, "nested": nested}))
    texts = ["00:00:00", "00:00:00.000000001", "12:30:00.123000", None]
    table.view().write_jsonl(tmp_path / "view.jsonl")
    files_out.write_jsonl(table, tmp_path / "table.jsonl")
    files_out.write_csv(table, tmp_path / "table.csv")
    for name in ("view", "table"):
        lines = [json.loads(line) for line in (tmp_path / f"{name}.jsonl").read_text().splitlines()]
        assert [line["at"] for line in lines] == texts
        if name == "view":
            assert [line["nested"] for line in lines] == [text and {text: text} for text in texts]
    assert [line.partition(",")[0] or None for line in (tmp_path / "table.csv").read_text().splitlines()[1:]] == texts
