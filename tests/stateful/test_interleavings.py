"""Two writers and a collector over their storage calls, in every order up to a bound and in random ones beyond.

WBTABLE_SCHEDULES says how many random orders are tried, WBTABLE_PREEMPTIONS the bound; `make soak` raises both.
"""

from __future__ import annotations

import datetime as dt
import itertools
import os
import random
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.soak import FACTOR, sample
from tests.stateful.fake import DAY, FakeBackend, fake_store
from tests.stateful.invariants import contents, dangling
from tests.stateful.scheduler import Actor, play, play_preempted
from wbtable.artifacts import gc_leases, gc_roots, lease
from wbtable.artifacts.draft import Artifact
from wbtable.artifacts.store import Store
from wbtable.errors import ConflictError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SCHEDULES = int(os.environ.get("WBTABLE_SCHEDULES") or sample(150, 10_000))
PREEMPTIONS = int(os.environ.get("WBTABLE_PREEMPTIONS") or (2 if FACTOR >= 1 else 1))
NONE = dt.timedelta(0)
URL = "memory://interleaved"


def draft(name: str, **files: str) -> Artifact:
    made = Artifact(name)
    for path, text in files.items():
        with made.new_file(path) as file:
            file.write(text)
    return made


class Scene:
    """A store with garbage that both writers are about to need again: the objects of a deleted version."""

    def __init__(self) -> None:
        store, backend = fake_store()
        self.keys = backend.keys
        old = store.commit(draft("old", one="one", two="two"), project="p")
        store.commit(draft("data", base="base"), project="p")
        old.delete()
        backend.now += 2 * DAY
        self.now = backend.now
        self.calls: list[int] = []

    def play(self, order: Callable[[list[Actor]], Any]) -> tuple[Store, list[Actor]]:
        """Run both writers and the collector on a fresh copy; return the store, and who took part."""
        backend = FakeBackend()
        backend.url = URL
        backend.keys = dict(self.keys)
        backend.now = self.now

        def first(stepped: Any) -> None:
            # The same content as the deleted version: every object is there, and doomed.
            Store.on(stepped).commit(draft("new", one="one", two="two"), project="p")

        def second(stepped: Any) -> None:
            # A change of a version that lives, with a pack like the deleted version's.
            store = Store.on(stepped)
            changed = store.artifact("p/data").new_draft()
            with changed.new_file("one") as file:
                file.write("one")
            with changed.new_file("two") as file:
                file.write("two")
            store.commit(changed, project="p")

        def collect(stepped: Any) -> None:
            Store.on(stepped).gc(NONE, dry_run=False)

        actors = [Actor(backend, act) for act in (first, second, collect)]
        order(actors)
        return Store.on(backend), actors

    def count(self) -> list[int]:
        """Return how many calls each makes where all goes well."""
        return [actor.calls for actor in self.play(lambda actors: play(actors, []))[1]]

    def check(self, order: Callable[[list[Actor]], Any], what: object) -> None:
        store, actors = self.play(order)
        assert dangling(store) == [], what
        for actor in actors:
            assert actor.error is None or isinstance(actor.error, ConflictError), (what, actor.error)
        if actors[0].error is None:
            assert contents(store.artifact("p/new")) == {"one": "one", "two": "two"}, what
        if actors[1].error is None:
            assert contents(store.artifact("p/data")) == {"base": "base", "one": "one", "two": "two"}, what
        assert [actor.error for actor in actors] == [None, None, None], what
        self.calls = [actor.calls for actor in actors]


@pytest.fixture
def scene() -> Scene:
    return Scene()


def preempted(bound: int, calls: list[int]) -> Iterator[tuple[tuple[int, ...], tuple[tuple[int, int], ...]]]:
    """Yield every order of three actors, with every choice of at most `bound` moments at which another goes on.

    Where only two are left, or one, there is one other to go on, or none.
    """
    for order in itertools.permutations(range(3)):
        yield order, ()
        first, both = calls[order[0]], calls[order[0]] + calls[order[1]]
        moments = [(at, by) for at in range(1, both) for by in ((1, 2) if at < first else (1,))]
        for count in range(1, bound + 1):
            for chosen in itertools.combinations(moments, count):
                if len({at for at, _ in chosen}) == count:
                    yield order, chosen


def test_every_order_up_to_a_bound(scene: Scene) -> None:  # GC-2, GC-4, LEASE-2, LEASE-6
    scene.check(lambda actors: play(actors, []), "in turn")
    calls = scene.calls
    assert min(calls) >= 15
    tried = 0
    for order, moments in preempted(PREEMPTIONS, calls):
        scene.check(lambda actors, o=order, m=moments: play_preempted(actors, o, m), (order, moments))  # type: ignore[misc]
        tried += 1
    assert tried > 5 * sum(calls)


def test_random_orders(scene: Scene) -> None:  # GC-2, GC-4, LEASE-2, LEASE-6
    for seed in range(SCHEDULES):
        numbers = random.Random(seed)
        # Bursts: orders in which one goes on for a while find more than fair ones.
        schedule: list[int] = []
        while len(schedule) < 200:
            schedule += [numbers.randrange(6)] * numbers.choice([1, 1, 2, 5, 12])
        scene.check(lambda actors, s=schedule: play(actors, s), seed)  # type: ignore[misc]


def _no_lease(*_args: Any, **_settings: Any) -> list[Any]:
    return []


def _no_look(*_args: Any) -> None:
    return None


def _no_second_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    read = gc_roots.Roots.read
    seen: set[int] = set()

    def once(self: Any, *args: Any) -> None:
        if id(self) not in seen:
            seen.add(id(self))
            read(self, *args)

    monkeypatch.setattr(gc_roots.Roots, "read", once)


@pytest.mark.parametrize("fault", ["leases are not read", "collections are not looked for", "roots are read once"])
def test_without_one_of_its_steps_something_dangles(scene: Scene, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    """The schedules are such that each step is needed: these tests can fail."""
    if fault == "leases are not read":
        monkeypatch.setattr(gc_leases, "live", _no_lease)
    elif fault == "collections are not looked for":
        monkeypatch.setattr(lease.Lease, "_wait", _no_look)
    else:
        _no_second_reading(monkeypatch)
    # The collector first: it is the one whose pauses matter.
    for order, moments in sorted(preempted(1, scene.count()), key=lambda schedule: schedule[0][0] != 2):
        store, _ = scene.play(lambda actors, o=order, m=moments: play_preempted(actors, o, m))  # type: ignore[misc]
        if dangling(store):
            return
    pytest.fail("nothing dangled")
