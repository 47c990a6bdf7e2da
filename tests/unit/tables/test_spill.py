"""What a table that is being filled keeps in memory, and what in temporary files."""

from __future__ import annotations

import gc
from pathlib import Path

import pyarrow as pa
import pytest

import wbtable
from tests.unit.tables.cases import check_identical, png
from wbtable.errors import NotFoundError, UsageError
from wbtable.media.payload import Payload
from wbtable.storage.hashing import hash_all
from wbtable.tables import parts, rows, spill
from wbtable.tables.open import open_table


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WBTABLE_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache" / "spill"


def test_rows_spill_and_are_read_on(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MAX_ROWS", 100)
    monkeypatch.setattr(parts, "MAX_MEMORY", 10_000)
    table = wbtable.Table(columns=["i", "s"], data=[[i, f"t{i}"] for i in range(5000)])
    assert list(cache.rglob("*.arrow"))
    assert table.get_column("i") == list(range(5000))
    table.add_data(0.5, None)
    check_identical(table.get_column("i"), [*map(float, range(5000)), 0.5])
    table.write(str(tmp_path / "out"))
    assert open_table(tmp_path / "out") == table
    del table
    gc.collect()
    assert not list(cache.rglob("*.arrow"))


def test_what_spilled_is_read_as_it_was(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By columns, by rows, several at once; and nothing of it stays mapped."""
    monkeypatch.setattr(parts, "MAX_MEMORY", 10_000)
    table = wbtable.Table(dataframe=pa.table({"i": range(40_000), "s": [f"t{i}" for i in range(40_000)]}))
    (path,) = cache.rglob("*.arrow")
    assert table.to_arrow()["s"][39_999].as_py() == "t39999"
    assert table.to_arrow(columns=["s", "i"]).column_names == ["s", "i"]
    batches = list(table.scan(["i"], batch_size=1000))
    assert max(batch.num_rows for batch in batches) == 1000
    assert pa.Table.from_batches(batches)["i"].to_pylist() == list(range(40_000))
    assert table.take([39_999, 3, 3])["s"].to_pylist() == ["t39999", "t3", "t3"]
    assert table.take(range(40_000))["i"].to_pylist() == list(range(40_000))
    first, second = (table.scan(["i"], batch_size=7) for _ in range(2))
    assert next(first).equals(next(second))
    del first, second
    gc.collect()
    if Path("/proc/self/maps").exists():
        assert str(path) not in Path("/proc/self/maps").read_text("utf-8")


def test_blobs_spill_and_are_removed(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MAX_ROWS", 4)
    monkeypatch.setattr(spill, "MAX_MEMORY", 500)
    table = wbtable.Table(columns=["x"], data=[[wbtable.Image(png(i % 10))] for i in range(20)])
    assert [row[0].bytes for row in table.data] == [png(i % 10) for i in range(20)]
    assert list(cache.rglob("*.pack"))
    table.write(str(tmp_path / "out"))
    assert [row[0].bytes for row in open_table(tmp_path / "out").data] == [png(i % 10) for i in range(20)]
    del table
    gc.collect()
    assert not list(cache.rglob("*.pack"))


def test_rows_spill_sooner_where_their_media_have(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MAX_ROWS", 4)
    monkeypatch.setattr(parts, "_MAX_BESIDE_MEDIA", 2000)
    table = wbtable.Table(columns=["x"], data=[[wbtable.Image(png(i % 10))] for i in range(200)])
    assert not list(cache.rglob("*.arrow"))
    monkeypatch.setattr(spill, "MAX_MEMORY", 500)
    for i in range(200):
        table.add_data(wbtable.Image(png(i % 10)))
    assert list(cache.rglob("*.arrow"))
    assert [row[0].bytes for row in table.data] == [png(i % 10) for i in range(400)]


def test_borrowed_blobs_spill(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Images that came as a column of bytes are moved to a pack once, with those that came one by one."""
    monkeypatch.setattr(spill, "MAX_BORROWED", 3000)
    images = [png(i % 30) for i in range(400)]
    table = wbtable.Table(columns=["x"], data=[[wbtable.Image(png(40))]])
    for start in range(0, 400, 100):
        column = pa.table({"x": pa.array(images[start : start + 100], pa.binary())})
        table.extend(wbtable.Table.from_arrow(column, dtype={"x": wbtable.Image}))
    assert [row[0].bytes for row in table.data] == [png(40), *images]
    assert list(cache.rglob("*.pack"))
    for pack in cache.rglob("*.pack"):
        assert pack.stat().st_size < 3 * sum(map(len, map(png, range(30))))
    table.write(str(tmp_path / "out"))
    assert [row[0].bytes for row in open_table(tmp_path / "out").data] == [png(40), *images]


def test_a_blob_is_kept_once() -> None:
    """FILE-3: by digest."""
    blobs = spill.TableBlobs()
    files = blobs.put_many([Payload.of_bytes(png(), "image/png")] * 3)
    assert len({file["checksum"] for file in files}) == 1
    assert len(blobs._memory) == 1
    assert blobs.read(files[0]) == png()
    with pytest.raises(NotFoundError, match="not part of this table"):
        blobs.read({"checksum": f"SHA-256:{'0' * 64}"})


def test_failing_encoding_keeps_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """A value that can only be refused when it is encoded costs no row."""
    table = wbtable.Table(columns=["i", "x"], data=[[1, "a"]])

    def fail(*_: object) -> None:
        raise UsageError("no")

    monkeypatch.setattr(parts, "encode", fail)
    with pytest.raises(UsageError, match='column "i", rows 0 to 0'):
        table.to_arrow()
    monkeypatch.undo()
    assert table.data == [[1, "a"]]


def test_no_more_views_are_made_at_once_than_python_leaves_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    counts: list[int] = []

    def counting(blobs: list[bytes]) -> bytes:
        counts.append(len(blobs))
        return hash_all(blobs)

    monkeypatch.setattr(spill, "hash_all", counting)
    column = pa.array([png(i % 251) for i in range(6_000)], pa.binary())
    batches = [pa.record_batch({"image": part}) for part in (column[:1_500], column[1_500:])]
    table = wbtable.Table.from_arrow(pa.Table.from_batches(batches), dtype={"image": wbtable.Image})
    assert table.num_rows == sum(counts) == 6_000
    assert max(counts) < gc.get_threshold()[0]
