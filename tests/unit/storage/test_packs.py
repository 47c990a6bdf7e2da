"""Writing packs: PACK-1, PACK-2, PACK-5, PACK-6."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wbtable.errors import DiskFullError, FormatError, UsageError
from wbtable.format.digest import BLOB, PACK, Digest
from wbtable.media.payload import Payload
from wbtable.storage.objects import ObjectStore
from wbtable.storage.open_backend import open_backend
from wbtable.storage.packs import FileLocation, PackWriter, Placement
from wbtable.storage.pieces import Pieces
from wbtable.storage.seen import digests_of
from wbtable.storage.verify import verify_object

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from wbtable.storage.local_backend import LocalBackend


def cells(writer: PackWriter, places: Sequence[Placement]) -> list[dict[str, object]]:
    """Return the FILE cells of placements."""
    return [
        {"uri": writer.uri(p.container), "offset": p.offset, "size": p.size, "checksum": str(p.digest)} for p in places
    ]


@settings(max_examples=40, deadline=None)
@given(
    blobs=st.lists(st.lists(st.binary(max_size=30), max_size=8), max_size=5),
    target=st.integers(1, 60),
    entries=st.integers(1, 6),
    large=st.integers(1, 40),
)
def test_any_blobs_come_back(blobs: list[list[bytes]], target: int, entries: int, large: int) -> None:
    """PACK-1, PACK-2, PACK-6: whatever the bounds, in whatever batches, each blob is read back, and stored once."""
    objects = ObjectStore(open_backend("memory://packs-property"))
    objects.backend.delete(list(objects.backend.list("")))
    with PackWriter(objects, target=target, max_entries=entries, large=large) as writer:
        places = [place for batch in blobs for place in writer.add_many(batch)]
        writer.seal()
        flat = [blob for batch in blobs for blob in batch]
        assert [place.digest for place in places] == [Digest.of(blob) for blob in flat]
        assert objects.read_blobs(cells(writer, places)) == flat
    containers = {place.container for place in places}
    for container in containers:
        descriptor = writer.descriptor(container)
        verify_object(objects, descriptor)
        if descriptor.media_type == PACK:
            listed, _ = objects.pack_entries(descriptor.digest)
            assert len(listed) <= entries
            assert len(listed) == 1 or sum(entry.size for entry in listed) <= target
            assert all(entry.size < large for entry in listed)
        else:
            assert descriptor.size >= large
    assert len({(place.container, place.offset, place.size) for place in places}) == len(set(flat))


def test_names(local_objects: ObjectStore) -> None:
    """PACK-5: a pack has its name as soon as it can grow no more, before it is durable."""
    writer = PackWriter(local_objects)
    (place,) = writer.add_many([b"hello"])
    assert not writer.is_sealed(place.container)
    with pytest.raises(UsageError, match="still being filled"):
        writer.uri(place.container)
    with pytest.raises(UsageError, match="still being filled"):
        writer.descriptor(place.container)
    writer.cut()
    assert writer.is_sealed(place.container)
    assert writer.uri(place.container).endswith(".pack")
    (other,) = writer.add_many([b"world"])
    assert other.container != place.container
    writer.seal()
    writer.cut()
    assert writer.descriptor(other.container).size == 5 + 48 + 16
    writer.abort()


def test_the_same_blobs_make_the_same_pack(tmp_path: Path) -> None:
    """PACK-5: names depend on content alone; putting a pack again changes nothing."""
    uris = []
    for folder in ("one", "two", "two"):
        with PackWriter(ObjectStore(open_backend(tmp_path / folder))) as writer:
            writer.add_many([b"a", b"b"])
            writer.seal()
            uris.append(writer.uri(0))
    assert len(set(uris)) == 1
    assert len(list(open_backend(tmp_path / "two").list(""))) == 1


def test_known_blobs_are_pointed_to(objects: ObjectStore) -> None:
    """PACK-6: a blob of an earlier version costs nothing, if it is really there."""
    with PackWriter(objects) as first:
        (small, _, big) = first.add_many([b"small", b"other", b"x" * (8 << 20)])
        first.seal()
        known = {p.digest: FileLocation(uri=first.uri(p.container), offset=p.offset, size=p.size) for p in (small, big)}
    before = set(objects.backend.list(""))
    with PackWriter(objects, known.get) as second:
        places = second.add_many([b"small", b"x" * (8 << 20), b"small"])
        second.seal()
        assert set(objects.backend.list("")) == before
        assert objects.read_blobs(cells(second, places)) == [b"small", b"x" * (8 << 20), b"small"]
        assert second.descriptor(places[0].container) == first.descriptor(small.container)
        assert second.descriptor(places[1].container) == first.descriptor(big.container)


@pytest.mark.parametrize("wrong", ["gone", "short", "size"])
def test_wrong_knowledge_is_ignored(objects: ObjectStore, wrong: str) -> None:
    """PACK-6: the index of what is known can be old; what it names must be there."""
    with PackWriter(objects) as first:
        (place,) = first.add_many([b"small"])
        first.seal()
        uri = first.uri(0)
    location = {
        "gone": FileLocation(uri="../aa/" + "0" * 62 + ".pack", offset=0, size=5),
        "short": FileLocation(uri=uri, offset=1 << 40, size=5),
        "size": FileLocation(uri=uri, offset=0, size=4),
    }[wrong]
    with PackWriter(objects, lambda _: location) as second:
        places = second.add_many([b"small"])
        second.seal()
        assert objects.read_blobs(cells(second, places)) == [b"small"]
        assert places[0].digest == place.digest


@pytest.mark.parametrize("uri", ["../../etc/passwd", "/x", "../ab/cd", ""])
def test_hostile_knowledge(uri: str) -> None:
    with pytest.raises(FormatError):
        FileLocation(uri=uri, offset=0, size=1)


def test_impossible_knowledge() -> None:
    with pytest.raises(UsageError):
        FileLocation(uri="../aa/" + "0" * 62, offset=2**53, size=1)


def test_hashed_blobs(objects: ObjectStore) -> None:
    """Blobs whose digests were checked when they were read are not hashed again."""
    with PackWriter(objects) as writer:
        (first,) = writer.add_many([b"one"])
        raws = digests_of([Digest.of(data).raw for data in (b"one", b"two", b"three")])
        found = writer.find(raws[:2], np.array([3, 3])).tolist()
        assert found == [[first.container, first.offset, first.size], [-1, -1, -1]]
        (place,) = map(tuple, writer.add_new(raws[1:2], Pieces.of([bytearray(b"two")])).tolist())
        assert writer.find(raws[1:], np.array([3, 5])).tolist() == [list(place), [-1, -1, -1]]
        second, third, again = writer.add_many([b"two", b"three", b"three"])
        writer.seal()
        assert (second.container, second.offset, second.size) == place
        assert third == again
        assert objects.read_blobs(cells(writer, [first, second, third])) == [b"one", b"two", b"three"]


def test_files(objects: ObjectStore, tmp_path: Path) -> None:
    """PACK-1: small files go into packs, large ones are streamed to objects of their own."""
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(b"small" * 100)
    data = np.random.default_rng(1).bytes(9 << 20)
    large.write_bytes(data)
    with PackWriter(objects) as writer:
        payloads = [Payload.of_file(small), Payload.of_file(large), Payload.of_file(large)]
        places = writer.add_many(payloads)
        writer.seal()
        assert objects.read_blobs(cells(writer, places)) == [b"small" * 100, data, data]
        assert writer.descriptor(places[1].container).media_type == BLOB
        assert places[1] == places[2]
    if objects.backend.local_path("") is not None:
        assert list(objects.backend.list("tmp")) == []


class Endless:
    """A file that grows while it is read."""

    size = 9 << 20

    def read(self) -> bytes:
        raise AssertionError("a large file is streamed")

    def open(self) -> BinaryIO:
        return io.BytesIO(b"x" * (10 << 20))


@pytest.mark.parametrize("size", [100, 9 << 20])
def test_files_that_change(local_objects: ObjectStore, tmp_path: Path, size: int) -> None:
    """A file that changed since it was added is refused; nothing of it stays, and the writer goes on."""
    path = tmp_path / "file"
    path.write_bytes(b"a" * size)
    payload = Payload.of_file(path)
    path.write_bytes(b"b" * (size + 1))
    with PackWriter(local_objects) as writer:
        with pytest.raises(UsageError, match="changed"):
            writer.add_many([b"before", payload])
        with pytest.raises(UsageError, match="changed"):
            writer.add_many([Endless()])
        places = writer.add_many([b"after"])
        writer.seal()
        assert local_objects.read_blobs(cells(writer, places)) == [b"after"]
    assert list(local_objects.backend.list("tmp")) == []


def test_buffers(objects: ObjectStore) -> None:
    """What can change after the call is copied at the call."""
    mutable = bytearray(b"mutable")
    view = np.arange(4, dtype=np.int32).data
    with PackWriter(objects) as writer:
        places = writer.add_many([mutable, memoryview(mutable), memoryview(b"constant"), view])
        mutable[:] = b"changed"
        writer.seal()
        assert objects.read_blobs(cells(writer, places)) == [
            b"mutable",
            b"mutable",
            b"constant",
            np.arange(4, dtype=np.int32).tobytes(),
        ]
        assert places[3].size == 16


def test_a_full_disk(local: LocalBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    """The failure of the thread that writes reaches the caller; abort leaves nothing behind."""
    writer = PackWriter(ObjectStore(local))
    with monkeypatch.context() as broken:

        def full(*args: Any) -> Any:
            raise OSError(errno.ENOSPC, "no room")

        broken.setattr(os, "writev", full)
        writer.add_many([b"x" * 1000])
        with pytest.raises(DiskFullError, match="write blobs to the pack"):
            writer.seal()
    with pytest.raises(DiskFullError):
        writer.seal()
    writer.abort()
    assert list(local.list("")) == []


def test_short_writes(local: LocalBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system may take less than it is given."""
    real = os.writev
    monkeypatch.setattr(os, "writev", lambda fd, blocks: real(fd, [memoryview(blocks[0])[:7]]))
    objects = ObjectStore(local)
    with PackWriter(objects) as writer:
        places = writer.add_many([b"0123456789" * 3, b"", b"abc"])
        writer.seal()
        assert objects.read_blobs(cells(writer, places)) == [b"0123456789" * 3, b"", b"abc"]


