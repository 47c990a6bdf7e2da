"""What is done to a whole store while something goes wrong: collection, copies."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING

from tests.faults.jobs import JOBS, PROJECT, Job, LaterJob, add_text, first_draft, newest_state, state_of
from wbtable.artifacts.contents import reachable
from wbtable.artifacts.store import Store
from wbtable.storage.header import create_header
from wbtable.storage.open_backend import open_backend

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.jobs import State
    from wbtable.format.digest import Descriptor


class Collect(LaterJob):
    """A deleted version is collected; what it shared with the version that stays, stays."""

    def prepare(self, store: Store) -> None:
        """Make two versions; delete the second."""
        super().prepare(store)
        draft = self.base.new_draft()
        add_text(draft, "gone.txt", f"gone {self.salt}")
        later = store.commit(draft)
        kept = reachable(store.objects, [self.base.record.manifest])
        found = reachable(store.objects, [later.record.manifest])
        self.doomed: list[Descriptor] = [found[key] for key in found if key not in kept]
        later.delete(delete_aliases=True)

    def run(self, store: Store) -> None:
        """Collect at once what the deleted version alone led to."""
        store.gc(dt.timedelta(0), dry_run=False)

    def is_done(self, store: Store) -> bool:
        """Whether all of it is gone; the other version is whole either way."""
        assert state_of(self.version(store)) == self.before
        return not any(store.objects.has(one.digest, one.media_type) for one in self.doomed)

    def check_going_on(self, store: Store) -> None:
        """The next collection ends what this one began."""
        self.run(store)
        assert self.is_done(store)
        super().check_going_on(store)


class Copy(Job):
    """An artifact of two versions is copied from another store."""

    def prepare(self, store: Store) -> None:
        """Make the other store."""
        backend = open_backend(f"memory://{uuid.uuid4().hex}")
        create_header(backend)
        self.source = Store.on(backend)
        first = self.source.commit(first_draft(self.name, self.salt), project=PROJECT, aliases=["best"], tags=["t"])
        draft = first.new_draft()
        add_text(draft, "readme.txt", f"second {self.salt}")
        self.after: State = state_of(self.source.commit(draft))

    def run(self, store: Store) -> None:
        """Copy."""
        self.source.copy_to(store, f"{PROJECT}/{self.name}")

    def is_done(self, store: Store) -> bool:
        """Whether both versions, the alias and the tags are there; each is whole or is not there."""
        state = newest_state(store, self.name)
        if state != self.after:
            assert state is None or state["readme.txt"] == f"first {self.salt}".encode()
            return False
        if store.aliases(PROJECT, self.name) != {"best": 0}:
            return False
        return store.artifact(f"{PROJECT}/{self.name}:v0").tags == ["t"]

    def check_going_on(self, store: Store) -> None:
        """The next copy goes on where this one stopped."""
        self.run(store)
        assert self.is_done(store)
        super().check_going_on(store)


STORE_JOBS: dict[str, Callable[[int], Job]] = {"collect": Collect, "copy": Copy}
"""Each needs a store of its own."""

ALL_JOBS = {**JOBS, **STORE_JOBS}
