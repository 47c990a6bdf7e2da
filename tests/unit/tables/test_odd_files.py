"""Files with oddities: what they hold comes over exactly, or is refused by a clear error."""

from __future__ import annotations

import gzip
import io
import uuid
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import wbtable
from tests.unit.tables.cases import check_identical
from wbtable.errors import FormatError, NotFoundError, TypeMismatchError, UsageError
from wbtable.format.types import DecimalType
from wbtable.tables.files_out import write_csv

if TYPE_CHECKING:
    from pathlib import Path

NAN = float("nan")


def _csv(text: str | bytes, **options: Any) -> wbtable.Table:
    return wbtable.read_csv(io.BytesIO(text if isinstance(text, bytes) else text.encode()), **options)


@pytest.mark.parametrize("text", ["a\n18446744073709551615\n1\n", "a\n1.5\n9007199254740993\n"])
def test_integers_of_a_csv_file_are_not_rounded(text: str) -> None:
    """TYPE-9: Arrow reads integers beyond int64, or beside floats, as floats; where digits were lost it is an error."""
    with pytest.raises(FormatError, match=r"column 'a': the integer \d+ has no exact form as a float"):
        _csv(text)
    assert _csv("a\n18446744073709551615\n1\n", dtype={"a": "uint64"}).data == [[2**64 - 1], [1]]
    assert _csv("a\n1\n2.5\n9007199254740992\n1e300\n").data == [[1.0], [2.5], [2.0**53], [1e300]]


def test_a_csv_column_declared_as_float16() -> None:
    """Arrow reads none, which was an error about the file."""
    table = _csv('a\n1.5\nNaN\n""\n-2\n', dtype={"a": "float16"})
    assert str(table.schema["a"]) == "float16"
    check_identical(table.get_column("a"), [1.5, NAN, None, -2.0])
    with pytest.raises(TypeMismatchError, match=r'column "a", row 0: .*beyond the range of float16'):
        _csv("a\n70000\n", dtype={"a": "float16"})


def test_nan_of_a_csv_file_is_not_null() -> None:
    """TYPE-2: what was written as NaN is NaN again."""
    check_identical(_csv("a,b\nNaN,1\nnan,\n-1.5,NA\n").data, [[NAN, 1], [NAN, None], [-1.5, None]])


@pytest.mark.parametrize("text", [b"a\n\xe9\n", b"\xe9\n1\n", b"\x1f\x8b\x08"], ids=["cell", "header", "gzip"])
def test_a_csv_file_that_is_no_utf8(text: bytes) -> None:
    """Text in another encoding becomes neither bytes nor a traceback."""
    with pytest.raises(FormatError, match="file: "):
        _csv(text)


def test_csv_options_that_mean_nothing() -> None:
    """The errors are of the call."""
    for wrong in (";;", "", "§"):
        with pytest.raises(UsageError, match="delimiter of one character"):
            _csv("a\n1\n", delimiter=wrong)
    with pytest.raises(UsageError, match='column "a": no cell of a CSV file is of type image'):
        _csv("a\n1\n", dtype={"a": wbtable.Image})
    with pytest.raises(UsageError, match="open binary file, found StringIO"):
        wbtable.read_csv(io.StringIO("a\n1\n"))  # type: ignore[arg-type]


def test_a_header_alone_needs_no_line_end() -> None:
    for text in ("a,b", "a,b\n", "\ufeffa,b"):
        assert (_csv(text).columns, len(_csv(text))) == (["a", "b"], 0)
    with pytest.raises(FormatError, match="Empty CSV"):
        _csv("")


def test_quotes_that_do_not_end_take_no_rows() -> None:
    """The rows behind such a quote became the text of its cell, without a word."""
    with pytest.raises(FormatError, match="a quote that ends the last cell"):
        _csv('a,b\n1,"x\n2,y\n3,z\n')
    assert _csv('a,b\n1,"x\n2,y\n"\n\n').data == [[1, "x\n2,y\n"]]
    assert _csv('a,b\n1,"x\ny"\n2,z').data == [[1, "x\ny"], [2, "z"]]
    assert _csv('a,b\n1,"x\ny"').data == [[1, "x\ny"]]


