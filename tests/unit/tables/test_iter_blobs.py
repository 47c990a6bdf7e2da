"""The encoded bytes of a column of media, cell after cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.tables.reading import pictures, stored
from wbtable.errors import DigestMismatchError, NotFoundError, UsageError
from wbtable.tables import present
from wbtable.tables.open import open_table
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from pathlib import Path


def test_blobs_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(present, "_ENCODED", 500)  # several batches
    source = pictures(12)
    table = stored(source, tmp_path / "t")
    given = [None if value is None else value.bytes for value in source.get_column("image")]
    views = list(table.iter_blobs("image"))
    assert [None if view is None else bytes(view) for view in views] == given
    assert all(view.readonly and (view.format, view.ndim) == ("B", 1) for view in views if view is not None)
    assert None in given
    assert [bytes(view) for view in table.iter_blobs("image") if view] == [data for data in given if data]
    assert [view and bytes(view) for view in source.iter_blobs("image")] == given  # of rows that are in memory too
    pack = next((tmp_path / "t").rglob("*.pack"))
    pack.write_bytes(pack.read_bytes()[:-1_000].ljust(pack.stat().st_size, b"x"))
    with pytest.raises(DigestMismatchError, match='column "image", row'):
        list(open_table(tmp_path / "t").iter_blobs("image"))
    with pytest.raises(UsageError, match=r'column "text": expected a column of media, found string'):
        Table(columns=["text"], data=[["a"]]).iter_blobs("text")
    with pytest.raises(NotFoundError, match="nothing"):
        Table(columns=["text"], data=[["a"]]).iter_blobs("nothing")
