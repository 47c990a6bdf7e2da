"""Reading blobs by FILE cells: PACK-8 to PACK-10, FILE-2, FILE-3, DIGEST-5, DIGEST-6."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wbtable.errors import DigestMismatchError, FormatError, NotFoundError, StorageError, UsageError
from wbtable.format.digest import Digest
from wbtable.format.file_cell import FILE_TYPE
from wbtable.storage.objects import ObjectStore
from wbtable.storage.packs import PackWriter

if TYPE_CHECKING:
    from collections.abc import Sequence

Cell = dict[str, object]


def store(objects: ObjectStore, blobs: Sequence[bytes], target: int = 3000, large: int = 2000) -> list[Cell]:
    """Store blobs in several packs and objects; return their cells."""
    with PackWriter(objects, target=target, large=large) as writer:
        places = writer.add_many(blobs)
        writer.seal()
        return [
            {
                "uri": writer.uri(p.container),
                "offset": p.offset,
                "size": p.size,
                "content_type": "image/png",
                "checksum": str(p.digest),
            }
            for p in places
        ]


def some_blobs(count: int = 40) -> list[bytes]:
    rng = np.random.default_rng(7)
    return [rng.bytes(int(size)) for size in rng.integers(0, 2500, count)]


def local_file(objects: ObjectStore, cell: Cell) -> Path:
    path = objects.backend.local_path("objects/" + str(cell["uri"]).removeprefix("../"))
    assert path is not None
    return path


def test_any_order(objects: ObjectStore) -> None:
    """PACK-10: whatever is asked, in whatever order, with repeats and nulls."""
    blobs = some_blobs()
    files = store(objects, blobs)

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.none() | st.integers(0, len(blobs) - 1), max_size=60), st.integers(0, 5))
    def check(wanted: list[int | None], skip: int) -> None:
        cells = pa.array([None if i is None else files[i] for i in wanted], FILE_TYPE)
        expected = [None if i is None else blobs[i] for i in wanted]
        found = objects.read_blobs_arrow(cells.slice(skip))
        found.validate(full=True)
        assert found.type == pa.large_binary()
        assert found.to_pylist() == expected[skip:]
        assert objects.read_blobs_arrow(pa.chunked_array([cells, cells])).to_pylist() == expected * 2
        if None not in expected:
            assert objects.read_blobs([files[i] for i in wanted if i is not None]) == expected

    check()


def test_many_at_once(objects: ObjectStore) -> None:
    """Large enough for several blocks: in order (long reads) and shuffled (short reads)."""
    rng = np.random.default_rng(3)
    blobs = [rng.bytes(1500) for _ in range(3000)]
    files = pa.array(store(objects, blobs, target=1 << 20), FILE_TYPE)
    assert objects.read_blobs_arrow(files).to_pylist() == blobs
    order = rng.permutation(len(blobs))
    assert objects.read_blobs_arrow(files.take(pa.array(order))).to_pylist() == [blobs[i] for i in order]


def test_nothing(objects: ObjectStore) -> None:
    assert objects.read_blobs([]) == []
    assert objects.read_blobs_arrow(pa.nulls(3, FILE_TYPE)).to_pylist() == [None] * 3
    with pytest.raises(UsageError, match="None"):
        objects.read_blobs([None])  # type: ignore[list-item]


def test_absent_offset_and_size(objects: ObjectStore) -> None:
    """PACK-8: the defaults: from 0, to the end."""
    big = b"x" * 2500
    (cell,) = store(objects, [big])
    assert objects.read({"uri": cell["uri"], "checksum": cell["checksum"]}) == big


HOSTILE: list[tuple[Cell, str]] = [
    ({"uri": None}, "uri"),
    ({"uri": "../../../etc/passwd"}, "62 hex"),
    ({"uri": "/etc/passwd"}, "62 hex"),
    ({"uri": "../ab/" + "0" * 62 + ".pack\n"}, "62 hex"),
    ({"uri": "../AB/" + "0" * 62 + ".pack"}, "62 hex"),
    ({"uri": "http://x/" + "0" * 62}, "62 hex"),
    ({"offset": -1}, "offset"),
    ({"offset": 2**62}, "offset"),
    ({"offset": 2**50}, "cut short"),
    ({"size": -1}, "size"),
    ({"size": 2**62}, "size"),
    ({"size": 2**50}, "cut short"),
    ({"checksum": None}, "checksum"),
    ({"checksum": "0" * 64}, "checksum"),
    ({"checksum": "SHA-512:" + "0" * 64}, "checksum"),
    ({"checksum": "SHA-256:" + "Z" * 64}, "checksum"),
    ({"checksum": "SHA-256:" + "A" * 64}, "checksum"),
]


@pytest.mark.parametrize(("change", "words"), HOSTILE)
def test_hostile_cells(objects: ObjectStore, change: Cell, words: str) -> None:
    """PACK-8, PACK-9: an error that says which row, before memory is taken for what is declared."""
    files = store(objects, [b"one", b"two", b"three"])
    files[1] = {**files[1], **change}
    with pytest.raises(FormatError, match=words) as caught:
        objects.read_blobs_arrow(pa.array(files, FILE_TYPE), lambda row: f'column "image", row {row}')
    assert str(caught.value).startswith('column "image", row 1: ')


def test_a_missing_object(objects: ObjectStore) -> None:
    files = store(objects, [b"one"])
    files.append({**files[0], "uri": "../ab/" + "0" * 62 + ".pack"})
    with pytest.raises(NotFoundError, match=r"blob 1: the object objects/ab/0+\.pack does not exist"):
        objects.read_blobs(files)


def test_the_digest_decides(objects: ObjectStore) -> None:
    """FILE-3, DIGEST-5: another blob's bytes are not given out, though they are whole."""
    files = store(objects, [b"one", b"two"])
    files[0] = {**files[0], "offset": files[1]["offset"]}
    with pytest.raises(DigestMismatchError, match=f"blob 0: .*expected {Digest.of(b'one')}, found {Digest.of(b'two')}"):
        objects.read_blobs(files)


