"""Disk full, no permission, read-only, a clock that goes backwards: a clear error, and nothing is lost."""

from __future__ import annotations

import datetime as dt
import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.jobs import PROJECT, add_text, first_draft, state_of
from tests.faults.soak import FACTOR
from wbtable.artifacts import commit as commit_module
from wbtable.artifacts.store import Store, create_store
from wbtable.errors import DeniedError, DiskFullError, StorageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.jobs import State

CALLS = ("open", "write", "fsync", "link", "mkdir")
STEP = 1 if FACTOR else 4
"""How far the calls lie apart that are tried."""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = create_store(tmp_path / "store")
    made.commit(first_draft("data", 1), project=PROJECT, aliases=["best"])
    return made


def whole(store: Store) -> State:
    """Return what the newest version holds, once everything was verified."""
    report = store.verify()
    assert report.ok, report.damaged
    return state_of(Store(store.url).artifact(f"{PROJECT}/data"))


def change(store: Store) -> Any:
    draft = store.artifact(f"{PROJECT}/data").new_draft()
    add_text(draft, "more.txt", "more")
    return draft


class Failing:
    """The n-th call of one function of the operating system below a folder fails with one error, and all later ones."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str, root: str, number: int, code: int) -> None:
        self.calls = 0
        real: Callable[..., Any] = getattr(os, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            where = args[0]
            path = str(Path(f"/proc/self/fd/{where}").readlink()) if isinstance(where, int) else os.fspath(where)
            # What only reads goes on: a disk that is full can be read.
            reads = name == "open" and not args[1] & (os.O_WRONLY | os.O_RDWR)
            if not str(path).startswith(root) or reads:
                return real(*args, **kwargs)
            self.calls += 1
            if self.calls > number:
                raise OSError(code, os.strerror(code), str(path))
            return real(*args, **kwargs)

        monkeypatch.setattr(os, name, call)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(
    ("code", "error", "text"),
    [
        (errno.ENOSPC, DiskFullError, "disk is full"),
        (errno.EDQUOT, DiskFullError, "quota"),
        (errno.EACCES, DeniedError, "permission denied"),
        (errno.EROFS, DeniedError, "read-only"),
        (errno.EIO, StorageError, "Input/output error"),
    ],
)
def test_an_error_of_the_disk_is_said_and_nothing_is_lost(
    store: Store, monkeypatch: pytest.MonkeyPatch, name: str, code: int, error: type[StorageError], text: str
) -> None:
    """LOCAL-1 to LOCAL-3, COMMIT-5: wherever it strikes, the commit fails by name or is whole; then it works again."""
    before = whole(store)
    number = 0
    struck = 0
    monkeypatch.setattr(commit_module, "PAUSE", 0.0)
    while True:
        draft = change(store)
        add_text(draft, "which.txt", f"{number}")
        with monkeypatch.context() as patch:
            failing = Failing(patch, name, store.url, number, code)
            try:
                store.commit(draft)
                outcome: StorageError | None = None
            except StorageError as found:
                outcome = found
        after = whole(store)
        if outcome is None:
            assert after["which.txt"] == f"{number}".encode()
            if failing.calls <= number:
                break  # nothing failed any more
        else:
            struck += 1
            assert type(outcome) is error or "may yet appear" in str(outcome) or "read back" in str(outcome), outcome
            assert text in str(outcome)
            # Nothing of it can be seen, or all of it.
            assert after == before or after["which.txt"] == f"{number}".encode()
            if after == before:
                store.commit(draft)
        before = whole(store)
        number += STEP
    assert struck >= 1


def test_a_read_only_store_is_read_and_writing_says_why(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """BACKEND-1: every write fails from the first on; every read works."""
    before = whole(store)
    for name in CALLS:
        Failing(monkeypatch, name, store.url, 0, errno.EROFS)
    assert whole(store) == before
    assert store.artifact(f"{PROJECT}/data:best").aliases == ["latest", "best"]
    for write in (
        lambda: store.commit(change(store)),
        lambda: store.artifact(f"{PROJECT}/data").add_aliases(["new"]),
        lambda: store.artifact(f"{PROJECT}/data").delete(delete_aliases=True),
    ):
        with pytest.raises(DeniedError, match="read-only"):
            write()
    assert whole(store) == before


def test_a_clock_that_goes_backwards_decides_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """COMMIT-0, LOG-1: times are said, and nothing is decided by them."""
    moments = iter(dt.datetime(2030, 1, 1, tzinfo=dt.UTC) - dt.timedelta(days=400 * i) for i in range(1000))

    class Clock(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:  # type: ignore[override]
            return next(moments).astimezone(tz)

    monkeypatch.setattr(dt, "datetime", Clock)
    versions = []
    for turn in range(4):
        draft = store.artifact(f"{PROJECT}/data").new_draft()
        add_text(draft, "turn.txt", f"{turn}")
        versions.append(store.commit(draft, aliases=["best"]))
        assert store.artifact(f"{PROJECT}/data:best") == versions[-1]
        assert store.artifact(f"{PROJECT}/data") == versions[-1]
    monkeypatch.undo()
    assert [version.number for version in versions] == [1, 2, 3, 4]
    assert versions[0].created_at > versions[-1].created_at
    assert whole(store)["turn.txt"] == b"3"
