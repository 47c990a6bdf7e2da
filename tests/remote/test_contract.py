"""What every backend must do, on real servers: BACKEND-1 to BACKEND-6, HEADER-3."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

import pytest

from wbtable.errors import AlreadyExistsError, DeniedError, FormatError, NotFoundError, StorageError, WbtableError
from wbtable.storage.header import create_header, probe, read_header
from wbtable.storage.open_backend import open_backend

if TYPE_CHECKING:
    from pathlib import Path

    from tests.remote.places import RemotePlace
    from wbtable.storage.backend import Backend

RACERS = 20
ROUNDS = 5


def test_create_once(remote: Backend) -> None:
    """BACKEND-1: the second fails, and the bytes stay those of the first; equal bytes make no difference."""
    remote.create("log/1.json", b"first")
    for data in (b"second", b"first"):
        with pytest.raises(AlreadyExistsError, match=r"log/1\.json exists already"):
            remote.create("log/1.json", data)
    assert remote.get("log/1.json") == b"first"


def test_one_of_twenty_wins(remote: Backend) -> None:
    """BACKEND-1: 20 threads at once, one winner each time, whose bytes are there whole."""
    barrier = Barrier(RACERS)

    def race(racer: int, number: int) -> bool:
        barrier.wait()
        try:
            remote.create(f"log/{number}.json", f"{racer:02d}".encode() * 500)
        except AlreadyExistsError:
            return False
        return True

    with ThreadPoolExecutor(RACERS) as pool:
        for number in range(ROUNDS):
            won = list(pool.map(lambda racer, number=number: race(racer, number), range(RACERS)))
            assert sum(won) == 1
            assert remote.get(f"log/{number}.json") == f"{won.index(True):02d}".encode() * 500


def test_the_largest_creation_is_one_request(remote: Backend) -> None:
    """BACKEND-1: 16 MiB too are created exclusively."""
    data = bytes(16 << 20)
    remote.create("large", data)
    with pytest.raises(AlreadyExistsError):
        remote.create("large", data)
    assert remote.size("large") == len(data)


def test_probe(remote: Backend) -> None:
    """HEADER-3: the place passes, and nothing of the probe stays."""
    assert probe(remote) is None
    header = create_header(remote)
    assert read_header(remote) == header
    assert list(remote.list("")) == ["wbtable.json"]


def test_objects(remote: Backend, tmp_path: Path) -> None:
    """BACKEND-2: kept if whole, mended if not; small ones, and ones that are sent as files."""
    for size in (0, 5, 3 << 20):
        data = bytes([size % 251]) * size
        key = f"objects/aa/{size}"
        remote.put(key, data)
        remote.put(key, data)
        assert remote.get(key) == data
        remote.replace(key, data + b"damaged")
        remote.put(key, data)
        assert remote.get(key) == data
        path = tmp_path / "file"
        path.write_bytes(data + b"!")
        remote.put_file(key + "f", path)
        remote.put_file(key + "f", path)
        assert remote.size(key + "f") == size + 1
        assert path.exists()
        temporary = remote.temporary()
        temporary.write_bytes(data)
        remote.put_file(key + "t", temporary)
        assert not temporary.exists()


def test_ranges(remote: Backend) -> None:
    """BACKEND-5: exactly what was asked, in the order asked, whatever was read together."""
    data = bytes(range(256)) * 800
    remote.put("k", data)
    remote.put("other", b"xyz")
    assert remote.get_range("k", 10, 20) == data[10:30]
    assert remote.get_range("k", len(data), 0) == b""
    assert remote.get_tail("k", 6) == data[-6:]
    assert remote.get_tail("k", 1 << 20) == data
    assert remote.get_tail("other", 3) == b"xyz"
    ranges = [("k", 150_000, 10), ("other", 1, 1), ("k", 0, 0), ("k", 5, 5), ("k", 8, 4)]
    assert remote.get_ranges(ranges) == [data[150_000:150_010], b"y", b"", data[5:10], data[8:12]]
    assert remote.get_ranges([]) == []


def test_long_range(remote: Backend) -> None:
    """BACKEND-5: more than 16 MiB are read in parts."""
    data = b"".join(bytes([i]) * (1 << 20) for i in range(18))
    remote.put("long", data)
    assert remote.get_range("long", 3, len(data) - 5) == data[3:-2]


@pytest.mark.parametrize(("offset", "size"), [(0, 11), (10, 1), (5, 2**50), (2**50, 1)])
def test_ranges_beyond_the_end(remote: Backend, offset: int, size: int) -> None:
    """BACKEND-5: an error, not fewer bytes, and no memory for what is not there."""
    remote.put("k", b"0123456789")
    with pytest.raises(FormatError, match="cut short"):
        remote.get_range("k", offset, size)


def test_empty_object(remote: Backend) -> None:
    remote.put("empty", b"")
    assert remote.get("empty") == b""
    assert remote.get_tail("empty", 10) == b""
    assert remote.size("empty") == 0


def test_what_is_not_there(remote: Backend) -> None:
    assert remote.size("none") is None
    assert remote.modified("none") is None
    assert list(remote.list("none")) == []
    remote.delete(["none"])
    remote.delete(["none", "neither"])
    for read in (remote.get, lambda key: remote.get_range(key, 0, 1), lambda key: remote.get_tail(key, 1)):
        with pytest.raises(NotFoundError, match="none does not exist"):
            read("none")


def test_mutable_keys(remote: Backend) -> None:
    """LAYOUT-7: overwritten, and read as they are now, through another connection too."""
    other: Backend = pickle.loads(pickle.dumps(remote)) if not hasattr(remote, "root") else remote
    for text in (b"1", b"22", b"3"):
        remote.replace("log/hint", text)
        assert other.get("log/hint") == text
        assert other.size("log/hint") == len(text)


def test_list_and_delete(remote: Backend) -> None:
    """BACKEND-4: a listing has the keys below a folder, and no folder whose name begins alike."""
    for key in ("a/1", "a/b/2", "ab", "c", "a/%c3%a9"):
        remote.put(key, b"x")
    assert list(remote.list("a")) == ["a/%c3%a9", "a/1", "a/b/2"]
    assert sorted(remote.list("")) == ["a/%c3%a9", "a/1", "a/b/2", "ab", "c"]
    times = [info.modified for info in remote.scan("")]
    assert len(times) == 5
    assert abs(max(times) - (remote.modified("c") or 0)) < 60
    remote.delete(["a/1", "a/b/2", "none"])
    assert list(remote.list("a")) == ["a/%c3%a9"]
    remote.put("a/new", b"y")
    assert "a/new" in list(remote.list("a"))


def test_many_deletions(remote: Backend) -> None:
    keys = [f"d/{i}" for i in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: remote.put(key, b"x"), keys))
    remote.delete(keys)
    assert list(remote.list("d")) == []


@pytest.mark.only("moto", "ceph", "azurite", "gcs")
def test_missing_bucket(place: RemotePlace) -> None:
    """BACKEND-6: the message says that it is the bucket that is missing."""
    backend = open_backend(f"{place.scheme}://wbtable-no-such-bucket/store", **place.options)
    with pytest.raises(StorageError, match=r"there is no (bucket|container) 'wbtable-no-such-bucket'"):
        backend.create("k", b"x")
    with pytest.raises(WbtableError):
        read_header(backend)


@pytest.mark.only("ceph")
def test_denied(place: RemotePlace) -> None:
    """BACKEND-6: keys that are not known, and none at all."""
    with pytest.raises(DeniedError, match="AWS_ACCESS_KEY_ID"):
        open_backend(place.url(), **{**place.options, "key": "nobody"}).get("k")
    anonymous = {"endpoint_url": place.options["endpoint_url"], "anon": True}
    with pytest.raises(DeniedError, match="may not"):
        open_backend(place.url(), **anonymous).create("k", b"x")
