"""What is said of versions later: aliases, tags, deletions, lineage."""

from __future__ import annotations

import datetime as dt
import json
import threading
from typing import TYPE_CHECKING

import pytest

from tests.unit.artifacts.faults import FaultyBackend
from wbtable.artifacts import logs
from wbtable.artifacts.store import Store
from wbtable.errors import (
    AlreadyExistsError,
    ConflictError,
    FormatError,
    NotFoundError,
    StorageError,
    UnsupportedError,
    UsageError,
)
from wbtable.format import layout
from wbtable.format.log_entry import LogEntry
from wbtable.format.seal import sealed

if TYPE_CHECKING:
    from collections.abc import Callable

    from wbtable.artifacts.draft import Artifact

    Make = Callable[..., Artifact]

# What is said later.


def test_aliases_move(store: Store, draft_of: Make) -> None:  # LOG-2, NAME-3
    first, second = store.commit(draft_of()), store.commit(draft_of(files={"b": "b"}))
    first.add_aliases(["x", "y"])
    second.add_aliases(["x", "latest"])
    assert (first.aliases, second.aliases) == (["y"], ["latest", "x"])
    first.remove_aliases(["x", "y", "never"])  # x means another version: it is left alone
    assert (first.aliases, store.artifact("data:x")) == ([], second)
    with pytest.raises(NotFoundError):
        store.artifact("data:y")


@pytest.mark.parametrize("alias", ["v3", "a/b", "a:b", "", " x"])
def test_reserved_aliases_are_refused(store: Store, draft_of: Make, alias: str) -> None:  # NAME-3
    with pytest.raises(UsageError):
        store.commit(draft_of(), aliases=[alias])
    with pytest.raises(NotFoundError):
        store.artifact("data")  # refused before anything was committed
    with pytest.raises(UsageError):
        store.commit(draft_of(), aliases="text")


def test_tags(store: Store, draft_of: Make) -> None:  # NAME-4, LOG-2
    version = store.commit(draft_of(), tags=["b", "a c"])
    version.add_tags(["d", "b"])
    version.remove_tags(["a c", "never"])
    assert version.tags == ["b", "d"]
    for tag in ("", "a/b", " a", "x" * 201):
        with pytest.raises(UsageError, match="tag"):
            version.add_tags([tag])


def test_descriptions(store: Store, draft_of: Make) -> None:  # LOG-2
    version = store.commit(draft_of(description="first"))
    version.description = "second"
    assert store.artifact("data").description == "second"
    version.description = None
    assert version.description is None


def test_deletion(store: Store, draft_of: Make) -> None:  # LOG-6
    first = store.commit(draft_of(), aliases=["keep"])
    second = store.commit(draft_of(files={"b": "b"}))
    with pytest.raises(ConflictError, match="keep"):
        first.delete()
    second.delete()
    second.delete()
    assert second.is_deleted
    assert store.artifact("data") == first
    with pytest.raises(NotFoundError, match="deleted"):
        store.artifact("data:v1")
    first.delete(delete_aliases=True)
    with pytest.raises(NotFoundError):
        store.artifact("data:keep")
    with pytest.raises(NotFoundError, match="deleted"):
        store.artifact("data")
    assert store.versions("data") == []
    assert store.commit(draft_of()).version == "v2"  # numbers are never used again


def test_log_entries_are_documents(store: Store, draft_of: Make) -> None:  # LOG-1
    store.commit(draft_of(), aliases=["x"])
    key = layout.log_key(layout.alias_log("uncategorized", "data", "x"), 0)
    document = json.loads(store.backend.get(key))
    assert (document["kind"], document["value"]) == ("wbtable.alias", 0)
    assert LogEntry.from_json(document, "alias", key).to_json() == document
    for damage in ({"value": "x"}, {"value": -1}, {"id": "x"}, {"kind": "wbtable.tags"}, {"created_at": ""}):
        with pytest.raises(FormatError):
            LogEntry.from_json(sealed(document | damage), "alias", key)
    with pytest.raises(FormatError):
        LogEntry.from_json(sealed({k: v for k, v in document.items() if k != "value"}), "alias", key)
    with pytest.raises(UnsupportedError):
        LogEntry.from_json(document | {"format": "9.0"}, "alias", key)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("tags", ["b", "a"]),
        ("tags", [1]),
        ("ttl", -1),
        ("deletion", 1),
        ("description", 1),
        ("lineage", {}),
        ("lineage", {"run": "p/r", "how": "seen"}),
        ("lineage", {"run": "p/r", "how": "used", "inputs": [1]}),
        ("other", 1),
    ],
)
def test_values_that_a_log_cannot_hold(kind: str, value: object) -> None:  # LOG-2
    with pytest.raises(FormatError):
        LogEntry(kind=kind, id="0" * 32, created_at=dt.datetime.now(dt.UTC), value=value)


