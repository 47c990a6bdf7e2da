"""A call takes effect and its answer is lost, or the request is: no false conflict, no version twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.backend import MUTATING, FaultyBackend, Plan
from tests.faults.jobs import JOBS, PROJECT
from tests.faults.places import new_store
from tests.faults.soak import sample, spread
from wbtable.artifacts.store import Store
from wbtable.errors import AlreadyExistsError, CommitStateUnknownError, StorageError

if TYPE_CHECKING:
    from tests.faults.jobs import Job
    from tests.faults.places import Places
    from wbtable.storage.backend import Backend

MOST = {"local": 8, "memory": 8, "s3": 2}
"""Calls of one job that are tried each time; in a soak all are."""


def calls_of(store: Store, job_name: str) -> list[tuple[str, str]]:
    """Return the mutating calls that a job makes if nothing goes wrong."""
    job = JOBS[job_name](0)
    job.prepare(store)
    plan = Plan(only=MUTATING)
    job.run(Store.on(FaultyBackend(store.backend, plan)))
    return plan.calls


def versions_before_and_after(store: Store, job: Job) -> tuple[int, int]:
    """Do a job where nothing goes wrong, under another name; return how many records there are before and after."""
    job.prepare(store)
    records = store.records(PROJECT, job.name)
    before = records.newest()
    job.run(store)
    return before, records.newest()


@pytest.mark.parametrize("job_name", JOBS)
@pytest.mark.parametrize(
    ("applied", "error"),
    [(True, StorageError), (True, AlreadyExistsError), (False, StorageError)],
    ids=["answer lost", "retried below", "request lost"],
)
def test_a_lost_answer_is_no_conflict_and_no_second_version(
    places: Places, job_name: str, applied: bool, error: type[Exception]
) -> None:
    """COMMIT-5, LOG-5: after any error the state is read back.

    A backend that sends a request again after a lost answer finds its own key there and says "exists".
    """
    store = new_store(places())
    calls = calls_of(store, job_name)
    wanted = [at for at, (name, _) in enumerate(calls) if error is StorageError or name == "create"]
    growth = versions_before_and_after(store, JOBS[job_name](1))
    for number, i in enumerate(spread(len(wanted), sample(MOST[places.kind], len(wanted))), 2):
        job = JOBS[job_name](number)
        job.prepare(store)
        plan = Plan(at=wanted[i], applied=applied, error=error, only=MUTATING)
        failure = run(job, Store.on(FaultyBackend(store.backend, plan)))
        if failure is not None:
            # An object could not be put, and the caller was told: nothing was committed, and trying again works.
            assert not isinstance(failure, CommitStateUnknownError)
            assert not is_log(plan.calls[wanted[i]][1])
            assert store.records(PROJECT, job.name).newest() == growth[0]
            job.run(store)
        assert job.is_done(store), plan.calls[wanted[i]]
        assert store.records(PROJECT, job.name).newest() == growth[1]
        job.check_going_on(store)


def run(job: Job, store: Store) -> StorageError | None:
    """Do a job; return the error that it raised, if it did."""
    try:
        job.run(store)
    except StorageError as error:
        return error
    return None


def is_log(key: str) -> bool:
    """Whether a key is a file of a log: a record, an alias, a tag, a deletion."""
    return key.startswith("projects/") and key.endswith(".json")


@pytest.mark.parametrize("lost", ["requests", "answers"])
def test_a_state_that_cannot_be_known_is_said(places: Places, lost: str) -> None:
    """COMMIT-5, LEASE-5: when the place stops answering at the record, the caller is told that nobody knows."""
    store = new_store(places())
    job = JOBS["next commit"](1)
    job.prepare(store)
    backend = Silent(store.backend, lands=lost == "answers")
    with pytest.raises(CommitStateUnknownError):
        job.run(Store.on(backend))
    assert job.is_done(store) is (lost == "answers")
    assert len(list(store.backend.list("leases"))) == 1  # so that nothing that it may refer to is collected
    job.check_going_on(store)


class Silent(FaultyBackend):
    """From the creation of the record on nothing answers; the record itself may land."""

    def __init__(self, inner: Backend, *, lands: bool) -> None:
        super().__init__(inner)
        self._lands = lands
        self._is_silent = False

    def create(self, key: str, data: bytes) -> None:
        if "/versions/" in key:
            self._is_silent = True
            if self._lands:
                self.inner.create(key, data)
            raise StorageError("timed out")
        self.inner.create(key, data)

    def get(self, key: str) -> bytes:
        if self._is_silent:
            raise StorageError("timed out")
        return self.inner.get(key)