def test_abort(local: LocalBackend, tmp_path: Path) -> None:
    """An error in the block drops what was not sealed."""
    large = tmp_path / "large"
    large.write_bytes(b"x" * (9 << 20))

    def fill() -> None:
        with PackWriter(ObjectStore(local)) as writer:
            writer.add_many([b"x" * 1000, b"y" * (8 << 20), Payload.of_file(large)])
            raise KeyError

    with pytest.raises(KeyError):
        fill()
    assert list(local.list("tmp")) == []


def test_closed_writers(objects: ObjectStore) -> None:
    writer = PackWriter(objects)
    writer.seal()
    writer.abort()
    writer.abort()
    with pytest.raises(UsageError, match="aborted"):
        writer.add_many([b"x"])
    with pytest.raises(UsageError, match="aborted"):
        writer.add_new(digests_of([Digest.of(b"x").raw]), Pieces.of([b"x"]))
    assert list(objects.backend.list("")) == []


@pytest.mark.parametrize("bounds", [{"max_entries": 0}, {"max_entries": 65_537}, {"target": 0}, {"large": 0}])
def test_impossible_bounds(objects: ObjectStore, bounds: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        PackWriter(objects, None, **bounds)


def test_memory_is_bounded(local: LocalBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow disk makes the caller wait: never more than the bound is queued."""
    from wbtable.storage import packs as module

    waiting: list[int] = []
    real = os.writev

    def slow(fd: int, blocks: Sequence[memoryview]) -> int:
        waiting.append(writer._background._waiting)
        return real(fd, blocks)

    monkeypatch.setattr(module, "_MOST_WAITING", 8 << 20)
    monkeypatch.setattr(os, "writev", slow)
    with PackWriter(ObjectStore(local)) as writer:
        for i in range(64):
            writer.add_many([i.to_bytes(4, "big") * (1 << 18)])
    assert 0 < max(waiting) <= 8 << 20


@pytest.mark.parametrize("is_there", [True, False])
def test_writing_begins_early(local: LocalBackend, monkeypatch: pytest.MonkeyPatch, is_there: bool) -> None:
    """What is handed to the disk early is each byte once and in order; systems without the call do without."""
    from wbtable.storage import pack_files as module

    told: list[tuple[int, int]] = []

    def call(_fd: int, offset: int, size: int, _flags: int) -> int:
        told.append((offset, size))
        return -1  # an error here is left to `fsync`

    monkeypatch.setattr(module, "_BEGIN_BYTES", 1 << 20)
    monkeypatch.setattr(module, "_sync_file_range", lambda: call if is_there else None)
    objects = ObjectStore(local)
    blobs = [i.to_bytes(4, "big") * (1 << 18) for i in range(20)]
    with PackWriter(objects) as writer:
        places = writer.add_many(blobs)
        writer.seal()
        assert objects.read_blobs(cells(writer, places)) == blobs
    if not is_there:
        assert not told
        return
    begins, sizes = zip(*told, strict=True)
    assert begins == tuple(sum(sizes[:i]) for i in range(len(sizes)))
    assert min(sizes) >= 1 << 20


def test_the_call_that_begins_writing(tmp_path: Path) -> None:
    """Linux alone has it."""
    from wbtable.storage.pack_files import _sync_file_range

    call = _sync_file_range()
    assert (call is not None) == sys.platform.startswith("linux")
    with (tmp_path / "file").open("wb", buffering=0) as file:
        file.write(b"x" * 10_000)
        assert call is None or call(file.fileno(), 0, 10_000, 2) == 0


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 20), st.integers(0, 10)), max_size=20), st.data())
def test_pieces(ranges: list[tuple[int, int, int]], data: st.DataObject) -> None:
    """Blobs in few buffers are the same bytes one by one, taken, joined, and in blocks."""
    buffers = [memoryview(bytes(range(i, i + 30))) for i in (0, 50, 100)]
    pieces = Pieces(buffers, *np.array(ranges, np.int64).reshape(-1, 3).T)
    expected = [bytes(buffers[which][start : start + size]) for which, start, size in ranges]
    assert pieces.to_bytes() == expected
    if expected:
        rows = data.draw(st.lists(st.integers(0, len(expected) - 1), max_size=10))
        assert pieces.take(np.array(rows, np.int64)).to_bytes() == [expected[i] for i in rows]
    start, stop = sorted(data.draw(st.tuples(st.integers(0, len(expected)), st.integers(0, len(expected)))))
    assert b"".join(pieces.blocks(start, stop)) == b"".join(expected[start:stop])
    others = [b"other", b"", b"more"]
    assert pieces.joined(Pieces.of(others)).to_bytes() == [*expected, *others]


def test_neighbours_are_one_block() -> None:
    whole = memoryview(bytes(range(100)))
    sizes = np.array([10, 20, 5, 15])
    pieces = Pieces([whole], np.zeros(4, np.int64), np.array([0, 10, 40, 45]), sizes)
    assert [bytes(one) for one in pieces.blocks(0, 4)] == [bytes(whole[:30]), bytes(whole[40:60])]
    one = b"a bytes object"
    assert Pieces.of([one]).to_bytes()[0] is one