def test_an_entry_that_nobody_could_read_is_not_appended(store: Store, draft_of: Make) -> None:  # LOG-5
    version = store.commit(draft_of())
    for text in ("x" * (1 << 20), "\ud800", 5):
        with pytest.raises(UsageError, match="descriptions"):
            version.description = text  # type: ignore[assignment]
    with pytest.raises(UsageError, match="tags"):
        version.add_tags(f"t{i}" for i in range(200_000))
    version.description = "short"
    assert (version.description, version.tags) == ("short", [])
    assert store.verify().ok


def test_the_longest_time_to_live_comes_back(store: Store, draft_of: Make) -> None:  # LOG-2
    version = store.commit(draft_of())
    version.ttl = dt.timedelta.max
    assert version.ttl == dt.timedelta.max - dt.timedelta.max % dt.timedelta(seconds=1)


def test_a_deleted_version_is_given_no_alias(store: Store, draft_of: Make) -> None:  # DEL-1
    version = store.commit(draft_of())
    version.add_aliases(["old"])
    version.delete(delete_aliases=True)
    with pytest.raises(NotFoundError, match="deleted"):
        version.add_aliases(["best"])
    assert store.aliases(version.project, version.name) == {}
    version.append_aliases(["best"])  # as a commit does that another deletes just now
    with pytest.raises(NotFoundError, match="best was deleted"):
        store.artifact("data:best")


def test_racing_appends_lose_nothing(store: Store, draft_of: Make) -> None:  # LOG-5
    version = store.commit(draft_of())
    errors: list[BaseException] = []

    def work(number: int) -> None:
        try:
            mine = Store(store.url).artifact("data")
            for i in range(10):
                mine.add_tags([f"t{number}-{i}"])
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(version.tags) == 60


@pytest.mark.parametrize("applied", [False, True])
@pytest.mark.parametrize("error", [StorageError, AlreadyExistsError])
def test_appends_read_back(store: Store, draft_of: Make, applied: bool, error: type[Exception]) -> None:  # LOG-5
    store.commit(draft_of())
    if error is AlreadyExistsError and not applied:
        return  # a place that says so has the key
    faulty = Store.on(FaultyBackend(store.backend, 0, applied=applied, error=error))
    faulty.artifact("data").add_aliases(["x"])
    log = layout.alias_log("uncategorized", "data", "x")
    assert logs.newest(store.backend, log) == 0
    assert store.artifact("data:x").version == "v0"


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 8, 9, 33])
@pytest.mark.parametrize("start", [-1, 0, 2, 50])
def test_the_newest_number_is_found(store: Store, count: int, start: int) -> None:  # LOG-3
    for number in range(count):
        store.backend.create(layout.log_key("projects/p/views/x", number), b"{}")
    assert logs.newest(store.backend, "projects/p/views/x", start) == count - 1


def test_lineage(store: Store, draft_of: Make) -> None:  # LINEAGE-1
    version = store.commit(draft_of())
    assert version.logged_by() is None
    for run in ("p/a", "p/b", "p/a"):
        version.record_run(run, "used")
    assert version.used_by() == ["p/a", "p/b"]
    later = store.commit(_changed(version.new_draft()))
    assert later.parents() == [version.qualified_name]


def _changed(draft: Artifact) -> Artifact:
    with draft.new_file("changed") as file:
        file.write("x")
    return draft