@pytest.mark.parametrize("read", [wbtable.read_csv, wbtable.read_jsonl])
def test_what_is_no_text_is_named(read: Any) -> None:
    for data, found in ((gzip.compress(b"a\n1\n"), "gzip"), ('{"a": 1}\n'.encode("utf-16"), "UTF-16")):
        with pytest.raises(FormatError, match=f"found {found}: "):
            read(io.BytesIO(data))


@pytest.mark.parametrize(
    "values", [[1, None, 3], [None, None], ["x", None, "", 'q"\n'], [1.5, None], [True, None], [None, NAN, 2.0]]
)
def test_null_alone_in_a_row_of_csv_is_a_row(values: list[Any], tmp_path: Path) -> None:
    """A blank line is no row to those who read it, so that a column of its own lost its nulls."""
    table = wbtable.Table(columns=["a"], data=[[value] for value in values])
    write_csv(table, tmp_path / "table.csv")
    table.view().write_csv(tmp_path / "view.csv")
    text = isinstance(values[0], str)
    for name in ("table.csv", "view.csv"):
        found = wbtable.read_csv(tmp_path / name)
        check_identical(found.data, [["" if text and value is None else value] for value in values])
        assert len(pd.read_csv(tmp_path / name)) == len(values)


def test_media_do_not_go_where_a_file_is(tmp_path: Path) -> None:
    (tmp_path / "media").write_text("x")
    image = wbtable.Image(np.zeros((2, 2), np.uint8))
    with pytest.raises(wbtable.StorageError, match="media"):
        write_csv(wbtable.Table(columns=["a"], data=[[image]]), tmp_path / "a.csv", media_folder=tmp_path / "media")


def test_columns_of_a_parquet_file(tmp_path: Path) -> None:
    """TABLE-2: columns are picked by whole names; one that is not there is said."""
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"a.b": [1], "a": [{"b": 2}]}), path)
    assert wbtable.read_parquet(path, columns=["a.b"]).data == [[1]]
    assert wbtable.read_parquet(path, columns=["a", "a.b"]).data == [[{"b": 2}, 1]]
    with pytest.raises(NotFoundError, match="no column 'z'"):
        wbtable.read_parquet(path, columns=["z"])
    with pytest.raises(UsageError, match="expected a list of column names"):
        wbtable.read_parquet(path, columns="a")


def test_images_as_datasets_hold_them() -> None:
    """MEDIA-5: structs with bytes are images wherever they come from; those with a path alone are refused, not null."""
    png = wbtable.Image(np.zeros((2, 2), np.uint8)).bytes
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    rows = pa.table({"image": pa.array([{"bytes": png, "path": "x.png"}, None], kind)})
    table = wbtable.Table.from_arrow(rows, dtype={"image": wbtable.Image})
    assert [cell and cell.bytes for cell in table.get_column("image")] == [png, None]
    named = pa.table({"image": pa.array([None, {"bytes": None, "path": "x.png"}], kind)})
    with pytest.raises(UsageError, match=r'column "image", row 1: expected bytes, found only the path'):
        wbtable.Table.from_arrow(named, dtype={"image": wbtable.Image})


