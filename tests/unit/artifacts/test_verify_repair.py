"""Verifying stores and runs, going on from notes, mending from copies, and what takes room (spec: 10c-collection)."""

from __future__ import annotations

import datetime as dt
import io
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq
import pytest

import wbtable
from tests.stateful.fake import FakeBackend, Stored, fake_store
from wbtable.artifacts.store import Store, create_store
from wbtable.errors import FormatError, NotFoundError, UsageError
from wbtable.format import layout

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wbtable.artifacts.draft import Artifact

    Make = Callable[..., Artifact]


@pytest.fixture
def fake(tmp_path: Path, draft_of: Make) -> tuple[Store, FakeBackend]:
    """Return a store with two versions that share a table of images, and a run."""
    store, backend = fake_store(tmp_path)
    draft = draft_of(files={"a.txt": "a", "large": "x" * (9 << 20)})
    images = [[i, wbtable.Image(np.full((4, 4), i, np.uint8))] for i in range(3)]
    draft.add(wbtable.Table(columns=["i", "image"], data=images), "t")
    first = store.commit(draft, project="p", aliases=["best"])
    changed = first.new_draft()
    with changed.new_file("b.txt") as file:
        file.write("b")
    store.commit(changed, project="p")
    with wbtable.init(project="p", store=store, id="r1") as run:
        run.log({"image": wbtable.Image(np.full((6, 6), 9, np.uint8)), "loss": 1.0})
    return store, backend


def flip(backend: FakeBackend, key: str, at: int = 0) -> None:
    data = bytearray(backend.get(key))
    data[at] ^= 1
    backend.keys[key] = Stored(bytes(data), backend.now)


def where(store: Store) -> set[str]:
    return {damage.where for damage in store.verify().damaged}


def test_every_damaged_path_is_named(fake: tuple[Store, FakeBackend]) -> None:  # VERIFY-4
    store, backend = fake
    report = store.verify()
    assert report.ok
    assert (report.versions, report.runs) == (2, 1)
    first = store.artifact("p/data:v0")
    fragment = next(key for key in backend.list("objects") if key.endswith(".parquet"))
    flip(backend, fragment, 10)
    found = where(store)
    assert {"p/data:v0: t.table.json", "p/data:v1: t.table.json"} <= found
    assert not any("large" in place or "txt" in place for place in found)
    flip(backend, fragment, 10)
    large = first.contents.find("large")
    assert large is not None
    assert large.digest is not None
    backend.delete([layout.object_key(large.digest, large.media_type)])
    assert {"p/data:v0: large", "p/data:v1: large"} <= where(store)
    small = first.contents.find("a.txt")
    assert small is not None
    assert small.pack is not None
    assert small.offset is not None
    flip(backend, f"objects/{small.pack.hex[:2]}/{small.pack.hex[2:]}.pack", small.offset)
    assert {"p/data:v0: a.txt", "p/data:v1: a.txt"} <= where(store)
    assert {damage.where for damage in first.verify().damaged} >= {"p/data:v0: a.txt", "p/data:v0: large"}


def test_records_are_a_chain(fake: tuple[Store, FakeBackend]) -> None:  # VERIFY-4
    store, backend = fake
    other, theirs = fake_store()
    draft = wbtable.Artifact("data")
    with draft.new_file("x") as file:
        file.write("x")
    other.commit(draft, project="p")
    key = store.records("p", "data").key(0)
    kept = backend.keys[key]
    backend.keys[key] = theirs.keys[key]
    assert any("was not made on top" in damage.problem for damage in store.verify().damaged)
    backend.keys[key] = Stored(kept.data[:50], 0)
    assert "p/data:v0" in where(store)
    backend.keys[key] = kept
    backend.create(layout.log_key(layout.alias_log("p", "data", "far"), 0), _alias(9))
    assert where(store) == {"p/data:far"}


def _alias(number: int) -> bytes:
    from wbtable.format.documents import canonical
    from wbtable.format.log_entry import LogEntry

    now = dt.datetime.now(dt.UTC)
    return canonical(LogEntry(kind="alias", id="a" * 32, created_at=now, value=number).to_json())


