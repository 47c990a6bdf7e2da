"""Leases: what a writer records before it relies on anything (spec: 10c-collection, LEASE-n, GC-4)."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import wbtable
from tests.stateful.fake import HOUR, fake_store
from tests.unit.artifacts.faults import FaultyBackend
from wbtable.artifacts import lease as lease_module
from wbtable.artifacts.draft import Artifact
from wbtable.artifacts.lease import Lease
from wbtable.artifacts.leased_objects import LeasedObjects
from wbtable.artifacts.store import Store
from wbtable.errors import ConflictError, FormatError, NotFoundError, StorageError
from wbtable.format import layout
from wbtable.format.collection import CollectionDocument, LeaseDocument, split_version
from wbtable.format.digest import Digest

if TYPE_CHECKING:
    from collections.abc import Callable

    Make = Callable[..., Artifact]

NOW = dt.datetime(2026, 11, 24, tzinfo=dt.UTC)


class Watching(FaultyBackend):
    """Remembers every lease that is written, and each object put before its key was in one."""

    def __init__(self, inner: Any) -> None:
        super().__init__(inner)
        self.leases: list[dict[str, Any]] = []
        self.unleased: list[str] = []

    def create(self, key: str, data: bytes) -> None:
        self._see(key, data)
        self.inner.create(key, data)

    def replace(self, key: str, data: bytes) -> None:
        self._see(key, data)
        self.inner.replace(key, data)

    def put(self, key: str, data: bytes) -> None:
        self._check(key)
        self.inner.put(key, data)

    def put_file(self, key: str, path: Any) -> None:
        self._check(key)
        self.inner.put_file(key, path)

    def _see(self, key: str, data: bytes) -> None:
        if key.startswith("leases/"):
            self.leases.append(json.loads(data))

    def _check(self, key: str) -> None:
        if not self.leases or key not in self.leases[-1]["keys"]:
            self.unleased.append(key)


def watched(store: Store) -> tuple[Store, Watching]:
    backend = Watching(store.backend)
    return Store.on(backend), backend


def test_a_small_commit_writes_its_lease_once(store: Store, draft_of: Make) -> None:  # LEASE-1, LEASE-2
    store.commit(draft_of(), project="p")
    mine, backend = watched(store)
    draft = draft_of(files={"b": "b"})
    draft.add(wbtable.Table(columns=["x"], data=[[1]]), "t")
    mine.commit(draft, project="p")
    assert backend.unleased == []
    [lease] = backend.leases
    assert (lease["kind"], lease["versions"]) == ("wbtable.lease", ["p/data:v0"])
    assert len(lease["keys"]) >= 4
    assert list(store.backend.list("leases")) == []


def test_what_waits_in_memory_leaves_no_temporary_file(store: Store, draft_of: Make) -> None:  # GC-8
    draft = draft_of(files={"a": "a", "large": "x" * (3 << 20)})
    draft.add(wbtable.Table(columns=["x"], data=[[wbtable.Image(np.zeros((4, 4), np.uint8))]]), "t")
    store.commit(draft)
    assert list(store.backend.list("tmp")) == []


def test_keys_that_could_not_be_recorded_are_recorded_by_the_next_try(store: Store) -> None:  # LEASE-2
    class Failing(FaultyBackend):
        down = False

        def __getattr__(self, name: str) -> Any:
            if self.down and name in {"create", "replace"}:
                raise StorageError("the network is down")
            return getattr(self.inner, name)

    backend = Failing(store.backend)
    key = layout.object_key(Digest.of(b"x"), "application/octet-stream")
    with Lease(backend) as lease:
        for keys in ([key], [key, key + "2"]):
            backend.down = True
            with pytest.raises(StorageError):
                lease.record(keys)
            backend.down = False
            lease.record(keys)
            found = LeaseDocument.from_bytes(backend.get(layout.lease_key(lease.id)), "lease")
            assert set(found.keys or ()) == set(keys)


def test_large_objects_are_recorded_before_they_are_put(store: Store, draft_of: Make) -> None:  # LEASE-2
    mine, backend = watched(store)
    mine.commit(draft_of(files={"large": "x" * (3 << 20), "small": "y"}))
    assert backend.unleased == []
    assert store.artifact("data").verify().ok


def test_what_identical_content_would_need_is_not_put(store: Store, draft_of: Make) -> None:  # COMMIT-3
    store.commit(draft_of())
    mine, backend = watched(store)
    mine.commit(draft_of())
    assert backend.leases == []


def test_what_is_used_again_is_recorded_and_looked_for(store: Store, draft_of: Make) -> None:  # LEASE-6
    first = store.commit(draft_of("first", {"a.txt": "a"}))
    first_again = draft_of("fourth", {"a.txt": "a"})
    [pack] = [key for key in store.backend.list("objects") if key.endswith(".pack")]
    mine, backend = watched(store)
    draft = Artifact("second")
    draft.add_reference(first["a.txt"], "again.txt")
    mine.commit(draft)
    assert pack in backend.leases[-1]["keys"]
    other = Artifact("third")
    other.add_reference(first["a.txt"], "again.txt")
    store.backend.delete([pack])
    with pytest.raises(ConflictError, match="collected meanwhile"):
        mine.commit(other)
    with pytest.raises(NotFoundError):
        store.artifact("third")
    # What a writer has itself it stores anew, whatever it remembers of the store.
    assert mine.commit(first_again).verify().ok


def test_an_append_names_what_its_base_has_without_asking(store: Store) -> None:  # LEASE-6
    table = wbtable.Table(columns=["x"], data=[[1], [2]], log_mode="INCREMENTAL")
    draft = Artifact("data")
    draft.add(table, "t")
    base = store.commit(draft)
    [fragment] = [r for r in _refs(store, base) if r.endswith(".parquet")][:1]
    mine, backend = watched(store)
    draft = mine.artifact("data").new_draft()
    grown = base["t"]
    grown.add_data(3)
    draft.remove("t.table.json")
    draft.add(grown, "t")
    version = mine.commit(draft)
    assert len(version["t"]) == 3
    assert fragment not in backend.leases[-1]["keys"]


def _refs(store: Store, version: Any) -> list[str]:
    from wbtable.artifacts.contents import reachable

    return [store.objects.key(d, kind) for d, kind in reachable(store.objects, [version.record.manifest])]


def doom(store: Store, *keys: str) -> str:
    record = CollectionDocument(id="1" * 32, created_at=NOW, keys=keys)
    store.backend.create(layout.collection_key(record.id), record.to_bytes())
    return layout.collection_key(record.id)


def test_a_writer_waits_for_a_doomed_key(store: Store, draft_of: Make, monkeypatch: pytest.MonkeyPatch) -> None:  # GC-4
    store.commit(draft_of())
    objects = list(store.backend.list("objects"))
    record = doom(store, *objects)
    naps: list[float] = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 3:
            # The collector ends: what it doomed is gone.
            store.backend.delete([*objects, record])

    monkeypatch.setattr(lease_module, "_sleep", nap)
    version = store.commit(draft_of("other"))
    assert len(naps) == 3
    assert version.verify().ok


def test_a_writer_does_not_wait_for_ever(store: Store, draft_of: Make, monkeypatch: pytest.MonkeyPatch) -> None:  # GC-4
    store.commit(draft_of())
    doom(store, *store.backend.list("objects"))
    monkeypatch.setattr(lease_module, "PATIENCE", 0.0)
    monkeypatch.setattr(lease_module, "_sleep", lambda _seconds: None)
    with pytest.raises(ConflictError, match="is deleting objects"):
        store.commit(draft_of("other"))
    store.commit(draft_of("other", {"b": "b"}))


def test_a_lease_is_written_again_every_hour(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:  # LEASE-2
    mine, backend = watched(store)
    monkeypatch.setattr(lease_module, "REFRESH", 0.0)
    with Lease(mine.backend) as lease:
        lease.refresh()
        assert backend.leases == []  # nothing is written before the first key
        lease.record(["objects/aa/1"])
        lease_module._keeper.refresh()
        assert len(backend.leases) == 2
        assert backend.leases[0] == backend.leases[1]
    lease_module._keeper.refresh()
    assert len(backend.leases) == 2


@pytest.mark.parametrize("applied", [True, False])
def test_a_lost_answer_is_no_reason_to_fail(store: Store, applied: bool) -> None:  # LEASE-1
    for point in range(2):
        backend = FaultyBackend(store.backend, fail_at=point, applied=applied)
        with Lease(backend) as lease:
            lease.record(["objects/aa/1"])
            lease.record(["objects/aa/2"])
            document = LeaseDocument.from_bytes(store.backend.get(layout.lease_key(lease.id)), "lease")
            assert document.keys == ("objects/aa/1", "objects/aa/2")
        assert list(store.backend.list("leases")) == []


def test_documents_that_are_none(store: Store) -> None:  # LEASE-1, GC-1
    with pytest.raises(FormatError, match="project/name:v3"):
        split_version("no version")
    with pytest.raises(FormatError, match="commit id"):
        LeaseDocument(id="x", created_at=NOW)
    with pytest.raises(FormatError, match="keys"):
        CollectionDocument.from_bytes(
            b'{"kind":"wbtable.collection","format":"0.1","id":"'
            + b"1" * 32
            + b'","created_at":"2026-11-24T12:00:00.000000Z","keys":[1]}',
            "gc/x.json",
        )


def test_what_waits_can_be_read_by_its_writer(store: Store) -> None:  # LEASE-2
    with Lease(store.backend) as lease:
        objects = LeasedObjects(store.objects, lease)
        made = objects.put("text/plain", b"0123456789")
        key = objects.key(made.digest, made.media_type)
        assert store.backend.size(key) is None
        assert objects.has(made.digest, made.media_type)
        assert objects.get(made) == b"0123456789"
        assert objects.backend.get(key) == b"0123456789"
        assert objects.get_range(made, 2, 3) == b"234"
        assert objects.get_tail(made, 2) == b"89"
        assert objects.backend.get_ranges([(key, 0, 1), (key, 9, 1)]) == [b"0", b"9"]
        with pytest.raises(FormatError, match="cut short"):
            objects.get_range(made, 8, 5)
        path = objects.local_path(made)
        assert path is not None
        assert path.read_bytes() == b"0123456789"
        assert Digest.of(b"0123456789") == made.digest


class Sleepy(FaultyBackend):
    """Somebody else acts just before a call of its owner."""

    def __init__(self, inner: Any, name: str, part: str, act: Callable[[], object]) -> None:
        super().__init__(inner)
        self.name, self.part, self.act = name, part, act
        self.acted = False

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)

        def call(*args: Any) -> Any:
            if name == self.name and self.part in str(args[0]) and not self.acted:
                self.acted = True
                self.act()
            return found(*args)

        return call if name == self.name else found


def test_a_writer_that_slept_is_seen_by_whoever_ends_its_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    """LEASE-4, LEASE-7: between a writer's look and its record nothing that it needs is collected."""
    store, backend = fake_store()
    monkeypatch.setattr(lease_module, "_clock", lambda: backend.now)
    with Lease(backend) as lease:
        key = layout.object_key(Digest.of(b"x"), "application/octet-stream")
        lease.record([key])
        backend.put(key, b"x")
        backend.now += 30 * HOUR  # the machine slept
        lease.check()
        # A collector that runs in whole between the look and the record finds the lease replaced.
        assert store.gc(dt.timedelta(0), dry_run=False).deleted_objects == 0
    assert store.gc(dt.timedelta(0), dry_run=False).deleted_objects == 1


@pytest.mark.parametrize("moment", ["create", "modified"])
def test_a_lease_replaced_while_it_is_ended_is_live(moment: str) -> None:
    """LEASE-4: whatever the order, the writer sees `.ended`, or the collector that the lease was replaced."""
    _, backend = fake_store()
    seen: list[bool] = []
    lease = Lease(backend)
    key = layout.object_key(Digest.of(b"x"), "application/octet-stream")
    lease.record([key])
    backend.put(key, b"x")
    backend.now += 30 * HOUR

    def wake() -> None:
        lease._write()
        seen.append(lease._is_ended())

    part = ".ended" if moment == "create" else lease.id
    store = Store.on(Sleepy(backend, moment, part, wake))
    deleted = store.gc(dt.timedelta(0), dry_run=False).deleted_objects
    assert seen == [moment == "modified"]
    assert deleted == 0
