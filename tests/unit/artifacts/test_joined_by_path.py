"""Joined and partitioned tables that name tables by path are looked at before they are committed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import wbtable
from wbtable.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from wbtable.artifacts.store import Store
    from wbtable.artifacts.version import Version

LEFT, RIGHT = "left.table.json", "right.table.json"


def _table(*columns: str, value: Any = 1) -> wbtable.Table:
    return wbtable.Table(columns=list(columns), data=[[value] * len(columns)])


def _joined(left: str, right: str, key: str = "k") -> wbtable.JoinedTable:
    return wbtable.JoinedTable(left, right, key)


@pytest.mark.parametrize(
    ("right", "document", "message"),
    [
        (_table("k", "y"), _joined(LEFT, RIGHT, "z"), "has no key column 'z'"),
        (_table("k", value="one"), _joined(LEFT, RIGHT), "the keys cannot be equal"),
        (_table("k"), _joined(LEFT, "both.joined-table.json"), "refer to each other"),
        (_table("k", value="one"), wbtable.PartitionedTable([LEFT, RIGHT]), 'part 1, column "k"'),
    ],
    ids=["key", "types", "circle", "parts"],
)
def test_what_cannot_be_read_is_not_committed(store: Store, right: wbtable.Table, document: Any, message: str) -> None:
    """JOIN-5, PART-3: refused when it is made, and the draft stays usable."""
    draft = wbtable.Artifact("a", type="t")
    draft.add(_table("k", "x"), "left")
    draft.add(right, "right")
    draft.add(document, "both")
    with pytest.raises(UsageError, match=message):
        store.commit(draft, project="p")
    with pytest.raises(NotFoundError):
        store.artifact("p/a:latest")
    draft.remove("both")
    assert len(store.commit(draft, project="p").files()) == 2


def test_tables_of_the_base_are_looked_at(store: Store) -> None:
    """JOIN-2: a path may name what the version had from which the draft was made."""
    draft = wbtable.Artifact("a", type="t")
    draft.add(_table("k", "x"), "left")
    version = store.commit(draft, project="p")
    draft = version.new_draft()
    draft.add(_table("k", "y"), "right")
    draft.add(_joined(LEFT, RIGHT, "y"), "both")
    with pytest.raises(UsageError, match=r"both.joined-table.json: side 0 has no key column 'y'"):
        store.commit(draft, project="p")
    draft.add(_joined(LEFT, RIGHT), "both", overwrite=True)
    assert store.commit(draft, project="p").get("both").columns == ["k", "0.x", "1.y"]


@pytest.mark.parametrize("prefix", ["/x", "../x", "", "a\\b", 5])
def test_folders_that_are_no_paths(prefix: Any) -> None:
    """PART-1, PATH-1: the error is of the call."""
    with pytest.raises(UsageError, match="folder of the parts"):
        wbtable.PartitionedTable(prefix)


def _without_left(store: Store) -> tuple[Version, wbtable.Artifact]:
    """Return a version with a join, and a draft of it that takes away one of the join's tables."""
    draft = wbtable.Artifact("a", type="t")
    draft.add(_table("k", "x"), "left")
    draft.add(_table("k", "y"), "right")
    draft.add(_joined(LEFT, RIGHT), "both")
    version = store.commit(draft, project="p")
    changed = version.new_draft()
    changed.remove("left")
    return version, changed


def test_a_table_that_a_kept_join_names_does_not_go_without_it(store: Store) -> None:
    """JOIN-2, VERIFY-2: the version would have a join that nobody can read."""
    _, draft = _without_left(store)
    with pytest.raises(NotFoundError, match=r"both.joined-table.json: it names the table 'left.table.json'"):
        store.commit(draft, project="p")
    draft.add(_table("z"), "left", overwrite=True)
    with pytest.raises(UsageError, match="no key column 'k'"):
        store.commit(draft, project="p")
    draft.remove("both")
    assert store.commit(draft, project="p").version == "v1"
    assert store.verify().ok


def test_verification_finds_a_join_whose_table_is_missing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """VERIFY-2: as an older writer could make it."""
    version, draft = _without_left(store)
    monkeypatch.setattr("wbtable.artifacts.commit.kept_documents", lambda *_: [])
    newer = store.commit(draft, project="p")
    [damage] = newer.verify().damaged
    assert damage.where == "p/a:v1: both.joined-table.json"
    assert "'left.table.json', which is not there" in damage.problem
    assert version.verify().ok
