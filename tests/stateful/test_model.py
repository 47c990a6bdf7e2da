"""A store against a model of it: commits, aliases, deletions, collections, copies, crashes, leases that expire.

WBTABLE_EXAMPLES and WBTABLE_STEPS say how many stories of how many steps are told; `make soak` raises both.
"""

from __future__ import annotations

import datetime as dt
import itertools
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.faults.soak import FACTOR, sample
from tests.stateful.fake import DAY, HOUR, FakeBackend, Stored, fake_store
from tests.stateful.invariants import contents, dangling
from tests.stateful.scheduler import Actor
from tests.unit.artifacts.faults import CrashError, FaultyBackend
from wbtable.artifacts import lease
from wbtable.artifacts.draft import Artifact
from wbtable.artifacts.store import Store
from wbtable.errors import CommitStateUnknownError, ConflictError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable

    from wbtable.artifacts.version import Version

NONE = dt.timedelta(0)
MUTATING = frozenset({"create", "put", "put_file", "replace", "delete"})

NAMES = st.sampled_from(["x", "y"])
PATHS = st.sampled_from(["a", "b", "c"])
TEXTS = st.sampled_from(["one", "two", "three"])
"""Few, so that the same objects are needed again and again, by versions that live and others that are long dead."""


@dataclass
class Told:
    """What is known of one version: its files, and whether it is deleted."""

    files: dict[str, str]
    commit: str
    deleted: bool = False


@dataclass
class Expected:
    """What a store should hold."""

    versions: dict[str, list[Told]] = field(default_factory=lambda: {"x": [], "y": []})
    aliases: dict[tuple[str, str], int] = field(default_factory=dict)


def draft_of(name: str, files: dict[str, str]) -> Artifact:
    made = Artifact(name)
    for path, text in files.items():
        with made.new_file(path) as file:
            file.write(text)
    return made


