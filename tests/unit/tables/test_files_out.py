"""What is written to files comes back, value by value; nothing is left of what fails."""

from __future__ import annotations

import csv
import datetime as dt
import decimal
import io
import json
import uuid
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import wbtable
from wbtable.tables.files_out import write_csv, write_feather, write_folder, write_jsonl, write_parquet

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PIXELS = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
MOMENT = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)


@pytest.fixture
def table() -> wbtable.Table:
    rows = [
        [0, 1.5, 'a,"b"\nc', True, MOMENT, [1, 2], {"x": 1}, wbtable.Image(PIXELS, caption="one"), b"\x00"],
        [1, float("inf"), "", None, None, [], {"x": 2}, wbtable.Image(255 - PIXELS), b"ab"],
        [2**60, None, None, False, MOMENT, None, None, None, None],
    ]
    names = ["id", "score", "text", "good", "when", "list", "dict", "image", "raw"]
    return wbtable.Table(columns=names, data=rows)


@pytest.mark.parametrize(
    ("write", "read"),
    [(write_parquet, wbtable.read_parquet), (write_feather, wbtable.read_feather)],
)
def test_columns_and_encoded_media_come_back(
    table: wbtable.Table, tmp_path: Path, write: Callable[..., None], read: Callable[..., Any]
) -> None:
    done: list[int] = []
    write(table, tmp_path / "t", progress=done.append)
    assert sum(done) == 3
    back = read(tmp_path / "t", dtype={"image": wbtable.Image})
    for name in ("id", "score", "text", "good", "when", "list", "dict", "raw"):
        assert back.get_column(name) == table.get_column(name), name
    images, given = back.get_column("image"), table.get_column("image")
    assert [image and image.bytes for image in images] == [image and image.bytes for image in given]


def test_any_engine_finds_the_bytes(table: wbtable.Table, tmp_path: Path) -> None:
    write_parquet(table, tmp_path / "t.parquet")
    cell = pq.read_table(tmp_path / "t.parquet")["image"].to_pylist()[0]
    assert cell["bytes"] == table.get_column("image")[0].bytes
    assert (cell["width"], cell["caption"]) == (4, "one")


def test_images_of_hugging_face_are_read_as_images(tmp_path: Path) -> None:
    data = wbtable.Image(PIXELS).bytes
    pq.write_table(pa.table({"photo": [{"bytes": data, "path": "a.png"}, None]}), tmp_path / "t.parquet")
    back = wbtable.read_parquet(tmp_path / "t.parquet", dtype={"photo": wbtable.Image})
    assert back.get_column("photo")[0].bytes == data
    assert back.get_column("photo")[1] is None


def test_tables_without_rows_keep_their_columns(tmp_path: Path) -> None:
    empty = wbtable.Table.from_arrow(pa.table({"a": pa.array([], pa.int64())}))
    write_parquet(empty, tmp_path / "t.parquet")
    write_feather(empty, tmp_path / "t.feather")
    write_csv(empty, tmp_path / "t.csv")
    assert wbtable.read_parquet(tmp_path / "t.parquet").schema == empty.schema
    assert wbtable.read_feather(tmp_path / "t.feather").schema == empty.schema
    assert (tmp_path / "t.csv").read_text() == "a\n"


def test_csv_has_every_cell(table: wbtable.Table, tmp_path: Path) -> None:
    write_csv(table, tmp_path / "t.csv", media_folder=tmp_path / "media")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "t.csv").read_text("utf-8"), newline="")))
    assert rows[0]["text"] == 'a,"b"\nc'
    assert (rows[1]["score"], rows[2]["score"]) == ("inf", "")
    assert json.loads(rows[0]["list"]) == [1, 2]
    assert rows[0]["when"] == "2026-01-31T12:00:00+00:00"
    assert (tmp_path / rows[1]["image"]).read_bytes() == table.get_column("image")[1].bytes
    back = wbtable.read_csv(tmp_path / "t.csv")
    assert back.get_column("id") == [0, 1, 2**60]
    assert back.get_column("good") == [True, None, False]


