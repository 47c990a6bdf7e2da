"""Tables written on their own, and the writer that streams them (spec: 05-tables, TABLE-9)."""

from __future__ import annotations

import errno
import json
import os
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import wbtable
from tests.unit.tables.cases import SAME, check_identical, png
from wbtable.errors import (
    AlreadyExistsError,
    DeniedError,
    DiskFullError,
    NotFoundError,
    StorageError,
    TypeMismatchError,
    UsageError,
)
from wbtable.format.documents import canonical, parse
from wbtable.tables import image_windows, rows
from wbtable.tables.open import open_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def _files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def _table(rows: int = 10) -> wbtable.Table:
    return wbtable.Table(columns=["i", "s"], data=[[i, f"t{i}"] for i in range(rows)])


def test_the_folder(tmp_path: Path) -> None:
    """TABLE-9, TABLE-1, DOC-3: the manifest is canonical text beside ``objects/``, where each object has its key."""
    _table().write(str(tmp_path), "predictions")
    text = (tmp_path / "predictions.table.json").read_bytes()
    document = parse(text, "manifest")
    assert canonical(document) == text
    assert (document["kind"], document["rows"]) == ("wbtable.table", 10)
    keys = {f"objects/{ref['digest'][8:10]}/{ref['digest'][10:]}" for ref in document["refs"]}
    others = [name for name in _files(tmp_path) if name != "predictions.table.json"]
    assert {name.partition(".")[0] for name in others} == keys


def test_names_make_folders(tmp_path: Path) -> None:
    """TABLE-9: objects/ is found in the folders above."""
    _table().write(str(tmp_path), "a/b/c")
    assert (tmp_path / "a" / "b" / "c.table.json").exists()
    assert len(open_table(tmp_path / "a" / "b" / "c.table.json")) == 10
    assert len(open_table(str(tmp_path / "a" / "b"))) == 10


