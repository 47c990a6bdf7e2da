"""Damaged files of logs: what is said anew counts again, and what is copied from or to them says which one it is."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from wbtable.artifacts.store import Store, create_store
from wbtable.errors import ConflictError, FormatError, WbtableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wbtable.artifacts.draft import Artifact

    Make = Callable[..., Artifact]

DATA = "projects/p/artifacts/data"


@pytest.fixture
def other(tmp_path: Path) -> Store:
    return create_store(tmp_path / "other")


def damage(store: Store, folder: str, number: int = 0) -> tuple[Path, bytes]:
    """Flip a bit of a log's file; return where it is, and what it was."""
    path = store.backend.local_path(f"{DATA}/{folder}/{number:020d}.json")
    assert path is not None
    path.chmod(0o644)
    data = path.read_bytes()
    place = data.index(b'_at":"20') + len(b'_at":"')
    path.write_bytes(data[:place] + b"3" + data[place + 1 :])
    return path, data


def test_what_is_said_anew_counts_behind_a_damaged_entry(store: Store, draft_of: Make) -> None:  # LOG-1
    version = store.commit(draft_of(), project="p", aliases=["best"])
    version.description, version.ttl = "said later", dt.timedelta(days=3)
    number = f"{0:020d}"
    for folder in ("aliases/best", f"descriptions/{number}", f"ttl/{number}"):
        damage(store, folder)
    assert not store.verify().ok
    version.add_aliases(["best"])
    version.description = None
    version.ttl = None
    assert (store.artifact("p/data:best").version, version.description, version.ttl) == ("v0", None, None)
    assert store.verify().ok


def test_a_version_is_deleted_behind_a_damaged_deletion(store: Store, draft_of: Make) -> None:  # LOG-1, LOG-6
    version = store.commit(draft_of(), project="p")
    version.delete()
    damage(store, f"deletions/{0:020d}")
    with pytest.raises(FormatError):
        store.gc()
    version.delete()
    assert version.is_deleted
    assert store.gc().live_objects == 2


def test_tags_are_not_made_of_damaged_ones(store: Store, draft_of: Make) -> None:  # LOG-5
    version = store.commit(draft_of(), project="p", tags=["checked"])
    damage(store, f"tags/{0:020d}")
    with pytest.raises(FormatError):
        version.add_tags(["more"])


def test_aliases_are_listed_beside_a_damaged_one(store: Store, draft_of: Make) -> None:
    store.commit(draft_of(), project="p", aliases=["best", "next"])
    damage(store, "aliases/best")
    told: list[tuple[str, WbtableError]] = []
    assert store.aliases("p", "data", on_unreadable=lambda *what: told.append(what)) == {"next": 0}
    assert [what for what, _ in told] == ["p/data:best"]
    with pytest.raises(FormatError):
        store.aliases("p", "data")


def test_a_description_is_taken_away_from_a_version_that_was_made_with_one(
    store: Store, other: Store, draft_of: Make
) -> None:
    """LOG-2: null takes the place of the record's, in a copy, too (COPY-3)."""
    version = store.commit(draft_of(description="first"), project="p")
    version.description = None
    assert store.artifact("p/data").description is None
    store.copy_to(other)
    assert other.artifact("p/data").description is None
    version.description = "first"
    store.copy_to(other)
    assert other.artifact("p/data").description == version.description == "first"


@pytest.mark.parametrize("is_source", [False, True])
def test_a_copy_says_which_store_has_the_damaged_record(
    store: Store, other: Store, draft_of: Make, *, is_source: bool
) -> None:
    """COPY-1: a record that is damaged is no sign that the stores have gone apart, and the other one mends it."""
    store.commit(draft_of(), project="p")
    store.copy_to(other)
    path, _ = damage(store if is_source else other, "versions")
    urls = [store.url, other.url] if is_source else [other.url, store.url]
    with pytest.raises(FormatError, match="damaged") as caught:
        store.copy_to(other, "p/data")
    assert str(caught.value).endswith(f"in {urls[0]!r}; in {urls[1]!r} it is whole: put that file back from there")
    path.write_bytes((type(path)(urls[1]) / DATA / "versions" / path.name).read_bytes())
    assert store.copy_to(other).there == 1
    assert (store.verify().ok, other.verify().ok) == (True, True)


def test_stores_that_have_gone_apart_are_a_conflict_still(store: Store, other: Store, draft_of: Make) -> None:
    for one in (store, other):  # COPY-1
        one.commit(draft_of(), project="p")
    with pytest.raises(ConflictError, match="gone apart"):
        store.copy_to(other)


def test_a_copy_without_the_damaged_newest_record_can_be_committed_to(
    store: Store, other: Store, draft_of: Make
) -> None:
    """COPY-2: nothing has to stand behind the last version that is copied; no commit follows a damaged record."""
    for text in ("one", "two"):
        store.commit(draft_of(files={"a": text}), project="p")
    damage(store, "versions", 1)
    with pytest.raises(FormatError, match="copy the versions before it to another store"):
        store.commit(draft_of(files={"a": "three"}), project="p")
    store.records("p", "data").say_deleted(1, deleted=True)
    assert store.copy_to(other).versions == ["p/data:v0"]
    assert other.commit(draft_of(files={"a": "three"}), project="p").version == "v1"
    assert other.verify().ok
