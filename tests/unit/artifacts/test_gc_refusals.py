"""What a collection refuses and leaves alone, and deleting whole artifacts (spec: GC-5, GC-8, DEL-1)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from tests.stateful.fake import DAY, FakeBackend, fake_store
from wbtable.errors import ConflictError, FormatError, UnsupportedError, UsageError
from wbtable.format import layout
from wbtable.format.collection import LeaseDocument
from wbtable.format.documents import canonical

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wbtable.artifacts.draft import Artifact
    from wbtable.artifacts.store import Store

    Make = Callable[..., Artifact]

NONE = dt.timedelta(0)


@pytest.fixture
def fake(tmp_path: Path) -> tuple[Store, FakeBackend]:
    return fake_store(tmp_path)


def garbage(backend: FakeBackend) -> str:
    key = f"objects/01/{'0' * 62}"
    backend.put(key, b"garbage")
    return key


# What it refuses.


def test_it_refuses_what_it_does_not_know(fake: tuple[Store, FakeBackend], draft_of: Make) -> None:  # GC-5
    store, backend = fake
    store.commit(draft_of(), project="p")
    garbage(backend)
    for key in (
        "projects/p/dreams/1.json",
        "projects/p/artifacts/data/moods/00000000000000000000/00000000000000000000.json",
    ):
        backend.put(key, b"{}")
        with pytest.raises(UnsupportedError, match="nothing is deleted"):
            store.gc(NONE, dry_run=False)
        backend.delete([key])
    key = layout.log_key(layout.view_log("p", "v"), 0)
    for features in ({"reader": ["new"], "writer": []}, {"reader": [], "writer": ["new"]}):
        backend.replace(key, canonical({"kind": "wbtable.view", "format": "0.1", "features": features, "refs": []}))
        with pytest.raises(UnsupportedError, match="new"):
            store.gc(NONE, dry_run=False)
    backend.delete([key])
    lease = LeaseDocument(id="1" * 32, created_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC)).to_bytes()
    for side in (b'"reader"', b'"writer"'):
        # VERSION-4: it may keep more than this version sees
        backend.replace("leases/" + "1" * 32 + ".json", lease.replace(side + b":[]", side + b':["new"]'))
        with pytest.raises(UnsupportedError, match="new"):
            store.gc(NONE, dry_run=False)
    backend.delete(["leases/" + "1" * 32 + ".json"])
    assert store.gc(NONE, dry_run=False).deleted_objects == 1


def test_it_refuses_where_a_root_is_damaged(fake: tuple[Store, FakeBackend], draft_of: Make) -> None:  # GC-5
    store, backend = fake
    version = store.commit(draft_of(), project="p")
    garbage(backend)
    manifest = store.objects.key(version.record.manifest.digest, version.record.manifest.media_type)
    stored = backend.keys[manifest]
    for damaged in (stored.data[:-3] + b"xyz", stored.data[:9]):
        backend.replace(manifest, damaged)
        with pytest.raises(FormatError, match="nothing was deleted"):
            store.gc(NONE, dry_run=False)
    backend.delete([manifest])
    with pytest.raises(FormatError, match="nothing was deleted"):
        store.gc(NONE, dry_run=False)
    version.delete()
    assert store.gc(NONE, dry_run=False).deleted_objects == 2


def test_a_longer_grace_after_a_shorter_one(fake: tuple[Store, FakeBackend], draft_of: Make) -> None:  # GC-5
    store, _ = fake
    store.commit(draft_of(files={"a": "a"}), project="p").delete()
    kept = store.commit(draft_of(files={"b": "b"}), project="p")
    assert store.gc(NONE, dry_run=False).deleted_objects == 2
    assert store.gc(dry_run=False).live_objects == 2  # the deleted version is a root again, and leads nowhere
    assert kept.verify().ok


def test_files_that_are_not_ours_are_left_alone(fake: tuple[Store, FakeBackend], draft_of: Make) -> None:  # GC-5
    store, backend = fake
    store.commit(draft_of(), project="p")
    for key in ("projects/.DS_Store", "projects/p/.nfs0001", "objects/README"):
        backend.put(key, b"x")
    assert store.gc(NONE, dry_run=False).dead_objects == 0
    assert "objects/README" in backend.keys


def test_temporary_files_of_dead_writers_go(fake: tuple[Store, FakeBackend]) -> None:  # GC-8
    store, backend = fake
    backend.put("tmp/old", b"12345")
    backend.now += DAY
    backend.put("tmp/new", b"1")
    assert store.gc().temporary_bytes == 5
    store.gc(dry_run=False)
    assert list(backend.list("tmp")) == ["tmp/new"]


@pytest.mark.parametrize("grace", [dt.timedelta(seconds=-1), 24])
def test_a_grace_that_is_none(fake: tuple[Store, FakeBackend], grace: Any) -> None:
    with pytest.raises(UsageError, match="grace"):
        fake[0].gc(grace)


# Deleting artifacts.


def test_deleting_an_artifact(fake: tuple[Store, FakeBackend], draft_of: Make) -> None:  # DEL-1
    store, _ = fake
    for number in range(3):
        store.commit(draft_of(files={"a": str(number)}), project="p", aliases=["best"] if number == 1 else [])
    with pytest.raises(ConflictError, match=r"v1 \(best\)"):
        store.delete_artifact("p/data")
    assert len(store.versions("p/data")) == 3
    assert len(store.delete_artifact("p/data", delete_aliases=True)) == 3
    assert store.versions("p/data") == []
    assert store.gc(NONE, dry_run=False).deleted_objects == 6
    assert store.commit(draft_of(files={"a": "again"}), project="p").version == "v3"