def test_runs_are_verified(fake: tuple[Store, FakeBackend]) -> None:  # VERIFY-4
    store, backend = fake
    segments = list(backend.list("projects/p/runs/r1/history"))
    kept = dict(backend.keys)
    chunk = pq.read_metadata(io.BytesIO(backend.get(segments[0]))).row_group(0).column(0)
    flip(backend, segments[0], chunk.data_page_offset + chunk.total_compressed_size - 1)
    assert any(place.startswith("run p/r1: history/") for place in where(store))
    backend.keys = dict(kept)
    first, second = segments[0], segments[0].replace(f"{0:020d}", f"{7:020d}")
    backend.keys[second] = backend.keys[first]
    assert any("is missing" in damage.problem for damage in store.verify().damaged)
    # A bit of what a run said of itself, and of what it holds: nothing of the latter is collected (DOC-8, GC-5).
    for name, text in (
        ("summary.json", b'"loss":'),
        ("finishes/00000000000000000000.json", b'"refs":[{"digest":"SHA-256:'),
    ):
        backend.keys = dict(kept)
        key = f"projects/p/runs/r1/{name}"
        flip(backend, key, backend.get(key).index(text) + len(text))
        assert f"run p/r1: {name}" in where(store)
        with pytest.raises(FormatError, match="nothing was deleted"):
            store.gc(dt.timedelta(0), dry_run=False)
    # A finish record counts the segments: the last one is missed, too, and by whoever reads the history.
    backend.keys = dict(kept)
    for key in segments:
        del backend.keys[key]
    assert "run p/r1: history" in where(store)
    with pytest.raises(FormatError, match="missing"):
        store.runs("p")[0].history()
    backend.keys = dict(kept)
    for name in ("attempts/00000000000000000000.json", "finishes/00000000000000000000.json", "summary.json"):
        backend.keys = dict(kept)
        backend.keys[f"projects/p/runs/r1/{name}"] = Stored(b"{}", 0)
        assert f"run p/r1: {name}" in where(store)
    backend.keys = dict(kept)
    packs = {key for key in backend.list("objects") if key.endswith(".pack")}
    mine = store.artifact("p/data:v1")
    from wbtable.artifacts.contents import reachable

    theirs = {store.objects.key(*name) for name in reachable(store.objects, [mine.record.manifest])}
    [media] = (
        packs
        - theirs
        - {store.objects.key(*n) for n in reachable(store.objects, [store.artifact("p/data:v0").record.manifest])}
    )
    flip(backend, media)
    assert "run p/r1" in where(store)


def test_a_verification_goes_on_from_its_notes(fake: tuple[Store, FakeBackend], tmp_path: Path) -> None:  # VERIFY-5
    store, backend = fake
    notes = tmp_path / "notes.txt"
    assert store.verify(resume=notes).ok
    lines = notes.read_text().splitlines()
    assert len(lines) == len(list(backend.list("objects"))) + 1
    large = next(key for key in backend.list("objects") if len(backend.get(key)) == 9 << 20)
    flip(backend, large)
    assert store.verify(resume=notes).ok  # not read again
    # The last line was cut by a crash: its object is read again.
    notes.write_text("\n".join([*(line for line in lines if line != large), large[:20]]))
    assert not store.verify(resume=notes).ok
    flip(backend, large)
    assert store.verify(resume=notes).ok
    assert large in notes.read_text().splitlines()
    other, _ = fake_store(tmp_path, "other")
    with pytest.raises(UsageError, match="another file"):
        other.verify(resume=notes)
    notes.write_bytes(b"\xff\xfe is no text")
    with pytest.raises(UsageError, match="another file"):
        store.verify(resume=notes)


def test_objects_are_mended_from_another_store(fake: tuple[Store, FakeBackend], tmp_path: Path) -> None:  # REPAIR-1
    store, backend = fake
    copy = create_store(tmp_path / "copy")
    store.copy_to(copy)
    objects = list(backend.list("objects"))
    before = {key: backend.get(key) for key in objects}
    for number, key in enumerate(objects):
        if number % 3 == 0:
            backend.delete([key])
        elif number % 3 == 1:
            flip(backend, key)
        else:
            backend.keys[key] = Stored(backend.get(key)[:-1], backend.now)
    assert not store.verify().ok
    report = store.repair(copy)
    assert report.ok
    assert set(report.mended) == set(objects)
    assert store.verify().ok
    assert {k: v for k, v in before.items() if not k.endswith(".zst")}.items() <= {
        key: backend.get(key) for key in objects
    }.items()
    assert list(backend.list("leases")) == []
    assert store.repair(str(tmp_path / "copy")).mended == {}


