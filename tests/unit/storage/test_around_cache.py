"""Packs that are written around the system's cache: PACK-1, PACK-2 and PACK-5 hold whichever way the bytes take."""

from __future__ import annotations

import errno
import os
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wbtable.errors import DiskFullError
from wbtable.storage import around_cache, packs
from wbtable.storage.around_cache import AroundCache
from wbtable.storage.objects import ObjectStore
from wbtable.storage.pack_files import PackFile
from wbtable.storage.packs import PackWriter

if TYPE_CHECKING:
    from wbtable.storage.local_backend import LocalBackend

_FLAG = getattr(os, "O_DIRECT", 0)
_PAGE = 4096


def _random(size: int, seed: int = 0) -> bytes:
    return np.random.default_rng(seed).bytes(size)


def _descriptors() -> int:
    return len(list(Path("/dev/fd").iterdir()))


def _write(backend: LocalBackend, around: AroundCache, blocks: list[list[bytes]], trailer: bytes) -> bytes:
    file = PackFile(backend, around)
    for some in blocks:
        file.write(some)
        file.begin_sync()
    file.end(trailer)
    assert file.written == sum(map(len, [*chain(*blocks), trailer]))
    written = file.path.read_bytes()
    file.discard()
    assert not file.path.exists()
    return written


def _goes_around(backend: LocalBackend) -> bool:
    """Whether the file system of the test takes such writes."""
    path = backend.temporary()
    try:
        os.close(os.open(path, os.O_WRONLY | _FLAG))
    except OSError:
        return False
    finally:
        path.unlink()
    return bool(_FLAG)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(st.sampled_from([0, 1, 100, 4095, 4096, 4097, 9000, 20_000]), max_size=4), max_size=6),
    st.sampled_from([0, 1, 4096, 5000, 1 << 20]),
    st.integers(0, 5000),
)
def test_every_byte_is_there_once(local: LocalBackend, sizes: list[list[int]], cached: int, trailer: int) -> None:
    """However the blocks lie to the pages of the disk, and for several files one after the other."""
    around, seed = AroundCache(cached), 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(around_cache, "_BUFFER_BYTES", 3 * _PAGE)
        for _ in range(2):
            blocks = [[_random(size, seed + i) for i, size in enumerate(some)] for some in sizes]
            end = _random(trailer, 99)
            assert _write(local, around, blocks, end) == b"".join([*chain(*blocks), end])
            seed += 1


@pytest.mark.parametrize("what", ["open", "write", "nothing"])
def test_where_it_is_not_offered(local: LocalBackend, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """Files go through the cache as ever where the flag, or the writes with it, are refused."""
    real_open, real_write, direct = os.open, os.pwrite, set[int]()

    def opened(path: Any, flags: int, *args: Any, **options: Any) -> int:
        if flags & _FLAG and what == "open":
            raise OSError(errno.EINVAL, "Invalid argument")
        fd = real_open(path, flags & ~_FLAG, *args, **options)
        if flags & _FLAG:
            direct.add(fd)
        return fd

    def written(fd: int, data: Any, offset: int) -> int:
        if fd in direct and what == "write":
            raise OSError(errno.EINVAL, "Invalid argument")
        if fd in direct:
            assert offset % _PAGE == len(data) % _PAGE == 0
        return real_write(fd, data, offset)

    if what == "nothing":
        monkeypatch.setattr(around_cache, "_FLAG", 0)
    monkeypatch.setattr(os, "open", opened)
    monkeypatch.setattr(os, "pwrite", written)
    data = _random(100_000)
    assert _write(local, AroundCache(10), [[data[:50]], [data[50:]]], b"end") == data + b"end"
    assert bool(direct) == (what == "write" and bool(_FLAG))


def test_short_writes(local: LocalBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system may take less than it is given, also what does not end with a page."""
    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda fd, data, offset: real(fd, data[: max(1, len(data) // 3 & ~4095)], offset))
    data = _random(100_000)
    assert _write(local, AroundCache(0), [[data]], b"end") == data + b"end"


@pytest.mark.parametrize("when", ["written", "ended"])
def test_a_full_disk(local: LocalBackend, monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    """The failure reaches the caller; abort leaves neither file nor descriptor behind."""
    before = _descriptors()

    def full(*args: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(packs, "AroundCache", lambda: AroundCache(0))
    monkeypatch.setattr(around_cache, "_BUFFER_BYTES", _PAGE if when == "written" else 1 << 20)
    writer = PackWriter(ObjectStore(local))
    with monkeypatch.context() as broken:
        broken.setattr(os, "pwrite", full)
        writer.add_many([_random(10_000)])
        with pytest.raises(DiskFullError, match="write blobs to the pack"):
            writer.seal()
    writer.abort()
    assert list(local.list("")) == []
    assert _descriptors() == before


def test_abort_closes_what_was_not_ended(local: LocalBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packs, "AroundCache", lambda: AroundCache(0))
    before = _descriptors()
    writer = PackWriter(ObjectStore(local))
    for seed in range(3):
        writer.add_many([_random(5 << 20, seed)])
    writer.abort()
    assert list(local.list("")) == []
    assert _descriptors() == before


def test_a_little_stays_in_the_cache(local: LocalBackend) -> None:
    """The first bytes of a writer go through it, whatever packs they are in; what follows goes around it."""
    around = AroundCache(100_000)
    first = PackFile(local, around)
    first.write([_random(60_000)])
    first.end(b"end")
    second = PackFile(local, around)
    second.write([_random(60_000)])
    assert first._direct is second._direct is None
    second.write([_random(60_000)])
    assert (second._direct is not None) == _goes_around(local)
    second.end(b"end")
    for file in (first, second):
        file.discard()


def test_packs_are_the_same_either_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PACK-5: names and bytes of packs do not depend on the way."""
    from wbtable.storage.local_backend import LocalBackend

    blobs = [_random(10_000 + i, i) for i in range(300)]
    found = []
    for cached in (0, 777_777, 1 << 30):
        monkeypatch.setattr(packs, "AroundCache", lambda cached=cached: AroundCache(cached))
        backend = LocalBackend(tmp_path / str(cached))
        objects = ObjectStore(backend)
        with PackWriter(objects, target=1 << 20) as writer:
            places = writer.add_many(blobs)
            writer.seal()
            cells = [
                {"uri": writer.uri(p.container), "offset": p.offset, "size": p.size, "checksum": str(p.digest)}
                for p in places
            ]
            assert objects.read_blobs(cells) == blobs
        found.append({key: backend.get(key) for key in backend.list("")})
    assert found[0] == found[1] == found[2]
    assert len(found[0]) == 3