def test_every_flipped_bit_is_noticed(local_objects: ObjectStore) -> None:
    """PACK-10: in each byte of each blob; the intact blobs of the damaged pack are still read, and repair helps."""
    blobs = [b"first blob", b"second blob"]
    files = store(local_objects, blobs)
    path = local_file(local_objects, files[0])
    whole = path.read_bytes()
    for at in range(len(whole)):
        bad = bytearray(whole)
        bad[at] ^= 1 << at % 8
        path.write_bytes(bad)
        for cell, blob in zip(files, blobs, strict=True):
            start = int(str(cell["offset"]))
            if start <= at < start + len(blob):
                with pytest.raises(DigestMismatchError, match="row 0"):
                    local_objects.read_blobs_arrow(pa.array([cell], FILE_TYPE), "row {}".format)
            else:
                assert local_objects.read(cell) == blob
    path.unlink()
    path.write_bytes(whole)
    assert local_objects.read_blobs(files) == blobs


def test_every_truncation_is_noticed(local_objects: ObjectStore) -> None:
    """PACK-9: cut anywhere, a pack gives an error for what is gone."""
    blobs = [b"first blob", b"second blob"]
    files = store(local_objects, blobs)
    path = local_file(local_objects, files[0])
    whole = path.read_bytes()
    for length in range(sum(map(len, blobs))):
        path.unlink()
        path.write_bytes(whole[:length])
        with pytest.raises(FormatError, match="cut short"):
            ObjectStore(local_objects.backend).read_blobs(files)


def test_a_file_cut_while_open(local_objects: ObjectStore) -> None:
    """An open file that got shorter is an error, not zeros and not a crash."""
    files = store(local_objects, [b"first blob", b"second blob"])
    local_objects.read_blobs(files)
    os.truncate(local_file(local_objects, files[0]), 12)
    with pytest.raises(FormatError, match="cut short"):
        local_objects.read_blobs(files)