@pytest.mark.parametrize("name", ["..", "../x", "/x", "", "a\\b", "a\x00", "objects/x", "a//b"])
def test_names_that_are_no_paths(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        _table().write(str(tmp_path / "in"), name)
    assert _files(tmp_path) == []


def test_a_name_that_exists(tmp_path: Path) -> None:
    """Nothing is overwritten; two tables may share a folder."""
    _table().write(str(tmp_path))
    before = _files(tmp_path)
    makers: list[Callable[[], object]] = [
        lambda: _table(3).write(str(tmp_path)),
        lambda: wbtable.TableWriter(str(tmp_path)),
    ]
    for make in makers:
        with pytest.raises(AlreadyExistsError, match=r"'table\.table\.json' in .* already"):
            make()
    assert _files(tmp_path) == before
    _table(3).write(str(tmp_path), "other")
    with pytest.raises(UsageError, match="several tables"):
        open_table(tmp_path)
    assert len(open_table(tmp_path / "other.table.json")) == 3


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        open_table(tmp_path)
    with pytest.raises(NotFoundError):
        open_table(tmp_path / "x.table.json")
    (tmp_path / "rows.csv").write_text("a\n1\n")
    with pytest.raises(UsageError, match=r"found the file .*rows\.csv: read_parquet and others read files"):
        open_table(tmp_path / "rows.csv")
    with pytest.raises(UsageError, match="expected the path or URL of a table, found int"):
        open_table(5)  # type: ignore[arg-type]


def test_in_memory_and_by_url() -> None:
    _table().write("memory://standalone/one", "t")
    assert open_table("memory://standalone/one") == _table()
    assert open_table("memory://standalone/one/t.table.json") == _table()


def test_other_programs_read_the_fragments(tmp_path: Path) -> None:
    """TABLE-7: a fragment is plain Parquet."""
    names = ["int", "float", "text", "bool", "naive", "utc", "date", "list", "bytes"]
    table = wbtable.Table(columns=[*names, "image", "array"])
    for i in range(3):
        table.add_data(*(SAME[name][i % 3] for name in names), wbtable.Image(png(i)), np.arange(4.0))
    table.write(str(tmp_path))
    (fragment,) = json.loads((tmp_path / "table.table.json").read_bytes())["tail"]
    digest = fragment["file"]["digest"].removeprefix("SHA-256:")
    path = tmp_path / "objects" / digest[:2] / f"{digest[2:]}.parquet"
    duck = duckdb.sql(f"select count(*), min(int), max(text), min(image.width) from '{path}'")
    assert duck is not None
    assert duck.fetchall() == [(3, -(2**63), "a", 5)]
    polars = pl.read_parquet(path)
    assert polars["int"].to_list() == SAME["int"][:3]
    assert polars["image"].struct.field("width").to_list() == [5, 5, 5]
    frame = pd.read_parquet(path, dtype_backend="pyarrow")
    assert frame["text"].tolist()[:2] == ["", "a"]
    assert list(frame["array"][0]) == [0.0, 1.0, 2.0, 3.0]


def test_equal_rows_give_equal_bytes(tmp_path: Path) -> None:
    """TABLE-6: however the rows came, the content digest is the same; the same way, every byte is."""
    data: list[list[Any]] = [[i, i / 7, f"t{i % 13}", i % 2 == 0] for i in range(3000)]
    names = ["i", "f", "s", "b"]
    frame = pd.DataFrame(data, columns=names)
    arrow = pa.Table.from_pandas(frame, preserve_index=False)

    def streamed(name: str, write: Callable[[wbtable.TableWriter], None]) -> None:
        with wbtable.TableWriter(str(tmp_path / name), columns=names) as writer:
            write(writer)

    def many(writer: wbtable.TableWriter) -> None:
        for start in range(0, 3000, 7):
            writer.write_rows(data[start : start + 7])

    def batches(writer: wbtable.TableWriter) -> None:
        for start in range(0, 3000, 977):
            writer.write_batch(arrow.slice(start, 977))

    wbtable.Table(columns=names, data=data).write(str(tmp_path / "rows"))
    wbtable.Table(columns=names, data=data).write(str(tmp_path / "again"))
    wbtable.Table(dataframe=frame).write(str(tmp_path / "pandas"))
    wbtable.Table(dataframe=pl.from_arrow(arrow)).write(str(tmp_path / "polars"))
    wbtable.Table.from_arrow(arrow).write(str(tmp_path / "arrow"))
    streamed("writer", lambda writer: writer.write_rows(data))
    streamed("many", many)
    streamed("batches", batches)
    folders = ["rows", "again", "pandas", "polars", "arrow", "writer", "many", "batches"]
    manifests = [(tmp_path / name / "table.table.json").read_bytes() for name in folders]
    assert len({json.loads(text)["content_digest"] for text in manifests}) == 1
    assert len(set(manifests)) == 1
    assert _files(tmp_path / "rows") == _files(tmp_path / "batches")


def test_one_value_more_gives_another_digest(tmp_path: Path) -> None:
    """TABLE-6."""
    digests = set()
    for i, value in enumerate([1, 2, None, 1.0, "1", True]):
        wbtable.Table(columns=["a"], data=[[value]]).write(str(tmp_path), f"t{i}")
        digests.add(json.loads((tmp_path / f"t{i}.table.json").read_bytes())["content_digest"])
    assert len(digests) == 6


def test_writer_rows(tmp_path: Path) -> None:
    with wbtable.TableWriter(str(tmp_path), "t", columns=["a", "b"]) as writer:
        writer.write_row(1, "x")
        writer.write_rows([[2, None], (3, "z"), {"b": "w", "a": 4}])
        assert len(writer) == 4
        assert not (tmp_path / "t.table.json").exists()
    check_identical(open_table(tmp_path).data, [[1, "x"], [2, None], [3, "z"], [4, "w"]])
    with pytest.raises(UsageError, match="closed"):
        writer.write_row(1, "x")
    with pytest.raises(UsageError, match="closed"):
        writer.write_batch(pa.table({"a": [1], "b": ["x"]}))
    writer.close()


def test_writer_names_columns_by_the_first_rows(tmp_path: Path) -> None:
    with wbtable.TableWriter(str(tmp_path), "a") as writer:
        writer.write_rows([{"x": 1, "y": 2}, {"y": 4, "x": 3}])
    with wbtable.TableWriter(str(tmp_path), "b") as writer:
        writer.write_batch(pa.table({"x": [1, 3], "y": [2, 4]}))
        writer.write_batch(pa.table({"y": [6], "x": [5]}))
    with wbtable.TableWriter(str(tmp_path), "c") as writer:
        pass
    assert open_table(tmp_path / "a.table.json").data == [[1, 2], [3, 4]]
    assert open_table(tmp_path / "b.table.json").data == [[1, 2], [3, 4], [5, 6]]
    assert open_table(tmp_path / "c.table.json").data == []
    with wbtable.TableWriter(str(tmp_path), "d") as writer:
        with pytest.raises(UsageError, match="give columns="):
            writer.write_row(1)
        writer.write_rows([{"x": 1}])
    assert open_table(tmp_path / "d.table.json").data == [[1]]


def test_writer_refuses_what_does_not_fit(tmp_path: Path) -> None:
    with wbtable.TableWriter(str(tmp_path), columns=["a", "b"]) as writer:
        writer.write_row(1, "x")
        with pytest.raises(TypeMismatchError, match='column "b", row 1: expected string, found int64'):
            writer.write_row(2, 5)
        with pytest.raises(UsageError, match="row 1: expected 2 values, found 1: missing 'b'"):
            writer.write_row(2)
        with pytest.raises(UsageError, match="row 1: expected the columns"):
            writer.write_rows([{"a": 1}])
        with pytest.raises(UsageError, match="expected the columns"):
            writer.write_batch(pa.table({"a": [1]}))
        with pytest.raises(UsageError, match="expected Arrow data"):
            writer.write_batch([1])
        with pytest.raises(TypeMismatchError, match='column "b"'):
            writer.write_batch(pa.table({"a": [1], "b": [1]}))
        writer.write_row(2, "y")
    assert open_table(tmp_path).data == [[1, "x"], [2, "y"]]


def test_writer_widens_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TYPE-9: columns whose type is known late are written again, wider; no value changes."""
    monkeypatch.setattr(rows, "MAX_ROWS", 4)
    with wbtable.TableWriter(str(tmp_path), columns=["a", "b", "c"]) as writer:
        writer.write_rows([[i, None, wbtable.Image(png(i))] for i in range(6)])
        writer.write_rows([[0.5, [1], None]] * 6)
        writer.write_batch(pa.table({"a": pa.array([7], pa.int8()), "b": [[2]], "c": pa.nulls(1)}))
        writer.write_rows([[1, None, wbtable.Image(png(9))]])
    table = open_table(tmp_path)
    check_identical(table.get_column("a"), [*map(float, range(6)), *[0.5] * 6, 7.0, 1.0])
    check_identical(table.get_column("b"), [*[None] * 6, *[[1]] * 6, [2], None])
    found = [None if image is None else image.bytes for image in table.get_column("c")]
    assert found == [*(png(i) for i in range(6)), *[None] * 7, png(9)]


def test_writer_refuses_to_round_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TYPE-9: integers that were written before a column became float must be exact."""
    monkeypatch.setattr(rows, "MAX_ROWS", 2)
    with wbtable.TableWriter(str(tmp_path), columns=["a"]) as writer:
        writer.write_rows([[2**53 + 1], [1], [2]])
        with pytest.raises(TypeMismatchError, match=r'column "a", row 3: .*2\^53'):
            writer.write_rows([[0.5], [1.5]])
        writer.write_rows([[3]])
    check_identical(open_table(tmp_path).get_column("a"), [2**53 + 1, 1, 2, 3])


def test_writer_takes_images_of_binary_columns(tmp_path: Path) -> None:
    """FILE-2, FILE-3."""
    data = [png(0), None, png(1), png(0)]
    with wbtable.TableWriter(str(tmp_path), dtype={"image": wbtable.Image}) as writer:
        writer.write_batch(pa.table({"image": pa.array(data, pa.large_binary()), "n": [1, 2, 3, 4]}))
        writer.write_batch(pa.table({"image": pa.array([png(2)]), "n": [5]}))
        with pytest.raises(UsageError, match='column "image", row 5'):
            writer.write_batch(pa.table({"image": [b"no picture"], "n": [6]}))
    table = open_table(tmp_path)
    assert [row[0] and row[0].bytes for row in table.data] == [*data, png(2)]
    assert len(list((tmp_path / "objects").rglob("*.pack"))) == 1


def test_writer_takes_images_in_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever number of batches is hashed at once; what stands before a damaged image is written."""
    data = [png(i) if i % 7 else None for i in range(30)]
    for window, batch in ((1, 1), (500, 3), (1 << 20, 4)):
        monkeypatch.setattr(image_windows, "WINDOW_BYTES", window)
        with wbtable.TableWriter(str(tmp_path), f"{window}", dtype={"image": wbtable.Image}) as writer:
            writer.write_batch(pa.table({"image": data, "n": range(30)}).to_reader(max_chunksize=batch))
            damaged = pa.table({"image": [*data[:8], b"no picture", data[9]], "n": range(10)})
            with pytest.raises(UsageError, match='column "image", row 38'):
                writer.write_batch(damaged.to_reader(max_chunksize=batch))
            assert len(writer) == 30 + 8 // batch * batch
        table = open_table(tmp_path / f"{window}.table.json")
        assert [row[0] and row[0].bytes for row in table.data] == data + data[: 8 // batch * batch]


def test_writer_aborts(tmp_path: Path) -> None:
    """Nothing of a table that was not finished can be found."""

    def rows() -> Iterator[list[int]]:
        yield from ([i] for i in range(10))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), wbtable.TableWriter(str(tmp_path), columns=["a"]) as writer:
        writer.write_rows(rows())
    with pytest.raises(NotFoundError):
        open_table(tmp_path)
    with wbtable.TableWriter(str(tmp_path), columns=["a"]) as writer:
        writer.write_row(1)
    assert open_table(tmp_path).data == [[1]]


def test_a_name_that_appears_meanwhile(tmp_path: Path) -> None:
    writer = wbtable.TableWriter(str(tmp_path), columns=["a"])
    writer.write_row(1)
    _table().write(str(tmp_path))
    with pytest.raises(AlreadyExistsError):
        writer.close()
    assert open_table(tmp_path) == _table()


_REAL_OPEN = os.open


@pytest.mark.parametrize(
    ("number", "kind"),
    [(errno.ENOSPC, DiskFullError), (errno.EACCES, DeniedError), (errno.EROFS, DeniedError), (errno.EIO, StorageError)],
)
@pytest.mark.parametrize("when", ["fsync", "link"])
def test_failing_disks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[StorageError], when: str
) -> None:
    """No manifest and no temporary file is left, and the table can be written elsewhere."""
    table = _table()
    table.add_column("image", [wbtable.Image(png(i)) for i in range(10)])
    full, calls = tmp_path / "full", 0

    def fail(*args: Any, **options: Any) -> None:
        nonlocal calls
        calls += 1
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, when, fail)
    with pytest.raises(kind):
        table.write(str(full))
    monkeypatch.undo()
    assert calls
    assert not [name for name in _files(full) if not name.startswith("objects/")]
    table.write(str(full), "later")
    assert open_table(full) == table


@pytest.mark.parametrize("rows", [1, 5_000])
def test_a_full_disk_while_rows_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    from wbtable.tables import fragment_job

    def fail(*args: Any, **options: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(fragment_job, "encode_fragment" if rows == 1 else "write_fragment", fail)
    writer = wbtable.TableWriter(str(tmp_path), columns=["a"])
    writer.write_rows([[number] for number in range(rows)])
    with pytest.raises(DiskFullError):
        writer.close()
    # A sketch may be there that no manifest names.
    assert not [name for name in _files(tmp_path) if not name.startswith("objects/")]


def test_keys_are_kept(tmp_path: Path) -> None:
    """TABLE-8."""
    table = _table()
    table.set_pk("i")
    table.write(str(tmp_path))
    assert open_table(tmp_path).primary_key == "i"


def test_links_need_their_table(tmp_path: Path) -> None:
    """LINK-1: a table alone cannot hold links into another."""
    other = _table()
    table = wbtable.Table(columns=["row"], data=[[other.index_ref(3)]])
    with pytest.raises(UsageError, match="put both into one artifact"):
        table.write(str(tmp_path))
    assert _files(tmp_path) == []
