"""What is done to a store while something goes wrong, and what must be true of it afterwards.

Each job begins with a store in a known state, does one thing to it, and can say of what it then finds whether the thing
was done, was not done, or was half done. All content carries a salt, so that no two jobs share an object.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image as PillowImage

import wbtable
from wbtable.artifacts.contents import reachable
from wbtable.artifacts.draft import Artifact
from wbtable.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable

    from wbtable.artifacts.store import Store
    from wbtable.artifacts.version import Version

PROJECT = "p"

State = dict[str, Any]
"""What a version holds, as plain values."""


def picture(salt: int, number: int) -> bytes:
    """Return a small PNG, another for each salt and number."""
    pixels = np.full((4, 4, 3), 0, np.uint8)
    pixels[0] = salt % 251, salt // 251 % 251, number % 251
    out = io.BytesIO()
    PillowImage.fromarray(pixels).save(out, "png")
    return out.getvalue()


def add_rows(table: wbtable.Table, salt: int, numbers: range) -> None:
    """Add a row with an image for each number."""
    for number in numbers:
        table.add_data(number, f"{salt} {number}", wbtable.Image(picture(salt, number)))


def add_text(draft: Artifact, path: str, text: str) -> None:
    """Put a small file into a draft."""
    with draft.new_file(path, "w") as file:
        file.write(text)


def first_draft(name: str, salt: int) -> Artifact:
    """Return a draft with a table of images, another of numbers, files and metadata."""
    draft = Artifact(name, metadata={"salt": salt})
    table = wbtable.Table(columns=["n", "text", "image"])
    add_rows(table, salt, range(3))
    draft.add(table, "images")
    draft.add(wbtable.Table(columns=["x"], data=[[salt], [salt + 1]]), "numbers")
    add_text(draft, "readme.txt", f"first {salt}")
    add_text(draft, "folder/inner.txt", f"inner {salt}")
    return draft


def state_of(version: Version) -> State:
    """Read everything that a version holds; damaged or missing bytes raise."""
    state: State = {"metadata": version.metadata}
    for item in version.files():
        found = version[item.path]
        if isinstance(found, wbtable.Table):
            state[item.path] = [
                [bytes(cell.bytes) if isinstance(cell, wbtable.Image) else cell for cell in row] for row in found.data
            ]
        else:
            state[item.path] = bytes(found.bytes) if isinstance(found, wbtable.Image) else found.read()
    return state


def check_nothing_dangles(store: Store, name: str) -> None:
    """Every record, of a deleted version or not, leads to objects that are there; every alias names a record."""
    records = store.records(PROJECT, name)
    newest = records.newest()
    for number in range(newest + 1):
        record = records.read(number)
        if not records.is_deleted(number):
            for descriptor in reachable(store.objects, [record.manifest]).values():
                assert store.objects.has(descriptor.digest, descriptor.media_type), (number, descriptor)
        if number:
            assert record.parent is not None
            assert record.parent.commit_id == records.read(number - 1).commit_id
    for alias, number in store.aliases(PROJECT, name).items():
        assert 0 <= number <= newest, alias


def newest_state(store: Store, name: str) -> State | None:
    """Return what the newest version holds; None if there is none."""
    try:
        return state_of(store.artifact(f"{PROJECT}/{name}"))
    except NotFoundError:
        return None


class Job:
    """One thing that is done to an artifact of a store.

    Attributes:
        name: the artifact's name.
        salt: a number that no other job of the store has.

    """

    def __init__(self, salt: int) -> None:
        self.salt = salt
        self.name = f"a{salt}"

    def prepare(self, store: Store) -> None:
        """Bring the store into the state before."""

    def run(self, store: Store) -> None:
        """Do it, once."""
        raise AssertionError

    def is_done(self, store: Store) -> bool:
        """Whether it was done; half of it raises."""
        raise AssertionError

    def check(self, store: Store) -> bool:
        """Check all that must be true whether it was done or not; return whether it was."""
        check_nothing_dangles(store, self.name)
        done = self.is_done(store)
        # A copy that died early made no project: then there is nothing to look for, but a store.
        report = store.verify(PROJECT if PROJECT in store.projects() else None)
        assert report.ok, report.damaged
        return done

    def check_going_on(self, store: Store) -> None:
        """The next commit works, and holds what it should."""
        before = newest_state(store, self.name)
        draft = store.artifact(f"{PROJECT}/{self.name}").new_draft() if before else first_draft(self.name, self.salt)
        add_text(draft, "next.txt", f"next {self.salt}")
        version = store.commit(draft, project=PROJECT, aliases=["next"])
        after = state_of(store.artifact(f"{PROJECT}/{self.name}:next"))
        assert after.pop("next.txt") == f"next {self.salt}".encode()
        if before:
            assert after == before
        assert version.verify().ok


class FirstCommit(Job):
    """The first version of an artifact, with tables, media, files, an alias and a tag."""

    def run(self, store: Store) -> None:
        store.commit(first_draft(self.name, self.salt), project=PROJECT, aliases=["best"], tags=["t"])

    def is_done(self, store: Store) -> bool:
        state = newest_state(store, self.name)
        if state is None:
            return False
        numbers = range(3)
        assert state == {
            "metadata": {"salt": self.salt},
            "images.table.json": [[n, f"{self.salt} {n}", picture(self.salt, n)] for n in numbers],
            "numbers.table.json": [[self.salt], [self.salt + 1]],
            "readme.txt": f"first {self.salt}".encode(),
            "folder/inner.txt": f"inner {self.salt}".encode(),
        }
        return True


class LaterJob(Job):
    """A job on an artifact that has a version."""

    def prepare(self, store: Store) -> None:
        self.base = store.commit(first_draft(self.name, self.salt), project=PROJECT, aliases=["best"])
        self.before = state_of(self.base)

    def version(self, store: Store, which: str = "latest") -> Version:
        """Return a version as one finds it through `store`."""
        return store.artifact(f"{PROJECT}/{self.name}:{which}")

    def is_done(self, store: Store) -> bool:
        found = state_of(self.version(store))
        if found == self.before:
            return False
        assert found == self.expected()
        return True

    def expected(self) -> State:
        """Return what the version holds once it is done."""
        raise AssertionError


class NextCommit(LaterJob):
    """A new version: rows appended with their images, a file changed, one removed; an alias moves."""

    def run(self, store: Store) -> None:
        draft = self.version(store).new_draft()
        table = draft["images"]
        add_rows(table, self.salt, range(3, 5))
        draft.add(table, "images", overwrite=True)
        add_text(draft, "readme.txt", f"second {self.salt}")
        draft.remove("folder/inner.txt")
        store.commit(draft, aliases=["best"])

    def expected(self) -> State:
        more = [[n, f"{self.salt} {n}", picture(self.salt, n)] for n in range(3, 5)]
        state = self.before | {"images.table.json": self.before["images.table.json"] + more}
        state["readme.txt"] = f"second {self.salt}".encode()
        del state["folder/inner.txt"]
        return state


class Rebase(LaterJob):
    """An append to a table on top of somebody else's append to the same table."""

    def prepare(self, store: Store) -> None:
        super().prepare(store)
        theirs = self.base.new_draft()
        table = theirs["images"]
        add_rows(table, self.salt, range(10, 12))
        theirs.add(table, "images", overwrite=True)
        add_text(theirs, "theirs.txt", f"theirs {self.salt}")
        self.before = state_of(store.commit(theirs))

    def run(self, store: Store) -> None:
        draft = self.version(store, "v0").new_draft()
        table = draft["images"]
        add_rows(table, self.salt, range(20, 22))
        draft.add(table, "images", overwrite=True)
        add_text(draft, "ours.txt", f"ours {self.salt}")
        store.commit(draft)

    def expected(self) -> State:
        more = [[n, f"{self.salt} {n}", picture(self.salt, n)] for n in range(20, 22)]
        rows = self.before["images.table.json"] + more
        return self.before | {"images.table.json": rows, "ours.txt": f"ours {self.salt}".encode()}


