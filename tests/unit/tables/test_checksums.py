"""Checksums of whole columns against those of single cells (spec: FILE-3)."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wbtable.errors import FormatError, UsageError
from wbtable.storage.seen import digests_of
from wbtable.tables import checksums
from wbtable.tables.checksums import checksum_of, checksums_of, raw_of, raws_of


@given(st.lists(st.one_of(st.none(), st.binary(max_size=4)), max_size=20), st.integers(0, 5))
def test_columns_agree_with_cells(blobs: list[bytes | None], start: int) -> None:
    """FILE-3: the algorithm, then the digest in lowercase; null where there is no blob; also of a slice."""
    raws = [hashlib.sha256(blob).digest() for blob in blobs if blob is not None]
    valid = np.array([blob is not None for blob in blobs], np.bool_)
    found = checksums_of(digests_of(raws), valid)
    found.validate(full=True)
    expected = [None if blob is None else f"SHA-256:{hashlib.sha256(blob).hexdigest()}" for blob in blobs]
    assert found.to_pylist() == expected
    part = found.slice(start)
    texts = [text for text in expected[start:] if text is not None]
    assert raws_of(part.drop_null()).tolist() == [raw_of(text) for text in texts]
    assert [checksum_of(raw) for raw in raws_of(part.drop_null()).tolist()] == texts


@pytest.mark.parametrize(
    "wrong", ["", "SHA-256:", "MD5:" + "0" * 68, "SHA-256:" + "g" * 64, "SHA-256:" + "0" * 63, "SHA-256:" + "A" * 64]
)
def test_what_is_no_checksum(wrong: str) -> None:
    good = checksum_of(b"d" * 32)
    with pytest.raises(FormatError, match="checksum"):
        raws_of(pa.array([good, wrong]))


def test_more_than_an_array_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checksums, "_MOST", 2)
    with pytest.raises(UsageError, match="add them in parts"):
        checksums_of(digests_of([b"d" * 32] * 3), np.ones(3, np.bool_))
