"""What each backend must do: BACKEND-1 to BACKEND-5, LOCAL-1, LOCAL-2, LAYOUT-7."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from wbtable.errors import AlreadyExistsError, FormatError, MissingExtraError, NotFoundError, UsageError
from wbtable.storage.local_backend import LocalBackend
from wbtable.storage.open_backend import open_backend

if TYPE_CHECKING:
    from pathlib import Path

    from wbtable.storage.backend import Backend

RACERS = 20
ROUNDS = 50


def test_create_once(backend: Backend) -> None:
    """BACKEND-1: the second fails, and the bytes stay those of the first."""
    backend.create("log/1.json", b"first")
    with pytest.raises(AlreadyExistsError, match=r"log/1\.json exists already"):
        backend.create("log/1.json", b"second")
    assert backend.get("log/1.json") == b"first"


def test_one_winner(backend: Backend) -> None:
    """BACKEND-1: 20 threads, 50 rounds, one winner each, whose bytes are there whole."""
    barrier = Barrier(RACERS)

    def race(racer: int, number: int) -> bool:
        barrier.wait()
        try:
            backend.create(f"log/{number}.json", f"{racer:02d}".encode() * 5000)
        except AlreadyExistsError:
            return False
        return True

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(RACERS) as pool:
            for number in range(ROUNDS):
                won = list(pool.map(lambda racer, number=number: race(racer, number), range(RACERS)))
                assert sum(won) == 1
                assert backend.get(f"log/{number}.json") == f"{won.index(True):02d}".encode() * 5000
    finally:
        sys.setswitchinterval(before)


def test_put(backend: Backend) -> None:
    """BACKEND-2: an object that is there is kept; one of another length is damaged, and replaced."""
    backend.put("objects/aa/1", b"content")
    backend.put("objects/aa/1", b"content")
    assert backend.get("objects/aa/1") == b"content"
    backend.replace("objects/aa/1", b"con")
    backend.put("objects/aa/1", b"content")
    assert backend.get("objects/aa/1") == b"content"


def test_put_file(backend: Backend, tmp_path: Path) -> None:
    """LOCAL-1: the caller's file stays, a temporary one is moved."""
    mine = tmp_path / "mine.bin"
    mine.write_bytes(b"mine")
    backend.put_file("objects/aa/1", mine)
    backend.put_file("objects/aa/1", mine)
    assert mine.read_bytes() == b"mine"
    assert backend.get("objects/aa/1") == b"mine"
    for _ in range(2):
        temporary = backend.temporary()
        temporary.write_bytes(b"temporary")
        backend.put_file("objects/aa/2", temporary)
        assert not temporary.exists()
    assert backend.get("objects/aa/2") == b"temporary"


