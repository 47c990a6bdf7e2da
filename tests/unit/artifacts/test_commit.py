"""Committing: the numbered steps, races, lost answers, crashes at every step."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import wbtable
from tests.unit.artifacts.faults import FaultyBackend
from wbtable.artifacts import commit as commit_module
from wbtable.artifacts.commit import RunInfo, commit
from wbtable.artifacts.draft import Artifact
from wbtable.artifacts.store import Store
from wbtable.errors import (
    ConflictError,
    FormatError,
    NotFoundError,
    UnsupportedError,
    UsageError,
)
from wbtable.format import documents, layout
from wbtable.format.seal import sealed
from wbtable.format.version_record import VersionRecord

if TYPE_CHECKING:
    from collections.abc import Callable

    Make = Callable[..., Artifact]


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commit_module, "PAUSE", 0.0)


def on(store: Store, **settings: Any) -> tuple[Store, FaultyBackend]:
    backend = FaultyBackend(store.backend, **settings)
    return Store.on(backend), backend


# The record.


def test_the_record_says_what_was_committed(store: Store, draft_of: Make) -> None:  # COMMIT-0, COMMIT-4
    first = store.commit(draft_of(metadata={"n": float("inf")}, description="d"), project="p")
    second = store.commit(draft_of(files={"a.txt": "b"}), project="p")
    assert (first.version, second.version) == ("v0", "v1")
    assert first.record.parent is None
    assert second.record.parent is not None
    assert second.record.parent.commit_id == first.record.commit_id
    assert first.metadata == {"n": float("inf")}
    document = json.loads(store.backend.get(layout.log_key(layout.versions_log("p", "data"), 1)))
    assert document["refs"] == [document["manifest"]]
    assert VersionRecord.from_json(document, "x") == second.record


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("commit_id", "x"),
        ("version", -1),
        ("parent", {"version": 5, "commit_id": "0" * 32}),
        ("created_at", "yesterday"),
        ("created_at", "2026-13-41T00:00:00.000000Z"),
        ("metadata", {"$type": "no such", "value": 1}),
        ("manifest", {"media_type": "text/plain", "digest": "SHA-256:" + "0" * 64, "size": 1}),
        ("digest", 7),
        ("name", None),
        ("version", 3),
        ("project", "other"),
        ("refs", []),
    ],
)
def test_damaged_records_are_refused(
    store: Store, draft_of: Make, field: str, value: object
) -> None:  # COMMIT-0, DOC-6
    version = store.commit(draft_of())
    path = store.backend.local_path(store.records(version.project, "data").key(0))
    assert path is not None
    path.write_bytes(documents.canonical(sealed(json.loads(path.read_text()) | {field: value})))
    with pytest.raises(FormatError):
        store.artifact("data:v0")


def test_newer_records_are_not_guessed_at(store: Store, draft_of: Make) -> None:
    version = store.commit(draft_of())
    path = store.backend.local_path(store.records(version.project, "data").key(0))
    assert path is not None
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": "7.0"}))
    with pytest.raises(UnsupportedError, match="upgrade"):
        store.artifact("data")


# Steps 1 to 3.


def test_objects_are_there_before_the_record(store: Store, draft_of: Make) -> None:  # COMMIT-1, COMMIT-2
    faulty, backend = on(store)
    backend.only = backend.only | {"list"}
    draft = draft_of()
    draft.add(wbtable.Table(columns=["x"], data=[[1]]), "t")
    faulty.commit(draft)
    keys = [key for _, key in backend.log]
    record = next(i for i, key in enumerate(keys) if "/versions/000" in key)
    objects = [i for i, key in enumerate(keys) if key.startswith("objects/")]
    assert objects
    assert max(objects) < record
    assert keys[keys.index("gc") - 1].startswith("leases/")
    assert keys.index("gc") < min(objects)
    ordered = [layout.parse_object_key(keys[i])[1] for i in objects]
    assert ordered.index(".pack") < ordered.index(".parquet") < ordered.index(".json.zst")
    assert {key for name, key in backend.log if name == "list"} == {"gc"}  # nothing else is listed


def test_identical_content_makes_no_version(store: Store, draft_of: Make) -> None:  # COMMIT-3
    first = store.commit(draft_of(metadata={"a": 1}))
    assert store.commit(draft_of(metadata={"a": 1}), aliases=["again"]) == first
    assert first.aliases == ["latest", "again"]
    assert store.commit(draft_of(metadata={"a": 2})).version == "v1"
    assert store.commit(draft_of(metadata={"a": 2}, description="other")).version == "v2"
    assert store.commit(draft_of(metadata={"a": 2}, description="other", type="model")).version == "v3"
    assert store.commit(draft_of(files={"a.txt": "z"})).version == "v4"
    assert store.commit(draft_of(metadata={"a": 1})).version == "v5"  # equal to an older one is not equal to the newest


def test_a_deleted_version_is_not_the_result(store: Store, draft_of: Make) -> None:  # COMMIT-3, LOG-6
    store.commit(draft_of()).delete()
    assert store.commit(draft_of()).version == "v1"
    assert store.artifact("data").version == "v1"


def test_a_run_that_repeats_content_is_recorded(store: Store, draft_of: Make) -> None:  # COMMIT-6, LINEAGE-1
    first = commit(store, draft_of(), run=RunInfo(project="p", id="one", inputs=("p/x:v1",)))
    again = commit(store, draft_of(), run=RunInfo(project="p", id="two", inputs=("p/y:v2",)))
    assert again == first
    assert first.logged_by() == "p/one"
    assert first.all_loggers() == ["p/one", "p/two"]
    assert first.parents() == ["p/x:v1", "p/y:v2"]


def test_an_older_draft_replays_its_changes(store: Store, draft_of: Make) -> None:  # COMMIT-3
    base = store.commit(draft_of(files={"a": "1", "b": "1", "c": "1", "d/e": "1"}))
    mine, theirs = base.new_draft(), base.new_draft()
    mine.remove("c")
    with mine.new_file("a", "w") as file:
        file.write("mine")
    with theirs.new_file("b", "w") as file:
        file.write("theirs")
    theirs.remove("c")
    store.commit(theirs)
    merged = store.commit(mine)
    assert merged.record.base == 0
    assert {item.path: item.read() for item in merged.files()} == {"a": b"mine", "b": b"theirs", "d/e": b"1"}


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ({"a": "m"}, {"a": "t"}),
        ({"new": "m"}, {"new": "t"}),
        ({"a": None}, {"a": "t"}),
        ({"a": "m"}, {"a": None}),
        ({"n/x": "m"}, {"n": "t"}),
    ],
)
def test_both_sides_changed_is_a_conflict(
    store: Store, draft_of: Make, mine: dict[str, str | None], theirs: dict[str, str | None]
) -> None:  # COMMIT-3
    base = store.commit(draft_of(files={"a": "1", "b": "1"}))
    drafts = [base.new_draft(), base.new_draft()]
    for draft, changes in zip(drafts, (theirs, mine), strict=True):
        for path, text in changes.items():
            if text is None:
                draft.remove(path)
                continue
            with draft.new_file(path, "w") as file:
                file.write(text)
    store.commit(drafts[0])
    with pytest.raises(ConflictError, match=next(iter(mine))):
        store.commit(drafts[1])
    assert store.artifact("data").version == "v1"
    assert drafts[1].is_draft()


def test_equal_changes_on_both_sides_are_no_conflict(store: Store, draft_of: Make) -> None:  # COMMIT-3
    base = store.commit(draft_of(files={"a": "1"}))
    drafts = [base.new_draft(), base.new_draft()]
    for draft in drafts:
        with draft.new_file("a", "w") as file:
            file.write("same")
    assert store.commit(drafts[0]) == store.commit(drafts[1])


def test_appends_to_a_table_concatenate(store: Store) -> None:  # COMMIT-3
    draft = Artifact("data")
    draft.add(wbtable.Table(columns=["x"], data=[[0], [1]]), "t")
    base = store.commit(draft)
    for value in (10, 20):
        later = base.new_draft()
        table = later["t"]
        table.add_data(value)
        later.add(table, "t", overwrite=True)
        store.commit(later)
    assert store.artifact("data")["t"].get_column("x") == [0, 1, 10, 20]


def test_a_table_that_was_rewritten_is_a_conflict(store: Store) -> None:  # COMMIT-3
    draft = Artifact("data")
    draft.add(wbtable.Table(columns=["x"], data=[[0], [1]]), "t")
    base = store.commit(draft)
    mine, theirs = base.new_draft(), base.new_draft()
    mine.add(wbtable.Table(columns=["x"], data=[[7]]), "t", overwrite=True)
    theirs.add(wbtable.Table(columns=["x"], data=[[8]]), "t", overwrite=True)
    store.commit(theirs)
    with pytest.raises(ConflictError, match=r"t\.table\.json"):
        store.commit(mine)


def test_a_draft_goes_where_it_came_from(store: Store, draft_of: Make) -> None:
    version = store.commit(draft_of(), project="p")
    with pytest.raises(UsageError, match="p/data:v0"):
        store.commit(version.new_draft(), project="q")


def test_a_draft_whose_version_was_deleted_is_not_committed_again(store: Store, draft_of: Make) -> None:  # DEL-1
    """It seemed to be, and an alias led to what nobody can open."""
    draft = draft_of()
    store.commit(draft).delete()
    with pytest.raises(ConflictError, match="deleted since"):
        store.commit(draft, aliases=["best"])
    assert store.commit(draft_of()).version == "v1"
    with pytest.raises(NotFoundError):
        store.artifact("data:best")
