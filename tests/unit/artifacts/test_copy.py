"""Copying between stores (spec: 10c-collection, COPY-n)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import wbtable
from tests.stateful.fake import FakeBackend, fake_store
from tests.unit.artifacts.faults import CrashError, FaultyBackend
from wbtable.artifacts.store import Store, create_store
from wbtable.errors import ConflictError, DigestMismatchError, FormatError, NotFoundError, UsageError
from wbtable.format import layout

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wbtable.artifacts.draft import Artifact

    Make = Callable[..., Artifact]


@pytest.fixture
def other(tmp_path: Path) -> Store:
    return fake_store(tmp_path, "other")[0]


@pytest.fixture
def full(store: Store, draft_of: Make) -> Store:
    """A store with three versions; the second is deleted."""
    for number in range(3):
        draft = draft_of(files={"a": str(number), "same": "same"}, metadata={"n": number})
        image = wbtable.Image(np.full((5, 5), number, np.uint8))
        draft.add(wbtable.Table(columns=["x", "image"], data=[[number, image]]), "t")
        store.commit(draft, project="p", tags=[f"tag{number}"], aliases=["best"] if number == 2 else [])
    store.artifact("p/data:v1").delete()
    version = store.artifact("p/data:v2")
    version.description = "said later"
    version.record_run("p/run1", "used")
    return store


def test_a_version_keeps_all_that_is_said_of_it(full: Store, other: Store) -> None:  # COPY-1, COPY-3
    report = full.copy_to(other, "p/data:best")
    assert report.versions == ["p/data:v2"]
    mine, theirs = full.artifact("p/data:v2"), other.artifact("p/data:v2")
    assert theirs.record == mine.record
    assert theirs.verify().ok
    assert (theirs.aliases, theirs.tags, theirs.description) == (["latest", "best"], ["tag2"], "said later")
    assert theirs.used_by() == ["p/run1"]
    assert theirs["a"].read() == b"2"
    assert len(theirs["t"]) == 1
    assert [v.version for v in other.versions("p/data")] == ["v2"]
    with pytest.raises(NotFoundError, match="deleted"):
        other.artifact("p/data:v0")
    assert other.artifact("p/data:v2").parents() == mine.parents()
    assert other.verify().ok
    assert list(other.backend.list("leases")) == []


def test_copying_again_moves_nothing(full: Store, other: Store) -> None:  # COPY-1, COPY-3
    first = full.copy_to(other, "p/data")
    assert (first.versions, first.there) == (["p/data:v0", "p/data:v2"], 0)
    before = {k for k in other.backend.list("") if not k.endswith("hint")}
    again = full.copy_to(other, "p/data")
    assert (again.versions, again.there, again.objects, again.bytes) == ([], 2, 0, 0)
    assert {k for k in other.backend.list("") if not k.endswith("hint")} == before


def test_only_missing_objects_are_moved(full: Store, other: Store) -> None:  # COPY-1
    full.copy_to(other, "p/data:v0")
    backend = FaultyBackend(other.backend)
    backend.only = frozenset({"put", "put_file"})
    report = full.copy_to(Store.on(backend), "p/data:v2")
    assert report.objects == len([key for _, key in backend.log if key.startswith("objects/")])
    total = len(full.artifact("p/data:v2").contents.manifest.refs)
    assert 0 < report.objects <= total + 8


def test_a_version_that_was_left_out_can_follow(full: Store, other: Store) -> None:  # COPY-2, DEL-3
    full.copy_to(other, "p/data:v2")
    report = full.copy_to(other, "p/data:v0")
    assert report.versions == ["p/data:v0"]
    assert [v.version for v in other.versions("p/data")] == ["v0", "v2"]
    assert other.verify().ok
    deletions = layout.version_log("p", "data", "deletions", 0)
    assert len(list(other.backend.list(deletions))) == 2


def test_stores_that_went_apart_are_a_conflict(full: Store, other: Store, draft_of: Make) -> None:  # COPY-1
    other.commit(draft_of(files={"b": "b"}), project="p")
    before = set(other.backend.list(""))
    with pytest.raises(ConflictError, match="gone apart"):
        full.copy_to(other, "p/data")
    assert set(other.backend.list("")) == before


def test_a_version_committed_meanwhile_is_left_alone(full: Store, other: Store, draft_of: Make) -> None:  # COPY-2
    class Racing(FaultyBackend):
        raced = False

        def create(self, key: str, data: bytes) -> None:
            if "/deletions/" in key and not self.raced:
                self.raced = True
                other.commit(draft_of(files={"b": "b"}), project="p")
            self.inner.create(key, data)

    with pytest.raises(ConflictError, match="gone apart"):
        full.copy_to(Store.on(Racing(other.backend)), "p/data:v2")
    assert other.artifact("p/data:v0")["b"].read() == b"b"


def test_damage_is_not_copied(full: Store, other: Store) -> None:  # COPY-1
    pack = next(key for key in full.backend.list("objects") if key.endswith(".pack"))
    path = full.backend.local_path(pack)
    assert path is not None
    data = path.read_bytes()
    for damaged, error in ((b"\xff" + data[1:], DigestMismatchError), (data[:-1], FormatError)):
        path.write_bytes(damaged)
        with pytest.raises(error):
            full.copy_to(other, "p/data")
    with pytest.raises(NotFoundError):
        other.artifact("p/data")
    path.write_bytes(data)
    assert full.copy_to(other, "p/data").versions == ["p/data:v0", "p/data:v2"]


@pytest.mark.parametrize("applied", [False, True])
def test_a_crash_leaves_whole_versions_and_can_be_gone_on_from(
    full: Store, tmp_path: Path, applied: bool
) -> None:  # COPY-2, COPY-3
    wanted = [key for key in full.backend.list("projects") if not key.endswith("hint")]
    point = 0
    while True:
        other, inner = fake_store(tmp_path, f"crashed{point}")
        faulty = FaultyBackend(inner, point, applied=applied, error=CrashError)
        try:
            full.copy_to(Store.on(faulty))
        except CrashError:
            point += 3
        else:
            break
        for project in other.projects():
            for name in other.artifact_names(project):
                for version in other.versions(f"{project}/{name}"):
                    assert version.verify().ok
        full.copy_to(other)
        assert other.verify().ok
        # What is said of the deleted version stays behind; only its record comes.
        assert {key for key in wanted if f"/{1:020d}/" not in key} <= set(inner.list("projects"))
        assert [v.version for v in other.versions("p/data")] == ["v0", "v2"]
    assert point > 20


def test_a_project_goes_with_its_runs_and_views(store: Store, other: Store) -> None:  # COPY-4
    with wbtable.init(project="p", store=store) as run:
        run.log({"image": wbtable.Image(np.zeros((4, 4), np.uint8)), "loss": 1.0})
        run.log({"table": wbtable.Table(columns=["x"], data=[[1]])})
    table = store.artifact(f"p/run-{run.id}-table:v0").get("table")
    store.save_view(table.view(filter="x > 0"), "v")
    key = layout.log_key(layout.view_log("p", "v"), 0)
    report = store.copy_to(other, project="p")
    assert report.runs == [run.path]
    [info] = other.runs("p")
    assert info.state == "finished"
    assert info.history(["loss"])["loss"].to_pylist()[0] == 1.0
    assert [v.qualified_name for v in info.artifacts()] == [f"p/run-{run.id}-table:v0"]
    assert other.backend.get(key) == store.backend.get(key)
    assert other.views("p")[0].open().to_arrow().column("x").to_pylist() == [1]
    assert other.verify().ok
    assert store.copy_to(other, project="p").runs == []


def test_what_a_dead_copy_left_is_no_artifact(store: Store, other: Store) -> None:  # COPY-2
    from wbtable.artifacts import logs

    logs.append(store.backend, layout.version_log("p", "half", "deletions", 0), "deletion", lambda _: True)
    assert store.copy_to(other).versions == []
    assert store.verify().ok
    assert store.gc().dead_objects == 0


def test_a_commit_over_what_a_dead_copy_left_is_no_deleted_version(
    full: Store, other: Store, draft_of: Make
) -> None:  # COPY-2
    class Dying(FaultyBackend):
        def create(self, key: str, data: bytes) -> None:
            if "/versions/" in key:
                raise CrashError
            self.inner.create(key, data)

    with pytest.raises(CrashError):
        full.copy_to(Store.on(Dying(other.backend)), "p/data:v2")
    made = other.commit(draft_of(files={"mine": "mine"}), project="p")
    assert other.artifact("p/data") == made
    made.delete()
    with pytest.raises(NotFoundError):
        other.artifact("p/data:v0")


def test_back_and_forth(full: Store, tmp_path: Path) -> None:  # COPY-1
    middle, _ = fake_store(tmp_path, "middle")
    back = create_store(tmp_path / "back")
    full.copy_to(middle)
    middle.copy_to(back)
    assert back.verify().ok
    for number in (0, 2):
        assert back.artifact(f"p/data:v{number}").record == full.artifact(f"p/data:v{number}").record


def test_large_packs_go_in_blocks(
    store: Store, other: Store, draft_of: Make, monkeypatch: pytest.MonkeyPatch
) -> None:  # COPY-1
    monkeypatch.setattr("wbtable.artifacts.copy_objects.BLOCK", 100_000)
    files = {f"f{i}": chr(97 + i) * 300_000 for i in range(5)} | {"large": "x" * (9 << 20)}
    store.commit(draft_of(files=files), project="p")
    store.copy_to(other)
    assert other.verify().ok


def test_a_document_that_is_cut_short_there_is_copied_again(full: Store, other: Store) -> None:  # COPY-1
    full.copy_to(other, "p/data")
    for key in [key for key in other.backend.list("objects") if key.endswith(".json.zst")]:
        other.backend.replace(key, other.backend.get(key)[:-1])
        assert full.copy_to(other, "p/data").objects == 1
    assert other.verify().ok


def test_a_project_that_is_not_there_is_said(full: Store, other: Store) -> None:
    """A name that was mistyped is not a copy that went well, nor a project that is whole."""
    for look in (lambda: full.copy_to(other, project="pp"), lambda: full.verify("pp"), lambda: full.usage("pp")):
        with pytest.raises(NotFoundError, match="did you mean 'p'"):
            look()


def test_a_store_is_not_copied_to_itself(store: Store) -> None:
    with pytest.raises(UsageError, match="itself"):
        store.copy_to(Store(store.url))


def test_what_is_not_there(store: Store, other: Store) -> None:
    for name in ("p/none", "p/none:v1"):
        with pytest.raises(NotFoundError):
            store.copy_to(other, name)


def test_a_collector_leaves_what_is_being_copied(full: Store, tmp_path: Path) -> None:  # COPY-3, LEASE-2
    other, inner = fake_store(tmp_path, "collected")
    import datetime as dt

    class Collecting(FaultyBackend):
        def create(self, key: str, data: bytes) -> None:
            if not key.startswith(("gc/", "leases/")):
                Store.on(inner).gc(dt.timedelta(0), dry_run=False)
            self.inner.create(key, data)

    full.copy_to(Store.on(Collecting(inner)))
    assert other.verify().ok
    assert isinstance(inner, FakeBackend)
    found: Any = other.artifact("p/data:v2")
    assert found["a"].read() == b"2"


def test_the_other_store_may_be_given_by_its_url(full: Store, tmp_path: Path) -> None:
    made = create_store(tmp_path / "made")
    assert full.copy_to(made.url, "p/data:v2").versions == ["p/data:v2"]
    with pytest.raises(NotFoundError, match="no store"):
        full.copy_to(tmp_path / "none")