def test_short_reads(local_objects: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system may give less than asked."""
    blobs = [b"first blob", b"second blob", b"third"]
    files = store(local_objects, blobs)
    real = os.preadv

    def little(fd: int, views: list[Any], offset: int) -> int:
        return real(fd, [views[0][:3]], offset)

    monkeypatch.setattr(os, "preadv", little)
    assert local_objects.read_blobs(files[::-1]) == blobs[::-1]


def test_slow_disks_are_told_ahead(local_objects: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a slow first read the others are announced, so that the disk works on many at once."""
    from wbtable.storage import blob_reads as module

    blobs = [bytes([i]) * 100 for i in range(20)]
    files = store(local_objects, blobs)
    told: list[int] = []
    monkeypatch.setattr(module, "_SLOW", -1)
    monkeypatch.setattr(os, "posix_fadvise", lambda *args: told.append(args[1]), raising=False)
    monkeypatch.setattr(os, "POSIX_FADV_WILLNEED", 3, raising=False)
    assert local_objects.read_blobs(files[::2]) == blobs[::2]
    assert told == [file["offset"] for file in files[::2]]


def test_open_files_are_bounded(local_objects: ObjectStore) -> None:
    """However many packs are read, few stay open; an evicted file that is in use is not closed."""
    from wbtable.storage.open_files import OpenFiles

    files = store(local_objects, [bytes([i]) * 100 for i in range(30)], target=100)
    paths = [str(local_file(local_objects, cell)) for cell in files]
    cache = OpenFiles(4)
    held = cache.get(paths[0])
    before = len(list(Path("/dev/fd").iterdir()))
    for path in paths:
        cache.get(path)
    assert len(list(Path("/dev/fd").iterdir())) <= before + 4
    assert os.pread(held.fd, 3, 0) == b"\0\0\0"
    with pytest.raises(NotFoundError):
        cache.get(str(local_objects.backend.local_path("none")))


def many(objects: ObjectStore, target: int = 600_000) -> tuple[list[bytes], list[Cell]]:
    """Return blobs that lie side by side in several packs, 3 MB of them, and where they are."""
    random = np.random.default_rng(3)
    blobs = [random.bytes(int(size)) for size in random.integers(1, 40_000, 150)]
    return blobs, store(objects, blobs, target=target, large=target)


@pytest.mark.parametrize("block", [1, 30_000, 1 << 20])
def test_long_reads(local_objects: ObjectStore, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    """Blobs in the order of their packs, nulls among them, wherever the blocks are cut."""
    from wbtable.storage import blob_reads as module

    monkeypatch.setattr(module, "_LONG_BLOCK", block)
    monkeypatch.setattr(module.BlobReads, "_run_short", None)
    blobs, files = many(local_objects)
    cells = [cell for pair in zip(files, [None] * len(files), strict=True) for cell in pair]
    found = local_objects.read_blobs_arrow(pa.array(cells, FILE_TYPE))
    assert found.to_pylist() == [data for pair in zip(blobs, [None] * len(blobs), strict=True) for data in pair]


def test_long_reads_are_checked(local_objects: ObjectStore) -> None:
    """PACK-9, PACK-10: a flipped bit names its row, and only rows that hold it fail; a pack cut short is an error."""
    blobs, files = many(local_objects)
    path = local_file(local_objects, files[100])
    whole = path.read_bytes()
    bad = bytearray(whole)
    bad[int(str(files[100]["offset"]))] ^= 4
    path.write_bytes(bad)
    with pytest.raises(DigestMismatchError, match="row 100: "):
        local_objects.read_blobs_arrow(pa.array(files, FILE_TYPE), "row {}".format)
    assert local_objects.read_blobs(files[:100]) == blobs[:100]
    assert local_objects.read_blobs(files[101:]) == blobs[101:]
    path.write_bytes(whole)
    assert local_objects.read_blobs(files) == blobs
    os.truncate(path, int(str(files[100]["offset"])))
    with pytest.raises(FormatError, match="cut short"):
        local_objects.read_blobs(files)


def test_short_long_reads(local_objects: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system may give less than asked of a long read too."""
    blobs, files = many(local_objects)
    real = os.preadv
    monkeypatch.setattr(os, "preadv", lambda fd, views, offset: real(fd, [views[0][:50_000]], offset))
    assert local_objects.read_blobs(files) == blobs


@pytest.mark.parametrize("step", [1, 2])
def test_files_stay_open_while_they_are_read(
    local_objects: ObjectStore, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Long reads and short ones hold what they read from: others may push it out of the open files meanwhile."""
    from wbtable.storage.open_files import OpenFiles

    blobs, files = many(local_objects)
    monkeypatch.setattr(local_objects, "_open_files", OpenFiles(0))
    assert local_objects.read_blobs(files[::step]) == blobs[::step]


def test_a_file_that_two_threads_open_is_open_once(local_objects: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    from wbtable.storage import open_files as module

    (cell,) = store(local_objects, [b"x"])
    path = str(local_file(local_objects, cell))
    cache, opened = module.OpenFiles(), module.OpenFile
    first: list[module.OpenFile] = []

    def overtaken(path: str) -> module.OpenFile:
        if not first:
            first.append(opened(path))
            first[0] = cache.get(path)
        return opened(path)

    monkeypatch.setattr(module, "OpenFile", overtaken)
    assert cache.get(path) is first[0] is cache.get(path)


@pytest.mark.parametrize("step", [1, 2])
def test_a_disk_that_fails_is_said_so(local_objects: ObjectStore, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    def fails(*_: object) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    _, files = many(local_objects)
    monkeypatch.setattr(os, "preadv", fails)
    with pytest.raises(StorageError, match=r"could not read blobs of .*: Input/output error"):
        local_objects.read_blobs(files[::step])