def test_jsonl_has_every_value(table: wbtable.Table, tmp_path: Path) -> None:
    write_jsonl(table, tmp_path / "t.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "t.jsonl").read_text("utf-8").splitlines()]
    assert rows[1]["score"] == float("inf")
    assert rows[0]["image"] == str(table.get_column("image")[0].digest)
    back = wbtable.read_jsonl(tmp_path / "t.jsonl")
    for name in ("id", "score", "text", "good", "list", "dict"):
        assert back.get_column(name) == table.get_column(name)


def test_values_that_json_lacks_have_a_form(tmp_path: Path) -> None:
    values = [
        np.arange(3),
        uuid.UUID(int=5),
        decimal.Decimal("1.50"),
        dt.timedelta(seconds=1.5),
        1 + 2j,
        dt.date(2026, 1, 2),
    ]
    table = wbtable.Table(columns=[f"c{i}" for i in range(len(values))], data=[values])
    write_jsonl(table, tmp_path / "t.jsonl")
    assert list(json.loads((tmp_path / "t.jsonl").read_text()).values()) == [
        [0, 1, 2],
        str(uuid.UUID(int=5)),
        "1.50",
        1.5,
        [1.0, 2.0],
        "2026-01-02",
    ]
    write_csv(table, tmp_path / "t.csv")
    assert '"[0, 1, 2]"' in (tmp_path / "t.csv").read_text()


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (dt.date(2026, 1, 2), "2026-01-02"),
        (MOMENT, "2026-01-31T12:00:00+00:00"),
        (uuid.UUID(int=5), str(uuid.UUID(int=5))),
        (b"ab", "YWI="),
        (decimal.Decimal("1.50"), "1.50"),
        (7, "7"),
        (True, "true"),
        (float("nan"), "NaN"),
    ],
    ids=repr,
)
def test_keys_of_dicts_become_text(key: object, text: str, tmp_path: Path) -> None:
    """JSON has no other keys; those of views are the same."""
    table = wbtable.Table(columns=["a", "b"], data=[[{key: 1}, [{key: [2]}]]])
    write_csv(table, tmp_path / "t.csv")
    write_jsonl(table, tmp_path / "t.jsonl")
    table.view().write_csv(tmp_path / "v.csv")
    table.view().write_jsonl(tmp_path / "v.jsonl")
    wanted = [{text: 1}, [{text: [2]}]]
    for name in ("t", "v"):
        (row,) = csv.DictReader(io.StringIO((tmp_path / f"{name}.csv").read_text("utf-8"), newline=""))
        assert [json.loads(cell) for cell in row.values()] == wanted
        assert list(json.loads((tmp_path / f"{name}.jsonl").read_text("utf-8")).values()) == wanted


def test_media_within_cells_become_files(tmp_path: Path) -> None:
    """In dicts and lists of lists, too; a histogram is its numbers."""
    first, second = (wbtable.Image(PIXELS + i) for i in range(2))
    histogram = wbtable.Histogram(np_histogram=([1, 2], [0, 1, 2]))
    row: list[Any] = [{"x": first, "n": 1}, [[first], [second, None]], {3: second}, [histogram]]
    table = wbtable.Table(columns=list("abcd"), data=[row, [None] * 4])
    counted = {"counts": [1.0, 2.0], "bins": [0.0, 1.0, 2.0]}
    write_jsonl(table, tmp_path / "t.jsonl", media_folder=tmp_path / "t")
    table.view().write_jsonl(tmp_path / "v.jsonl", media="copy")
    for target in ("t.jsonl", "v.jsonl"):
        found, empty = map(json.loads, (tmp_path / target).read_text("utf-8").splitlines())
        assert list(empty.values()) == [None] * 4
        assert (found["a"]["n"], found["b"][1][1], found["d"]) == (1, None, [counted])
        for path, image in (
            (found["a"]["x"], first),
            (found["b"][0][0], first),
            (found["b"][1][0], second),
            (found["c"]["3"], second),
        ):
            assert (tmp_path / path).read_bytes() == image.bytes
    write_csv(table, tmp_path / "t.csv")
    assert str(first.digest) in (tmp_path / "t.csv").read_text("utf-8")


def test_folders_come_back_with_media_captions_and_values(tmp_path: Path) -> None:
    rows = [[i, wbtable.Image(PIXELS + i, caption=f"c{i}"), wbtable.Image(PIXELS)] for i in range(3)]
    table = wbtable.Table(columns=["id", "image", "mask"], data=rows)
    write_folder(table, tmp_path / "out")
    back = wbtable.read_folder(tmp_path / "out")
    assert back.columns == ["image", "path", "mask", "id"]
    assert back.get_column("id") == [0, 1, 2]
    assert back.get_column("image") == table.get_column("image")
    assert back.get_column("mask") == table.get_column("mask")


def test_what_is_there_is_not_written_over(table: wbtable.Table, tmp_path: Path) -> None:
    (tmp_path / "t").write_text("mine")
    for write in (write_parquet, write_feather, write_csv, write_jsonl):
        with pytest.raises(wbtable.AlreadyExistsError, match="overwrite"):
            write(table, tmp_path / "t")
        with pytest.raises(wbtable.NotFoundError, match="no folder"):
            write(table, tmp_path / "no" / "t")
    with pytest.raises(wbtable.AlreadyExistsError, match="empty folder"):
        write_folder(table, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["t"]
    write_csv(table, tmp_path / "t", overwrite=True)
    assert (tmp_path / "t").read_text("utf-8").startswith("id,")


def test_nothing_is_left_of_what_fails(tmp_path: Path) -> None:
    class Failing:
        schema = wbtable.Table(columns=["a"], data=[[1]]).schema

        def iterrows(self) -> Any:
            yield 0, [1]
            msg = "the disk is gone"
            raise OSError(msg)

    with pytest.raises(OSError, match="gone"):
        write_csv(Failing(), tmp_path / "t.csv")  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_wrong_arguments_say_what_is_right(table: wbtable.Table, tmp_path: Path) -> None:
    with pytest.raises(wbtable.UsageError, match="one character"):
        write_csv(table, tmp_path / "t.csv", delimiter="ab")
    twice = wbtable.Table(columns=["image", "file_name"], data=[[wbtable.Image(PIXELS), "x"]])
    with pytest.raises(wbtable.UsageError, match="one key"):
        write_folder(twice, tmp_path / "out")
    (tmp_path / "x.feather").write_bytes(b"nonsense")
    with pytest.raises(wbtable.FormatError, match="Feather"):
        wbtable.read_feather(tmp_path / "x.feather")
