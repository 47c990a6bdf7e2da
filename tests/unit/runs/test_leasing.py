"""Leases of a run: media stay until a segment refers to them (spec: 10c-collection, LEASE-1, LEASE-2, GC-3)."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

import wbtable
from tests.stateful.fake import fake_store
from wbtable.artifacts.store import create_store
from wbtable.errors import StorageError
from wbtable.runs import leasing
from wbtable.runs.leasing import RunLeases

if TYPE_CHECKING:
    from pathlib import Path

    from wbtable.storage.objects import ObjectStore

NONE = dt.timedelta(0)


def image(number: int) -> wbtable.Image:
    return wbtable.Image(np.full((4, 4), number, np.uint8))


def test_media_are_leased_until_their_rows_are_written(tmp_path: Path) -> None:
    store = create_store(tmp_path / "store")
    with wbtable.init(project="p", store=store) as run:
        recorder = run._recorder
        assert recorder is not None
        # Nothing is written while this is held: as if the store did not take the history.
        with recorder._io:
            run.log({"image": image(1)})
            run._intake.uploads.drain()
            [key] = store.backend.list("leases")
            [pack] = store.backend.list("objects")
            assert json.loads(store.backend.get(key))["keys"] == [pack]
            assert store.gc(NONE, dry_run=False).deleted_objects == 0
        recorder.flush()
        assert list(store.backend.list("leases")) == []
        assert store.gc(NONE, dry_run=False).deleted_objects == 0
        run.log({"image": image(2)})
    assert list(store.backend.list("leases")) == []
    assert store.verify().ok
    [info] = store.runs("p")
    assert info.history(["image"]).num_rows == 2


def test_a_lease_does_not_grow_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leasing, "_MOST", 2)
    store, backend = fake_store(tmp_path)
    leases = RunLeases(store.objects)

    def put(number: int) -> None:
        def job(objects: ObjectStore) -> None:
            objects.put("text/plain", str(number).encode())

        leases.put(job)

    for number in range(5):
        put(number)
    assert len(list(backend.list("leases"))) == 3
    assert store.gc(NONE, dry_run=False).deleted_objects == 0
    leases.settled(3)
    assert len(list(backend.list("leases"))) == 2
    leases.settled(2)
    assert list(backend.list("leases")) == []
    assert store.gc(NONE, dry_run=False).deleted_objects == 5


def test_what_fails_leaves_no_lease(tmp_path: Path) -> None:
    store, backend = fake_store(tmp_path)
    leases = RunLeases(store.objects)

    def fail(objects: ObjectStore) -> None:
        raise StorageError("no")

    with pytest.raises(StorageError):
        leases.put(fail)
    assert list(backend.list("leases")) == []
