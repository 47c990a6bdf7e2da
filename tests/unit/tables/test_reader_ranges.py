"""Fragments that are read by ranges: footer and pages are checked (FRAG-7)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from tests.unit.tables.reading import flip, in_memory, numbers, pictures
from wbtable.errors import FormatError, NotFoundError, WbtableError
from wbtable.tables.reader import TableReader
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable


def _fresh(reader: TableReader) -> Table:
    return Table.from_source(TableReader(reader.objects, reader.manifest))


def _store(table: Table) -> tuple[TableReader, str, bytes]:
    reader = in_memory(table, f"ranges-{uuid.uuid4().hex}")
    (fragment,) = reader.fragments
    key = reader.objects.key(fragment.file.digest, fragment.file.media_type)
    return reader, key, reader.objects.backend.get(key)


def _put(reader: TableReader, key: str, data: bytes) -> None:
    reader.objects.backend.replace(key, data)


def test_ranges_give_the_same_rows_as_a_local_file() -> None:
    expected = numbers(70_000)
    reader, _, _ = _store(Table.from_arrow(expected))
    table = _fresh(reader)
    assert table.to_arrow().equals(expected)
    assert pa.Table.from_batches(table.scan()).equals(expected)
    assert table.take([69_999, 0, 5]).equals(expected.take([69_999, 0, 5]))
    assert table["word"].equals(expected["word"])


def test_only_the_ranges_of_the_columns_asked_are_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, _, data = _store(Table.from_arrow(numbers(200_000)))
    fetched = 0
    backend = reader.objects.backend
    original = type(backend).get_ranges

    def spy(self: Any, ranges: Any) -> list[bytes]:
        nonlocal fetched
        fetched += sum(size for _, _, size in ranges)
        return original(self, ranges)

    monkeypatch.setattr(type(backend), "get_ranges", spy)
    _fresh(reader).to_arrow(["word"])
    assert 0 < fetched < len(data) / 5


# Where a flipped bit may hide, each part of the file in turn.
@pytest.mark.parametrize("part", ["magic", "pages", "index", "footer", "trailer"])
def test_a_flipped_bit_never_gives_other_rows(part: str) -> None:
    expected = numbers(3000)
    reader, key, good = _store(Table.from_arrow(expected))
    fragment = reader.fragments[0]
    footer = len(good) - 8 - fragment.footer_length
    opened = reader.opened(0).metadata
    chunks = [opened.row_group(0).column(i) for i in range(opened.num_columns)]
    end = max((c.dictionary_page_offset or c.data_page_offset) + c.total_compressed_size for c in chunks)
    first, last = {
        "magic": (0, 4),
        "pages": (4, end),
        "index": (end, footer),
        "footer": (footer, len(good) - 8),
        "trailer": (len(good) - 8, len(good)),
    }[part]
    rng = np.random.default_rng(3)
    places = range(first, last) if last - first < 60 else rng.integers(first, last, 60)
    refused = 0
    for at in map(int, places):
        _put(reader, key, flip(good, at, int(rng.integers(8))))
        for read in _WAYS:
            try:
                found = read(_fresh(reader))
            except FormatError as error:
                refused += "fragments[0]" in str(error)
            else:
                assert found.equals(expected.select(found.column_names))
    # Magic and page index are not read by ranges, so nothing there can do harm.
    assert refused or part in {"magic", "index"}
    if part in {"footer", "trailer"}:
        assert refused == len(places) * len(_WAYS)


_WAYS: tuple[Callable[[Table], pa.Table], ...] = (
    lambda table: table.to_arrow(),
    lambda table: pa.Table.from_batches(table.scan()),
    lambda table: table.take(np.arange(3000), ["id", "word"]),
)


def test_page_headers_are_covered_too() -> None:
    """A page's checksum leaves out its header: each bit of the first headers is tried."""
    expected = pa.table({"a": np.arange(40), "s": pa.array([f"x{i % 3}" for i in range(40)])})
    reader, key, good = _store(Table.from_arrow(expected))
    end = len(good) - 8 - reader.fragments[0].footer_length
    for at in range(4, min(end, 160)):
        for bit in range(8):
            _put(reader, key, flip(good, at, bit))
            try:
                found = _fresh(reader).to_arrow()
            except FormatError:
                continue
            assert found.equals(expected), f"byte {at}, bit {bit}"


def test_a_cut_or_missing_fragment_is_named() -> None:
    reader, key, good = _store(Table.from_arrow(numbers(3000)))
    for cut in (good[:-1], good[: len(good) // 2], good[:6], good[40:] + b"x" * 40):
        _put(reader, key, cut)
        for read in _WAYS:
            with pytest.raises(WbtableError, match=r"fragments\[0\]"):
                read(_fresh(reader))
    reader.objects.backend.delete([key])
    with pytest.raises(NotFoundError, match=key[:20]):
        _fresh(reader).to_arrow()


def test_media_of_a_remote_store() -> None:
    source = pictures(9)
    reader = in_memory(source, f"media-{uuid.uuid4().hex}")
    table = Table.from_source(reader)
    given = [None if value is None else value.bytes for value in source.get_column("image")]
    found = table.to_arrow(["image"], media="bytes")["image"].to_pylist()
    assert [None if cell is None else cell["bytes"] for cell in found] == given
    kept = [row[1] for _, row in table.iterrows()]
    assert [None if value is None else value.bytes for value in kept] == given
    rows = pa.Table.from_batches(table.scan(["id"], filter=pc.field("image").is_null()))
    assert rows["id"].to_pylist() == [4]
