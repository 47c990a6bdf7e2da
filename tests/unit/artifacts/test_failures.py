"""Races, lost answers, crashes at every call, leases."""

from __future__ import annotations

import contextlib
import itertools
import threading
from typing import TYPE_CHECKING, Any

import pytest

import wbtable
from tests.unit.artifacts.faults import CrashError, FaultyBackend
from wbtable.artifacts import commit as commit_module
from wbtable.artifacts.draft import Artifact
from wbtable.artifacts.store import Store
from wbtable.errors import (
    AlreadyExistsError,
    CommitStateUnknownError,
    ConflictError,
    DiskFullError,
    NotFoundError,
    StorageError,
    UsageError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    Make = Callable[..., Artifact]


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commit_module, "PAUSE", 0.0)


def on(store: Store, **settings: Any) -> tuple[Store, FaultyBackend]:
    backend = FaultyBackend(store.backend, **settings)
    return Store.on(backend), backend


# Steps 4 and 5.


def test_racing_writers_make_one_version_each(store: Store) -> None:  # COMMIT-4, COMMIT-5
    found: list[int] = []
    errors: list[BaseException] = []

    def work(number: int) -> None:
        try:
            mine = Store(store.url)
            for i in range(20):
                draft = Artifact("data")
                with draft.new_file("f") as file:
                    file.write(f"{number} {i}")
                found.append(mine.commit(draft).number)
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sorted(found) == list(range(160))
    versions = store.versions("uncategorized/data")
    assert len(versions) == 160
    assert len({version["f"].read() for version in versions}) == 160
    for before, after in itertools.pairwise(versions):
        assert after.record.parent is not None
        assert after.record.parent.commit_id == before.record.commit_id


def is_record(call: tuple[str, str]) -> bool:
    return call[0] == "create" and "/versions/" in call[1]


def failing_at_the_record(store: Store, draft_of: Make, **settings: Any) -> tuple[Store, FaultyBackend]:
    """Return a store whose next commit fails when it creates the record."""
    probe, backend = on(store)
    # Of other content: what is in the store already would take fewer calls.
    probe.commit(draft_of("probe", {"a.txt": "b"}), project="probe")
    at = next(i for i, call in enumerate(backend.log) if is_record(call))
    return on(store, fail_at=at, **settings)


@pytest.mark.parametrize("error", [StorageError, AlreadyExistsError, DiskFullError])
def test_a_lost_answer_is_no_failure(store: Store, draft_of: Make, error: type[Exception]) -> None:  # COMMIT-5
    faulty, _ = failing_at_the_record(store, draft_of, applied=True, error=error)
    version = faulty.commit(draft_of(), aliases=["a"])
    assert version.version == "v0"
    assert version.aliases == ["latest", "a"]
    assert len(store.versions("data")) == 1


def test_a_lost_request_is_sent_again(store: Store, draft_of: Make) -> None:  # COMMIT-5
    faulty, backend = failing_at_the_record(store, draft_of, applied=False)
    assert faulty.commit(draft_of()).version == "v0"
    assert sum(is_record(call) for call in backend.log) == 2


def test_a_full_disk_is_said(store: Store, draft_of: Make) -> None:  # COMMIT-5
    faulty, _ = failing_at_the_record(store, draft_of, error=DiskFullError)
    draft = draft_of()
    with pytest.raises(DiskFullError):
        faulty.commit(draft)
    with pytest.raises(NotFoundError):
        store.artifact("data")
    assert store.commit(draft).version == "v0"  # the draft is still usable


class Unreachable(FaultyBackend):
    """From the record's creation on nothing answers."""

    def create(self, key: str, data: bytes) -> None:
        if "/versions/" in key:
            self.only = frozenset({"get", "create"})
            self.inner.create(key, data)
            raise StorageError("timed out")
        self.inner.create(key, data)

    def get(self, key: str) -> bytes:
        if "get" in self.only:
            raise StorageError("timed out")
        return self.inner.get(key)


