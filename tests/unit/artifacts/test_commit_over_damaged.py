"""Commits to an artifact some of whose records are damaged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wbtable.artifacts.draft import Artifact
from wbtable.artifacts.store import Store, create_store
from wbtable.errors import FormatError

if TYPE_CHECKING:
    from pathlib import Path


def draft_of(text: str) -> Artifact:
    """Return a draft with a file of this text."""
    made = Artifact("x")
    with made.new_file("a", "w") as file:
        file.write(text)
    return made


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Make a store with three versions."""
    made = create_store(tmp_path / "store")
    for text in ("one", "two", "three"):
        made.commit(draft_of(text))
    return made


def damage(store: Store, number: int) -> tuple[Path, bytes]:
    """Flip a bit of a record's commit id; return where it is, and what it was."""
    path = store.backend.local_path(store.records("uncategorized", "x").key(number))
    assert path is not None
    path.chmod(0o644)
    data = path.read_bytes()
    place = data.index(b'"commit_id":"') + len(b'"commit_id":"')
    path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
    return path, data


def delete(store: Store, number: int) -> None:
    store.records("uncategorized", "x").say_deleted(number, deleted=True)


@pytest.mark.parametrize("is_deleted", [False, True])
def test_nothing_follows_a_damaged_record_until_it_is_put_back(store: Store, *, is_deleted: bool) -> None:
    """COMMIT-0, DOC-8: the next record names its commit id, which nobody knows."""
    path, data = damage(store, 2)
    if is_deleted:
        delete(store, 2)
    drafts = [draft_of("four"), store.artifact("x:v1").new_draft()]
    drafts[1].remove("a")
    for draft in drafts:
        with pytest.raises(
            FormatError, match=r"damaged.*nothing can be committed to uncategorized/x .*put that file back"
        ):
            store.commit(draft)
    path.write_bytes(data)
    assert store.commit(drafts[0]).version == "v3"
    assert store.verify().ok


def test_a_damaged_record_before_the_newest_is_in_the_way_until_its_version_is_deleted(store: Store) -> None:
    """OPEN-2: as the newest that is not deleted it would be compared with; the next record does not name it."""
    damage(store, 1)
    delete(store, 2)
    with pytest.raises(FormatError, match="unless that version is deleted by its number"):
        store.commit(draft_of("four"))
    delete(store, 1)
    version = store.commit(draft_of("four"))
    assert version.version == "v3"
    assert version.record.parent is not None
    assert version.record.parent.version == 2
