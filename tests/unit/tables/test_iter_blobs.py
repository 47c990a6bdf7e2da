"""The encoded bytes of a column of media, cell after cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.unit.tables.reading import pictures, stored
from wbtable.errors import DigestMismatchError, NotFoundError, UsageError
from wbtable.media.image import Image
from wbtable.storage import blob_stream
from wbtable.tables import present
from wbtable.tables.open import open_table
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from pathlib import Path


def test_blobs_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blob_stream, "_BLOCK", 500)  # several blocks
    monkeypatch.setattr(present, "_ENCODED", 500)  # and batches, of rows in memory
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
    pack.unlink()
    with pytest.raises(NotFoundError, match="does not exist"):
        list(open_table(tmp_path / "t").iter_blobs("image"))
    with pytest.raises(UsageError, match=r'column "text": expected a column of media, found string'):
        Table(columns=["text"], data=[["a"]]).iter_blobs("text")
    with pytest.raises(NotFoundError, match="nothing"):
        Table(columns=["text"], data=[["a"]]).iter_blobs("nothing")


def test_a_damaged_blob_is_named_and_nothing_of_its_block_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PACK-10: the blocks before are given out, none of the one that has the damage."""
    monkeypatch.setattr(blob_stream, "_BLOCK", 1)  # a block each
    images = [Image(np.full((4, 4), shade, np.uint8)) for shade in range(30)]
    table = Table(columns=["image"], data=[[image] for image in images])
    stored(table, tmp_path / "t")
    pack = next((tmp_path / "t").rglob("*.pack"))
    data = bytearray(pack.read_bytes())
    data[data.index(images[20].bytes) + 30] ^= 1
    pack.write_bytes(data)
    got = open_table(tmp_path / "t").iter_blobs("image")
    assert [bytes(next(got) or b"") for _ in range(20)] == [image.bytes for image in images[:20]]
    with pytest.raises(DigestMismatchError, match='column "image", row 20: the bytes are damaged'):
        next(got)


def test_blobs_of_no_row(tmp_path: Path) -> None:
    table = Table(columns=["image"], dtype=[Image])
    assert list(table.iter_blobs("image")) == []
    assert list(stored(table, tmp_path / "t").iter_blobs("image")) == []
