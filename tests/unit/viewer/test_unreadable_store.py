"""A store that cannot be read is said before anything is served, with what it is that cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import wbtable
from wbtable.errors import FormatError, StorageError
from wbtable.viewer.opening import open_target

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def header(tmp_path: Path) -> Path:
    """Return where a store says what it is; it is gone."""
    wbtable.create_store(tmp_path / "store")
    found = tmp_path / "store/wbtable.json"
    found.chmod(0o600)
    found.unlink()
    return found


def test_a_store_whose_header_is_damaged(header: Path, tmp_path: Path) -> None:
    header.write_text("{ no", "utf-8")
    for target, store in ((None, str(header.parent)), (str(header.parent), None)):
        with pytest.raises(FormatError, match=f"wbtable.json in {header.parent}: Expecting property name"):
            open_target(target, tmp_path, store)


def test_a_store_that_may_not_be_read(header: Path, tmp_path: Path) -> None:
    """A folder where a file should be stands for missing rights, which mean nothing to root."""
    header.mkdir()
    with pytest.raises(StorageError, match=f"could not read wbtable.json in {header.parent}"):
        open_target(None, tmp_path, str(header.parent))
