"""The process dies before or after any call to the storage: what was is whole, what comes works."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.backend import CrashError, FaultyBackend, Plan
from tests.faults.jobs import PROJECT, first_draft, state_of
from tests.faults.places import new_store
from tests.faults.soak import sample, spread
from tests.faults.store_jobs import ALL_JOBS, STORE_JOBS
from wbtable.artifacts.store import Store
from wbtable.errors import AlreadyExistsError, NotFoundError
from wbtable.storage.header import create_header

if TYPE_CHECKING:
    from tests.faults.places import Places

MOST = {"local": 24, "memory": 24, "s3": 4}
"""Points of one job that are tried each time; in a soak all are."""


def count_calls(store: Store, job_name: str, salt: int) -> int:
    """Return how many calls a job makes if nothing goes wrong."""
    job = ALL_JOBS[job_name](salt)
    job.prepare(store)
    plan = Plan()
    job.run(Store.on(FaultyBackend(store.backend, plan)))
    assert job.check(store)
    return len(plan.calls)


@pytest.mark.parametrize("job_name", ALL_JOBS)
def test_a_crash_at_any_call_leaves_the_old_or_the_new(places: Places, job_name: str) -> None:
    """COMMIT-1 to COMMIT-6, LOG-5, LOG-6, GC-2, COPY-3: whole versions, nothing dangling, the next commit works."""
    store = new_store(places())
    calls = count_calls(store, job_name, 0)
    outcomes: list[bool] = []
    points = [(at, applied) for at in range(calls) for applied in (False, True)]
    for number in spread(len(points), sample(MOST[places.kind], 10_000)):
        at, applied = points[number]
        # Another store now and then: verifying one reads all that was put there before.
        if number % 20 == 19 or job_name in STORE_JOBS:
            store = new_store(places())
        job = ALL_JOBS[job_name](number + 1)
        job.prepare(store)
        with pytest.raises(CrashError):
            job.run(Store.on(FaultyBackend(store.backend, Plan(at=at, applied=applied))))
        survivor = Store.on(places.again(store.backend))
        outcomes.append(job.check(survivor))
        job.check_going_on(survivor)
    # The first point is before anything was done, the last one after everything: a job that is never or always done
    # was not stopped at all.
    assert set(outcomes) == {False, True}


def test_a_crash_at_any_call_of_creating_a_store(places: Places) -> None:
    """HEADER-3: there is a store or none; none can be created, and either way the first commit works."""
    plan = Plan()
    create_header(FaultyBackend(places(), plan))
    for number in range(2 * len(plan.calls)):
        backend = places()
        with pytest.raises(CrashError):
            create_header(FaultyBackend(backend, Plan(at=number // 2, applied=number % 2 == 1)))
        try:
            Store.on(backend)
        except NotFoundError:
            create_header(backend)
        else:
            with pytest.raises(AlreadyExistsError):
                create_header(backend)
        store = Store.on(places.again(backend))
        version = store.commit(first_draft("data", number), project=PROJECT)
        assert state_of(version)["readme.txt"] == f"first {number}".encode()
        assert store.verify().ok


def test_there_are_at_least_300_points(places: Places) -> None:
    store = new_store(places())
    counts = {name: 2 * count_calls(store, name, i) for i, name in enumerate(ALL_JOBS)}
    assert sum(counts.values()) >= 300, counts