def test_an_unknown_state_is_said_and_nothing_deleted(store: Store, draft_of: Make) -> None:  # COMMIT-5, LEASE-5
    faulty = Store.on(Unreachable(store.backend))
    with pytest.raises(CommitStateUnknownError, match="timed out"):
        faulty.commit(draft_of())
    assert store.artifact("data").verify().ok  # it had landed
    assert len(list(store.backend.list("leases"))) == 1


class Absent(FaultyBackend):
    """Records never land."""

    def create(self, key: str, data: bytes) -> None:
        if "/versions/" in key:
            raise StorageError("no answer")
        self.inner.create(key, data)


def test_attempts_are_used_up(store: Store, draft_of: Make) -> None:  # COMMIT-5
    faulty = Store.on(Absent(store.backend))
    with pytest.raises(CommitStateUnknownError, match="may yet appear"):
        faulty.commit(draft_of())


def test_metadata_has_a_bound(store: Store, draft_of: Make) -> None:  # COMMIT-4
    with pytest.raises(UsageError, match="1048576"):
        store.commit(draft_of(metadata={"x": "y" * (1 << 20)}))


# Crashes.


def make_change(store: Store, number: int) -> None:
    """Commit a version with a table, an image's worth of bytes and a file, an alias and a tag."""
    draft = Artifact("data", metadata={"n": number})
    draft.add(wbtable.Table(columns=["x"], data=[[i] for i in range(number + 3)]), "t")
    with draft.new_file("f") as file:
        file.write(f"version {number}")
    store.commit(draft, aliases=["best"], tags=["t"])


def count_calls(store: Store) -> int:
    faulty, backend = on(store)
    make_change(faulty, 100)
    return backend.calls


@pytest.mark.parametrize("applied", [False, True])
@pytest.mark.parametrize("error", [StorageError, CrashError])
def test_a_failure_at_any_call_leaves_whole_versions(
    store: Store, applied: bool, error: type[BaseException]
) -> None:  # COMMIT-1 to COMMIT-6
    make_change(store, 0)
    points = count_calls(store)
    assert points >= 12
    for point in range(points):
        before = store.artifact("data")
        faulty, _ = on(store, fail_at=point, applied=applied, error=error)
        number = 200 + point
        with contextlib.suppress(error, StorageError):
            make_change(faulty, number)
        after = store.artifact("data")
        assert after.number in {before.number, before.number + 1}
        assert after.verify().ok
        text = after["f"].read().decode()
        assert (after.metadata["n"], len(after["t"])) == (int(text.removeprefix("version ")), after.metadata["n"] + 3)
        make_change(store, number + 1000)
        final = store.artifact("data:best")
        assert final.metadata["n"] == number + 1000
        assert final.tags == ["t"]


def test_what_a_crash_left_is_used_again(store: Store, draft_of: Make) -> None:
    faulty, _ = failing_at_the_record(store, draft_of, error=CrashError)
    with pytest.raises(CrashError):
        faulty.commit(draft_of())
    objects = set(store.backend.list("objects"))
    store.commit(draft_of())
    assert set(store.backend.list("objects")) == objects


# Leases.


def test_a_commit_leaves_no_lease(store: Store, draft_of: Make) -> None:  # LEASE-1
    store.commit(draft_of())
    assert list(store.backend.list("leases")) == []


class Collected(FaultyBackend):
    """A collector ends the lease, before or after the record is made."""

    late = False

    def create(self, key: str, data: bytes) -> None:
        self.inner.create(key, data)
        if key.startswith("leases/") and key.endswith(".json"):
            self.ended = key.removesuffix(".json") + ".ended"
            if not self.late:
                self.inner.create(self.ended, b"{}")
        elif "/versions/" in key and self.late:
            self.inner.create(self.ended, b"{}")


def test_an_ended_lease_stops_a_commit(store: Store, draft_of: Make) -> None:  # LEASE-4
    with pytest.raises(ConflictError, match="lease"):
        Store.on(Collected(store.backend)).commit(draft_of())
    with pytest.raises(NotFoundError):
        store.artifact("data")


def test_a_lease_that_ends_late_is_said(store: Store, draft_of: Make) -> None:  # LEASE-4
    backend = Collected(store.backend)
    backend.late = True
    with pytest.raises(CommitStateUnknownError, match="verify"):
        Store.on(backend).commit(draft_of())
