"""Reading stored tables: every way gives the same rows, and wrong bytes are never rows."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tests.unit.tables.reading import (
    CountingBlobs,
    fragment_paths,
    many_fragments,
    numbers,
    pictures,
    reader_of,
    stored,
)
from wbtable.errors import DigestMismatchError, FormatError, NotFoundError, UsageError
from wbtable.tables import fragments
from wbtable.tables.fragments import _CHECKED
from wbtable.tables.open import open_table
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def plain(tmp_path: Path) -> Table:
    """Return a stored table of plain columns, of several row groups."""
    return stored(Table.from_arrow(numbers(150_000)), tmp_path / "plain")


def test_all_ways_of_reading_give_the_same_rows(plain: Table) -> None:
    expected = numbers(150_000)
    assert plain.to_arrow().equals(expected)
    assert pa.table(plain).equals(expected)
    assert pa.Table.from_batches(plain.scan(batch_size=777)).equals(expected)
    assert plain.take(np.arange(150_000)).equals(expected)
    assert plain.to_polars().to_arrow()["id"].equals(expected["id"])
    assert plain["word"].equals(expected["word"])
    assert plain.get_column("maybe") == expected["maybe"].to_pylist()
    assert plain.head(3).equals(expected.slice(0, 3))
    assert [row for _, row in zip(range(5), (row for _, row in plain.iterrows()), strict=False)] == [
        list(row.values()) for row in expected.slice(0, 5).to_pylist()
    ]
    assert len(plain) == plain.num_rows == 150_000
    assert plain.columns == expected.column_names


def test_batches_have_at_most_the_size_asked(plain: Table) -> None:
    sizes = [batch.num_rows for batch in plain.scan(["id"], batch_size=10_000)]
    assert max(sizes) == 10_000
    assert sum(sizes) == 150_000
    with pytest.raises(UsageError, match="batch size"):
        plain.scan(batch_size=0)


def test_columns_come_in_the_order_asked_and_no_column_keeps_the_rows(plain: Table) -> None:
    assert plain.to_arrow(["word", "id"]).column_names == ["word", "id"]
    assert plain.to_arrow([]).num_rows == 150_000
    assert sum(batch.num_rows for batch in plain.scan([])) == 150_000
    assert plain.take([1, 2], []).num_rows == 2
    with pytest.raises(NotFoundError, match="did you mean 'word'"):
        plain.to_arrow(["wrod"])
    with pytest.raises(UsageError, match="each column once"):
        plain.to_arrow(["id", "id"])
    with pytest.raises(UsageError, match="found the text 'id'"):
        plain.to_arrow("id")
    with pytest.raises(UsageError, match="rows are read with take"):
        plain[3]  # type: ignore[index]


def test_a_text_column_reads_no_media(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = stored(pictures(20), tmp_path / "t")
    read: list[list[str]] = []
    original = pq.ParquetFile.read_row_groups

    def spy(self: Any, groups: Any, columns: Any = None, **options: Any) -> pa.Table:
        read.append(list(columns))
        return original(self, groups, columns=columns, **options)

    monkeypatch.setattr(pq.ParquetFile, "read_row_groups", spy)
    assert table.get_column("text") == [f"t{i}" for i in range(20)]
    table.take([1], ["text"])
    list(table.scan(["text"], filter=pc.field("id") > 3))
    assert read == [["text"], ["text"], ["text", "id"]]


def test_lazy_media_read_no_blob_until_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = stored(pictures(10), tmp_path / "t")
    counting = CountingBlobs(reader_of(table).objects)
    monkeypatch.setattr(type(reader_of(table)), "blobs", property(lambda _: counting))
    table.to_arrow()
    list(table.scan())
    rows = [row for _, row in table.iterrows()]
    assert counting.blobs == 0
    assert rows[2][1].to_numpy().shape == (4, 5, 3)
    assert counting.blobs == 1
    assert rows[4][1] is None


def test_bytes_and_decoded_media(tmp_path: Path) -> None:
    source = pictures(12)
    table = stored(source, tmp_path / "t")
    given = [None if value is None else value.bytes for value in source.get_column("image")]
    for found in (
        table.to_arrow(["image"], media="bytes")["image"],
        table.take(range(12), ["image"], media="bytes")["image"],
        pa.Table.from_batches(table.scan(["image"], media="bytes", batch_size=5))["image"],
    ):
        cells = found.to_pylist()
        assert [None if cell is None else cell["bytes"] for cell in cells] == given
        assert cells[0]["caption"] == "c0"
        assert (cells[0]["width"], cells[0]["file"]["size"]) == (5, len(given[0] or b""))
    decoded = table.take([3, 4], ["image"], media="decoded")["image"].to_pylist()
    array = decoded[0]["array"]
    assert (array["dtype"], array["shape"]) == ("uint8", [4, 5, 3])
    pixels = np.frombuffer(array["data"], array["dtype"]).reshape(array["shape"])
    assert np.array_equal(pixels, source.get_column("image")[3].to_numpy())
    assert decoded[1] is None
    with pytest.raises(UsageError, match="lazy, bytes, decoded"):
        table.to_arrow(media="pixels")  # type: ignore[arg-type]


def test_columns_as_numpy(tmp_path: Path) -> None:
    table = Table(
        columns=["n", "m", "t", "a", "i"],
        data=[[i, None if i else 1.5, f"x{i}", np.full((2, 2), i, np.float32), v] for i, v in enumerate(_images(3))],
    )
    for found in (table, stored(table, tmp_path / "t")):
        assert _numpy(found, "n").dtype == np.int64
        assert list(_numpy(found, "m")) == [1.5, None, None]
        assert _numpy(found, "a").shape == (3, 2, 2)
        assert _numpy(found, "i").shape == (3, 4, 5, 3)
        assert list(_numpy(found, "t")) == ["x0", "x1", "x2"]
    with pytest.raises(UsageError, match="convert_to"):
        table.get_column("n", "list")


def _images(count: int) -> list[Any]:
    return [value for value in pictures(4).get_column("image") if value is not None][:count]


def _numpy(table: Table, name: str) -> np.ndarray[Any, Any]:
    found = table.get_column(name, "numpy")
    assert isinstance(found, np.ndarray)
    return found


def test_filters_keep_exactly_the_rows_that_fulfil_them(tmp_path: Path) -> None:
    parts = [numbers(1000, seed) for seed in range(4)]
    shifted = [part.set_column(0, "id", pa.array(np.arange(1000) + 1000 * i)) for i, part in enumerate(parts)]
    reader = many_fragments(tmp_path, shifted)
    assert len(reader.fragments) == 4
    table, whole = Table.from_source(reader), pa.concat_tables(shifted)
    field = pc.field
    for condition in (
        field("id") > 2500,
        field("id") == 1234,
        (field("id") < 10) | (field("id") >= 3999),
        field("maybe").is_null() & (field("id") < 1200),
        ~(field("maybe") > 5),
        (field("word") == "w5") & (field("score") > 0.5),
        field("word") > "w99",
        field("word").isin(["w1", "zzz"]),
        field("id") > 10_000,
    ):
        found = table.scan(["word", "id"], filter=condition)
        expected = whole.filter(condition).select(["word", "id"])
        assert pa.Table.from_batches(found, schema=expected.schema).equals(expected)


def test_fragments_that_cannot_match_are_not_read(tmp_path: Path) -> None:
    shifted = [numbers(100, i).set_column(0, "id", pa.array(np.arange(100) + 100 * i)) for i in range(3)]
    reader = many_fragments(tmp_path, shifted)
    for fragment in (reader.fragments[0], reader.fragments[2]):
        path = reader.objects.local_path(fragment.file)
        assert path is not None
        path.unlink()
    table = Table.from_source(reader)
    found = pa.Table.from_batches(table.scan(["id"], filter=(pc.field("id") >= 120) & (pc.field("id") < 150)))
    assert found["id"].to_pylist() == list(range(120, 150))
    with pytest.raises(NotFoundError, match=r"fragments\[0\].*missing"):
        list(table.scan(["id"], filter=pc.field("id") >= 50))


@pytest.mark.parametrize("stored", [True, False])
def test_an_expression_filters_a_scan(tmp_path: Path, plain: Table, stored: bool) -> None:
    table = Table.from_source(many_fragments(tmp_path, [numbers(100, i) for i in range(3)])) if stored else plain
    whole = table.to_arrow()
    expected = whole.filter(pc.field("id") >= 20)
    found = pa.Table.from_batches(table.scan(filter="id >= 20", batch_size=7), schema=expected.schema)
    assert 0 < found.num_rows < whole.num_rows
    assert found.equals(expected)
    assert pa.Table.from_batches(table.scan(["word"], filter="id >= 20")).equals(expected.select(["word"]))
    assert sum(batch.num_rows for batch in table.scan([], filter="id >= 20")) == expected.num_rows
    with pytest.raises(UsageError, match="nope"):
        table.scan(filter="nope > 1")


def test_a_filter_that_does_not_fit_is_a_usage_error(plain: Table) -> None:
    with pytest.raises(UsageError, match="the filter does not fit"):
        list(plain.scan(filter=pc.field("nope") > 1))
    with pytest.raises(UsageError, match="the filter does not fit"):
        list(plain.scan(filter=pc.field("word") > 1))


def test_appends_widen_columns_and_add_new_ones(tmp_path: Path) -> None:
    parts = [
        pa.table({"n": pa.array([1, 2], pa.int32()), "s": pa.array([{"a": 1}, None])}),
        pa.table({"n": pa.array([2**40, None]), "s": pa.array([{"a": 2, "b": "x"}, {"a": None, "b": None}])}),
        pa.table({"n": pa.array([2.5]), "s": pa.array([{"a": 1, "b": "y"}]), "more": pa.array(["new"])}),
    ]
    table = Table.from_source(many_fragments(tmp_path, parts))
    assert table.get_column("n") == [1.0, 2.0, float(2**40), None, 2.5]
    assert table.get_column("s") == [{"a": 1}, None, {"a": 2, "b": "x"}, {"a": None, "b": None}, {"a": 1, "b": "y"}]
    assert table.get_column("more") == [None, None, None, None, "new"]
    assert table.take([4, 0]).to_pylist()[1]["more"] is None


# TABLE-7: what does not convert exactly is refused.
def test_an_integer_that_no_float_holds_is_refused(tmp_path: Path) -> None:
    from wbtable.format.types import NumberType
    from wbtable.tables.conform import conform

    wide = NumberType(dtype="float64")
    array = pa.array([1, 2**53 + 1])
    with pytest.raises(FormatError, match=r'column "n", row 1: the integer 9007199254740993 is beyond 2\^53'):
        conform(array, NumberType(dtype="int64"), wide, place='column "n"')
    assert conform(pa.array([2**53]), NumberType(dtype="int64"), wide, place="x").to_pylist() == [2.0**53]
    with pytest.raises(FormatError, match=r"beyond 2\^24"):
        conform(pa.array([2**24 + 1]), NumberType(dtype="int32"), NumberType(dtype="float32"), place="x")


def test_a_damaged_local_fragment_never_gives_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte region of a file, through each way of reading (FRAG-7)."""
    table = stored(Table.from_arrow(numbers(3000)), tmp_path / "t")
    (path,) = fragment_paths(table)
    good = path.read_bytes()
    rng = np.random.default_rng(5)
    places = {0, 3, len(good) - 1, len(good) - 5, len(good) - 100, *rng.integers(0, len(good), 40).tolist()}
    for at in places:
        _replace(path, good[:at] + bytes([good[at] ^ (1 << int(rng.integers(8)))]) + good[at + 1 :])
        for read in _WAYS:
            with pytest.raises(DigestMismatchError, match=r"fragments\[0\].*the bytes are damaged"):
                read(open_table(tmp_path / "t"))
        # Arrow's C stream carries errors as text only.
        with pytest.raises(pa.ArrowInvalid, match=r"fragments\[0\].*the bytes are damaged"):
            pa.table(open_table(tmp_path / "t"))
    for cut in (good[:-1], good[: len(good) // 2], b"", good + b"\0"):
        _replace(path, cut)
        for read in _WAYS:
            with pytest.raises(FormatError, match=r"fragments\[0\].*expected \d+ bytes, found \d+"):
                read(open_table(tmp_path / "t"))
    for gone in (lambda *_: path.unlink(missing_ok=True), fragments.check_local):  # while it is opened; before
        with monkeypatch.context() as patched:
            patched.setattr(fragments, "check_local", gone)
            for read in _WAYS:
                with pytest.raises(NotFoundError, match=r"fragments\[0\].*is missing"):
                    read(open_table(tmp_path / "t"))
    _replace(path, good)
    assert open_table(tmp_path / "t").to_arrow().equals(numbers(3000))


_WAYS = (
    lambda table: table.to_arrow(),
    lambda table: list(table.scan()),
    lambda table: list(table.scan(filter=pc.field("id") > 5)),
    lambda table: table.take([7], ["word"]),
    lambda table: list(table.iterrows()),
    lambda table: table.get_column("score"),
    lambda table: table.to_pandas(),
    lambda table: table.to_polars(),
)


def _replace(path: Path, data: bytes) -> None:
    new = path.with_suffix(".new")
    new.write_bytes(data)
    path.chmod(0o600) if path.exists() else None
    new.replace(path)


def test_a_file_damaged_after_it_was_checked_is_noticed(tmp_path: Path) -> None:
    table = stored(Table.from_arrow(numbers(100)), tmp_path / "t")
    assert table.head(1).num_rows == 1
    (path,) = fragment_paths(table)
    data = path.read_bytes()
    _replace(path, data[:50] + bytes([data[50] ^ 0xFF]) + data[51:])
    with pytest.raises(DigestMismatchError):
        table.to_arrow()


def test_a_whole_file_is_hashed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = stored(Table.from_arrow(numbers(100)), tmp_path / "t")
    added: list[object] = []
    original = _CHECKED.add

    def spy(stamp: Any, xxh3: str) -> None:
        added.append(stamp)
        original(stamp, xxh3)

    monkeypatch.setattr(_CHECKED, "add", spy)
    for _ in range(3):
        table.to_arrow()
        open_table(tmp_path / "t").take([1])
    assert len(added) == 1


def test_a_damaged_blob_names_column_and_row(tmp_path: Path) -> None:
    table = stored(pictures(8), tmp_path / "t")
    pack = next((tmp_path / "t").rglob("*.pack"))
    good = pack.read_bytes()
    cell = table.take([6], ["image"])["image"][0].as_py()["file"]
    at = cell["offset"] + cell["size"] // 2
    _replace(pack, good[:at] + bytes([good[at] ^ 16]) + good[at + 1 :])
    damaged = open_table(tmp_path / "t")
    for read in (
        lambda: damaged.take([0, 6], media="bytes"),
        lambda: damaged.to_arrow(media="bytes"),
        lambda: list(damaged.scan(media="bytes", batch_size=3)),
        lambda: damaged.take([6], media="decoded"),
    ):
        with pytest.raises(DigestMismatchError, match='column "image", row 6'):
            read()
    assert damaged.take([0, 5], media="bytes").num_rows == 2
    pack.unlink()
    with pytest.raises(NotFoundError, match=r"\.pack"):
        open_table(tmp_path / "t").take([0], media="bytes")


def test_fragments_open_in_other_programs(tmp_path: Path) -> None:
    table = stored(
        Table(
            columns=["n", "x", "t", "when", "tags", "d", "arr"],
            data=[
                [i, None if i % 2 else i / 4, f"t{i}", pd.Timestamp("2024-01-01", tz="UTC") + pd.Timedelta(i, "h"),
                 [f"a{i}", None], {"k": i}, np.full(3, i, np.float32)]
                for i in range(100)
            ],
        ),
        tmp_path / "t",
    )  # fmt: skip
    (path,) = fragment_paths(table)
    shutil.copy(path, alone := tmp_path / "alone.parquet")
    rows = _sql(f"select n, x, t, tags[1], d.k, arr[2] from '{alone}' order by n")
    assert rows[3] == (3, None, "t3", "a3", 3, 3.0)
    assert rows[4][1] == 1.0
    frame = pl.read_parquet(alone)
    assert frame["t"].to_list() == table.get_column("t")
    assert frame["tags"].to_list()[2] == ["a2", None]
    other = pd.read_parquet(alone)
    assert other["n"].tolist() == list(range(100))
    assert other["arr"][5].tolist() == [5.0, 5.0, 5.0]
    assert str(other["when"].dt.tz) == "UTC"


def _sql(query: str) -> list[Any]:
    relation = duckdb.connect().sql(query)
    assert relation is not None
    return relation.fetchall()


def test_media_fragments_open_in_other_programs(tmp_path: Path) -> None:
    table = stored(pictures(10), tmp_path / "t")
    (path,) = fragment_paths(table)
    found = _sql(f"select image.width, image.file.size, image.caption from '{path}'")
    assert found[1] == (5, table.get_column("image")[1].size, "c1")
    assert found[4] == (None, None, None)
    assert pl.read_parquet(path)["image"].struct.field("height").to_list()[:2] == [4, 4]


def test_the_text_form_shows_size_columns_and_first_rows(plain: Table, tmp_path: Path) -> None:
    text = repr(plain)
    assert text.startswith("Table: 150,000 rows x 4 columns\nid")
    assert "w3" in text
    wide = Table.from_arrow(pa.table({f"c{i}": [i] for i in range(20)}))
    assert "… 12 more" in repr(wide)
    table = stored(Table.from_arrow(numbers(10)), tmp_path / "gone")
    fragment_paths(table)[0].unlink()
    assert "is missing" in repr(table)
    assert repr(Table(columns=[])) == "Table: 0 rows x 0 columns"