class StoreMachine(RuleBasedStateMachine):
    """Two stores: one that everything happens to, and one that is copied to."""

    numbers = itertools.count()

    @initialize()
    def begin(self) -> None:
        number = next(self.numbers)
        self.store, self.backend = fake_store(name=f"model{number}")
        self.other, self.other_backend = fake_store(name=f"other{number}")
        lease._clock = lambda: self.backend.now
        self.expected = Expected()
        self.writers: list[tuple[Actor, str]] = []
        self.known: dict[str, Stored] = {}

    # What users do.

    @rule(name=NAMES, files=st.dictionaries(PATHS, TEXTS, min_size=1, max_size=3))
    def commit(self, name: str, files: dict[str, str]) -> None:
        version = self.store.commit(draft_of(name, files), project="p")
        self._take(name, version, files)

    @rule(name=NAMES, path=PATHS, text=st.none() | TEXTS)
    def change(self, name: str, path: str, text: str | None) -> None:
        base = self._newest(name)
        if base is None:
            return
        told = self.expected.versions[name][base.number]
        files = dict(told.files)
        draft = base.new_draft()
        if path in files:
            draft.remove(path)
            del files[path]
        if text is not None:
            with draft.new_file(path) as file:
                file.write(text)
            files[path] = text
        self._take(name, self.store.commit(draft, project="p"), files)

    @rule(name=NAMES, alias=st.sampled_from(["best", "prod"]), number=st.integers(0, 8))
    def alias(self, name: str, alias: str, number: int) -> None:
        version = self._version(name, number)
        if version is not None:
            version.add_aliases([alias])
            self.expected.aliases[name, alias] = number

    @rule(name=NAMES, number=st.integers(0, 8))
    def delete(self, name: str, number: int) -> None:
        version = self._version(name, number)
        if version is None:
            return
        version.delete(delete_aliases=True)
        self._forget(name, number)

    @rule(name=NAMES, number=st.integers(0, 8), hours=st.sampled_from([1, 30, 100]))
    def live_for(self, name: str, number: int, hours: int) -> None:
        version = self._version(name, number)
        if version is not None:
            version.ttl = dt.timedelta(hours=hours)

    @rule(name=NAMES)
    def copy(self, name: str) -> None:
        """A copy brings what lives here; what was copied before and is deleted here stays there."""
        if self.expected.versions[name]:
            self.store.copy_to(self.other, f"p/{name}")

    # What time does.

    @rule(hours=st.sampled_from([1, 2, 25]))
    def wait(self, hours: int) -> None:
        # The one assumption: nobody pauses for so long between looking for `.ended` and creating the record.
        for actor, name in list(self.writers):
            while not actor.is_done and any("/versions/" in key for key in actor.log[-1][1:]):
                actor.step()
            self._read_new(name)
        self.backend.now += hours * HOUR
        self.other_backend.now += hours * HOUR

    @rule(grace=st.sampled_from([None, NONE]), dry_run=st.sampled_from([False, False, True]))
    def collect(self, grace: dt.timedelta | None, dry_run: bool) -> None:
        before = set(self.backend.keys)
        report = self.store.gc(grace, dry_run=dry_run)
        if dry_run:
            assert set(self.backend.keys) == before
            return
        for name in report.expired:
            artifact, _, number = name.removeprefix("p/").partition(":v")
            self._forget(artifact, int(number))
        assert dangling(self.store) == []

    @precondition(lambda self: not self.writers)
    @rule()
    def collect_all(self) -> None:
        """With nobody at work, nothing is left that no version that lives leads to."""
        self.backend.now += DAY
        report = self.store.gc(NONE, dry_run=False)
        for name in report.expired:
            artifact, _, number = name.removeprefix("p/").partition(":v")
            self._forget(artifact, int(number))
        report = self.store.gc(NONE, dry_run=False)
        assert report.dead_objects == 0
        assert dangling(self.store) == []

    @rule()
    def collect_the_copy(self) -> None:
        self.other.gc(NONE, dry_run=False)
        assert dangling(self.other) == []

    # What goes wrong.

    @rule(name=NAMES, files=st.dictionaries(PATHS, TEXTS, min_size=1), at=st.integers(0, 9), applied=st.booleans())
    def crash_in_commit(self, name: str, files: dict[str, str], at: int, applied: bool) -> None:
        before = len(self.expected.versions[name])
        version = self._crash(self.backend, at, applied, lambda s: s.commit(draft_of(name, files), project="p"))
        if version is not None:
            self._take(name, version, files)
        elif self.store.records("p", name).newest() >= before:
            self._take(name, self.store.artifact(f"p/{name}:v{before}"), files)

    @rule(name=NAMES, number=st.integers(0, 8), at=st.integers(0, 3), applied=st.booleans())
    def crash_in_delete(self, name: str, number: int, at: int, applied: bool) -> None:
        if self._version(name, number) is None:
            return

        def delete(store: Store) -> None:
            store.artifact(f"p/{name}:v{number}").delete(delete_aliases=True)

        self._crash(self.backend, at, applied, delete)
        self.expected.aliases = {
            (one, alias): self.store.aliases("p", one)[alias]
            for one, alias in self.expected.aliases
            if alias in self.store.aliases("p", one)
        }
        self.expected.versions[name][number].deleted = self.store.records("p", name).is_deleted(number)

    @rule(at=st.integers(0, 12), applied=st.booleans())
    def crash_in_collection(self, at: int, applied: bool) -> None:
        self._crash(self.backend, at, applied, lambda store: store.gc(NONE, dry_run=False))
        for name, told in self.expected.versions.items():
            records = self.store.records("p", name)
            for number, one in enumerate(told):
                if not one.deleted and records.is_deleted(number):
                    self._forget(name, number)
        assert dangling(self.store) == []
        # Its record goes with the next collection after two hours; until then writers would wait for it.
        self.wait(2)
        self.collect(NONE, dry_run=False)

    @rule(name=NAMES, at=st.integers(0, 12), applied=st.booleans())
    def crash_in_copy(self, name: str, at: int, applied: bool) -> None:
        if self.expected.versions[name]:
            self._crash(self.other_backend, at, applied, lambda s: self.store.copy_to(s, f"p/{name}"))
            assert dangling(self.other) == []

    # Writers that take their time.

    @precondition(lambda self: len(self.writers) < 2)
    @rule(name=NAMES, files=st.dictionaries(PATHS, TEXTS, min_size=1, max_size=2))
    def begin_commit(self, name: str, files: dict[str, str]) -> None:
        def act(stepped: Any) -> None:
            store = Store.on(stepped)
            store.commit(draft_of(name, files), project="p")

        self.writers.append((Actor(self.backend, act), name))

    @precondition(lambda self: self.writers)
    @rule(which=st.integers(0, 1), steps=st.integers(1, 12))
    def go_on(self, which: int, steps: int) -> None:
        actor, name = self.writers[which % len(self.writers)]
        for _ in range(steps):
            if not actor.is_done:
                actor.step()
        self._read_new(name)
        if actor.is_done:
            self.writers.remove((actor, name))
            # Its lease was ended before its record was made, or between that and its last look.
            assert isinstance(actor.error, ConflictError | CommitStateUnknownError | None), actor.error

    # What must hold.

    @invariant()
    def names_mean_what_they_should(self) -> None:
        for (name, alias), number in self.expected.aliases.items():
            assert self.store.aliases("p", name)[alias] == number
        for name, told in self.expected.versions.items():
            records = self.store.records("p", name)
            assert records.newest() == len(told) - 1
            for number, one in enumerate(told):
                # The very bytes that were looked at before say what they said.
                key = records.key(number)
                if self.backend.keys.get(key) is not self.known.get(key):
                    assert records.read(number).commit_id == one.commit
                    self.known[key] = self.backend.keys[key]

    def teardown(self) -> None:
        if not hasattr(self, "writers"):
            return
        for _ in range(1_000):
            if self.writers:
                self.go_on(0, 100)
        assert not self.writers, "writers do not come to an end"
        assert dangling(self.store) == []
        for name, told in self.expected.versions.items():
            for number, one in enumerate(told):
                version = self._version(name, number)
                assert (version is None) == one.deleted
                if version is not None:
                    assert contents(version) == one.files
        assert self.store.verify().ok
        assert self.other.verify().ok
        if any(not one.deleted for told in self.expected.versions.values() for one in told):
            self.store.copy_to(self.other)
            assert self.other.verify().ok

    # How.

    def _take(self, name: str, version: Version, files: dict[str, str]) -> None:
        told = self.expected.versions[name]
        if version.number == len(told):
            told.append(Told(files, version.record.commit_id))
        # Else it is the newest version that is not deleted, which has this content already.
        assert told[version.number].files == files
        assert not told[version.number].deleted

    def _read_new(self, name: str) -> None:
        """Take what writers committed meanwhile."""
        told = self.expected.versions[name]
        for number in range(len(told), self.store.records("p", name).newest() + 1):
            version = self.store.artifact(f"p/{name}:v{number}")
            told.append(Told(contents(version), version.record.commit_id))

    def _newest(self, name: str) -> Version | None:
        live = [number for number, one in enumerate(self.expected.versions[name]) if not one.deleted]
        return self.store.artifact(f"p/{name}:v{live[-1]}") if live else None

    def _version(self, name: str, number: int) -> Version | None:
        try:
            return self.store.artifact(f"p/{name}:v{number}")
        except NotFoundError:
            return None

    def _forget(self, name: str, number: int) -> None:
        self.expected.versions[name][number].deleted = True
        self.expected.aliases = {
            key: value for key, value in self.expected.aliases.items() if (key[0], value) != (name, number)
        }

    def _crash(self, backend: FakeBackend, at: int, applied: bool, act: Callable[[Store], Any]) -> Any:
        """Do something, and let the process die at its n-th change; return what it gave if it ended before."""
        faulty = FaultyBackend(backend, at, applied=applied, error=CrashError)
        faulty.only = MUTATING

        class Dead(FaultyBackend):
            """After a crash nothing that the process does reaches the store."""

            def __getattr__(self, name: str) -> Any:
                if name in MUTATING and faulty.calls > at:
                    raise CrashError("the process is dead")
                return getattr(faulty, name)

        try:
            return act(Store.on(Dead(backend)))
        except CrashError:
            return None


StoreMachine.TestCase.settings = settings(
    max_examples=int(os.environ.get("WBTABLE_EXAMPLES") or sample(200, 1000)),
    stateful_step_count=int(os.environ.get("WBTABLE_STEPS") or (500 if FACTOR else 75)),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)

TestStore = StoreMachine.TestCase