def test_put_missing_file(backend: Backend, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        backend.put_file("objects/aa/1", tmp_path / "none")
    assert backend.size("objects/aa/1") is None


def test_reading(backend: Backend) -> None:
    data = bytes(range(256))
    backend.put("k", data)
    assert backend.get_range("k", 10, 20) == data[10:30]
    assert backend.get_range("k", 256, 0) == b""
    assert backend.get_tail("k", 6) == data[-6:]
    assert backend.get_tail("k", 1000) == data
    assert backend.size("k") == 256
    backend.put("other", b"xyz")
    ranges = [("k", 200, 10), ("other", 1, 1), ("k", 0, 0), ("k", 5, 5), ("k", 8, 4)]
    assert backend.get_ranges(ranges) == [data[200:210], b"y", b"", data[5:10], data[8:12]]
    assert backend.get_ranges([]) == []


@pytest.mark.parametrize(("offset", "size"), [(0, 11), (10, 1), (5, 2**60), (2**60, 1)])
def test_ranges_beyond_the_end(backend: Backend, offset: int, size: int) -> None:
    """DIGEST-6: an error, not fewer bytes, and no memory for what is not there."""
    backend.put("k", b"0123456789")
    with pytest.raises(FormatError, match="cut short"):
        backend.get_range("k", offset, size)


def test_what_is_not_there(backend: Backend) -> None:
    assert backend.size("none") is None
    assert list(backend.list("none")) == []
    backend.delete(["none"])
    for read in (backend.get, lambda key: backend.get_range(key, 0, 1), lambda key: backend.get_tail(key, 1)):
        with pytest.raises(NotFoundError, match="none does not exist"):
            read("none")


def test_list_and_delete(backend: Backend) -> None:
    """BACKEND-4: for people and for collection; nothing that commits calls it."""
    for key in ("a/1", "a/b/2", "c"):
        backend.put(key, b"x")
    assert list(backend.list("a")) == ["a/1", "a/b/2"]
    assert sorted(backend.list("")) == ["a/1", "a/b/2", "c"]
    backend.delete(["a/1", "none"])
    assert list(backend.list("a")) == ["a/b/2"]


def test_replace(backend: Backend) -> None:
    """LAYOUT-7: for hints, leases and summaries alone."""
    backend.replace("log/hint", b"1")
    backend.replace("log/hint", b"2")
    assert backend.get("log/hint") == b"2"


def test_nothing_stays_in_tmp(local: LocalBackend) -> None:
    """LOCAL-2."""
    local.create("a", b"1")
    with pytest.raises(AlreadyExistsError):
        local.create("a", b"2")
    local.put("b", b"1")
    local.put("b", b"1")
    local.replace("c", b"1")
    assert list(local.list("tmp")) == []
    local.tidy()
    assert not (local.root / "tmp").exists()
    local.put("d", b"1")


def test_tidy_leaves_what_is_used(local: LocalBackend) -> None:
    path = local.temporary()
    local.tidy()
    assert path.exists()


def test_put_never_rewrites_what_is_there(local: LocalBackend) -> None:
    """LAYOUT-1, PACK-12: the file of a stored object stays the same file."""
    local.put("objects/aa/1", b"content")
    path = local.local_path("objects/aa/1")
    assert path is not None
    before = path.stat()
    local.put("objects/aa/1", b"content")
    after = path.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_open_backend(tmp_path: Path) -> None:
    for url in (tmp_path, str(tmp_path), f"file://{tmp_path}", f"local://{tmp_path}"):
        opened = open_backend(url)
        assert isinstance(opened, LocalBackend)
        assert opened.root == tmp_path
    assert open_backend("memory://x").url == "memory://x"


@pytest.mark.parametrize(
    "url", ["", "nonsense://x", b"x", "a\0b", None, 3, "simplecache::memory://x", "s3://", "s3:///", "gs://", "az://"]
)
def test_urls_that_are_not_understood(url: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """None of them is taken for a folder on this disk."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError):
        open_backend(url)
    assert list(tmp_path.iterdir()) == []


def test_a_listing_that_others_change_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = open_backend("memory://changed-meanwhile")
    backend.create("a/1", b"x")
    find, failing = MemoryFileSystem.find, [RuntimeError("dictionary changed size during iteration")] * 3

    def changing(*args: Any, **options: Any) -> Any:
        if failing:
            raise failing.pop()
        return find(*args, **options)

    monkeypatch.setattr(MemoryFileSystem, "find", changing)
    assert list(backend.list("a")) == ["a/1"]
    assert not failing


def test_the_root_of_the_memory_is_a_place() -> None:
    backend = open_backend("memory://")
    backend.create("root-of-the-memory/k", b"x")
    assert list(backend.list("root-of-the-memory")) == ["root-of-the-memory/k"]
    backend.delete(["root-of-the-memory/k"])


def test_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'wbtable\[s3\]'"):
        open_backend("s3://bucket/prefix")


def test_local_paths_take_no_options(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="anon"):
        open_backend(tmp_path, anon=True)


@pytest.mark.parametrize("size", [0, (16 << 20) + 1])
def test_create_is_one_small_request(size: int) -> None:
    """BACKEND-1: an empty request is sent without its condition, a long one in parts that ignore it."""
    with pytest.raises(UsageError, match="bytes to create"):
        open_backend("memory://create-size").create("k", bytes(size))