def test_arrow_text_of_types_that_are_stored_as_text() -> None:
    """ANY-1, TYPE-3: a column's text is parsed, never taken for its stored form."""
    words = pa.table({"a": ["x", '{"$type":"int","value":"1"}', None]})
    assert wbtable.Table(dataframe=words, dtype={"a": object}).get_column("a") == words["a"].to_pylist()
    assert wbtable.Table(dataframe=pa.table({"a": [1, None]}), dtype={"a": object}).data == [[1], [None]]
    nested = pa.table({"a": [["x"], None]})
    assert wbtable.Table(dataframe=nested, dtype={"a": [object]}).data == [[["x"]], [None]]
    one = uuid.UUID(int=2**128 - 1)
    assert wbtable.Table(dataframe=pa.table({"a": [str(one).upper()]}), dtype=uuid.UUID)["a"].to_pylist() == [one]
    for dtype in (uuid.UUID, DecimalType(precision=50, scale=2)):
        with pytest.raises(TypeMismatchError, match=r"row 0: expected (uuid|decimal)"):
            wbtable.Table(dataframe=words, dtype=dtype)


@pytest.mark.parametrize("frame", [pa.table({"a": [1, None, 9]}), pd.DataFrame({"a": [1, 1, 9]})])
def test_class_ids_of_columns(frame: Any) -> None:
    """An id that is no class is refused in columns as in rows."""
    classes = wbtable.Classes([{"id": 1, "name": "cat"}])
    with pytest.raises(TypeMismatchError, match=r'column "a", row 2: expected one of the class ids \[1\], found 9'):
        wbtable.Table(dataframe=frame, dtype={"a": classes})


def test_pandas_by_every_door(tmp_path: Path) -> None:
    """TYPE-2: NaN stays NaN, and the index stays out, however a DataFrame comes in."""
    frame = pd.DataFrame({"a": [NAN, 1.5], "b": ["x", None]}, index=[7, 9])
    want = [[NAN, "x"], [1.5, None]]
    check_identical(wbtable.Table.from_arrow(frame).data, want)
    table = wbtable.Table(dataframe=frame)
    table.extend(frame)
    check_identical(table.data, want * 2)
    with wbtable.TableWriter(tmp_path) as writer:
        writer.write_batch(frame)
    check_identical(wbtable.open_table(tmp_path).data, want)


@pytest.mark.parametrize("line", ['{"a":1,"a":2}', '{"a":[{"b":1,"b":1}]}'])
def test_a_key_that_stands_twice_in_a_line(line: str) -> None:
    """The last value silently won."""
    with pytest.raises(FormatError, match=r"line 2: .*the key '[ab]' stands twice"):
        wbtable.read_jsonl(io.BytesIO(f'{{"a":null}}\n{line}\n'.encode()))


@pytest.mark.parametrize("line", ['{"a": 1e400}', '{"a": [0.5, {"b": -1E+309}]}'])
def test_numbers_of_json_lines_that_no_float_holds(line: str) -> None:
    """They became infinite."""
    with pytest.raises(FormatError, match=r"line 2: .* the number -?1[eE]\+?\d+ is out of range"):
        wbtable.read_jsonl(io.BytesIO(b'{"a": null}\n' + line.encode()))
    check_identical(
        wbtable.read_jsonl(io.BytesIO(b'{"a": Infinity}\n{"a": NaN}\n{"a": 1e308}')).get_column("a"),
        [float("inf"), NAN, 1e308],
    )


@pytest.mark.parametrize(
    ("text", "options", "width"),
    [
        ("a,b\ninf,x\n1e400,y\n", {}, 64),
        ("a,b\n-1e400,1\n", {"dtype": {"a": "float64"}}, 64),
        ("a,b\n3.5e38,1\n", {"dtype": {"a": "float32"}}, 32),
    ],
)
def test_numbers_of_csv_files_that_no_float_holds(text: str, options: dict[str, Any], width: int) -> None:
    """Arrow makes them infinite."""
    with pytest.raises(FormatError, match=rf"column 'a': the number \S+ is beyond the range of float{width}"):
        _csv(text, **options)
    check_identical(_csv("a\ninf\n-Infinity\n1e308\nnan\n").get_column("a"), [float("inf"), -float("inf"), 1e308, NAN])
    assert _csv("a\n1e400\n", dtype={"a": "string"}).data == [["1e400"]]
