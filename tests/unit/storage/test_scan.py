"""What listings say of keys: sizes and times of the place's own clock (LEASE-4)."""

from __future__ import annotations

import errno
import os
import time
from typing import TYPE_CHECKING, Any

import pytest

from wbtable.errors import DeniedError
from wbtable.storage.find import manifests_in

if TYPE_CHECKING:
    from wbtable.storage.backend import Backend
    from wbtable.storage.local_backend import LocalBackend


def test_scan_says_keys_sizes_and_times(backend: Backend) -> None:
    backend.put("a/1", b"xyz")
    backend.put("a/b/2", b"x")
    backend.put("c", b"")
    found = {item.key: item for item in backend.scan("a")}
    assert {key: item.size for key, item in found.items()} == {"a/1": 3, "a/b/2": 1}
    assert {item.key for item in backend.scan("")} == {"a/1", "a/b/2", "c"}
    assert list(backend.scan("none")) == []
    assert all(item.modified == backend.modified(key) for key, item in found.items())


def test_times_are_of_the_last_writing(backend: Backend) -> None:
    """LEASE-4: a lease that is replaced is young again."""
    backend.replace("leases/a.json", b"1")
    first = backend.modified("leases/a.json")
    assert first is not None
    time.sleep(0.02)
    backend.replace("leases/a.json", b"2")
    second = backend.modified("leases/a.json")
    assert second is not None
    assert second > first
    assert backend.modified("leases/none.json") is None


def test_names_are_the_keys_of_a_scan(local: LocalBackend) -> None:
    assert list(local.names("")) == []
    for key in ("a/1", "a/b/2", "a/b/c/3", "d"):
        local.put(key, b"x")
    for prefix in ("", "a", "a/b", "none"):
        assert sorted(local.names(prefix)) == sorted(info.key for info in local.scan(prefix))
    assert sorted(local.names("a")) == ["a/1", "a/b/2", "a/b/c/3"]


@pytest.mark.parametrize("at", ["a", "a/b"])
def test_what_cannot_be_listed_is_not_taken_for_empty(
    local: LocalBackend, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    local.put("a/b/c", b"x")
    scandir = os.scandir

    def refuse(path: str) -> Any:
        if path == str(local.local_path(at)):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    for look in (local.list, local.scan, local.names):
        with pytest.raises(DeniedError):
            list(look("a"))


def test_only_manifests_right_in_a_folder_are_looked_for(local: LocalBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    local.put("t.table.json", b"x")
    local.put("below/u.table.json", b"x")
    assert manifests_in(local) == ["t.table.json"]
    monkeypatch.setattr(local, "local_path", lambda _: None)
    assert manifests_in(local) == ["t.table.json"]
