"""Collection: what is deleted, what never is, and what is said of it (spec: 10c-collection)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import wbtable
from tests.stateful.fake import DAY, HOUR, FakeBackend, fake_store
from tests.unit.artifacts.faults import FaultyBackend
from wbtable.artifacts.lease import Lease
from wbtable.artifacts.store import Store
from wbtable.errors import ConflictError, NotFoundError
from wbtable.format import layout
from wbtable.format.collection import CollectionDocument, LeaseDocument
from wbtable.format.documents import canonical

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wbtable.artifacts.draft import Artifact

    Make = Callable[..., Artifact]

NONE = dt.timedelta(0)
NOW = dt.datetime(2026, 11, 24, tzinfo=dt.UTC)


@pytest.fixture
def fake(tmp_path: Path) -> tuple[Store, FakeBackend]:
    return fake_store(tmp_path)


def objects(store: Store) -> set[str]:
    return set(store.backend.list("objects"))


def garbage(backend: Any, number: int = 1) -> str:
    key = f"objects/{number:02x}/{'0' * 62}"
    backend.put(key, b"garbage")
    return key


# What is dead.


def test_a_deleted_version_goes_after_the_grace_period(
    fake: tuple[Store, FakeBackend], draft_of: Make
) -> None:  # DEL-2, GC-2
    store, backend = fake
    first = store.commit(draft_of(files={"a": "one"}))
    store.commit(draft_of(files={"a": "two"}))
    backend.now += DAY
    first.delete()
    backend.now += DAY - 1
    assert store.gc(dry_run=False).deleted_objects == 0
    backend.now += 1
    before = objects(store)
    report = store.gc(dry_run=False)
    assert (report.deleted_objects, report.deleted_versions) == (2, 1)
    assert report.deleted_bytes == report.reclaimable_bytes > 0
    assert len(objects(store)) == len(before) - 2
    assert store.artifact("data").verify().ok
    assert list(backend.list("gc")) == []
    assert store.gc(dry_run=False).deleted_objects == 0
    with pytest.raises(NotFoundError, match="deleted"):
        store.artifact("data:v0")


def test_nothing_is_deleted_unless_asked(fake: tuple[Store, FakeBackend], draft_of: Make) -> None:  # GC-8
    store, backend = fake
    store.commit(draft_of())
    key = garbage(backend)
    backend.now += 2 * DAY
    before = dict(backend.keys)
    report = store.gc()
    assert report.dry_run
    assert (report.dead_objects, report.reclaimable_objects, report.reclaimable_bytes) == (1, 1, 7)
    assert (report.live_objects, report.deleted_objects) == (2, 0)
    assert report.live_bytes == sum(len(backend.get(k)) for k in objects(store) - {key})
    assert backend.keys == before
    assert store.gc(dry_run=False).deleted_objects == 1
    assert key not in backend.keys


def test_young_garbage_stays(fake: tuple[Store, FakeBackend]) -> None:  # GC-2
    store, backend = fake
    key = garbage(backend)
    report = store.gc(dry_run=False)
    assert (report.dead_objects, report.reclaimable_objects) == (1, 0)
    assert key in backend.keys
    assert store.gc(NONE, dry_run=False).deleted_objects == 1


def test_what_is_shared_stays(fake: tuple[Store, FakeBackend], draft_of: Make) -> None:  # GC-3
    store, _ = fake
    first = store.commit(draft_of(files={"a": "one", "b": "two"}))
    draft = first.new_draft()
    draft.remove("b")
    second = store.commit(draft)
    first.delete()
    report = store.gc(NONE, dry_run=False)
    assert report.deleted_objects == 1  # the first manifest; both share the pack
    assert report.partly_dead_bytes == 3
    assert second.verify().ok


def test_partly_dead_bytes_are_those_of_no_cell(fake: tuple[Store, FakeBackend]) -> None:  # GC-7
    store, _ = fake
    images = [wbtable.Image(np.full((9, 9), i, np.uint8)) for i in range(3)]
    table = wbtable.Table(columns=["i", "image"], data=[[i, image] for i, image in enumerate(images)])
    draft = wbtable.Artifact("data")
    draft.add(table, "t")
    first = store.commit(draft)
    assert store.gc().partly_dead_bytes == 0
    cells = [row[1] for _, row in first["t"].iterrows()]
    draft = wbtable.Artifact("data")
    draft.add(wbtable.Table(columns=["i", "image"], data=[[0, images[0]], [1, images[1]]]), "t")
    store.commit(draft)
    first.delete()
    report = store.gc(NONE, dry_run=False)
    assert report.partly_dead_bytes == len(cells[2].bytes)
    assert store.gc(NONE, packs=False).partly_dead_bytes is None
    assert store.verify().ok


def test_objects_that_a_deleted_version_lacks_are_no_failure(fake: tuple[Store, FakeBackend]) -> None:  # GC-5, GC-7
    """As a collector with a shorter grace period leaves them that died, or is at it."""
    store, backend = fake
    draft = wbtable.Artifact("data")
    draft.add(wbtable.Table(columns=["image"], data=[[wbtable.Image(np.zeros((9, 9), np.uint8))]]), "t")
    with draft.new_file("f") as file:
        file.write("f")
    version = store.commit(draft)
    version.delete()
    kept = dict(backend.keys)
    for key in objects(store):
        backend.keys = dict(kept)
        backend.delete([key])
        assert store.gc().reclaimable_objects == 0


def test_a_table_of_another_artifact_that_is_joined_stays(fake: tuple[Store, FakeBackend]) -> None:  # GC-3
    store, _ = fake
    draft = wbtable.Artifact("left")
    draft.add(wbtable.Table(columns=["id", "x"], data=[[1, 2]]), "t")
    left = store.commit(draft)
    draft = wbtable.Artifact("joined")
    draft.add(wbtable.JoinedTable(left["t"], wbtable.Table(columns=["id", "y"], data=[[1, 3]]), "id"), "j")
    joined = store.commit(draft)
    left.delete()
    store.gc(NONE, dry_run=False)
    assert joined.verify().ok
    assert len(joined["j"]) == 1


def test_runs_keep_what_they_logged(store: Store) -> None:  # GC-3
    with wbtable.init(project="p", store=store) as run:
        run.log({"image": wbtable.Image(np.zeros((4, 4), np.uint8))})
        run._intake.uploads.drain()
        assert run._recorder is not None
        run._recorder.flush()
        assert list(store.backend.list("leases")) == []
        store.gc(NONE, dry_run=False)
        run.log({"image": wbtable.Image(np.ones((4, 4), np.uint8))})
    garbage(store.backend)
    assert store.gc(NONE, dry_run=False).deleted_objects == 1
    [info] = store.runs("p")
    assert info.history(["image"]).num_rows == 2
    assert store.verify().ok


@pytest.mark.parametrize("log", [layout.view_log("p", "v"), layout.report_log("p", "r")])
def test_views_and_reports_are_roots(fake: tuple[Store, FakeBackend], log: str) -> None:  # GC-3
    store, backend = fake
    made = store.objects.put("text/plain", b"kept")
    ref = made.to_json()
    document = {"kind": "wbtable.view", "format": "0.1", "features": {"reader": [], "writer": []}, "refs": [ref]}
    backend.create(layout.log_key(log, 0), canonical(document))
    assert store.gc(NONE, dry_run=False).deleted_objects == 0
    assert store.objects.get(made) == b"kept"


# Time to live.


def test_time_to_live(fake: tuple[Store, FakeBackend], draft_of: Make) -> None:  # TTL-1
    store, backend = fake
    for number in range(3):
        version = store.commit(draft_of(files={"a": str(number)}), project="p")
        version.ttl = dt.timedelta(days=3)
    store.artifact("p/data:v1").add_aliases(["keep"])
    store.artifact("p/data:v2").ttl = None
    backend.now += 3 * DAY - 1
    assert store.gc().expired == ()
    backend.now += 1
    assert store.gc().expired == ("p/data:v0",)
    assert store.artifact("p/data:v0").verify().ok
    assert store.gc(dry_run=False).expired == ("p/data:v0",)
    with pytest.raises(NotFoundError, match="deleted"):
        store.artifact("p/data:v0")
    assert store.gc(dry_run=False).deleted_objects == 0  # the grace period begins with the deletion
    backend.now += DAY
    assert store.gc(dry_run=False).deleted_objects == 2
    assert [v.version for v in store.versions("p/data")] == ["v1", "v2"]


# Leases.


def test_a_leased_key_stays(fake: tuple[Store, FakeBackend]) -> None:  # GC-2, LEASE-2
    store, backend = fake
    kept, other = garbage(backend, 1), garbage(backend, 2)
    with Lease(backend) as lease:
        lease.record([kept])
        report = store.gc(NONE)
        assert (report.dead_objects, report.reclaimable_objects, report.leases) == (2, 1, 1)
        assert store.gc(NONE, dry_run=False).deleted_objects == 1
    assert kept in backend.keys
    assert other not in backend.keys
    assert store.gc(NONE, dry_run=False).deleted_objects == 1


def test_a_leased_version_stays(fake: tuple[Store, FakeBackend], draft_of: Make) -> None:  # GC-3
    store, backend = fake
    version = store.commit(draft_of(), project="p")
    version.delete()
    with Lease(backend, ["p/data:v0", "p/other:v7"]) as lease:
        lease.record([])
        assert store.gc(NONE, dry_run=False).deleted_objects == 0
    assert store.gc(NONE, dry_run=False).deleted_objects == 2


def test_nothing_goes_while_a_lease_may_use_any_key(fake: tuple[Store, FakeBackend]) -> None:  # LEASE-3
    store, backend = fake
    garbage(backend)
    lease = LeaseDocument(id="a" * 32, created_at=NOW, keys=None)
    backend.create(layout.lease_key(lease.id), lease.to_bytes())
    assert store.gc(NONE).reclaimable_objects == 0
    assert store.gc(NONE, dry_run=False).deleted_objects == 0


def test_an_expired_lease_is_ended_by_the_stores_clock(fake: tuple[Store, FakeBackend]) -> None:  # LEASE-4
    store, backend = fake
    key = garbage(backend)
    lease = Lease(backend)
    lease.record([key])
    backend.now += DAY - 1
    assert store.gc(dry_run=False).deleted_objects == 0
    lease._write()
    backend.now += DAY - 1
    store.gc(dry_run=False)
    lease.check()
    backend.now += 1
    assert store.gc().reclaimable_objects == 1
    lease.check()  # a dry run ends nothing
    assert store.gc(dry_run=False).deleted_objects == 1
    with pytest.raises(ConflictError, match="ended"):
        lease.check()
    assert list(backend.list("leases")) == [layout.ended_key(lease.id)]
    lease._write()  # a writer that wakes up late
    garbage(backend)
    backend.now += DAY
    assert store.gc(dry_run=False).deleted_objects == 1


def test_a_short_grace_ends_no_lease_of_a_writer_at_work(fake: tuple[Store, FakeBackend]) -> None:  # LEASE-4
    store, backend = fake
    with Lease(backend) as lease:
        lease.record([garbage(backend)])
        backend.now += 2 * HOUR - 1
        assert store.gc(NONE, dry_run=False).deleted_objects == 0
        backend.now += 1
        assert store.gc(NONE, dry_run=False).deleted_objects == 1


# Order.


class Between(FaultyBackend):
    """Does something when a call is about to be made."""

    def __init__(self, inner: Any, when: Callable[[str, str], bool], act: Callable[[], None]) -> None:
        super().__init__(inner)
        self.when, self.act, self.done = when, act, False

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        if not callable(found):
            return found

        def call(*args: Any) -> Any:
            first = args[0] if args else ""
            if not self.done and self.when(name, first if isinstance(first, str) else ""):
                self.done = True
                self.act()
            return found(*args)

        return call


def test_a_version_made_meanwhile_keeps_its_objects(
    fake: tuple[Store, FakeBackend], draft_of: Make
) -> None:  # GC-2: step 4
    store, backend = fake
    store.commit(draft_of()).delete()

    def act() -> None:
        # Its keys are not doomed yet, and its lease is gone when leases are read.
        store.commit(draft_of(), project="other")

    between = Between(backend, lambda name, key: name == "create" and key.startswith("gc/"), act)
    Store.on(between).gc(NONE, dry_run=False)
    assert between.done
    assert store.artifact("other/data").verify().ok


def test_a_collector_whose_record_is_gone_stops(fake: tuple[Store, FakeBackend]) -> None:  # GC-2: step 5, GC-6
    backend = fake[1]
    key = garbage(backend)

    def act() -> None:
        backend.delete(list(backend.list("gc")))

    between = Between(backend, lambda name, key: name == "get" and key.startswith("gc/"), act)
    report = Store.on(between).gc(NONE, dry_run=False)
    assert (report.stopped, report.deleted_objects) == (True, 0)
    assert key in backend.keys


def test_the_record_of_a_dead_collector_goes(fake: tuple[Store, FakeBackend]) -> None:  # GC-6
    store, backend = fake
    record = CollectionDocument(id="1" * 32, created_at=NOW, keys=("objects/aa/b",))
    backend.create(layout.collection_key(record.id), record.to_bytes())
    store.gc(NONE, dry_run=False)
    assert len(list(backend.list("gc"))) == 1
    backend.now += 2 * HOUR
    store.gc(NONE, dry_run=False)
    assert list(backend.list("gc")) == []


def test_records_are_published_in_parts(
    fake: tuple[Store, FakeBackend], monkeypatch: pytest.MonkeyPatch
) -> None:  # GC-1
    monkeypatch.setattr("wbtable.artifacts.gc.PART", 3)
    monkeypatch.setattr("wbtable.artifacts.gc.BATCH", 2)
    store, backend = fake
    for number in range(10):
        garbage(backend, number)
    assert store.gc(NONE, dry_run=False).deleted_objects == 10