class FilesCommit(LaterJob):
    """A new version with many small files and one that is an object of its own."""

    def run(self, store: Store) -> None:
        draft = self.version(store).new_draft()
        for number in range(5):
            add_text(draft, f"files/{number}.txt", f"{self.salt} file {number}")
        with draft.new_file("large.bin", "wb") as file:
            file.write(self._large())
        store.commit(draft)

    def _large(self) -> bytes:
        return self.salt.to_bytes(8, "little") * (1 << 20)

    def expected(self) -> State:
        files = {f"files/{number}.txt": f"{self.salt} file {number}".encode() for number in range(5)}
        return self.before | files | {"large.bin": self._large()}


class SayLater(LaterJob):
    """An alias, a tag, a description: each is there or is not, whatever became of the others."""

    def run(self, store: Store) -> None:
        version = self.version(store)
        version.add_aliases(["good"])
        version.add_tags(["one", "two"])
        version.description = "said later"
        version.remove_aliases(["best"])

    def is_done(self, store: Store) -> bool:
        version = self.version(store)
        assert state_of(version) == self.before
        aliases = store.aliases(PROJECT, self.name)
        done = ["good" in aliases, bool(version.tags), version.description is not None, "best" not in aliases]
        # In the order in which they were said: what came later is not there without what came before.
        assert done == sorted(done, reverse=True)
        assert version.tags in ([], ["one", "two"])
        assert version.description in {None, "said later"}
        return all(done)


class Delete(LaterJob):
    """A version is deleted; the one before it is then the newest."""

    def prepare(self, store: Store) -> None:
        super().prepare(store)
        draft = self.base.new_draft()
        add_text(draft, "gone.txt", f"gone {self.salt}")
        self.before = state_of(store.commit(draft, aliases=["doomed"]))

    def run(self, store: Store) -> None:
        self.version(store, "v1").delete(delete_aliases=True)

    def expected(self) -> State:
        return {path: content for path, content in self.before.items() if path != "gone.txt"}


JOBS: dict[str, Callable[[int], Job]] = {
    "first commit": FirstCommit,
    "next commit": NextCommit,
    "rebase": Rebase,
    "files": FilesCommit,
    "say later": SayLater,
    "delete": Delete,
}