def test_bad_copies_mend_nothing(fake: tuple[Store, FakeBackend], tmp_path: Path) -> None:  # REPAIR-1
    store, backend = fake
    copy, theirs = fake_store(tmp_path, "copy")
    store.copy_to(copy)
    fragment = next(key for key in backend.list("objects") if key.endswith(".parquet"))
    flip(backend, fragment, 10)
    flip(theirs, fragment, 11)
    damaged = backend.get(fragment)
    report = store.repair(copy)
    assert not report.ok
    assert list(report.left) == [fragment]
    assert backend.get(fragment) == damaged
    # A download has good copies too.
    good, _ = fake_store(tmp_path, "good")
    flip(theirs, fragment, 11)
    copy.copy_to(good)
    folder = good.artifact("p/data:v0").download(tmp_path / "download")
    assert store.repair(copy.objects.backend.url and copy, folder).ok
    assert store.verify().ok


def test_what_no_copy_of_an_object_mends_is_left(fake: tuple[Store, FakeBackend], tmp_path: Path) -> None:  # REPAIR-1
    """Nothing was left, while a verification went on to find damage."""
    store, backend = fake
    copy = create_store(tmp_path / "copy")
    store.copy_to(copy)
    flip(backend, layout.log_key(layout.versions_log("p", "data"), 1))
    fragment = next(key for key in backend.list("objects") if key.endswith(".parquet"))
    flip(backend, fragment)
    report = store.repair(copy)
    assert not report.ok
    assert list(report.mended) == [fragment]
    assert list(report.left) == ["p/data:v1"]
    assert report.left == {damage.where: damage.problem for damage in store.verify().damaged}


def test_repair_needs_a_place_with_copies(fake: tuple[Store, FakeBackend], tmp_path: Path) -> None:
    store, _ = fake
    with pytest.raises(UsageError, match="name a store"):
        store.repair()
    with pytest.raises(NotFoundError, match="no store"):
        store.repair(tmp_path / "none")


def test_what_takes_room(fake: tuple[Store, FakeBackend], draft_of: Make) -> None:
    store, backend = fake
    store.commit(draft_of("other", {"a.txt": "a"}), project="q")
    total = sum(len(backend.get(key)) for key in backend.list("objects"))
    found = store.usage()
    assert (found.bytes, found.objects, found.unused) == (total, len(list(backend.list("objects"))), 0)
    shares = {share.name: share for share in found.shares}
    assert set(shares) == {"p/data", "p (runs)", "q/other"}
    assert shares["p/data"].versions == 2
    assert shares["p/data"].alone <= shares["p/data"].bytes < total
    runs = backend.list("projects/p/runs")
    assert shares["p (runs)"].bytes >= shares["p (runs)"].alone >= sum(len(backend.get(key)) for key in runs) > 0
    assert [share.name for share in store.usage("q").shares] == ["q/other"]
    store.artifact("q/other:v0").delete()
    again = store.usage()
    assert again.unused == shares["q/other"].alone > 0


def test_a_record_that_is_missing_is_found(store: Store, draft_of: Make) -> None:  # VERIFY-4
    for text in "abcde":
        store.commit(draft_of(files={"a.txt": text}))
    log = layout.versions_log("uncategorized", "data")
    store.backend.delete([layout.log_key(log, 2), layout.hint_key(log)])
    report = store.verify()
    [damage] = report.damaged
    assert damage.where == "uncategorized/data:v2"
    assert damage.problem.startswith("its record is missing, while v4 is there")
    assert report.versions == 4


@pytest.mark.parametrize("kind", ["tags", "descriptions", "ttl", "lineage"])
def test_what_is_said_of_a_version_is_verified(store: Store, draft_of: Make, kind: str) -> None:  # VERIFY-4
    version = store.commit(draft_of(), tags=["t"])
    version.description, version.ttl = "d", dt.timedelta(days=1)
    version.record_run("p/r", "used")
    path = store.backend.local_path(layout.log_key(layout.version_log("uncategorized", "data", kind, 0), 0))
    assert path is not None
    data = path.read_bytes()
    path.write_bytes(data.replace(b'"value"', b'"valuf"'))
    assert where(store) == {"uncategorized/data:v0"}
