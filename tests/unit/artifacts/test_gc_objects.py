"""What a collector asks of the objects of a store on a disk (spec: 10c-collection, GC-2, GC-7)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

import wbtable
from wbtable.artifacts.gc_objects import Objects
from wbtable.errors import DeniedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wbtable.artifacts.draft import Artifact
    from wbtable.artifacts.store import Store

    Make = Callable[..., Artifact]

OLD = f"objects/01/{'0' * 62}"
YOUNG = f"objects/02/{'0' * 62}.pack"
FOREIGN = "objects/notes.txt"


@pytest.fixture
def local(tmp_path: Path, draft_of: Make) -> Store:
    store = wbtable.create_store(tmp_path / "store")
    store.commit(draft_of(files={"small": "one", "large": "x" * (1 << 20)}))
    return store


def age(store: Store, key: str) -> None:
    os.utime(f"{store.url}/{key}", (0, 0))


def test_what_is_old_and_unmarked_goes(local: Store) -> None:  # GC-2, GC-7
    live = {info.key: info.size for info in local.backend.scan("objects")}
    for key, size in ((OLD, 5), (YOUNG, 7), (FOREIGN, 9)):
        local.backend.put(key, b"." * size)
    for key in (*live, OLD, FOREIGN):
        age(local, key)
    report = local.gc(dry_run=False)
    assert (report.live_objects, report.live_bytes) == (len(live), sum(live.values()))
    assert (report.dead_objects, report.dead_bytes) == (2, 12)
    assert (report.reclaimable_bytes, report.deleted_objects, report.deleted_bytes) == (5, 1, 5)
    assert set(local.backend.list("objects")) == {*live, YOUNG, FOREIGN}


def test_times_are_asked_for_after_marking(local: Store) -> None:  # GC-2
    for key in (OLD, YOUNG):
        local.backend.put(key, b"dead")
        age(local, key)
    objects = Objects(local.backend)
    live = {key: (key, "", "", 0) for key in objects.keys if key not in {OLD, YOUNG}}
    local.backend.delete([OLD])
    local.backend.replace(YOUNG, b"mended")
    (found,) = objects.unmarked(live)
    assert (found.key, found.size) == (YOUNG, 6)
    assert found.modified > 0


def test_live_objects_are_not_looked_at(local: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """All but documents, whose stored bytes are not those that their descriptors say."""
    local.backend.put(OLD, b"dead")
    asked: list[str] = []

    def noting(call: Callable[[str], object]) -> Callable[[str], object]:
        def ask(key: str) -> object:
            asked.append(key)
            return call(key)

        return ask

    monkeypatch.setattr(local.backend, "size", noting(local.backend.size))
    monkeypatch.setattr(local.backend, "modified", noting(local.backend.modified))
    local.gc(dry_run=False)
    objects = [key for key in asked if key.startswith("objects/")]
    assert sorted(objects) == sorted([OLD, OLD, *(k for k in local.backend.list("objects") if k.endswith(".zst"))])


def test_a_folder_that_cannot_be_listed_ends_the_collection(local: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is reported of objects that were not seen."""

    list_folder = os.scandir

    def scandir(path: str) -> object:
        if "/objects/" in path:
            raise PermissionError(13, "no", path)
        return list_folder(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(DeniedError, match="objects"):
        local.gc()
